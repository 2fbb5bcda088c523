"""The pages of alerts on segments: lists, and one of them with what has fallen and its two acts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.alerts.context import AlertsContext, OwnContext
from services.alerts.frame import open_case_counts, staff_frame
from services.alerts.segment_alerts import alert_commands, repository
from services.alerts.segment_alerts.alert_commands import AlertUser
from services.alerts.segment_alerts.domain import MAX_NOTE_CHARS, SegmentAlertRefused
from services.alerts.segment_alerts.views import SegmentAlertsPage, lines_of, page_of
from shared.http.csrf import CsrfChecked
from shared.http.cursors import MAX_CURSOR_LENGTH, cut_page, decode_cursor
from shared.http.form_texts import read_texts
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.pages.language import spoken, translated
from shared.permissions import CASE_ROLES
from shared.values.messages import Message, message

router = APIRouter(include_in_schema=False, prefix="/segment-alerts", route_class=CheckedRoute)
AlertWorker = Annotated[Staff, Depends(signed_in(*CASE_ROLES))]
LISTED_ALERTS = 50
ALERT_DONE: dict[str, Message] = {
    "acknowledge": message("Your colleagues see that you look into it."),
    "close": message("The alert is closed."),
}


@router.get("")
async def list_segment_alerts(
    request: Request,
    staff: AlertWorker,
    context: OwnContext,
    state: Annotated[str, Query(max_length=40)] = "",
    after: Annotated[str, Query(max_length=MAX_CURSOR_LENGTH)] = "",
) -> Response:
    """Those that are open, or else those that are closed, the newest first."""
    are_closed = state == "closed"
    place = decode_cursor(after)
    async with context.database.reading() as uow:
        found = await repository.list_alerts(
            *(uow, staff.tenant, staff.segments),
            states=("closed",) if are_closed else ("open", "acknowledged"),
            limit=LISTED_ALERTS + 1,
            before=place,
        )
        counts = await open_case_counts(uow, staff)
        frame = await staff_frame(uow, staff, here="cases", open_cases=counts.open)
    shown, more = cut_page(found, LISTED_ALERTS, lambda alert: (alert.opened_at, alert.id))
    page = SegmentAlertsPage(
        alerts=lines_of(shown, frame.company), are_closed=are_closed, is_first=place is None, more=more
    )
    return context.pages.page(request, page, staff=staff, frame=frame)


@router.get("/{alert_id}")
async def show_segment_alert(
    alert_id: UUID,
    request: Request,
    staff: AlertWorker,
    context: OwnContext,
    did: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """One alert."""
    return await _show(request, staff, context, alert_id, did=did)


@router.post("/{alert_id}")
async def act_on_segment_alert(
    alert_id: UUID, request: Request, staff: AlertWorker, _: CsrfChecked, context: OwnContext
) -> Response:
    """Acknowledge or close it; what was typed stays where that is refused."""
    form = await read_texts(request)
    act, note = form.get("act", ""), form.get("note", "").strip()
    if act == "close" and not 1 <= len(note) <= MAX_NOTE_CHARS:
        fault = translated("Write what was behind it, in at most %(most)s characters.")
        return await _show(
            *(request, staff, context, alert_id),
            note=note,
            fault=fault % {"most": MAX_NOTE_CHARS},
            status_code=422,
        )
    user = AlertUser.of_staff(staff)
    try:
        async with context.database.transaction() as uow:
            match act:
                case "acknowledge":
                    found = await alert_commands.acknowledge(uow, user, alert_id)
                case "close":
                    found = await alert_commands.close(uow, user, alert_id, note)
                case _:
                    raise Problem(422)
    except SegmentAlertRefused as refused:
        reason = spoken(refused.reason)
        return await _show(request, staff, context, alert_id, note=note, refused=reason, status_code=409)
    if found is None:
        raise Problem(404)
    return RedirectResponse(f"/segment-alerts/{alert_id}?did={act}", 303)


async def _show(
    request: Request,
    staff: Staff,
    context: AlertsContext,
    alert_id: UUID,
    *,
    note: str = "",
    fault: str = "",
    refused: str = "",
    did: str = "",
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        alert = await repository.find(uow, staff.tenant, alert_id, staff.segments)
        if alert is None:
            raise Problem(404)
        counts = await open_case_counts(uow, staff)
        frame = await staff_frame(uow, staff, here="cases", open_cases=counts.open)
    done = spoken(ALERT_DONE[did]) if did in ALERT_DONE else ""
    page = page_of(alert, frame.company, note=note, fault=fault, refused=refused, done=done)
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)
