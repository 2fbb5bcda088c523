"""``segment_fall``: the newest version of each fall that was heard of; ``segment_alert``: the alerts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.alerts.models import segment_alert, segment_fall
from services.alerts.segment_alerts.domain import SegmentAlert, SegmentAlertState
from shared.db.bulk import keep_newest, keep_newest_events
from shared.db.database import UnitOfWork
from shared.events import Event, SegmentFall

_FIELDS = SegmentAlert.__struct_fields__
_COLUMNS = ", ".join(f"a.{name}" for name in _FIELDS)
_ACT = ("state", "acknowledged_at", "acknowledged_by", "closed_at", "closed_by", "ended", "note")
_OURS = ("opened_at", *_ACT)
"""What an event of a fall does not tell."""
VISIBLE = "(CAST(:allowed AS text[]) = '{}' OR a.belongs && CAST(:allowed AS text[]))"
"""Whether somebody may see an alert ``a`` who is limited to these segments; none: who is not limited."""


async def keep_falls(uow: UnitOfWork, events: Sequence[Event[SegmentFall]]) -> list[Event[SegmentFall]]:
    """Remember the versions of these falls, one of each segment; returns those that were new."""
    rows = await keep_newest_events(
        uow, segment_fall, events, returning="new.tenant, new.measurement, new.segment"
    )
    new = {tuple(row) for row in rows}
    return [event for event in events if (event.tenant, event.data.measurement, event.data.segment) in new]


END_ALERTS = """
    UPDATE segment_alert a
    SET state = 'closed', closed_at = :now, ended = n.ended, until = n.until, n = n.n, nps = n.nps,
        version = n.version
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:ended AS text[]), CAST(:until AS date[]),
        CAST(:n AS integer[]), CAST(:nps AS double precision[]), CAST(:versions AS bigint[])
    ) AS n (tenant, id, ended, until, n, nps, version)
    WHERE a.tenant = n.tenant AND a.id = n.id AND a.state <> 'closed'
"""


async def end(uow: UnitOfWork, falls: Sequence[tuple[str, UUID, SegmentFall]]) -> None:
    """Close the alerts about falls that are over."""
    await uow.execute(
        END_ALERTS,
        {
            "tenants": [tenant for tenant, _, _ in falls],
            "ids": [alert for _, alert, _ in falls],
            "ended": [fall.state for _, _, fall in falls],
            "until": [fall.until for _, _, fall in falls],
            "n": [fall.n for _, _, fall in falls],
            "nps": [fall.nps for _, _, fall in falls],
            "versions": [fall.version for _, _, fall in falls],
            "now": uow.now,
        },
    )


END_EARLIER = """
    UPDATE segment_alert a SET state = 'closed', closed_at = :now, ended = 'back'
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:measurements AS text[]), CAST(:segments AS text[]),
        CAST(:ids AS uuid[])
    ) AS n (tenant, measurement, segment, id)
    WHERE a.tenant = n.tenant AND a.measurement = n.measurement AND a.segment = n.segment
        AND a.id <> n.id AND a.state <> 'closed'
"""


async def open_or_update(uow: UnitOfWork, alerts: Sequence[SegmentAlert]) -> list[SegmentAlert]:
    """Open these alerts, or write the newest numbers of those that are there; returns the new ones.

    An earlier alert on the same segment is over: the scorer tells of a new fall only after the last one.
    """
    await uow.execute(
        END_EARLIER,
        {
            "tenants": [alert.tenant for alert in alerts],
            "measurements": [alert.measurement for alert in alerts],
            "segments": [alert.segment for alert in alerts],
            "ids": [alert.id for alert in alerts],
            "now": uow.now,
        },
    )
    rows = await keep_newest(
        uow,
        segment_alert,
        alerts,
        first=_OURS,
        returning="new.tenant AS tenant, new.id AS id, old.id AS known",
    )
    new = {(row.tenant, row.id) for row in rows if row.known is None}
    return [alert for alert in alerts if (alert.tenant, alert.id) in new]


LIST_ALERTS = f"""
    SELECT {_COLUMNS} FROM segment_alert a
    WHERE a.tenant = :tenant AND {VISIBLE} AND a.state = ANY(CAST(:states AS text[]))
        AND (CAST(:before_at AS timestamptz) IS NULL
            OR (a.opened_at, a.id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid)))
    ORDER BY a.opened_at DESC, a.id DESC
    LIMIT :limit
"""


async def list_alerts(
    uow: UnitOfWork,
    tenant: str,
    allowed: Sequence[str],
    *,
    states: Sequence[SegmentAlertState],
    limit: int,
    before: tuple[datetime, UUID] | None = None,
) -> list[SegmentAlert]:
    """The alerts in these states that somebody may see, the newest first, those before a time and id."""
    at, last = before or (None, None)
    values = {"tenant": tenant, "allowed": list(allowed), "states": list(states), "limit": limit}
    rows = await uow.execute(LIST_ALERTS, {**values, "before_at": at, "before_id": last})
    return [alert_of(row) for row in rows]


FIND_ALERT = f"""
    SELECT {_COLUMNS} FROM segment_alert a WHERE a.tenant = :tenant AND a.id = :id AND {VISIBLE}
"""
LOCK_ALERT = f"{FIND_ALERT} FOR UPDATE"


async def find(
    uow: UnitOfWork, tenant: str, alert: UUID, allowed: Sequence[str], *, lock: bool = False
) -> SegmentAlert | None:
    """An alert that somebody may see."""
    values = {"tenant": tenant, "id": alert, "allowed": list(allowed)}
    row = (await uow.execute(LOCK_ALERT if lock else FIND_ALERT, values)).one_or_none()
    return None if row is None else alert_of(row)


WRITE_ACT = """
    UPDATE segment_alert
    SET state = :state, acknowledged_at = :acknowledged_at, acknowledged_by = :acknowledged_by,
        closed_at = :closed_at, closed_by = :closed_by, ended = :ended, note = :note
    WHERE tenant = :tenant AND id = :id
"""


async def write_act(uow: UnitOfWork, alert: SegmentAlert) -> None:
    """Write what a person or a program has done to an alert that is locked."""
    await uow.execute(WRITE_ACT, {name: getattr(alert, name) for name in ("tenant", "id", *_ACT)})


COUNT_ALERTS = "SELECT state, count(*) AS n FROM segment_alert WHERE state <> 'closed' GROUP BY 1"


async def count_alerts(uow: UnitOfWork) -> dict[str, int]:
    """How many alerts of all companies are not closed, by state."""
    return {row.state: row.n for row in await uow.execute(COUNT_ALERTS)}


def alert_of(row: Row[Any]) -> SegmentAlert:
    """The alert of a row."""
    return SegmentAlert(**{**{name: getattr(row, name) for name in _FIELDS}, "belongs": tuple(row.belongs)})
