"""What every act on a case is made of: what refuses it, and how a decision is recorded."""

from datetime import datetime
from typing import Any

from services.alerts.cases.domain.actor import Actor
from services.alerts.cases.domain.case_answers import CaseAnswers
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.domain.refusals import Decision, NotDone, NotPossible, decision
from services.alerts.cases.domain.timeline import Entries, EntryKind
from shared.values.messages import Message, message


class CaseActs(CaseAnswers, kw_only=True):
    """A case on which people may act."""

    def _end(self, now: datetime) -> None:
        """Close it: nothing is waited for any more, and if it is opened again its clocks run."""
        self.state, self.closed_at = "closed", now
        self.waiting_since = self.waiting_calendar = self.wake_at = None

    def _refuse_if_erased(self) -> None:
        if self.erased:
            raise NotPossible(
                message("This customer was erased. Nothing is written about this case any more.")
            )

    def _refuse_if_over(self) -> None:
        self._refuse_if_erased()
        if self.state == "closed":
            raise NotPossible(message("This case is closed. Open it again first."))

    def _refuse_if_decided_since(self, seen_version: int | None, refusal: Message) -> None:
        if seen_version is not None and self.decided_version > seen_version:
            raise NotDone(refusal)

    def _decision(self, did: Decision, now: datetime, policy: CasePolicy) -> Message:
        return decision(self.decided_by, did, recently=now - self.changed_at < policy.moment)

    def _decide(self, entries: Entries, now: datetime, actor: Actor, kind: EntryKind, **details: Any) -> None:
        self._add(entries, now, actor, kind, **details)
        self.decided_version, self.decided_by = self.version, actor.name

    def _work(
        self, entries: Entries, now: datetime, actor: Actor, kind: EntryKind, key: str | None, **facts: Any
    ) -> None:
        """Record what a colleague did for the customer."""
        self.last_worked_at = now
        self._add(entries, now, actor, kind, key, **facts)
