"""``/v1/people``: the people of a company, for its administrators and its back-end."""

from typing import Any

from fastapi import APIRouter

from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import BadAccount
from services.alerts.notices.queueing import queue_invitation
from services.alerts.staff import accounts
from services.alerts.staff.people_callers import (
    PeopleAdmin,
    PersonId,
    managed_person,
    own_segments,
    refused_account,
)
from services.alerts.staff.people_schemas import NewPersonBody, PeopleList, PersonChange, PersonOut
from services.alerts.staff.repository import people, second_factors
from shared.db.database import UnitOfWork
from shared.http.auth import Caller
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import message

router = APIRouter(prefix="/v1/people", tags=["people"], route_class=CheckedRoute)


@router.get("", summary="List the people")
async def list_people(context: OwnContext, caller: PeopleAdmin) -> PeopleList:
    """An administrator who is limited to segments sees those who see no more."""
    async with context.database.reading() as uow:
        found = await people.people(uow, caller.tenant)
        setup = await context.setups.one(uow, caller.tenant)
        with_factor = await second_factors.people_with_factor(uow, caller.tenant)
    managed = [one for one in found if accounts.is_within(own_segments(caller), one.segments)]
    return PeopleList(people=[PersonOut.of(one, with_factor, setup.teams) for one in managed])


@router.post("", status_code=201, summary="Invite somebody")
async def invite(context: OwnContext, caller: PeopleAdmin, body: NewPersonBody) -> PersonOut:
    """They get a mail with a link by which they sign in once and choose a password. Somebody who is there
    already is 422.
    """
    try:
        async with context.database.transaction() as uow:
            segments = _within(caller, body.segments)
            person = await accounts.create_person(
                uow, caller.tenant, address=body.address, name=body.name, role=body.role, segments=segments
            )
            by = caller.staff.id if caller.staff is not None else None
            await queue_invitation(uow, caller.tenant, person, by=by)
            facts = {"role": body.role, "segments": len(segments)}
            record_audit(uow, caller.tenant, AuditActor.of(caller), "person_invited", str(person), **facts)
            return await _shown(uow, context, caller, await people.find_person(uow, caller.tenant, person))
    except BadAccount as fault:
        raise refused_account(fault) from None


@router.get("/{person}", summary="Read about one person")
async def read_person(context: OwnContext, caller: PeopleAdmin, person: PersonId) -> PersonOut:
    """Never how they sign in."""
    async with context.database.reading() as uow:
        return await _shown(uow, context, caller, await managed_person(uow, caller, person))


@router.patch("/{person}", summary="Change what somebody may do and see, or end their access")
async def change_person(
    context: OwnContext, caller: PeopleAdmin, person: PersonId, body: PersonChange
) -> PersonOut:
    """It holds within five minutes. With `active` false every session and link of theirs ends. The last
    administrator stays one.
    """
    try:
        async with context.database.transaction() as uow:
            found = await managed_person(uow, caller, person, lock=True)
            await _change_rights(uow, caller, found, body)
            await _change_access(uow, caller, found, body)
            return await _shown(uow, context, caller, await people.find_person(uow, caller.tenant, person))
    except BadAccount as fault:
        raise refused_account(fault) from None


@router.post("/{person}/invitation", status_code=202, summary="Send somebody another link to sign in")
async def invite_again(context: OwnContext, caller: PeopleAdmin, person: PersonId) -> PersonOut:
    """They get a mail with a link by which they sign in once, as with the first invitation, whose link ends.
    Somebody who may not sign in is 422.
    """
    async with context.database.transaction() as uow:
        found = await managed_person(uow, caller, person, lock=True)
        if not found.active:
            raise Problem(422, detail=message("They may not sign in. Set `active` to true first."))
        by = caller.staff.id if caller.staff is not None else None
        await queue_invitation(uow, caller.tenant, found.id, by=by)
        record_audit(uow, caller.tenant, AuditActor.of(caller), "sign_in_link", str(found.id))
        return await _shown(uow, context, caller, found)


async def _change_rights(uow: UnitOfWork, caller: Caller, found: Any, body: PersonChange) -> None:
    role = body.role or found.role
    segments = found.segments if body.segments is None else _within(caller, body.segments)
    if (role, list(segments)) == (found.role, list(found.segments)):
        return
    await accounts.change_rights(uow, caller.tenant, found.id, role=role, segments=segments)
    facts = {"role": role, "segments": len(segments)}
    record_audit(uow, caller.tenant, AuditActor.of(caller), "person_changed", str(found.id), **facts)


async def _change_access(uow: UnitOfWork, caller: Caller, found: Any, body: PersonChange) -> None:
    if body.active is None or body.active == found.active:
        return
    if body.active:
        await accounts.readmit(uow, caller.tenant, found.id)
        record_audit(uow, caller.tenant, AuditActor.of(caller), "person_activated", str(found.id))
    else:
        await accounts.dismiss(uow, caller.tenant, found.id)
        record_audit(uow, caller.tenant, AuditActor.of(caller), "person_deactivated", str(found.id))


def _within(caller: Caller, wanted: list[str]) -> list[str]:
    """The segments in their one form, none of them wider than what the caller sees.

    :raises BadAccount: naming the field.
    """
    segments = accounts.clean_segments(wanted)
    if not accounts.is_within(own_segments(caller), segments):
        raise BadAccount("segments", message("You can let others see only what you see."))
    return segments


async def _shown(uow: UnitOfWork, context: AlertsContext, caller: Caller, person: Any) -> PersonOut:
    setup = await context.setups.one(uow, caller.tenant)
    with_factor = await second_factors.people_with_factor(uow, caller.tenant)
    return PersonOut.of(person, with_factor, setup.teams)
