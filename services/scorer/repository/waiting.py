"""Anonymous answers that are not counted yet."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec

from services.scorer.anonymity import MIN_BUNDLE, WaitingAnswer
from services.scorer.models import waiting_answer
from shared.db.bulk import keep_newest_events
from shared.db.database import UnitOfWork
from shared.events import Answer, Event
from shared.events.segments import named_segments

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Answer).decode

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('anonymous answers', 0))"
TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('anonymous answers', 0))"


async def lock(uow: UnitOfWork) -> None:
    """Lock what waits; whoever counts anything in the same transaction locks this first."""
    await uow.execute(LOCK)


async def try_lock(uow: UnitOfWork) -> bool:
    """The same, unless another transaction has the lock."""
    return bool((await uow.execute(TRY_LOCK)).scalar_one())


async def keep_waiting(uow: UnitOfWork, events: Sequence[Event[Answer]]) -> None:
    """Keep the answers that are newer than what we have of them."""
    await keep_newest_events(
        uow,
        waiting_answer,
        events,
        segments=[named_segments(event.data) for event in events],
        body=[_encode(event.data) for event in events],
    )


# Its comment may have been erased since; nothing else of an anonymous answer ever changes. A comment that is
# left is matched with themes again by their loop.
KEEP_COUNTED = """
    UPDATE answer a
    SET version = n.version, comment = n.comment, themes = NULL, theme_version = 0, model_themes = NULL,
        model_waits = false
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:versions AS bigint[]), CAST(:comments AS text[])
    ) AS n (tenant, id, version, comment)
    WHERE a.tenant = n.tenant AND a.id = n.id AND a.version < n.version
"""
FIND_COUNTED = """
    SELECT a.tenant, a.id
    FROM answer a
    JOIN unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n (tenant, id) USING (tenant, id)
"""


async def keep_counted(uow: UnitOfWork, events: Sequence[Event[Answer]]) -> set[tuple[str, UUID]]:
    """Keep newer versions of those that are counted already; returns which these are (tenant, id)."""
    keys = {
        "tenants": [event.tenant for event in events],
        "ids": [event.data.id for event in events],
    }
    counted = {(row.tenant, row.id) for row in await uow.execute(FIND_COUNTED, keys)}
    if counted:
        versions = [event.data.version for event in events]
        comments = [event.data.comment for event in events]
        await uow.execute(KEEP_COUNTED, {**keys, "versions": versions, "comments": comments})
    return counted


FIND_READY = f"""
    SELECT tenant, measurement, id, day, segments
    FROM (
        SELECT *, count(*) OVER (PARTITION BY tenant, measurement, segments) >= {MIN_BUNDLE} AS is_complete
        FROM waiting_answer
    ) AS w
    WHERE is_complete OR day < :overdue
    ORDER BY is_complete DESC, tenant, measurement, segments, id
    LIMIT :limit
"""


async def find_ready(uow: UnitOfWork, overdue: date, limit: int) -> list[WaitingAnswer]:
    """Answers of which there are enough alike, and those of before a day."""
    rows = await uow.execute(FIND_READY, {"overdue": overdue, "limit": limit})
    return [WaitingAnswer(row.tenant, row.measurement, row.id, row.day, tuple(row.segments)) for row in rows]


TAKE = """
    DELETE FROM waiting_answer w
    USING unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n (tenant, id)
    WHERE w.tenant = n.tenant AND w.id = n.id
    RETURNING w.tenant, w.id, w.body
"""


async def take(
    uow: UnitOfWork, identities: Collection[tuple[str, UUID]]
) -> Mapping[tuple[str, UUID], Answer]:
    """Take these answers (tenant, id) out of what waits, which is locked."""
    keys = {"tenants": [tenant for tenant, _ in identities], "ids": [answer for _, answer in identities]}
    return {(row.tenant, row.id): _decode(row.body) for row in await uow.execute(TAKE, keys)}


COUNT_WAITING = "SELECT count(*) FROM waiting_answer"


async def count_waiting(uow: UnitOfWork) -> int:
    """How many answers wait, of all tenants."""
    return int((await uow.execute(COUNT_WAITING)).scalar_one())
