"""A case: its state, and the acts that change it.

A case changes only through the methods of :class:`CaseFile`. Each method that changes something appends one
entry to the timeline, numbered by the case's version, so that nothing is done without a trace.

Its parts, each on top of the one before: ``case_state``, ``case_deadlines``, ``case_answers``, and here what
people do to it.
"""

from datetime import datetime
from typing import Any, Literal

from services.alerts.calendars.domain import Calendar
from services.alerts.cases.domain.actor import SYSTEM, Actor
from services.alerts.cases.domain.case_answers import CaseAnswers
from services.alerts.cases.domain.case_clocks import started
from services.alerts.cases.domain.closing import Closing
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.domain.refusals import Decision, NotDone, NotPossible, decision
from services.alerts.cases.domain.timeline import Entries, EntryKind
from shared.events import Case
from shared.privacy.persons import NOBODY
from shared.values.messages import Message, message

ContactMethod = Literal["call", "mail", "meeting"]
CONTACT_METHODS: tuple[ContactMethod, ...] = ("call", "mail", "meeting")


class CaseFile(CaseAnswers, kw_only=True):
    """A case, with a field for each column of its table.

    The acts append to ``entries``, which the caller writes with the case; ``seen_version`` is the version
    that the caller decided upon (None: any).
    """

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
        self._end(now)
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

    def _end(self, now: datetime) -> None:
        """Close it: nothing is waited for any more, and if it is opened again its clocks run."""
        self.state, self.closed_at = "closed", now
        self.waiting_since = self.waiting_calendar = None

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
