"""A customer who says of a case that was closed that it is not solved."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.alerts.calendars.domain import Calendar
from services.alerts.cases.domain.actor import CUSTOMER
from services.alerts.cases.domain.case_clocks import started
from services.alerts.cases.domain.case_waiting import CaseWaiting
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.domain.timeline import Entries
from shared.events import Objection


class CaseObjections(CaseWaiting, kw_only=True):
    """A case to whose end its customer may object."""

    def may_be_objected_to(self, objection: Objection, policy: CasePolicy) -> bool:
        """Whether the objection opens it again: it is about how the case stands now, and came in time."""
        in_time = objection.said_at - objection.closed_at <= policy.objection_within
        return self.state == "closed" and self.closed_at == objection.closed_at and in_time

    def objected(
        self,
        entries: Entries,
        now: datetime,
        answer: UUID,
        objection: Objection,
        policy: CasePolicy,
        calendar: Calendar | None,
        other: "CaseObjections | None" = None,
    ) -> bool:
        """Record the objection, and open it again where it may be; whether it did.

        :param other: another open case of the person, in which the work goes on instead.
        """
        facts: dict[str, Any] = {"text": objection.words} if objection.words else {}
        facts["closed_at"] = objection.closed_at.isoformat()
        opens = other is None and self.may_be_objected_to(objection, policy)
        if opens:
            self._open_again(now, calendar)
        elif other is not None:
            facts |= {"case_id": str(other.id), "number": other.number}
        self._add(entries, now, CUSTOMER, "objected", answers=[answer], opened=opens, **facts)
        return opens

    def joined_by_objection(
        self,
        entries: Entries,
        now: datetime,
        answer: UUID,
        closed: "CaseObjections",
        calendar: Calendar | None,
    ) -> None:
        """Record that the customer objects to how another case ended; what they wrote is there."""
        facts: dict[str, Any] = {"opened": False, "case_id": str(closed.id), "number": closed.number}
        self._add(entries, now, CUSTOMER, "objected", answers=[answer], **facts)
        self.end_wait_for_customer(entries, now, answer, calendar)

    def _open_again(self, now: datetime, calendar: Calendar | None) -> None:
        """Open it, with as much time to close it as at first."""
        self.state = "assigned" if self.owner_id else "open"
        self.closed_at = self.cause = self.action = self.outcome = self.told = self.merged_into = None
        self.reopened_at = now
        limits = self.time_limits
        closing = started(limits.closing, limits, now, calendar)
        self.close_due_at, self.close_steps, self.close_steps_done = closing.due, closing.steps, 0
