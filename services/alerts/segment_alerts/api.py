"""Alerts on segments for programs: list them, acknowledge one, close it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from services.alerts.context import OwnContext
from services.alerts.segment_alerts import alert_commands, repository
from services.alerts.segment_alerts.alert_commands import AlertUser
from services.alerts.segment_alerts.domain import (
    SEGMENT_ALERT_STATES,
    SegmentAlert,
    SegmentAlertRefused,
    SegmentAlertState,
)
from services.alerts.segment_alerts.schemas import SegmentAlertClosing, SegmentAlertList, SegmentAlertOut
from shared.http.auth import Caller, staff_or_key
from shared.http.cursors import MAX_CURSOR_LENGTH, cut_page, decode_cursor
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.permissions import CASE_ROLES
from shared.values.messages import message

router = APIRouter(prefix="/v1/segment-alerts", tags=["scores"], route_class=CheckedRoute)
ReadsAlerts = Annotated[Caller, Depends(staff_or_key("scores:read", *CASE_ROLES))]
WritesAlerts = Annotated[Caller, Depends(staff_or_key("cases:write", *CASE_ROLES))]
AlertId = Annotated[UUID, Path(description="The alert's id.")]


@router.get("", summary="List alerts on segments whose score has fallen")
async def list_segment_alerts(
    context: OwnContext,
    caller: ReadsAlerts,
    state: Annotated[SegmentAlertState | None, Query(description="Only alerts in this state.")] = None,
    after: Annotated[str, Query(description="“next” of the page before.", max_length=MAX_CURSOR_LENGTH)] = "",
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 50,
) -> SegmentAlertList:
    """The newest first. A segment has at most one that is not closed, for each measurement."""
    user = AlertUser.of(caller)
    async with context.database.reading() as uow:
        found = await repository.list_alerts(
            uow,
            user.tenant,
            user.segments,
            states=SEGMENT_ALERT_STATES if state is None else (state,),
            before=decode_cursor(after),
            limit=limit + 1,
        )
    alerts, more = cut_page(found, limit, lambda alert: (alert.opened_at, alert.id))
    return SegmentAlertList(
        alerts=[SegmentAlertOut.of(alert, context.staff_url) for alert in alerts], next=more
    )


@router.get("/{alert_id}", summary="One alert")
async def read_segment_alert(context: OwnContext, caller: ReadsAlerts, alert_id: AlertId) -> SegmentAlertOut:
    """However it stands."""
    user = AlertUser.of(caller)
    async with context.database.reading() as uow:
        return _found(context.staff_url, await repository.find(uow, user.tenant, alert_id, user.segments))


@router.post("/{alert_id}/acknowledge", summary="Say that somebody looks into an alert")
async def acknowledge_segment_alert(
    context: OwnContext, caller: WritesAlerts, alert_id: AlertId
) -> SegmentAlertOut:
    """Who did so first stays. One that is closed is refused (409)."""
    async with context.database.transaction() as uow:
        try:
            alert = await alert_commands.acknowledge(uow, AlertUser.of(caller), alert_id)
        except SegmentAlertRefused as refused:
            raise Problem(409, refused.reason) from None
    return _found(context.staff_url, alert)


@router.post("/{alert_id}/close", summary="Close an alert with a note")
async def close_segment_alert(
    context: OwnContext, caller: WritesAlerts, alert_id: AlertId, body: SegmentAlertClosing
) -> SegmentAlertOut:
    """The same again changes nothing. This fall opens no further alert; the next one does."""
    async with context.database.transaction() as uow:
        try:
            alert = await alert_commands.close(uow, AlertUser.of(caller), alert_id, body.note)
        except SegmentAlertRefused as refused:
            raise Problem(409, refused.reason) from None
    return _found(context.staff_url, alert)


def _found(staff_url: str, alert: SegmentAlert | None) -> SegmentAlertOut:
    if alert is None:
        raise Problem(404, detail=message("There is no such alert, or you may not see its segment."))
    return SegmentAlertOut.of(alert, staff_url)
