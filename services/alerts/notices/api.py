"""What people are told, for programs: where and when, and which browsers show it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path

from services.alerts.calendars.schemas import clock
from services.alerts.context import AlertsContext, OwnContext
from services.alerts.notices.notice_commands import save_choices
from services.alerts.notices.recipients import read_choices
from services.alerts.notices.repository import choices, push_subscriptions
from services.alerts.notices.schemas import (
    DeviceAnswer,
    NoticesAnswer,
    NoticesBody,
    quiet_answer,
    topic_answers,
)
from services.alerts.rules.callers import SetupAdmin
from services.alerts.staff.repository import people
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.privacy.audit import AuditActor, record_audit

router = APIRouter(prefix="/v1/notices", tags=["cases"], route_class=CheckedRoute)
PersonId = Annotated[UUID, Path(description="The person's id, as the page of the person has it.")]
DeviceId = Annotated[UUID, Path(description="One of `devices`.")]


@router.get("/{person}", summary="See what somebody is told")
async def read_notices(context: OwnContext, caller: SetupAdmin, person: PersonId) -> NoticesAnswer:
    """Where and when, and the browsers that show it to them, without their addresses."""
    return await _answer(context, caller.tenant, person)


@router.put("/{person}", summary="Set what somebody is told")
async def write_notices(
    context: OwnContext, caller: SetupAdmin, person: PersonId, body: NoticesBody
) -> NoticesAnswer:
    """It replaces what they had chosen. What waits leaves at its planned time, or at the end of the quiet
    hours of now; what they do not want any more is not told.
    """
    async with context.database.transaction() as uow:
        if not await save_choices(uow, caller.tenant, person, body.choices(), mail=body.mail):
            raise Problem(404)
        record_audit(uow, caller.tenant, AuditActor.of(caller), "notices", str(person))
    return await _answer(context, caller.tenant, person)


@router.delete("/{person}/devices/{device}", status_code=204, summary="Switch a browser off")
async def remove_device(context: OwnContext, caller: SetupAdmin, person: PersonId, device: DeviceId) -> None:
    """Such as that of a phone that was lost."""
    async with context.database.transaction() as uow:
        if not await push_subscriptions.remove(uow, caller.tenant, person, device):
            raise Problem(404)
        record_audit(uow, caller.tenant, AuditActor.of(caller), "notices", str(person), deleted=True)


async def _answer(context: AlertsContext, tenant: str, person: UUID) -> NoticesAnswer:
    async with context.database.reading() as uow:
        found: Any = await people.find_person(uow, tenant, person)
        if found is None:
            raise Problem(404)
        chosen = read_choices(await choices.find(uow, tenant, person))
        browsers = await push_subscriptions.of_person(uow, tenant, person)
    return NoticesAnswer(
        person=person,
        mail=found.wants_mail,
        topics=topic_answers(chosen),
        digest_at=clock(chosen.digest_at),
        time_zone=chosen.time_zone,
        quiet=quiet_answer(chosen.quiet),
        devices=[
            DeviceAnswer(id=one.id, device=one.device, since=one.created_at, last_taken_at=one.taken_at)
            for one in browsers
        ],
    )
