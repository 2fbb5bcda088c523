"""How the company sends: the switches that nobody presses by mistake, and the test addresses.

Each form carries the version that it was drawn from; what somebody else changed since is never undone unseen.
"""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.decisions.addresses import address_quality
from services.dispatcher.decisions.domain import Sending, SendingMode
from services.dispatcher.frame import Admin, Checked, Editor, page, surround_of
from services.dispatcher.sending.sending_commands import repository as rows
from services.dispatcher.sending.sending_commands import sending_commands
from services.dispatcher.surveys.overview import Typed, draw_overview
from services.dispatcher.surveys.survey_commands import survey_commands
from shared.db import UnitOfWork
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff
from shared.http.text_safety import text_faults

router = APIRouter(include_in_schema=False, prefix="/surveys", route_class=CheckedRoute)
MOST_ADDRESSES = 50
MOST_NAMED = 5
MOST_COUNTED = 10_001
"""Mails that wait are counted up to here; more than 10,000 are told as that."""
STALE = "Somebody changed how you send since this page was drawn. Nothing was done; look again."


@dataclass(frozen=True)
class Switch:
    """An act that changes what is sent, and when it has been done already."""

    name: str
    mode: SendingMode | None = None
    stopped: bool | None = None

    def is_so(self, state: Sending) -> bool:
        """Whether nothing is left to be done."""
        return self.mode == state.mode if self.mode is not None else self.stopped == state.stopped


LIVE = Switch("live", mode="live")
TEST_MODE = Switch("test-mode", mode="test")
STOP = Switch("stop", stopped=True)
RESUME = Switch("resume", stopped=False)


@router.get("/live")
async def ask_to_go_live(request: Request, staff: Admin, context: OwnContext) -> Response:
    """What going live means, and the button."""
    return await _ask(request, staff, context, LIVE)


@router.post("/live")
async def go_live(request: Request, staff: Admin, _: Checked, context: OwnContext) -> Response:
    """From now on customers are written to."""
    if (await request.form()).get("confirmed") != "on":
        fault = "Tick the box to confirm that customers will be written to. Nothing was changed."
        return await _ask(request, staff, context, LIVE, fault, status_code=422)
    return await _do(request, staff, context, LIVE)


@router.get("/test-mode")
async def ask_for_test_mode(request: Request, staff: Admin, context: OwnContext) -> Response:
    """What going back to test mode means for what waits, and the button."""
    return await _ask(request, staff, context, TEST_MODE)


@router.post("/test-mode")
async def back_to_test_mode(request: Request, staff: Admin, _: Checked, context: OwnContext) -> Response:
    """From now on only test addresses are written to."""
    return await _do(request, staff, context, TEST_MODE)


@router.get("/stop")
async def ask_to_stop(request: Request, staff: Admin, context: OwnContext) -> Response:
    """What stopping means for what waits, and the button."""
    return await _ask(request, staff, context, STOP)


@router.post("/stop")
async def stop_all_sending(request: Request, staff: Admin, _: Checked, context: OwnContext) -> Response:
    """Nothing leaves any more."""
    return await _do(request, staff, context, STOP)


@router.get("/resume")
async def ask_to_resume(request: Request, staff: Admin, context: OwnContext) -> Response:
    """What starting again means for what waits, and the button."""
    return await _ask(request, staff, context, RESUME)


@router.post("/resume")
async def resume_sending(request: Request, staff: Admin, _: Checked, context: OwnContext) -> Response:
    """What waited goes out, if it is not too old by now."""
    return await _do(request, staff, context, RESUME)


@router.post("/test-addresses")
async def write_test_addresses(request: Request, staff: Editor, _: Checked, context: OwnContext) -> Response:
    """List exactly these."""
    form = await request.form()
    typed = str(form.get("addresses", ""))
    if faults := text_faults({"addresses": typed}):
        raise Problem(400, errors=faults)
    if fault := fault_in_addresses(typed):
        return await draw_overview(
            request, staff, context, Typed(typed, str(form.get("version", "")), fault), status_code=422
        )
    try:
        async with context.database.transaction() as uow:
            seen = str(form.get("version", ""))
            await sending_commands.set_test_addresses(uow, staff.tenant, staff.name, _apart(typed), seen=seen)
    except sending_commands.SendingChanged:
        async with context.database.reading() as uow:
            listed = (await sending_commands.find_sending(uow, staff.tenant)).test_addresses
            version = await sending_commands.sending_version(uow, staff.tenant)
        # Nothing is lost unseen: what is listed by now stands below what was typed.
        other = "\n".join(sorted(listed - set(_apart(typed))))
        fault = (
            "Somebody changed how you send since this page was drawn, so nothing was saved. Your lines are "
            "still here, and below them what else is listed by now. Take out what is not wanted, and save."
        )
        both = f"{typed.rstrip()}\n{other}".strip()
        return await draw_overview(request, staff, context, Typed(both, version, fault), status_code=409)
    return RedirectResponse("/surveys?did=test-addresses", 303)


def fault_in_addresses(typed: str) -> str:
    """What is wrong with a list of addresses, by its lines; empty when nothing is."""
    bad = [
        f"Line {number}: “{address}” cannot be an address."
        for number, line in enumerate(typed.splitlines(), 1)
        for address in _apart(line)
        if address_quality(address) != "good"
    ]
    if bad:
        more = [f"{len(bad) - MOST_NAMED} more cannot be, too."] if len(bad) > MOST_NAMED else []
        return " ".join([*bad[:MOST_NAMED], *more, "Write each such as name@example.com."])
    if (n := len(_apart(typed))) > MOST_ADDRESSES:
        return f"These are {n} addresses; at most {MOST_ADDRESSES} can be listed."
    return ""


def _apart(typed: str) -> list[str]:
    return typed.replace(",", " ").replace(";", " ").split()


async def _do(request: Request, staff: Staff, context: DispatcherContext, switch: Switch) -> Response:
    seen = str((await request.form()).get("version", ""))
    try:
        async with context.database.transaction() as uow:
            await _turn(uow, staff, switch, seen)
    except sending_commands.SendingChanged:
        return await _ask(request, staff, context, switch, STALE, status_code=409)
    return RedirectResponse(f"/surveys?did={switch.name}", 303)


async def _turn(uow: UnitOfWork, staff: Staff, switch: Switch, seen: str) -> None:
    if switch.stopped is not None:
        await sending_commands.set_stopped(uow, staff.tenant, staff.name, stopped=switch.stopped, seen=seen)
    if switch.mode is not None:
        await sending_commands.set_mode(uow, staff.tenant, staff.name, switch.mode, seen=seen)


async def _ask(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    switch: Switch,
    fault: str = "",
    *,
    status_code: int = 200,
) -> Response:
    """The page that says what the act does, or the surveys where nothing is left to be done."""
    async with context.database.reading() as uow:
        surround = await surround_of(uow, staff)
        if switch.is_so(surround.sending):
            return RedirectResponse("/surveys?did=already", 303)
        found = await survey_commands.list_surveys(uow, staff.tenant)
        waiting = await rows.waiting(uow, staff.tenant, staff.segments, MOST_COUNTED)
        version = await sending_commands.sending_version(uow, staff.tenant)
    return page(
        context,
        request,
        "switch.html",
        staff,
        surround,
        here="surveys",
        status_code=status_code,
        switch=switch.name,
        surveys=[survey for survey in found if survey.draft.state == "live"],
        waiting=waiting,
        most=MOST_COUNTED - 1,
        version=version,
        fault=fault,
    )
