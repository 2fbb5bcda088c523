"""Pages of the addresses that mails come from: the list, and what a look at one of them finds."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.frame import frame_of
from services.dispatcher.repository import destinations
from services.dispatcher.senders import repository
from services.dispatcher.senders.api import refuse_unless_offered
from services.dispatcher.senders.domain import (
    INSTALLATION,
    MAX_SENDERS,
    SenderRefused,
    SenderState,
    states_of,
    used_of,
)
from services.dispatcher.senders.labels import notice
from services.dispatcher.senders.looking import LookedAt, found_sender, look_and_record, look_at
from services.dispatcher.senders.sender_commands import add_key, add_sender, remove_sender
from services.dispatcher.senders.sender_keys import make_key
from services.dispatcher.senders.views import FindingLine, SenderLine, SenderPage, SendersPage
from shared.http.csrf import CsrfChecked
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import CompanyAdmin, Staff
from shared.http.text_safety import text_faults
from shared.ids import uuid7
from shared.pages.language import spoken
from shared.privacy.audit import AuditActor

router = APIRouter(include_in_schema=False, prefix="/senders", route_class=CheckedRoute)
Did = Annotated[str, Query(max_length=40)]


@router.get("")
async def show_senders(request: Request, staff: CompanyAdmin, context: OwnContext, did: Did = "") -> Response:
    """All that the company has. Nothing is looked up."""
    return await _list(request, staff, context, done=notice(did))


@router.post("")
async def declare_sender_by_form(
    request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Add one, and show what is to be published for it."""
    refuse_unless_offered(context)
    form = await request.form()
    typed = str(form.get("address", ""))
    if faults := text_faults({"address": typed}):
        raise Problem(400, errors=faults)
    key = await asyncio.to_thread(make_key)
    who = AuditActor.of_staff(staff)
    try:
        async with context.database.transaction() as uow:
            sender = await add_sender(uow, context.secret, staff.tenant, who, uuid7(), typed, key)
    except SenderRefused as refused:
        return await _list(request, staff, context, typed=typed, fault=spoken(refused.why), status_code=422)
    return RedirectResponse(f"/senders/{sender.id}?did=added", 303)


@router.get("/{sender_id}")
async def show_sender(
    sender_id: str, request: Request, staff: CompanyAdmin, context: OwnContext, did: Did = ""
) -> Response:
    """What is found of it now. Nothing is changed."""
    looked = await look_at(context, staff.tenant, sender_id)
    return await _show(request, staff, context, sender_id, looked, done=notice(did))


@router.post("/{sender_id}/check")
async def check_by_form(
    sender_id: str, request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Look again, and use what is seen."""
    looked = await look_and_record(context, staff.tenant, sender_id)
    return await _show(request, staff, context, sender_id, looked, done=notice("checked"))


@router.post("/{sender_id}/keys")
async def make_key_by_form(
    sender_id: str, request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Make another key, and show its record."""
    refuse_unless_offered(context)
    key = await asyncio.to_thread(make_key)
    try:
        async with context.database.transaction() as uow:
            sender = await found_sender(uow, staff.tenant, sender_id)
            await add_key(uow, context.secret, staff.tenant, AuditActor.of_staff(staff), sender.id, key)
    except SenderRefused as refused:
        looked = await look_at(context, staff.tenant, sender_id)
        return await _show(
            request, staff, context, sender_id, looked, fault=spoken(refused.why), status_code=409
        )
    return RedirectResponse(f"/senders/{sender_id}?did=key", 303)


@router.post("/{sender_id}/remove")
async def remove_by_form(
    sender_id: str, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Take it away."""
    async with context.database.transaction() as uow:
        sender = await found_sender(uow, staff.tenant, sender_id)
        await remove_sender(uow, staff.tenant, AuditActor.of_staff(staff), sender.id)
    return RedirectResponse("/senders?did=removed", 303)


async def _list(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    *,
    typed: str = "",
    fault: str = "",
    done: str = "",
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        own = await repository.list_of(uow, staff.tenant)
        held = await destinations.count_held(uow)
        frame = await frame_of(uow, staff, "surveys")
    offered = context.own.company_senders
    states = states_of(own, allowed=offered)
    used, installation = used_of(own, allowed=offered), context.mail_renderer.mail_from
    page = SendersPage(
        senders=[
            *(SenderLine.of(each, states[each.id]) for each in own),
            SenderLine.of_installation(installation, used=used is None),
        ],
        used=used.address if used is not None else installation,
        offered=offered,
        has_room=len(own) < MAX_SENDERS,
        held=held,
        typed=typed,
        fault=fault,
        done=done,
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


async def _show(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    sender_id: str,
    looked: LookedAt,
    *,
    fault: str = "",
    done: str = "",
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        own = await repository.list_of(uow, staff.tenant)
        frame = await frame_of(uow, staff, "surveys")
    states = states_of(own, allowed=context.own.company_senders)
    if sender_id == INSTALLATION:
        uses_own = used_of(own, allowed=context.own.company_senders) is not None
        state: SenderState = "spare" if uses_own else "used"
        rotates = False
    else:
        sender = next((each for each in own if each.id == looked.id), None)
        if sender is None:
            raise Problem(404)
        state = states[sender.id]
        rotates = sender.signing is not None and sender.keys[0] is not sender.signing
    page = SenderPage(
        id=sender_id,
        address=looked.address,
        is_own=looked.sender is not None,
        state=state,
        worst=looked.check.worst,
        to_mend=sum(each.verdict == "bad" for each in looked.check.findings),
        findings=[FindingLine.of(each) for each in looked.check.findings],
        rotates=rotates,
        fault=fault,
        done=done,
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)
