"""Pages of how the company sends: the switches, which ask before they act, and the test addresses.

Each form carries the version of sending that it was rendered from: a change that somebody else made since is
shown before it can be undone.
"""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.dispatcher.contact_policies.policy_commands import find_policy
from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.frame import StaffAdmin, StaffEditor, frame_of
from services.dispatcher.invitations import repository as invitation_rows
from services.dispatcher.invitations.repository import MAX_WAITING_COUNTED
from services.dispatcher.sending.domain import MAX_TEST_ADDRESSES, SendingChanged
from services.dispatcher.sending.sending_commands import (
    find_sending,
    may_be_listed,
    sending_version,
    set_mode,
    set_stopped,
    set_test_addresses,
)
from services.dispatcher.sending.views import SendingSwitch, SwitchPage
from services.dispatcher.surveys.overview import show_overview
from services.dispatcher.surveys.survey_commands import list_surveys
from services.dispatcher.surveys.views import TypedAddresses
from shared.http.csrf import CsrfChecked
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff
from shared.http.text_safety import text_faults
from shared.pages.language import spoken, translated
from shared.privacy.audit import AuditActor
from shared.values.messages import Message, message

router = APIRouter(include_in_schema=False, prefix="/surveys", route_class=CheckedRoute)
MAX_FAULTS_SHOWN = 5
STALE_FORM = message("Somebody changed how you send since this page was drawn. Nothing was done; look again.")
STALE_ADDRESSES = message(
    "Somebody changed how you send since this page was drawn, so nothing was saved. Your lines are "
    "still here, and below them what else is listed by now. Take out what is not wanted, and save."
)
NOT_CONFIRMED = message("Tick the box to confirm that customers will be written to. Nothing was changed.")

SWITCHES = (
    SendingSwitch("live", mode="live", needs_confirmation=True),
    SendingSwitch("test-mode", mode="test"),
    SendingSwitch("stop", stopped=True),
    SendingSwitch("resume", stopped=False),
)


def _add_routes(switch: SendingSwitch) -> None:
    """Add the page that asks before the switch is pressed, and the form that presses it."""

    @router.get(f"/{switch.name}")
    async def ask(request: Request, staff: StaffAdmin, context: OwnContext) -> Response:
        return await _ask(request, staff, context, switch)

    @router.post(f"/{switch.name}")
    async def press(request: Request, staff: StaffAdmin, _: CsrfChecked, context: OwnContext) -> Response:
        return await _press(request, staff, context, switch)


for _switch in SWITCHES:
    _add_routes(_switch)


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
            await set_test_addresses(uow, staff.tenant, AuditActor.of_staff(staff), _split(typed), seen=seen)
    except SendingChanged:
        async with context.database.reading() as uow:
            listed = (await find_sending(uow, staff.tenant)).test_addresses
            version = await sending_version(uow, staff.tenant)
        # What is listed by now stands below what was typed: neither is lost without being seen.
        others = "\n".join(sorted(listed - set(_split(typed))))
        both = f"{typed.rstrip()}\n{others}".strip()
        return await show_overview(
            request, staff, context, TypedAddresses(both, version, spoken(STALE_ADDRESSES)), status_code=409
        )
    return RedirectResponse("/surveys?did=test-addresses", 303)


def fault_in_addresses(typed: str) -> str:
    """What is wrong with a list of addresses, by its lines; empty when nothing is."""
    bad = [
        translated("Line %(number)s: “%(address)s” cannot be an address.")
        % {"number": number, "address": address}
        for number, line in enumerate(typed.splitlines(), 1)
        for address in _split(line)
        if not may_be_listed(address)
    ]
    if bad:
        shown, more = bad[:MAX_FAULTS_SHOWN], len(bad) - MAX_FAULTS_SHOWN
        if more > 0:
            shown.append(translated("%(n)s more cannot be, too.") % {"n": more})
        return " ".join([*shown, translated("Write each such as name@example.com or +4520123456.")])
    if (n := len(_split(typed))) > MAX_TEST_ADDRESSES:
        found = translated("These are %(n)s addresses; at most %(most)s can be listed.")
        return found % {"n": n, "most": MAX_TEST_ADDRESSES}
    return ""


def _split(typed: str) -> list[str]:
    return typed.replace(",", " ").replace(";", " ").split()


async def _press(
    request: Request, staff: Staff, context: DispatcherContext, switch: SendingSwitch
) -> Response:
    """Press the switch, unless it is not confirmed or sending has changed since the form was rendered."""
    form = await request.form()
    if switch.needs_confirmation and form.get("confirmed") != "on":
        return await _ask(request, staff, context, switch, NOT_CONFIRMED, status_code=422)
    seen = str(form.get("version", ""))
    try:
        async with context.database.transaction() as uow:
            who = AuditActor.of_staff(staff)
            if switch.stopped is not None:
                await set_stopped(uow, staff.tenant, who, stopped=switch.stopped, seen=seen)
            if switch.mode is not None:
                await set_mode(uow, staff.tenant, who, switch.mode, seen=seen)
    except SendingChanged:
        return await _ask(request, staff, context, switch, STALE_FORM, status_code=409)
    return RedirectResponse(f"/surveys?did={switch.name}", 303)


async def _ask(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    switch: SendingSwitch,
    fault: Message | str = "",
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
            checks_law=bool((await find_policy(uow, staff.tenant)).rules.countries),
            version=await sending_version(uow, staff.tenant),
            fault=spoken(fault),
        )
        frame = await frame_of(uow, staff, "surveys", sending=sending)
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)
