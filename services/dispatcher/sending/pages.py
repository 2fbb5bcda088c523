"""Pages of how the company sends: the switches, which ask before they act, and the test addresses.

Each form carries the version of sending that it was rendered from: a change that somebody else made since is
shown before it can be undone.
"""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.decisions.addresses import address_quality
from services.dispatcher.frame import CsrfChecked, StaffAdmin, StaffEditor, frame_of
from services.dispatcher.invitations import repository as invitation_rows
from services.dispatcher.invitations.repository import MAX_WAITING_COUNTED
from services.dispatcher.sending.domain import SendingChanged
from services.dispatcher.sending.sending_commands import (
    find_sending,
    sending_version,
    set_mode,
    set_stopped,
    set_test_addresses,
)
from services.dispatcher.sending.views import SendingSwitch, SwitchPage
from services.dispatcher.surveys.overview import show_overview
from services.dispatcher.surveys.survey_commands import list_surveys
from services.dispatcher.surveys.views import TypedAddresses
from shared.db import UnitOfWork
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff
from shared.http.text_safety import text_faults

router = APIRouter(include_in_schema=False, prefix="/surveys", route_class=CheckedRoute)
MAX_TEST_ADDRESSES = 50
MAX_FAULTS_SHOWN = 5
STALE_FORM = "Somebody changed how you send since this page was drawn. Nothing was done; look again."
STALE_ADDRESSES = (
    "Somebody changed how you send since this page was drawn, so nothing was saved. Your lines are "
    "still here, and below them what else is listed by now. Take out what is not wanted, and save."
)
NOT_CONFIRMED = "Tick the box to confirm that customers will be written to. Nothing was changed."

LIVE = SendingSwitch("live", mode="live")
TEST_MODE = SendingSwitch("test-mode", mode="test")
STOP = SendingSwitch("stop", stopped=True)
RESUME = SendingSwitch("resume", stopped=False)


@router.get("/live")
async def ask_to_go_live(request: Request, staff: StaffAdmin, context: OwnContext) -> Response:
    """What going live means, and the button."""
    return await _ask(request, staff, context, LIVE)


@router.post("/live")
async def go_live(request: Request, staff: StaffAdmin, _: CsrfChecked, context: OwnContext) -> Response:
    """Send to customers from now on."""
    if (await request.form()).get("confirmed") != "on":
        return await _ask(request, staff, context, LIVE, NOT_CONFIRMED, status_code=422)
    return await _act(request, staff, context, LIVE)


@router.get("/test-mode")
async def ask_for_test_mode(request: Request, staff: StaffAdmin, context: OwnContext) -> Response:
    """What test mode means for the mails that wait, and the button."""
    return await _ask(request, staff, context, TEST_MODE)


@router.post("/test-mode")
async def go_back_to_test_mode(
    request: Request, staff: StaffAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Send to test addresses only from now on."""
    return await _act(request, staff, context, TEST_MODE)


@router.get("/stop")
async def ask_to_stop(request: Request, staff: StaffAdmin, context: OwnContext) -> Response:
    """What stopping means for the mails that wait, and the button."""
    return await _ask(request, staff, context, STOP)


@router.post("/stop")
async def stop_all_sending(
    request: Request, staff: StaffAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Send nothing from now on."""
    return await _act(request, staff, context, STOP)


@router.get("/resume")
async def ask_to_resume(request: Request, staff: StaffAdmin, context: OwnContext) -> Response:
    """What starting again means for the mails that wait, and the button."""
    return await _ask(request, staff, context, RESUME)


@router.post("/resume")
async def resume_sending(
    request: Request, staff: StaffAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Send again, also what waited unless it is too old by now."""
    return await _act(request, staff, context, RESUME)


@router.post("/test-addresses")
async def write_test_addresses(
    request: Request, staff: StaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """List exactly these test addresses."""
    form = await request.form()
    typed, seen = str(form.get("addresses", "")), str(form.get("version", ""))
    if faults := text_faults({"addresses": typed}):
        raise Problem(400, errors=faults)
    if fault := fault_in_addresses(typed):
        return await show_overview(
            request, staff, context, TypedAddresses(typed, seen, fault), status_code=422
        )
    try:
        async with context.database.transaction() as uow:
            await set_test_addresses(uow, staff.tenant, staff.name, _split(typed), seen=seen)
    except SendingChanged:
        async with context.database.reading() as uow:
            listed = (await find_sending(uow, staff.tenant)).test_addresses
            version = await sending_version(uow, staff.tenant)
        # What is listed by now stands below what was typed: neither is lost without being seen.
        others = "\n".join(sorted(listed - set(_split(typed))))
        both = f"{typed.rstrip()}\n{others}".strip()
        return await show_overview(
            request, staff, context, TypedAddresses(both, version, STALE_ADDRESSES), status_code=409
        )
    return RedirectResponse("/surveys?did=test-addresses", 303)


def fault_in_addresses(typed: str) -> str:
    """What is wrong with a list of addresses, by its lines; empty when nothing is."""
    bad = [
        f"Line {number}: “{address}” cannot be an address."
        for number, line in enumerate(typed.splitlines(), 1)
        for address in _split(line)
        if address_quality(address) != "good"
    ]
    if bad:
        more = [f"{len(bad) - MAX_FAULTS_SHOWN} more cannot be, too."] if len(bad) > MAX_FAULTS_SHOWN else []
        return " ".join([*bad[:MAX_FAULTS_SHOWN], *more, "Write each such as name@example.com."])
    if (n := len(_split(typed))) > MAX_TEST_ADDRESSES:
        return f"These are {n} addresses; at most {MAX_TEST_ADDRESSES} can be listed."
    return ""


def _split(typed: str) -> list[str]:
    return typed.replace(",", " ").replace(";", " ").split()


async def _act(request: Request, staff: Staff, context: DispatcherContext, switch: SendingSwitch) -> Response:
    """Press the switch, unless sending has changed since the form was rendered."""
    seen = str((await request.form()).get("version", ""))
    try:
        async with context.database.transaction() as uow:
            await _press(uow, staff, switch, seen)
    except SendingChanged:
        return await _ask(request, staff, context, switch, STALE_FORM, status_code=409)
    return RedirectResponse(f"/surveys?did={switch.name}", 303)


async def _press(uow: UnitOfWork, staff: Staff, switch: SendingSwitch, seen: str) -> None:
    if switch.stopped is not None:
        await set_stopped(uow, staff.tenant, staff.name, stopped=switch.stopped, seen=seen)
    if switch.mode is not None:
        await set_mode(uow, staff.tenant, staff.name, switch.mode, seen=seen)


async def _ask(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    switch: SendingSwitch,
    fault: str = "",
    *,
    status_code: int = 200,
) -> Response:
    """The page that says what the switch does, or the overview where nothing is left to be done."""
    async with context.database.reading() as uow:
        sending = await find_sending(uow, staff.tenant)
        if switch.is_done(sending):
            return RedirectResponse("/surveys?did=already", 303)
        page = SwitchPage(
            switch=switch.name,
            surveys=[
                survey for survey in await list_surveys(uow, staff.tenant) if survey.draft.state == "live"
            ],
            waiting=await invitation_rows.count_waiting(uow, staff.tenant, staff.segments),
            most=MAX_WAITING_COUNTED,
            version=await sending_version(uow, staff.tenant),
            fault=fault,
        )
        frame = await frame_of(uow, staff, "surveys", sending=sending)
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)
