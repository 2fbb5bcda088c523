"""The staff pages of webhooks: all of them, and one with its messages."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import SettingKeyReused, SettingRefused
from services.alerts.frame import open_case_counts, staff_frame
from services.alerts.webhooks.api import found_webhook, guard_from
from services.alerts.webhooks.domain import MESSAGE_STATES
from services.alerts.webhooks.forms import body_of, faults_by_field, form_of
from services.alerts.webhooks.labels import DONE_LABELS, NO_MESSAGE, NO_WEBHOOK
from services.alerts.webhooks.repository import deliveries, webhooks
from services.alerts.webhooks.schemas import SecretBody, WebhookBody, WebhookChange
from services.alerts.webhooks.views import MessageLine, WebhookLine, WebhookPage, WebhooksPage
from services.alerts.webhooks.webhook_commands import (
    WebhookWanted,
    change,
    make,
    remove,
    replay_between,
    replay_message,
    rotate,
    try_out,
)
from shared.db.database import UnitOfWork
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import read_texts, uuid_of
from shared.http.instants import begin_of_day, end_of_day
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import CompanyAdmin, Staff
from shared.ids import uuid7
from shared.pages.language import spoken
from shared.pages.page import Frame
from shared.privacy.audit import AuditActor
from shared.tenancy.tenants import find_zone
from shared.values.messages import message

router = APIRouter(include_in_schema=False, prefix="/webhooks", route_class=CheckedRoute)
Typed = Annotated[str, Query(max_length=40)]
PAGE_SIZE = 50
MADE_ALREADY = message("Another webhook was made by this form already. Save it once more for one of its own.")


@router.get("")
async def show_webhooks(
    request: Request, staff: CompanyAdmin, context: OwnContext, did: Typed = ""
) -> Response:
    """All that the company has."""
    return await _list(request, staff, context, did=did)


@router.post("")
async def make_webhook_by_form(
    request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Make a webhook and show its secret; the form carries its id, so that it is made once."""
    form = await read_texts(request)
    webhook_id = uuid_of(form.get("new_id", ""))
    try:
        wanted = WebhookBody.model_validate(body_of(form)).wanted()
        async with context.database.transaction() as uow:
            made, key = await make(
                uow,
                context.secret,
                guard_from(context),
                staff.tenant,
                webhook_id,
                wanted,
                who=AuditActor.of_staff(staff),
            )
    except (ValidationError, SettingRefused) as error:
        return await _list(request, staff, context, form=form, faults=faults_by_field(error), status_code=422)
    except SettingKeyReused:
        again = {**form, "new_id": ""}
        faults = {"name": spoken(MADE_ALREADY)}
        return await _list(request, staff, context, form=again, faults=faults, status_code=409)
    return await _show(request, staff, context, made.id, secret=key or "")


@router.get("/{webhook_id}")
async def show_webhook(
    webhook_id: UUID,
    request: Request,
    staff: CompanyAdmin,
    context: OwnContext,
    did: Typed = "",
    state: Typed = "",
    before: Typed = "",
) -> Response:
    """One webhook, with its messages."""
    return await _show(request, staff, context, webhook_id, did=did, state=state, before=before)


@router.post("/{webhook_id}")
async def change_webhook_by_form(
    webhook_id: UUID, request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Save what was typed."""
    form = await read_texts(request)
    try:
        wanted = WebhookChange.model_validate(body_of(form)).wanted()
        await _change(context, staff, webhook_id, wanted)
    except (ValidationError, SettingRefused) as error:
        faults = faults_by_field(error)
        return await _show(request, staff, context, webhook_id, form=form, faults=faults, status_code=422)
    return RedirectResponse(f"/webhooks/{webhook_id}?did=saved", 303)


@router.post("/{webhook_id}/state")
async def change_webhook_state_by_form(
    webhook_id: UUID, request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Pause, switch on, try or delete a webhook."""
    act = (await read_texts(request)).get("act", "")
    match act:
        case "pause" | "resume":
            wanted = WebhookWanted(state="paused" if act == "pause" else "on")
            await _change(context, staff, webhook_id, wanted)
        case "test":
            async with context.database.transaction() as uow:
                if await try_out(uow, staff.tenant, webhook_id) is None:
                    raise Problem(404, detail=NO_WEBHOOK)
        case "delete":
            async with context.database.transaction() as uow:
                if not await remove(uow, staff.tenant, webhook_id, who=AuditActor.of_staff(staff)):
                    raise Problem(404, detail=NO_WEBHOOK)
            return RedirectResponse("/webhooks?did=deleted", 303)
        case _:
            raise Problem(422)
    return RedirectResponse(f"/webhooks/{webhook_id}?did={act}", 303)


@router.post("/{webhook_id}/secret")
async def change_secret_by_form(
    webhook_id: UUID, request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Give the webhook a new secret and show it."""
    form = await read_texts(request)
    try:
        body = SecretBody.model_validate({"overlap_hours": form.get("overlap_hours", "24")})
    except ValidationError:
        raise Problem(422) from None
    async with context.database.transaction() as uow:
        overlap = timedelta(hours=body.overlap_hours)
        who = AuditActor.of_staff(staff)
        rotated = await rotate(uow, context.secret, staff.tenant, webhook_id, overlap, who=who)
    if rotated is None:
        raise Problem(404, detail=NO_WEBHOOK)
    return await _show(request, staff, context, webhook_id, secret=rotated[1])


@router.post("/{webhook_id}/replay")
async def replay_by_form(
    webhook_id: UUID, request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Send one message again, or those of some days."""
    form, who = await read_texts(request), AuditActor.of_staff(staff)
    async with context.database.transaction() as uow:
        await found_webhook(uow, staff.tenant, webhook_id)
        if one := form.get("message", ""):
            if not await replay_message(uow, staff.tenant, webhook_id, one, who=who):
                raise Problem(404, detail=NO_MESSAGE)
            return RedirectResponse(f"/webhooks/{webhook_id}?did=replay", 303)
        zone = await find_zone(uow, staff.tenant)
        since = begin_of_day(form.get("since", ""), "since", zone)
        until = end_of_day(form.get("until", ""), "until", zone)
        if since is None:
            return RedirectResponse(f"/webhooks/{webhook_id}?did=nothing", 303)
        number = await replay_between(
            uow,
            staff.tenant,
            webhook_id,
            since=since,
            until=until or uow.now,
            failed_only=form.get("failed_only") == "on",
            who=who,
        )
    return RedirectResponse(f"/webhooks/{webhook_id}?did={'replay' if number else 'nothing'}", 303)


async def _change(context: AlertsContext, staff: Staff, webhook_id: UUID, wanted: WebhookWanted) -> None:
    async with context.database.transaction() as uow:
        who = AuditActor.of_staff(staff)
        if await change(uow, guard_from(context), staff.tenant, webhook_id, wanted, who=who) is None:
            raise Problem(404, detail=NO_WEBHOOK)


async def _list(
    request: Request,
    staff: Staff,
    context: AlertsContext,
    *,
    did: str = "",
    form: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        found = await webhooks.list_of(uow, staff.tenant)
        frame = await _frame(uow, staff)
    page = WebhooksPage(
        webhooks=[WebhookLine.of(*each) for each in found],
        new_id=(form or {}).get("new_id") or str(uuid7()),
        form=form or {"answer.changed": "on"},
        faults=faults or {},
        done=_done(did),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


async def _show(
    request: Request,
    staff: Staff,
    context: AlertsContext,
    webhook_id: UUID,
    *,
    did: str = "",
    state: str = "",
    before: str = "",
    secret: str = "",
    form: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
    status_code: int = 200,
) -> Response:
    chosen = next((each for each in MESSAGE_STATES if each == state), None)
    place: int | None = None
    with suppress(ValueError):
        place = int(before[:18])
    async with context.database.reading() as uow:
        found = await webhooks.list_of(uow, staff.tenant, webhook_id)
        if not found:
            raise Problem(404, detail=NO_WEBHOOK)
        sent = await deliveries.list_page(
            uow, staff.tenant, webhook_id, before=place, state=chosen, limit=PAGE_SIZE + 1
        )
        frame = await _frame(uow, staff)
    page = WebhookPage(
        line=WebhookLine.of(*found[0]),
        messages=[MessageLine.of(each) for each in sent[:PAGE_SIZE]],
        state=chosen or "",
        older=str(sent[PAGE_SIZE - 1].seq) if len(sent) > PAGE_SIZE else "",
        secret=secret,
        form=form if form is not None else form_of(found[0][0]),
        faults=faults or {},
        done=_done(did),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


async def _frame(uow: UnitOfWork, staff: Staff) -> Frame:
    counts = await open_case_counts(uow, staff)
    return await staff_frame(uow, staff, here="settings", open_cases=counts.open)


def _done(did: str) -> str:
    return spoken(DONE_LABELS[did]) if did in DONE_LABELS else ""
