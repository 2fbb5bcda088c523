"""A case that waits for its customer until some time, while its clocks stand still."""

from datetime import datetime

from services.alerts.calendars.domain import Calendar
from services.alerts.cases.domain.actor import Actor
from services.alerts.cases.domain.case_owner import CaseOwner
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.domain.refusals import NotPossible
from services.alerts.cases.domain.timeline import Entries
from shared.values.messages import Count, message


class CaseWaiting(CaseOwner, kw_only=True):
    """A case whose owner may wait."""

    def wait(
        self,
        entries: Entries,
        now: datetime,
        actor: Actor,
        until: datetime,
        text: str,
        key: str | None,
        seen_version: int | None,
        policy: CasePolicy,
        calendar: Calendar | None,
        *,
        may_assign: bool,
    ) -> None:
        """Pause its clocks until then, or until the customer says something; again: until another time.

        :raises NotDone: when somebody else has decided since.
        :raises NotPossible: when it is closed, its customer was erased, nobody has it, the actor neither owns
            it nor may assign, or the time is over or too far ahead.
        """
        self._refuse_if_over()
        self._refuse_if_decided_since(
            seen_version, message("Not saved: %(reason)s", reason=self._decision("changed", now, policy))
        )
        if self.owner_id is None:
            raise NotPossible(message("Nobody has this case. Take it before you wait for the customer."))
        if self.owner_id != actor.id and not may_assign:
            raise NotPossible(
                message("Only its owner, a team leader or an administrator lets a case wait. Take it first.")
            )
        if until <= now:
            raise NotPossible(message("That time is over. Choose a later one."))
        if until - now > policy.waits_at_most:
            raise NotPossible(
                message(
                    "A case waits %(days)s days at most. Choose an earlier day.",
                    days=Count(policy.waits_at_most.days),
                )
            )
        self.pause_clocks(now, calendar)
        self.wake_at = until
        self._work(entries, now, actor, "waiting", key, until=until.isoformat(), text=text)

    def go_on(self, entries: Entries, now: datetime, actor: Actor, calendar: Calendar | None) -> None:
        """Let its clocks run on before the time; nothing changes for one that does not wait.

        :raises NotPossible: when it is closed, or its customer was erased.
        """
        self._refuse_if_over()
        if self.waiting_since is None:
            return
        self.resume_clocks(now, calendar)
        self._decide(entries, now, actor, "resumed", answers=[], why="colleague")
