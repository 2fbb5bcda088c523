"""An alert on a segment, and what may be done to it. Pure rules."""

from datetime import date, datetime
from typing import Literal, get_args
from uuid import UUID

import msgspec
from msgspec.structs import replace

from shared.events import SegmentFall
from shared.events.segments import chain_of
from shared.events.surveys import NpsMeasurement
from shared.ids import derived
from shared.values.messages import Message, message

SegmentAlertState = Literal["open", "acknowledged", "closed"]
SEGMENT_ALERT_STATES: tuple[SegmentAlertState, ...] = get_args(SegmentAlertState)
SegmentAlertEnd = Literal["back", "settled", "person"]
"""Why it was closed: the score is back, has long been low, which is usual now, or somebody closed it."""
MAX_NOTE_CHARS = 2_000


class SegmentAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as it is."""

    tenant: str
    id: UUID
    version: int
    """Of the fall."""
    measurement: NpsMeasurement
    segment: str
    belongs: tuple[str, ...]
    """The segment and the levels above it: who may see one of these may see the alert."""
    state: SegmentAlertState = "open"
    first: date
    found: date
    until: date
    n_before: int
    nps_before: float
    n: int
    nps: float
    opened_at: datetime
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    """None: it closed by itself."""
    ended: SegmentAlertEnd | None = None
    note: str | None = None


class SegmentAlertRefused(Exception):
    """What is wanted cannot be done to the alert as it is now."""

    def __init__(self, reason: Message) -> None:
        super().__init__(str(reason))
        self.reason = reason


def alert_id(tenant: str, fall: SegmentFall) -> UUID:
    """The id of the alert about a fall, however often that is told."""
    parts = (fall.measurement, fall.segment, fall.first.isoformat(), fall.found.isoformat())
    return derived("segment alert", tenant, *parts)


def opened(tenant: str, fall: SegmentFall, now: datetime) -> SegmentAlert:
    """The alert about a fall."""
    return SegmentAlert(
        tenant=tenant,
        id=alert_id(tenant, fall),
        version=fall.version,
        measurement=fall.measurement,
        segment=fall.segment,
        belongs=tuple(chain_of(fall.segment)),
        first=fall.first,
        found=fall.found,
        until=fall.until,
        n_before=fall.n_before,
        nps_before=fall.nps_before,
        n=fall.n,
        nps=fall.nps,
        opened_at=now,
    )


def acknowledged(alert: SegmentAlert, by: str, now: datetime) -> SegmentAlert:
    """The alert after somebody has said that they look into it; the first one stays.

    :raises SegmentAlertRefused: when it is closed.
    """
    if alert.state == "closed":
        raise SegmentAlertRefused(message("This alert is closed already."))
    if alert.state == "acknowledged":
        return alert
    return replace(alert, state="acknowledged", acknowledged_at=now, acknowledged_by=by)


def closed(alert: SegmentAlert, by: str, note: str, now: datetime) -> SegmentAlert:
    """The alert after somebody has closed it; the same again changes nothing.

    :raises SegmentAlertRefused: when it is closed already, by itself or with another note.
    """
    if alert.state == "closed":
        if (alert.closed_by, alert.note) == (by, note):
            return alert
        raise SegmentAlertRefused(message("This alert is closed already."))
    return replace(alert, state="closed", closed_at=now, closed_by=by, ended="person", note=note)
