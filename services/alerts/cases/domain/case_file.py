"""A case: its state, and the acts that change it.

A case changes only through the methods of :class:`CaseFile`. Each method that changes something appends one
entry to the timeline, numbered by the case's version, so that nothing is done without a trace.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from services.alerts.calendars.domain import Calendar
from services.alerts.calendars.working_time import resumed
from services.alerts.cases.domain.actor import SYSTEM, Actor
from services.alerts.cases.domain.case_clocks import ClockName, ClockStep, due_steps, resumed_steps, started
from services.alerts.cases.domain.closing import CaseOutcome, Closing
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.domain.refusals import Decision, NotDone, NotPossible, decision
from services.alerts.cases.domain.timeline import CaseEntry, Entries, EntryKind
from services.alerts.rules.clocks import Clocks, Priority, more_urgent
from services.alerts.rules.domain import RuleMatch, default_clocks
from services.alerts.teams.routing import Route
from shared.events import Answer, Case, CaseState, segments_of
from shared.privacy.persons import NOBODY
from shared.values.messages import Message, message

ContactMethod = Literal["call", "mail", "meeting"]
CONTACT_METHODS: tuple[ContactMethod, ...] = ("call", "mail", "meeting")


class CaseFile(msgspec.Struct, kw_only=True):
    """A case, with a field for each column of its table.

    The acts append to ``entries``, which the caller writes with the case; ``seen_version`` is the version
    that the caller decided upon (None: any).
    """

    tenant: str
    id: UUID
    number: int
    version: int = 0
    decided_version: int = 0
    """The version at which somebody last decided: took, assigned, released, closed, reopened."""
    decided_by: str = ""
    state: CaseState = "open"
    answer_id: UUID
    event_id: UUID | None = None
    customer_id: str | None = None
    score: int
    touchpoint: str | None = None
    segments: dict[str, str] = {}
    organisation: list[str] = []
    belongs: list[str] = []
    """The segments of all its answers."""
    owner_id: UUID | None = None
    cause: str | None = None
    action: str | None = None
    outcome: CaseOutcome | None = None
    told: bool | None = None
    opened_at: datetime
    contact_due_at: datetime
    close_due_at: datetime
    due_at: datetime
    first_contact_at: datetime | None = None
    closed_at: datetime | None = None
    changed_at: datetime
    contact_key: str = ""
    """The keyed hash of the person's address; empty: not known."""
    may_contact: bool | None = None
    """What the customer last said about being contacted; None: not asked, or not said."""
    person: str | None = None
    """The pseudonym of the customer; None: not known yet; empty: of nobody, or erased."""
    erased: bool = False
    """Whether everything of the customer was erased from it."""
    anonymous: bool = False
    """Whether its answer is kept without a person: there is nobody to contact."""
    priority: Priority = "normal"
    """The most urgent of the rules that its answers meet."""
    rule_name: str | None = None
    """The rule that opened it; None: a version without rules did, or it came back from its event alone."""
    rules_version: int | None = None
    """The version of the rules at that time; 0: the defaults."""
    team_id: UUID | None = None
    routed_to: list[UUID] = []
    """Whom the routing chose; empty: everybody who may see it."""
    clocks: Clocks | None = None
    """The time limits that hold for it; None: those of the default rules."""
    contact_steps: list[ClockStep] = []
    contact_steps_done: int = 0
    """How many of them have been done: none is done twice."""
    close_steps: list[ClockStep] = []
    close_steps_done: int = 0
    waiting_since: datetime | None = None
    """Since when its clocks are paused, while the customer is to answer; None: they run."""
    next_step_at: datetime | None = None
    """The deadline that is set for it in ``clock``."""

    @property
    def time_limits(self) -> Clocks:
        """The time limits that hold for it."""
        return self.clocks or default_clocks(self.score)

    @property
    def pending_steps(self) -> list[tuple[ClockName, ClockStep]]:
        """What is still to be done by its clocks as far as they run, each in its order."""
        if self.state == "closed" or self.waiting_since is not None:
            return []
        closing = [("closing", step) for step in self.close_steps[self.close_steps_done :]]
        contact = [("contact", step) for step in self.contact_steps[self.contact_steps_done :]]
        return [*(contact if self.waits_for_contact else ()), *closing]

    @property
    def next_step(self) -> datetime | None:
        """When the next of them is due."""
        return min((step.at for _, step in self.pending_steps), default=None)

    @property
    def may_be_contacted(self) -> bool:
        """Whether there is a customer to contact, who has not said no."""
        return self.may_contact is not False and not self.anonymous

    @property
    def waits_for_contact(self) -> bool:
        """Whether the deadline of the first contact runs: never against the customer's will."""
        return self.first_contact_at is None and self.may_be_contacted

    def may_be_of(self, person: str | None, customer_id: str | None, contact_key: str) -> bool:
        """Whether it may be this person's: the same customer, and no other address as far as known.

        The customer is known by the pseudonym, and by the id: another pseudonym of the same id is older or
        newer than the list of ids that stand for nobody.
        """
        same = bool(person) and self.person == person
        same = same or (customer_id is not None and self.customer_id == customer_id)
        return same and (self.contact_key == contact_key or not self.contact_key or not contact_key)

    def opened(self, entries: Entries, score: int, first_score: int | None, match: RuleMatch) -> None:
        """Record the answer and the rule that opened it, as the first entry."""
        facts: dict[str, Any] = {"score": score, "first_score": first_score}
        if self.rules_version:
            facts |= {"rule": match.rule.name, "rules_version": self.rules_version}
            facts |= msgspec.to_builtins(match.reason)
        self._add(entries, self.opened_at, SYSTEM, "opened", answers=[self.answer_id], **facts)

    def routed(self, entries: Entries, now: datetime, route: Route, facts: dict[str, Any]) -> None:
        """Give it to whom the routing chose, while nobody has decided anything."""
        self.team_id, self.routed_to = route.team, list(route.told)
        self.owner_id = route.owner
        self.state = "assigned" if route.owner is not None else "open"
        self._add(entries, now, SYSTEM, "routed", answers=[self.answer_id], **facts)

    def answered_again(
        self, entries: Entries, now: datetime, answer: Answer, match: RuleMatch, calendar: Calendar | None
    ) -> None:
        """The same customer has answered again while this case is open: it stays one case."""
        self.heed(match, answer.answered_at or now, calendar)
        self.contact_key = self.contact_key or answer.contact_key or ""
        facts: dict[str, Any] = {"answer_id": str(answer.id), "score": answer.score}
        self._add(entries, now, SYSTEM, "again", answers=[answer.id], **facts)

    def amended(
        self,
        entries: Entries,
        now: datetime,
        answer: Answer,
        before: int,
        match: RuleMatch | None,
        calendar: Calendar | None,
    ) -> None:
        """The customer chose another score. A better one closes nothing, but is recorded."""
        score = before if answer.score is None else answer.score
        if answer.id == self.answer_id:
            self.score = score
        if match is not None:
            self.heed(match, answer.answered_at or self.opened_at, calendar)
        self._add(entries, now, SYSTEM, "amended", answers=[answer.id], before=before, score=score)

    def wrote_more(
        self, entries: Entries, now: datetime, answer: Answer, match: RuleMatch, calendar: Calendar | None
    ) -> None:
        """The customer has written more. What makes the case more urgent, such as a word, is recorded."""
        before = self.priority, self.contact_due_at
        self.heed(match, answer.changed_at, calendar)
        if (self.priority, self.contact_due_at) != before:
            facts = {"rule": match.rule.name, **msgspec.to_builtins(match.reason)}
            self._add(entries, now, SYSTEM, "judged", answers=[answer.id], **facts)

    def heed(self, match: RuleMatch, since: datetime, calendar: Calendar | None) -> None:
        """Become as urgent as an answer's rule says, and due as early; never less urgent, nor later."""
        self.priority = more_urgent(self.priority, match.rule.priority)
        clocks = match.rule.clocks
        contact = started(clocks.first_contact, clocks, since, calendar)
        if contact.due < self.contact_due_at:
            self.contact_due_at, self.contact_steps = contact.due, contact.steps
            self.clocks = clocks

    def answer_left_out(self, entries: Entries, now: datetime, answer: Answer) -> None:
        """A colleague has judged that a machine gave the answer. It closes nothing, but is recorded."""
        self._add(entries, now, SYSTEM, "left_out", answers=[answer.id], score=answer.score)

    def answer_counted(self, entries: Entries, now: datetime, answer: Answer) -> None:
        """An answer that was left out is a person's after all."""
        self._add(entries, now, SYSTEM, "counted", answers=[answer.id], score=answer.score)

    def apply_answers(
        self, entries: Entries, now: datetime, answers: Sequence[Answer], calendar: Calendar | None
    ) -> None:
        """Set the segments, and whether the customer may be contacted, from all its answers.

        A customer who allows contact again leaves as much time for it as at first.
        """
        self.belongs = sorted({segment for answer in answers for segment in segments_of(answer)})
        last = last_consent(answers)
        if last is None or last.may_contact == self.may_contact:
            return
        if self.may_contact is False:
            self._restart_contact(last.changed_at, calendar)
        self.may_contact = last.may_contact
        self._add(entries, now, SYSTEM, "consent", answers=[last.id], may_contact=last.may_contact)

    def team_notified(self, entries: Entries, now: datetime, people: int, answer: UUID) -> None:
        """Record how many colleagues get a mail about an answer."""
        self._add(entries, now, SYSTEM, "told", answers=[answer], people=people)

    def take(
        self, entries: Entries, now: datetime, actor: Actor, seen_version: int | None, policy: CasePolicy
    ) -> None:
        """Become the owner; nothing changes for the person who already is.

        :raises NotDone: when somebody else was faster.
        :raises NotPossible: when it has an owner, its customer was erased, or the actor is a key.
        """
        self._refuse_if_erased()
        if self.state == "closed":
            raise NotDone(message("Not taken: %(reason)s", reason=self._decision("closed", now, policy)))
        if actor.id is None:
            raise NotPossible(message("A key cannot own a case. Assign it to a person."))
        if self.owner_id == actor.id:
            return
        if self.owner_id is not None:
            self._refuse_if_decided_since(
                seen_version, message("Not taken: %(reason)s", reason=self._decision("took", now, policy))
            )
            raise NotPossible(message("Somebody else has this case. A team leader can hand it over."))
        self.owner_id, self.state = actor.id, "assigned"
        self._decide(entries, now, actor, "taken", answers=[])

    def assign(
        self,
        entries: Entries,
        now: datetime,
        actor: Actor,
        to: Actor,
        seen_version: int | None,
        policy: CasePolicy,
    ) -> None:
        """Give it to a person.

        :raises NotDone: when somebody else has decided since.
        :raises NotPossible: when it is closed, or its customer was erased.
        """
        self._refuse_if_erased()
        if self.state == "closed":
            raise NotPossible(message("This case is closed. Open it again first."))
        if self.owner_id == to.id:
            return
        self._refuse_if_decided_since(
            seen_version, message("Not assigned: %(reason)s", reason=self._decision("changed", now, policy))
        )
        self.owner_id, self.state = to.id, "assigned"
        self._decide(entries, now, actor, "assigned", answers=[], to=to.name)

    def release(
        self,
        entries: Entries,
        now: datetime,
        actor: Actor,
        seen_version: int | None,
        policy: CasePolicy,
        *,
        may_assign: bool,
    ) -> None:
        """Leave it without an owner, so that somebody else can take it.

        :raises NotDone: when somebody else has decided since.
        :raises NotPossible: when it is closed, its customer was erased, or the actor neither owns it nor may
            assign.
        """
        self._refuse_if_erased()
        if self.state == "closed":
            raise NotPossible(message("This case is closed. Open it again first."))
        if self.owner_id is None:
            return
        self._refuse_if_decided_since(
            seen_version, message("Not put back: %(reason)s", reason=self._decision("changed", now, policy))
        )
        if self.owner_id != actor.id and not may_assign:
            raise NotPossible(message("Only its owner, a team leader or an administrator puts a case back."))
        self.owner_id, self.state = None, "open"
        self._decide(entries, now, actor, "released", answers=[])

    def contact(
        self,
        entries: Entries,
        now: datetime,
        actor: Actor,
        how: ContactMethod,
        reached: bool,
        text: str,
        key: str | None,
    ) -> None:
        """Record an attempt to speak to the customer; the first that reached them meets the first deadline.

        :raises NotPossible: when the customer does not want it, was erased, or was never known.
        """
        self._refuse_if_erased()
        if self.anonymous:
            raise NotPossible(
                message("The answer is anonymous: there is nobody to contact. Write a note instead.")
            )
        if self.may_contact is False:
            raise NotPossible(message("The customer does not want to be contacted. Write a note instead."))
        if reached and self.first_contact_at is None:
            self.first_contact_at = now
        self._add(entries, now, actor, "contact", key, how=how, reached=reached, text=text)

    def note(self, entries: Entries, now: datetime, actor: Actor, text: str, key: str | None) -> None:
        """Record a note for colleagues.

        :raises NotPossible: when the customer was erased.
        """
        self._refuse_if_erased()
        self._add(entries, now, actor, "note", key, text=text)

    def reveal(self, entries: Entries, now: datetime, actor: Actor, what: str) -> None:
        """Record that somebody was shown the customer's address or number."""
        self._add(entries, now, actor, "revealed", what=what)

    def close(
        self,
        entries: Entries,
        now: datetime,
        actor: Actor,
        closing: Closing,
        seen_version: int | None,
        key: str | None,
        policy: CasePolicy,
    ) -> None:
        """End it, with what was learnt.

        :raises NotDone: when somebody else has decided since.
        :raises NotPossible: when its customer was erased.
        """
        self._refuse_if_erased()
        if self.state == "closed":
            raise NotDone(message("Not saved: %(reason)s", reason=self._decision("closed", now, policy)))
        self._refuse_if_decided_since(
            seen_version, message("Not saved: %(reason)s", reason=self._decision("changed", now, policy))
        )
        self.state, self.closed_at = "closed", now
        self.cause, self.action = closing.cause, closing.action
        self.outcome, self.told = closing.outcome, closing.told
        facts = {"cause": closing.cause, "outcome": closing.outcome, "told": closing.told}
        self._decide(entries, now, actor, "closed", key=key, text=closing.action, **facts)

    def reopen(
        self,
        entries: Entries,
        now: datetime,
        actor: Actor,
        text: str,
        key: str | None,
        seen_version: int | None,
        policy: CasePolicy,
        calendar: Calendar | None,
    ) -> None:
        """Open it again, with as much time to close it as at first.

        :raises NotDone: when somebody else has decided since.
        :raises NotPossible: when its customer was erased.
        """
        if self.state != "closed":
            return
        self._refuse_if_erased()
        self._refuse_if_decided_since(
            seen_version, message("Not opened: %(reason)s", reason=self._decision("changed", now, policy))
        )
        self.state = "assigned" if self.owner_id else "open"
        self.closed_at = self.cause = self.action = self.outcome = self.told = None
        limits = self.time_limits
        closing = started(limits.closing, limits, now, calendar)
        self.close_due_at, self.close_steps, self.close_steps_done = closing.due, closing.steps, 0
        self._decide(entries, now, actor, "reopened", key=key, text=text)

    def pause_clocks(self, now: datetime) -> None:
        """Stop its clocks: the customer is to answer. Nothing is late, and nobody is told, meanwhile."""
        self.waiting_since = self.waiting_since or now

    def resume_clocks(self, now: datetime, calendar: Calendar | None) -> None:
        """Let its clocks run on: as much working time is left as was left."""
        if (paused_at := self.waiting_since) is None:
            return
        self.waiting_since = None
        self.contact_due_at = resumed(calendar, self.contact_due_at, paused_at, now)
        self.close_due_at = resumed(calendar, self.close_due_at, paused_at, now)
        self.contact_steps = resumed_steps(self.contact_steps, paused_at, now, calendar)
        self.close_steps = resumed_steps(self.close_steps, paused_at, now, calendar)
        self.due_at = self.contact_due_at if self.waits_for_contact else self.close_due_at

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

    def _restart_contact(self, since: datetime, calendar: Calendar | None) -> None:
        limits = self.time_limits
        contact = started(limits.first_contact, limits, since, calendar)
        if contact.due > self.contact_due_at:
            self.contact_due_at, self.contact_steps, self.contact_steps_done = contact.due, contact.steps, 0

    def restored(self, entries: Entries, now: datetime) -> None:
        """Record that it was restored from its events: what only its page held is lost."""
        self._add(entries, now, SYSTEM, "restored", answers=[])

    def erase(self, entries: Entries, now: datetime) -> None:
        """The customer's data are erased: it loses all that is theirs, and ends if it has not."""
        self.customer_id, self.contact_key, self.person, self.erased = None, "", NOBODY, True
        self.may_contact = self.action = None
        if self.state != "closed":
            self.state, self.closed_at = "closed", now
        self._decide(entries, now, SYSTEM, "erased", answers=[])

    def published(self) -> Case:
        """The event of the case as it is now; notes and texts are not in it."""
        return Case(
            id=self.id,
            number=self.number,
            version=self.version,
            state=self.state,
            answer_id=self.answer_id,
            event_id=self.event_id,
            customer_id=self.customer_id,
            contact_key=self.contact_key or None,
            person=self.person,
            erased=self.erased,
            anonymous=self.anonymous,
            score=self.score,
            touchpoint=self.touchpoint,
            segments=self.segments,
            organisation=tuple(self.organisation),
            belongs=tuple(self.belongs),
            may_contact=self.may_contact,
            owner=str(self.owner_id) if self.owner_id else None,
            cause=self.cause,
            outcome=self.outcome,
            opened_at=self.opened_at,
            due_at=self.due_at,
            first_contact_at=self.first_contact_at,
            closed_at=self.closed_at,
        )

    def _refuse_if_erased(self) -> None:
        if self.erased:
            raise NotPossible(
                message("This customer was erased. Nothing is written about this case any more.")
            )

    def _refuse_if_decided_since(self, seen_version: int | None, refusal: Message) -> None:
        if seen_version is not None and self.decided_version > seen_version:
            raise NotDone(refusal)

    def _decision(self, did: Decision, now: datetime, policy: CasePolicy) -> Message:
        return decision(self.decided_by, did, recently=now - self.changed_at < policy.moment)

    def _decide(self, entries: Entries, now: datetime, actor: Actor, kind: EntryKind, **details: Any) -> None:
        self._add(entries, now, actor, kind, **details)
        self.decided_version, self.decided_by = self.version, actor.name

    def _add(
        self,
        entries: Entries,
        now: datetime,
        actor: Actor,
        kind: EntryKind,
        key: str | None = None,
        answers: list[UUID] | None = None,
        **facts: Any,
    ) -> None:
        self.version += 1
        self.changed_at = now
        self.due_at = self.contact_due_at if self.waits_for_contact else self.close_due_at
        entries.append(
            CaseEntry(
                tenant=self.tenant,
                case_id=self.id,
                seq=self.version,
                at=now,
                kind=kind,
                by_id=actor.id,
                by_name=actor.name,
                facts=facts,
                key=key,
                answers=list(actor.readable) if answers is None else answers,
            )
        )


def last_consent(answers: Sequence[Answer]) -> Answer | None:
    """The answer in which the customer last said whether they may be contacted."""
    said = [answer for answer in answers if answer.may_contact is not None]
    return max(said, key=lambda answer: (answer.changed_at, answer.id), default=None)
