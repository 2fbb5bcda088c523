"""A case: its state, and the acts that change it.

A case changes only through the methods of :class:`CaseFile`. Each method that changes something appends one
entry to the timeline, numbered by the case's version, so that nothing is done without a trace.

Its parts, each on top of the one before: ``case_state``, ``case_deadlines``, ``case_answers``, ``case_acts``,
``case_owner``, ``case_waiting``, ``case_objections``, ``case_mails``, and here what people do for the
customer, and how it ends.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.alerts.calendars.domain import Calendar
from services.alerts.cases.domain.actor import SYSTEM, Actor
from services.alerts.cases.domain.case_mails import CaseMails
from services.alerts.cases.domain.closing import (
    Closing,
    ContactMethod,
    ContactTry,
    refuse_if_tried_too_little,
)
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.domain.refusals import NotDone, NotPossible
from services.alerts.cases.domain.stage import stage_of
from services.alerts.cases.domain.timeline import Entries
from shared.events import Case
from shared.privacy.persons import NOBODY
from shared.values.messages import message


class CaseFile(CaseMails, kw_only=True):
    """A case, with a field for each column of its table.

    The acts append to ``entries``, which the caller writes with the case; ``seen_version`` is the version
    that the caller decided upon (None: any).
    """

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
        self._work(entries, now, actor, "contact", key, how=how, reached=reached, text=text)

    def note(self, entries: Entries, now: datetime, actor: Actor, text: str, key: str | None) -> None:
        """Record a note for colleagues.

        :raises NotPossible: when the customer was erased.
        """
        self._refuse_if_erased()
        self._work(entries, now, actor, "note", key, text=text)

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
        tries: Sequence[ContactTry] = (),
        *,
        by_mail_alone: bool = False,
    ) -> None:
        """End it, with what was learnt.

        :param tries: to speak to the customer, of which the outcome ``no_contact`` needs some.
        :param by_mail_alone: whether the first contact was a mail that the customer has not answered.
        :raises NotDone: when somebody else has decided since.
        :raises NotPossible: when its customer was erased, or has not been tried often enough.
        """
        self._refuse_if_erased()
        if self.state == "closed":
            raise NotDone(message("Not saved: %(reason)s", reason=self._decision("closed", now, policy)))
        self._refuse_if_decided_since(
            seen_version, message("Not saved: %(reason)s", reason=self._decision("changed", now, policy))
        )
        if closing.outcome == "no_contact":
            reached_at = None if by_mail_alone else self.first_contact_at
            refuse_if_tried_too_little(tries, reached_at, policy)
        self._end(now)
        self.cause, self.action = closing.cause, closing.action
        self.outcome, self.told = closing.outcome, closing.told
        facts = {"cause": closing.cause, "outcome": closing.outcome, "told": closing.told}
        self._decide(entries, now, actor, "closed", key=key, text=closing.action, **facts)

    def merge(
        self,
        entries: Entries,
        now: datetime,
        actor: Actor,
        into: "CaseFile",
        key: str | None,
        seen_version: int | None,
        policy: CasePolicy,
    ) -> None:
        """End it as a duplicate of another case, in which the work goes on (:meth:`joined_by` there).

        Its answers stay with it: each case is shown to whoever may read its own.

        :raises NotDone: when somebody else has decided since.
        :raises NotPossible: when one of them is closed or erased, or both are the same.
        """
        if into.id == self.id:
            raise NotPossible(message("This is the same case. Choose another one."))
        self._refuse_if_over()
        self._refuse_if_decided_since(
            seen_version, message("Not merged: %(reason)s", reason=self._decision("changed", now, policy))
        )
        if into.state == "closed" or into.erased:
            raise NotPossible(message("Case %(number)s is closed. Open it again first.", number=into.number))
        self._end(now)
        self.outcome, self.merged_into = "duplicate", into.id
        self._decide(entries, now, actor, "merged", key=key, case_id=str(into.id), number=into.number)

    def joined_by(self, entries: Entries, now: datetime, actor: Actor, other: "CaseFile") -> None:
        """Record that another case was merged into it."""
        self._add(entries, now, actor, "joined", answers=[], case_id=str(other.id), number=other.number)

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
        self._open_again(now, calendar)
        self._decide(entries, now, actor, "reopened", key=key, text=text)

    def restored(self, entries: Entries, now: datetime) -> None:
        """Record that it was restored from its events: what only its page held is lost."""
        self._add(entries, now, SYSTEM, "restored", answers=[])

    def erase(self, entries: Entries, now: datetime) -> None:
        """The customer's data are erased: it loses all that is theirs, and ends if it has not."""
        self.customer_id, self.contact_key, self.person, self.erased = None, "", NOBODY, True
        self.may_contact = self.action = None
        if self.state != "closed":
            self._end(now)
        self._decide(entries, now, SYSTEM, "erased", answers=[])

    def published(self, answers: Sequence[UUID]) -> Case:
        """The event of the case as it is now; notes and texts are not in it.

        :param answers: all that belong to it.
        """
        return Case(
            id=self.id,
            number=self.number,
            version=self.version,
            state=self.state,
            stage=stage_of(self),
            priority=self.priority,
            team_id=self.team_id,
            answer_id=self.answer_id,
            later_answers=tuple(sorted(answer for answer in answers if answer != self.answer_id)),
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
            waits_until=self.wake_at,
            told=self.told,
            owner=str(self.owner_id) if self.owner_id else None,
            cause=self.cause,
            outcome=self.outcome,
            opened_at=self.opened_at,
            due_at=self.due_at,
            first_contact_at=self.first_contact_at,
            closed_at=self.closed_at,
            reopened_at=self.reopened_at,
        )
