"""The clocks of a case: how they start, pause, run on, and what is done when they are due."""

from datetime import datetime
from uuid import UUID

import msgspec

from services.alerts.calendars.domain import Calendar
from services.alerts.calendars.working_time import Pause
from services.alerts.cases.domain.actor import SYSTEM
from services.alerts.cases.domain.case_clocks import ClockName, ClockStep, due_steps, resumed_steps, started
from services.alerts.cases.domain.case_state import CaseStateFields
from services.alerts.cases.domain.timeline import Entries, EntryKind
from services.alerts.rules.clocks import more_urgent
from services.alerts.rules.domain import RuleMatch


class CaseDeadlines(CaseStateFields, kw_only=True):
    """A case with its clocks."""

    def heed(self, match: RuleMatch, since: datetime, calendar: Calendar | None) -> None:
        """Become as urgent as an answer's rule says, and due as early; never less urgent, nor later."""
        self.priority = more_urgent(self.priority, match.rule.priority)
        clocks = match.rule.clocks
        contact = started(clocks.first_contact, clocks, since, calendar)
        if contact.due < self.contact_due_at:
            self.contact_due_at, self.contact_steps = contact.due, contact.steps
            self.clocks = clocks

    def judged_again(
        self,
        entries: Entries,
        now: datetime,
        match: RuleMatch,
        rules_version: int,
        since: datetime,
        calendar: Calendar | None,
    ) -> None:
        """The event came after the answer, and counts as if it had been there when the case was opened.

        What its clocks have done stays done.
        """
        rule, before = match.rule, self.rule_name
        contact = started(rule.clocks.first_contact, rule.clocks, since, calendar)
        closing = started(rule.clocks.closing, rule.clocks, since, calendar)
        self.priority, self.rule_name, self.rules_version = rule.priority, rule.name, rules_version
        self.clocks = rule.clocks
        self.contact_due_at, self.contact_steps = contact.due, contact.steps
        self.close_due_at, self.close_steps = closing.due, closing.steps
        if rule.name != before:
            facts = msgspec.to_builtins(match.reason)
            self._add(entries, now, SYSTEM, "judged", answers=[self.answer_id], rule=rule.name, **facts)

    def pause_clocks(self, now: datetime, calendar: Calendar | None) -> None:
        """Stop its clocks: the customer is to answer. Nothing is late, and nobody is told, meanwhile.

        :param calendar: by which the time that is left is measured, whatever the team changes meanwhile.
        """
        if self.waiting_since is None:
            self.waiting_since, self.waiting_calendar = now, calendar

    def resume_clocks(self, now: datetime, calendar: Calendar | None) -> None:
        """Let its clocks run on: as much working time is left as was left."""
        if (paused_at := self.waiting_since) is None:
            return
        pause = Pause(paused_at, self.waiting_calendar, now, calendar)
        self.waiting_since = self.waiting_calendar = self.wake_at = None
        self.contact_due_at = pause.resumed(self.contact_due_at)
        self.close_due_at = pause.resumed(self.close_due_at)
        self.contact_steps = resumed_steps(self.contact_steps, pause)
        self.close_steps = resumed_steps(self.close_steps, pause)
        self.due_at = self._next_due()

    def wake_if_due(self, entries: Entries, now: datetime, calendar: Calendar | None) -> bool:
        """Let its clocks run on when the time has come until which it waits; whether it has."""
        if self.wake_at is None or self.wake_at > now:
            return False
        self.resume_clocks(now, calendar)
        self._add(entries, now, SYSTEM, "resumed", answers=[], why="time")
        return True

    def end_wait_for_customer(
        self, entries: Entries, now: datetime, answer: UUID, calendar: Calendar | None
    ) -> None:
        """The customer has said something: nothing is waited for any more."""
        if self.waiting_since is not None:
            self.resume_clocks(now, calendar)
            self._add(entries, now, SYSTEM, "resumed", answers=[answer], why="customer")

    def do_due_steps(self, entries: Entries, now: datetime) -> list[tuple[ClockName, ClockStep]]:
        """Record the warnings and escalations that are due, once each; returns them.

        A warning that comes no earlier than the first level of its clock is left out.
        """
        pending = self.pending_steps
        over = [clock for clock, step in pending if step.at <= now]
        self.contact_steps_done += over.count("contact")
        self.close_steps_done += over.count("closing")
        due = due_steps(pending, now)
        for clock, step in due:
            kind: EntryKind = "escalated" if step.level else "warned"
            self._add(entries, now, SYSTEM, kind, answers=[], clock=clock, level=step.level)
        return due

    def _restart_contact(self, since: datetime, calendar: Calendar | None) -> None:
        limits = self.time_limits
        contact = started(limits.first_contact, limits, since, calendar)
        if contact.due > self.contact_due_at:
            self.contact_due_at, self.contact_steps, self.contact_steps_done = contact.due, contact.steps, 0
