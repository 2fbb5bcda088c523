"""What answers do to a case: open it, come again, are amended, say whether the customer may be contacted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.alerts.calendars.domain import Calendar
from services.alerts.cases.domain.actor import SYSTEM
from services.alerts.cases.domain.case_deadlines import CaseDeadlines
from services.alerts.cases.domain.timeline import Entries
from services.alerts.rules.domain import RuleMatch
from services.alerts.teams.routing import Route
from shared.events import Answer, segments_of


class CaseAnswers(CaseDeadlines, kw_only=True):
    """A case with its answers."""

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
        self.end_wait_for_customer(entries, now, answer.id, calendar)

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
        """Record how many colleagues are told of an answer."""
        self._add(entries, now, SYSTEM, "told", answers=[answer], people=people)


def last_consent(answers: Sequence[Answer]) -> Answer | None:
    """The answer in which the customer last said whether they may be contacted."""
    said = [answer for answer in answers if answer.may_contact is not None]
    return max(said, key=lambda answer: (answer.changed_at, answer.id), default=None)
