"""``/v1/people/{person}/sessions`` and ``…/second-factor``: where somebody is signed in, and what is lost."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from services.alerts.context import OwnContext
from services.alerts.staff.access_commands import end_session, end_sessions, reset_second_factor
from services.alerts.staff.access_schemas import SecondFactorOut, SessionList, SessionOut
from services.alerts.staff.people_callers import PeopleAdmin, PersonId, managed_person
from services.alerts.staff.repository import second_factors, sessions
from services.alerts.staff.sessions import session_id
from shared.http.auth import Caller
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.privacy.audit import AuditActor

router = APIRouter(prefix="/v1/people/{person}", tags=["people"], route_class=CheckedRoute)
SessionId = Annotated[UUID, Path(description="The id of one of `sessions`.")]


@router.get("/sessions", summary="List where somebody is signed in")
async def list_sessions(context: OwnContext, caller: PeopleAdmin, person: PersonId) -> SessionList:
    """Those that are not over, the newest first. Of a browser only its name and its system are kept."""
    async with context.database.reading() as uow:
        await managed_person(uow, caller, person)
        found = await sessions.sessions_of(uow, caller.tenant, person)
    return SessionList(sessions=[SessionOut.of(one, _own_session(caller)) for one in found])


@router.delete("/sessions", status_code=204, summary="Sign somebody out everywhere")
async def delete_sessions(context: OwnContext, caller: PeopleAdmin, person: PersonId) -> None:
    """They can change nothing from then on, and are out within five minutes; they may sign in again. The
    session that asks for it stays.
    """
    async with context.database.transaction() as uow:
        await managed_person(uow, caller, person, lock=True)
        await end_sessions(uow, caller.tenant, AuditActor.of(caller), person, but=_own_session(caller))


@router.delete("/sessions/{session}", status_code=204, summary="Sign somebody out of one browser")
async def delete_session(
    context: OwnContext, caller: PeopleAdmin, person: PersonId, session: SessionId
) -> None:
    """It can change nothing from then on, and is dead within five minutes."""
    async with context.database.transaction() as uow:
        await managed_person(uow, caller, person, lock=True)
        if not await end_session(uow, caller.tenant, AuditActor.of(caller), person, session):
            raise Problem(404)


@router.get("/second-factor", summary="See whether somebody has a second factor")
async def read_second_factor(context: OwnContext, caller: PeopleAdmin, person: PersonId) -> SecondFactorOut:
    """Never its key, nor a recovery code."""
    async with context.database.reading() as uow:
        await managed_person(uow, caller, person)
        return SecondFactorOut.of(
            await second_factors.find_factor(uow, caller.tenant, person),
            codes=await second_factors.count_codes(uow, caller.tenant, person),
            required=await second_factors.is_required(uow, caller.tenant),
        )


@router.delete("/second-factor", status_code=204, summary="Reset the second factor of somebody")
async def delete_second_factor(context: OwnContext, caller: PeopleAdmin, person: PersonId) -> None:
    """For a lost phone: they are signed out everywhere, and sign in with the password alone until a new one
    is set up, which happens at once where the company asks for it. Who has none is 404.
    """
    async with context.database.transaction() as uow:
        await managed_person(uow, caller, person, lock=True)
        if await second_factors.find_factor(uow, caller.tenant, person) is None:
            raise Problem(404)
        await reset_second_factor(uow, caller.tenant, AuditActor.of(caller), person)


def _own_session(caller: Caller) -> UUID | None:
    return session_id(caller.staff) if caller.staff is not None else None
