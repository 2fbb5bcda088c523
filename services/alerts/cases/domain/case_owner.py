"""Who has a case: taken, given, handed over, put back; and a colleague who is asked about it."""

from datetime import datetime

from services.alerts.calendars.domain import Calendar
from services.alerts.cases.domain.actor import Actor
from services.alerts.cases.domain.case_acts import CaseActs
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.domain.refusals import NotDone, NotPossible
from services.alerts.cases.domain.timeline import Entries
from shared.values.messages import message


class CaseOwner(CaseActs, kw_only=True):
    """A case that somebody has, or nobody."""

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
        self._refuse_if_over()
        if self.owner_id == to.id:
            return
        self._refuse_if_decided_since(
            seen_version, message("Not assigned: %(reason)s", reason=self._decision("changed", now, policy))
        )
        self.owner_id, self.state = to.id, "assigned"
        self._decide(entries, now, actor, "assigned", answers=[], to=to.name)

    def hand_over(
        self,
        entries: Entries,
        now: datetime,
        actor: Actor,
        to: Actor,
        text: str,
        key: str | None,
        seen_version: int | None,
        policy: CasePolicy,
        *,
        may_assign: bool,
    ) -> None:
        """Give it to a colleague, with what they must know.

        :raises NotDone: when somebody else has decided since.
        :raises NotPossible: when it is closed, its customer was erased, the colleague has it already, or the
            actor neither owns it nor may assign.
        """
        self._refuse_if_over()
        self._refuse_if_decided_since(
            seen_version,
            message("Not handed over: %(reason)s", reason=self._decision("changed", now, policy)),
        )
        if self.owner_id != actor.id and not may_assign:
            raise NotPossible(
                message("Only its owner, a team leader or an administrator hands a case over. Take it first.")
            )
        if self.owner_id == to.id:
            raise NotPossible(message("%(name)s has this case already.", name=to.name))
        self.owner_id, self.state = to.id, "assigned"
        self._decide(entries, now, actor, "handed_over", key=key, to=to.name, text=text)

    def ask(
        self, entries: Entries, now: datetime, actor: Actor, whom: Actor, text: str, key: str | None
    ) -> None:
        """Ask a colleague something about it; it stays with whoever has it.

        :raises NotPossible: when it is closed, its customer was erased, or somebody asks themselves.
        """
        self._refuse_if_over()
        if whom.id == actor.id:
            raise NotPossible(message("That is you. Ask somebody else."))
        self._add(entries, now, actor, "asked", key, to=whom.name, text=text)

    def release(
        self,
        entries: Entries,
        now: datetime,
        actor: Actor,
        seen_version: int | None,
        policy: CasePolicy,
        calendar: Calendar | None,
        *,
        may_assign: bool,
    ) -> None:
        """Leave it without an owner, so that somebody else can take it; nothing is waited for any more.

        :raises NotDone: when somebody else has decided since.
        :raises NotPossible: when it is closed, its customer was erased, or the actor neither owns it nor may
            assign.
        """
        self._refuse_if_over()
        if self.owner_id is None:
            return
        self._refuse_if_decided_since(
            seen_version, message("Not put back: %(reason)s", reason=self._decision("changed", now, policy))
        )
        if self.owner_id != actor.id and not may_assign:
            raise NotPossible(message("Only its owner, a team leader or an administrator puts a case back."))
        self.owner_id, self.state = None, "open"
        self.resume_clocks(now, calendar)
        self._decide(entries, now, actor, "released", answers=[])
