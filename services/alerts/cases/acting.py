"""What each act of a person or program does to a locked case."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.alerts.calendars.domain import Calendar
from services.alerts.cases.case_contact import reveal
from services.alerts.cases.case_user import CaseUser
from services.alerts.cases.domain.actor import Actor
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.closing import Closing
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.domain.refusals import NotPossible
from services.alerts.cases.domain.timeline import Entries
from services.alerts.cases.replying import write_mail
from services.alerts.cases.repository import cases
from services.alerts.cases.repository.timeline import contact_tries, reached_by_mail_alone
from services.alerts.cases.schemas import (
    Action,
    AskAct,
    AssignAct,
    CaseAct,
    CloseAct,
    ContactAct,
    ContactOut,
    HandOverAct,
    MergeAct,
    NoteAct,
    ReleaseAct,
    ReopenAct,
    ReplyAct,
    ResumeAct,
    RevealAct,
    TakeAct,
    WaitAct,
)
from services.alerts.rules.setup_cache import CompanySetups
from services.alerts.staff.repository import people
from shared.db.database import UnitOfWork
from shared.events import Answer, may_see, segments_of
from shared.permissions import CASE_ROLES
from shared.values.messages import message


@dataclass(frozen=True, slots=True)
class ActingUser:
    """Somebody who acts on a case that is locked. Each method raises what the case's own method raises."""

    uow: UnitOfWork
    policy: CasePolicy
    cache: CompanySetups
    user: CaseUser
    actor: Actor
    case: CaseFile
    into: CaseFile | None
    """The case that it is merged into, locked too."""
    answers: Sequence[Answer]
    """Those that the user may read."""
    entries: Entries
    key: str | None
    """The keyed hash of the request's idempotency key."""
    fingerprint: str
    """That of the request."""

    async def do(self, action: Action) -> ContactOut | None:
        """Do it; returns the address that it reveals."""
        if isinstance(action, RevealAct):
            return await reveal(self.uow, self.user, self.actor, self.case, self.answers, self.entries)
        await _ACTS[type(action)](self, action)
        return None

    async def take(self, act: TakeAct) -> None:
        self.case.take(self.entries, self.uow.now, self.actor, act.version, self.policy)

    async def assign(self, act: AssignAct) -> None:
        if not self.user.may_assign:
            raise NotPossible(message("Only a team leader or an administrator gives cases to others."))
        to = await self._colleague(act.to)
        self.case.assign(self.entries, self.uow.now, self.actor, to, act.version, self.policy)

    async def hand_over(self, act: HandOverAct) -> None:
        to = await self._colleague(act.to)
        self.case.hand_over(
            *(self.entries, self.uow.now, self.actor, to, act.text, self.key, act.version, self.policy),
            may_assign=self.user.may_assign,
        )

    async def ask(self, act: AskAct) -> None:
        whom = await self._colleague(act.to)
        self.case.ask(self.entries, self.uow.now, self.actor, whom, act.text, self.key)

    async def release(self, act: ReleaseAct) -> None:
        self.case.release(
            *(self.entries, self.uow.now, self.actor, act.version, self.policy, await self._calendar()),
            may_assign=self.user.may_assign,
        )

    async def wait(self, act: WaitAct) -> None:
        calendar = await self._calendar()
        self.case.wait(
            *(self.entries, self.uow.now, self.actor, act.until, act.text, self.key, act.version),
            *(self.policy, calendar),
            may_assign=self.user.may_assign,
        )

    async def resume(self, _: ResumeAct) -> None:
        self.case.go_on(self.entries, self.uow.now, self.actor, await self._calendar())

    async def contact(self, act: ContactAct) -> None:
        self.case.contact(self.entries, self.uow.now, self.actor, act.how, act.reached, act.text, self.key)

    async def note(self, act: NoteAct) -> None:
        self.case.note(self.entries, self.uow.now, self.actor, act.text, self.key)

    async def close(self, act: CloseAct) -> None:
        closing = Closing(cause=act.cause, action=act.action, outcome=act.outcome, told=act.told)
        tries, by_mail_alone = [], False
        if act.outcome == "no_contact":
            tries = await contact_tries(self.uow, self.case.tenant, self.case.id)
            by_mail_alone = await reached_by_mail_alone(self.uow, self.case.tenant, self.case.id)
        self.case.close(
            *(self.entries, self.uow.now, self.actor, closing, act.version, self.key, self.policy, tries),
            by_mail_alone=by_mail_alone,
        )

    async def reply(self, act: ReplyAct) -> None:
        await write_mail(
            *(self.uow, self.case, self.actor, self.answers, self.entries, act, self.key, self.fingerprint)
        )

    async def merge(self, act: MergeAct) -> None:
        if self.into is None:
            raise NotPossible(message("There is no such case. Choose another one."))
        now, policy = self.uow.now, self.policy
        self.case.merge(self.entries, now, self.actor, self.into, self.key, act.version, policy)
        self.into.joined_by(self.entries, now, self.actor, self.case)

    async def reopen(self, act: ReopenAct) -> None:
        if self.case.state == "closed":
            await refuse_second_open_case(self.uow, self.user, self.case)
        self.case.reopen(
            *(self.entries, self.uow.now, self.actor, act.text, self.key, act.version, self.policy),
            await self._calendar(),
        )

    async def _calendar(self) -> Calendar | None:
        return (await self.cache.one(self.uow, self.case.tenant)).calendar_of(self.case.team_id)

    async def _colleague(self, person: UUID) -> Actor:
        for one in await colleagues(self.uow, self.case.tenant, self.answers):
            if one.id == person:
                return Actor(one.id, one.name)
        raise NotPossible(message("Choose somebody who works on the cases of this segment."))


async def colleagues(uow: UnitOfWork, tenant: str, answers: Sequence[Answer]) -> list[Any]:
    """The people who work on cases and may read one of these answers."""
    belongs = [segment for answer in answers for segment in segments_of(answer)]
    return [
        one
        for one in await people.people(uow, tenant)
        if works_on_cases(one) and may_see(one.segments, belongs)
    ]


def works_on_cases(person: Any) -> bool:
    """Whether this person, a row of ``staff``, works on cases now."""
    return bool(person.active) and person.role in CASE_ROLES


async def refuse_second_open_case(uow: UnitOfWork, user: CaseUser, case: CaseFile) -> None:
    """Refuse to open a case again while its person has another open one; opening is locked.

    :raises NotPossible: with the other case's number, where the user may see it.
    """
    other = await cases.other_open_case(uow, case)
    if other is None:
        return
    if may_see(user.segments, other.belongs):
        raise NotPossible(
            message(
                "This customer has another open case, number %(number)s. Go on there.", number=other.number
            )
        )
    raise NotPossible(message("This case cannot be opened again."))


_ACTS: dict[type[CaseAct], Callable[[ActingUser, Any], Awaitable[None]]] = {
    TakeAct: ActingUser.take,
    AssignAct: ActingUser.assign,
    HandOverAct: ActingUser.hand_over,
    AskAct: ActingUser.ask,
    ReleaseAct: ActingUser.release,
    WaitAct: ActingUser.wait,
    ResumeAct: ActingUser.resume,
    ContactAct: ActingUser.contact,
    NoteAct: ActingUser.note,
    ReplyAct: ActingUser.reply,
    CloseAct: ActingUser.close,
    MergeAct: ActingUser.merge,
    ReopenAct: ActingUser.reopen,
}
"""What does each act; ``RevealAct`` alone has a result."""
