"""``fall``: the last fall of each segment that ever fell; ``fall_look``: until which day it was looked."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Row

from services.scorer.models import fall
from shared.db.bulk import keep_newest, keep_newest_events
from shared.db.database import UnitOfWork
from shared.events import Event, SegmentFall
from shared.events.surveys import NpsMeasurement
from shared.kafka.ops.recovery import Cursor

_FIELDS = SegmentFall.__struct_fields__
_COLUMNS = ", ".join(f"f.{name}" for name in _FIELDS)

TRY_LOOK_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('falls', 0))"
CLAIM_COMPANY = """
    SELECT n.tenant, n.day
    FROM unnest(CAST(:tenants AS text[]), CAST(:days AS date[])) AS n (tenant, day)
    LEFT JOIN fall_look l ON l.tenant = n.tenant
    WHERE l.day IS NULL OR l.day < n.day
    ORDER BY n.tenant
    LIMIT 1
"""


class CompanyToLookAt(NamedTuple):
    """A company whose falls are to be looked for, and the last day that counts."""

    tenant: str
    until: date


async def claim_company(uow: UnitOfWork, days: Mapping[str, date]) -> CompanyToLookAt | None:
    """A company whose falls were not looked for up to its day, and that day; until the transaction ends no
    other worker looks. None: there is no such company, or another worker is looking.
    """
    if not (await uow.execute(TRY_LOOK_LOCK)).scalar_one():
        return None
    values = {"tenants": list(days), "days": list(days.values())}
    row = (await uow.execute(CLAIM_COMPANY, values)).one_or_none()
    return None if row is None else CompanyToLookAt(row.tenant, row.day)


NOTE_LOOK = """
    INSERT INTO fall_look AS l (tenant, day) VALUES (:tenant, :day)
    ON CONFLICT (tenant) DO UPDATE SET day = EXCLUDED.day WHERE l.day < EXCLUDED.day
"""


async def note_look(uow: UnitOfWork, tenant: str, day: date) -> None:
    """Remember that the falls of a company were looked for up to this day."""
    await uow.execute(NOTE_LOOK, {"tenant": tenant, "day": day})


LIST_FALLEN = f"""
    SELECT {_COLUMNS} FROM fall f
    WHERE f.tenant = :tenant AND f.state = 'fallen'
    ORDER BY f.measurement, f.segment
"""


async def list_fallen(uow: UnitOfWork, tenant: str) -> list[SegmentFall]:
    """The falls of a company that last."""
    return [fall_of(row) for row in await uow.execute(LIST_FALLEN, {"tenant": tenant})]


FIND_FALLEN = f"""
    SELECT {_COLUMNS} FROM fall f
    WHERE f.tenant = :tenant AND f.measurement = :measurement AND f.segment = :segment
        AND f.state = 'fallen'
"""


async def find_fallen(
    uow: UnitOfWork, tenant: str, measurement: NpsMeasurement, segment: str
) -> SegmentFall | None:
    """The fall of a segment that lasts."""
    values = {"tenant": tenant, "measurement": measurement, "segment": segment}
    row = (await uow.execute(FIND_FALLEN, values)).one_or_none()
    return None if row is None else fall_of(row)


async def keep(uow: UnitOfWork, tenant: str, falls: Sequence[SegmentFall]) -> None:
    """Write falls as they stand now."""
    await keep_newest(uow, fall, falls, tenant=tenant)


async def restore(uow: UnitOfWork, events: Sequence[Event[SegmentFall]]) -> None:
    """Keep what was published since the backup."""
    await keep_newest_events(uow, fall, events)


SHARE_FALLS = f"""
    SELECT f.tenant, {_COLUMNS} FROM fall f
    WHERE CAST(:tenant AS text) IS NULL
        OR (f.tenant, f.measurement, f.segment)
            > (:tenant, CAST(:measurement AS text), CAST(:segment AS text))
    ORDER BY f.tenant, f.measurement, f.segment
    LIMIT :limit
    FOR SHARE
"""


async def share_after(uow: UnitOfWork, after: Cursor | None, limit: int) -> list[tuple[str, SegmentFall]]:
    """The next falls behind a cursor, each with its company."""
    tenant, place = after or (None, (None, None))
    values = {"tenant": tenant, "measurement": place[0], "segment": place[1], "limit": limit}
    return [(row.tenant, fall_of(row)) for row in await uow.execute(SHARE_FALLS, values)]


COUNT_FALLEN = "SELECT count(*) FROM fall WHERE state = 'fallen'"


async def count_fallen(uow: UnitOfWork) -> int:
    """How many falls of all companies last."""
    return int((await uow.execute(COUNT_FALLEN)).scalar_one())


def fall_of(row: Row[Any]) -> SegmentFall:
    """The fall of a row."""
    return SegmentFall(**{name: getattr(row, name) for name in _FIELDS})
