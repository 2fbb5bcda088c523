"""``wave``, whom it may choose, and what became of its events."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import json
from sqlalchemy import Row, RowMapping

from services.dispatcher.waves.drawing import Wave
from shared.db import UnitOfWork
from shared.events.transactions import WAVE_SOURCE
from shared.tenancy.closed import RUNS

_COLUMNS = """tenant, id, survey_id, state, size, margin, segments, start_at, spread_hours, created_at, who,
    chosen, place_limit, started_at, position, published, ended_at"""

INSERT = """
    INSERT INTO wave (
        tenant, id, survey_id, state, size, margin, segments, start_at, spread_hours, created_at, who,
        made_from
    ) VALUES (
        :tenant, :id, :survey_id, 'waiting', :size, :margin, CAST(CAST(:segments AS text) AS jsonb),
        :start_at, :spread_hours, :now, :who, :made_from
    )
    ON CONFLICT (tenant, id) DO NOTHING
    RETURNING id
"""


async def insert(uow: UnitOfWork, wave: Wave, made_from: str) -> bool:
    """Add a wave; False when one of this id is there already."""
    values = {
        "tenant": wave.tenant,
        "id": wave.id,
        "survey_id": wave.survey_id,
        "size": wave.size,
        "margin": wave.margin,
        "segments": json.encode(wave.segments).decode(),
        "start_at": wave.start_at,
        "spread_hours": wave.spread_hours,
        "who": wave.who,
        "made_from": made_from,
        "now": uow.now,
    }
    return (await uow.execute(INSERT, values)).one_or_none() is not None


FIND = f"""
    SELECT {_COLUMNS} FROM wave WHERE tenant = :tenant AND id = :id
"""
FIND_FINGERPRINT = """
    SELECT made_from FROM wave WHERE tenant = :tenant AND id = :id
"""
LIST_WAVES = f"""
    SELECT {_COLUMNS} FROM wave
    WHERE tenant = :tenant AND (
        CAST(:at AS timestamptz) IS NULL OR (created_at, id) < (CAST(:at AS timestamptz), CAST(:id AS uuid))
    )
    ORDER BY created_at DESC, id DESC
    LIMIT :limit
"""
IS_UNDER_WAY = """
    SELECT EXISTS (
        SELECT FROM wave
        WHERE tenant = :tenant AND survey_id = :survey_id AND state IN ('waiting', 'publishing')
    )
"""


async def find(uow: UnitOfWork, tenant: str, wave_id: UUID) -> Wave | None:
    """One wave."""
    row = (await uow.execute(FIND, {"tenant": tenant, "id": wave_id})).mappings().one_or_none()
    return _wave(row) if row is not None else None


async def find_fingerprint(uow: UnitOfWork, tenant: str, wave_id: UUID) -> str | None:
    """Of which request the wave was made."""
    return (await uow.execute(FIND_FINGERPRINT, {"tenant": tenant, "id": wave_id})).scalar()


async def list_newest(
    uow: UnitOfWork, tenant: str, limit: int, before: tuple[datetime, UUID] | None = None
) -> list[Wave]:
    """The tenant's waves, the newest first; ``before``: those behind the one of this time and id."""
    at, wave_id = before or (None, None)
    values = {"tenant": tenant, "limit": limit, "at": at, "id": wave_id}
    return [_wave(row) for row in (await uow.execute(LIST_WAVES, values)).mappings()]


async def is_under_way(uow: UnitOfWork, tenant: str, survey_id: UUID) -> bool:
    """Whether a wave of this survey waits or is published."""
    values = {"tenant": tenant, "survey_id": survey_id}
    return bool((await uow.execute(IS_UNDER_WAY, values)).scalar_one())


FIND_DUE = f"""
    SELECT tenant, id FROM wave
    WHERE (state = 'publishing' OR state = 'waiting' AND start_at <= :now) AND tenant {RUNS}
    ORDER BY tenant, id
"""
# Choosing takes long among many customers. An advisory lock keeps the other workers from it: whoever stops
# the wave changes its row, and waits for none.
LOCK_WAITING = f"""
    SELECT {_COLUMNS} FROM wave
    WHERE tenant = :tenant AND id = :id AND state = 'waiting' AND start_at <= :now
        AND pg_try_advisory_xact_lock(hashtextextended('wave:' || CAST(:id AS text), 0))
"""
IS_WAITING = """
    SELECT EXISTS (SELECT FROM wave WHERE tenant = :tenant AND id = :id AND state = 'waiting')
"""
LOCK_PUBLISHING = f"""
    SELECT {_COLUMNS} FROM wave
    WHERE tenant = :tenant AND id = :id AND state = 'publishing'
    FOR UPDATE SKIP LOCKED
"""


async def find_due(uow: UnitOfWork) -> Sequence[Row[Any]]:
    """The waves of all tenants of which something is to be done."""
    return (await uow.execute(FIND_DUE, {"now": uow.now})).all()


async def lock_waiting(uow: UnitOfWork, tenant: str, wave_id: UUID) -> Wave | None:
    """Take a wave that is to begin, for this transaction; None: there is none, or another worker has it."""
    values = {"tenant": tenant, "id": wave_id, "now": uow.now}
    row = (await uow.execute(LOCK_WAITING, values)).mappings().one_or_none()
    return _wave(row) if row is not None else None


async def is_waiting(uow: UnitOfWork, wave: Wave) -> bool:
    """Whether the wave is still to begin, and was not stopped."""
    return bool((await uow.execute(IS_WAITING, {"tenant": wave.tenant, "id": wave.id})).scalar_one())


async def lock_publishing(uow: UnitOfWork, tenant: str, wave_id: UUID) -> Wave | None:
    """Lock a wave that is published; None when it is not any more, or another worker does it."""
    values = {"tenant": tenant, "id": wave_id}
    row = (await uow.execute(LOCK_PUBLISHING, values)).mappings().one_or_none()
    return _wave(row) if row is not None else None


WRITE_CHOICE = """
    UPDATE wave
    SET state = 'publishing', size = :size, chosen = :chosen, place_limit = :limit, started_at = :now
    WHERE tenant = :tenant AND id = :id AND state = 'waiting'
"""
WRITE_PROGRESS = """
    UPDATE wave SET position = :position, published = published + :published,
        state = CASE WHEN CAST(:ends AS boolean) THEN 'done' ELSE state END,
        ended_at = CASE WHEN CAST(:ends AS boolean) THEN :now ELSE ended_at END
    WHERE tenant = :tenant AND id = :id
"""
STOP = """
    UPDATE wave SET state = 'stopped', ended_at = :now
    WHERE tenant = :tenant AND id = :id AND state IN ('waiting', 'publishing')
    RETURNING id
"""


async def write_choice(uow: UnitOfWork, wave: Wave, size: int, chosen: int, limit: int) -> None:
    """The wave begins: so many were wanted and chosen, whose places are not above the limit. A stopped one
    does not.
    """
    values = {"tenant": wave.tenant, "id": wave.id, "size": size, "chosen": chosen, "limit": f"{limit:016x}"}
    await uow.execute(WRITE_CHOICE, {**values, "now": uow.now})


async def write_progress(uow: UnitOfWork, wave: Wave, *, position: str, published: int, ends: bool) -> None:
    """How far the locked wave has come, and how many more were published."""
    values = {"tenant": wave.tenant, "id": wave.id, "position": position, "published": published}
    await uow.execute(WRITE_PROGRESS, {**values, "ends": ends, "now": uow.now})


async def stop(uow: UnitOfWork, tenant: str, wave_id: UUID) -> bool:
    """End a wave; False when it has ended already."""
    values = {"tenant": tenant, "id": wave_id, "now": uow.now}
    return (await uow.execute(STOP, values)).one_or_none() is not None


COUNT_OUTCOMES = f"""
    SELECT reason, count(*) AS n FROM decision
    WHERE tenant = :tenant AND source = :source AND source LIKE '{WAVE_SOURCE}%'
    GROUP BY reason
    ORDER BY n DESC, reason
"""


async def count_outcomes(uow: UnitOfWork, tenant: str, group: UUID | str) -> dict[str, int]:
    """What was decided about the customers of a wave, or of another group, the most frequent first."""
    values = {"tenant": tenant, "source": f"{WAVE_SOURCE}{group}"}
    return {row.reason: row.n for row in await uow.execute(COUNT_OUTCOMES, values)}


COUNT_OUTCOMES_OF_WAVES = f"""
    SELECT source, reason, count(*) AS n FROM decision
    WHERE tenant = :tenant AND source = ANY(CAST(:sources AS text[])) AND source LIKE '{WAVE_SOURCE}%'
    GROUP BY source, reason
    ORDER BY n DESC, reason
"""


async def count_outcomes_of_waves(
    uow: UnitOfWork, tenant: str, waves: Sequence[UUID]
) -> dict[UUID, dict[str, int]]:
    """The same of several waves, by their ids."""
    sources = {f"{WAVE_SOURCE}{each}": each for each in waves}
    found: dict[UUID, dict[str, int]] = {each: {} for each in waves}
    values = {"tenant": tenant, "sources": list(sources)}
    for row in await uow.execute(COUNT_OUTCOMES_OF_WAVES, values):
        found[sources[row.source]][row.reason] = row.n
    return found


def _wave(row: RowMapping) -> Wave:
    values = dict(row)
    limit = values.pop("place_limit")
    return Wave(**values, limit=int(limit, 16) if limit is not None else None)
