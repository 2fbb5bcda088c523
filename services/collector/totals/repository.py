"""``answer_total``: the totals that were published; ``pace``: who counts, and when it was last done."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from services.collector.models import answer_total
from services.collector.totals.domain import ROUND, CountedTotal, PublishedTotal
from shared.db.bulk import keep_newest, keep_newest_events
from shared.db.database import UnitOfWork
from shared.events import AnswerTotal, Event
from shared.events.answer_totals import total_name
from shared.events.nps import SCALE
from shared.kafka.ops.recovery import Cursor
from shared.tenancy.closed import HAS_NOT_LEFT

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(AnswerTotal).decode
_COUNTS = ", ".join(f"count(*) FILTER (WHERE score = {score}) AS c{score}" for score in SCALE)

# What the scorer counts, by the fields that it is told. Anonymous answers are published once they are sent.
COUNT_ANSWERS = f"""
    SELECT measurement, CASE WHEN anonymous THEN NULL ELSE day END AS day, {_COUNTS},
        bit_xor(hashtextextended(CAST(id AS text) || ':' || CAST(version AS text), 0)) AS versions_hash
    FROM answer
    WHERE tenant = :tenant AND score IS NOT NULL AND state <> 'clicked' AND NOT test AND NOT beyond_draw
        AND origin <> 'link' AND measurement <> 'recovery'
        AND (signs = '[]' OR judgement IS NOT DISTINCT FROM 'human')
        AND NOT (anonymous AND state = 'saved')
    GROUP BY 1, 2
"""


async def count_answers(uow: UnitOfWork, tenant: str) -> list[CountedTotal]:
    """The answers of a company that count, by measurement and day; anonymous ones of all days together."""
    rows = await uow.execute(COUNT_ANSWERS, {"tenant": tenant})
    return [
        CountedTotal(
            row.measurement, row.day, tuple(getattr(row, f"c{score}") for score in SCALE), row.versions_hash
        )
        for row in rows
    ]


LIST_TENANTS = f"SELECT id FROM tenant WHERE id {HAS_NOT_LEFT} ORDER BY id"


async def list_counted_tenants(uow: UnitOfWork) -> list[str]:
    """The companies whose answers are counted."""
    return [row.id for row in await uow.execute(LIST_TENANTS)]


NEWEST_OUTBOX_ROW = "SELECT coalesce(max(seq), 0) FROM outbox"
OUTBOX_WAITS = "SELECT EXISTS (SELECT FROM outbox WHERE seq <= :seq)"


async def newest_outbox_row(uow: UnitOfWork) -> int:
    """The number of the last row that waits to be published."""
    return int((await uow.execute(NEWEST_OUTBOX_ROW)).scalar_one())


async def is_published_up_to(uow: UnitOfWork, seq: int) -> bool:
    """Whether every row up to this number has been published."""
    return not (await uow.execute(OUTBOX_WAITS, {"seq": seq})).scalar_one()


FIND_TOTALS = "SELECT name, versions_hash, body FROM answer_total WHERE tenant = :tenant ORDER BY name"


async def published_totals(uow: UnitOfWork, tenant: str) -> dict[str, PublishedTotal]:
    """What was published last, by name."""
    rows = await uow.execute(FIND_TOTALS, {"tenant": tenant})
    return {row.name: PublishedTotal(_decode(row.body), row.versions_hash) for row in rows}


async def keep_totals(uow: UnitOfWork, tenant: str, totals: Sequence[PublishedTotal]) -> None:
    """Keep what is published."""
    await keep_newest(
        uow,
        answer_total,
        [each.total for each in totals],
        tenant=tenant,
        name=[total_name(each.total) for each in totals],
        versions_hash=[each.versions_hash for each in totals],
        body=[_encode(each.total) for each in totals],
    )


async def restore_totals(uow: UnitOfWork, events: Sequence[Event[AnswerTotal]]) -> None:
    """Keep what was published since the backup; of which versions it was is not known."""
    await keep_newest_events(
        uow,
        answer_total,
        events,
        name=[total_name(event.data) for event in events],
        versions_hash=None,
        body=[_encode(event.data) for event in events],
    )


SHARE_TOTALS = """
    SELECT tenant, name, body FROM answer_total
    WHERE CAST(:tenant AS text) IS NULL OR (tenant, name) > (:tenant, CAST(:name AS text))
    ORDER BY tenant, name
    LIMIT :limit
    FOR SHARE
"""


async def share_after(uow: UnitOfWork, after: Cursor | None, limit: int) -> list[tuple[str, AnswerTotal]]:
    """The next totals behind a cursor, each with its company."""
    tenant, name = after or (None, None)
    rows = await uow.execute(SHARE_TOTALS, {"tenant": tenant, "name": name, "limit": limit})
    return [(row.tenant, _decode(row.body)) for row in rows]


# A round has a higher number than every one before, also where this table is older than the totals.
CLAIM_ROUND = """
    INSERT INTO pace AS p (name, round, begun_at, finished_at)
    VALUES (:name, greatest(:seconds, (SELECT coalesce(max(version), 0) + 1 FROM answer_total)), :now, NULL)
    ON CONFLICT (name) DO UPDATE
    SET round = greatest(EXCLUDED.round, p.round + 1), begun_at = EXCLUDED.begun_at, finished_at = NULL
    WHERE p.finished_at <= :finished_before OR p.finished_at IS NULL AND p.begun_at <= :begun_before
    RETURNING round
"""


async def claim_round(uow: UnitOfWork, every: timedelta, lease: timedelta) -> int | None:
    """The number of a new round, for only one of several workers; None: the last one is not long enough ago.

    :param lease: after so long a round that did not end is taken for that of a worker that died.
    """
    row = await uow.execute(
        CLAIM_ROUND,
        {
            "name": ROUND,
            "seconds": int(uow.now.timestamp()),
            "now": uow.now,
            "finished_before": uow.now - every,
            "begun_before": uow.now - lease,
        },
    )
    number = row.scalar_one_or_none()
    return None if number is None else int(number)


FINISH_ROUND = "UPDATE pace SET finished_at = begun_at WHERE name = :name AND round = :round"
GIVE_UP_ROUND = "UPDATE pace SET begun_at = :at WHERE name = :name AND round = :round"


async def finish_round(uow: UnitOfWork, number: int) -> None:
    """Note that a round is over: the next one is due so long after it began."""
    await uow.execute(FINISH_ROUND, {"name": ROUND, "round": number})


async def give_up_round(uow: UnitOfWork, number: int, at: datetime) -> None:
    """Let the round be run again, as if it had begun then."""
    await uow.execute(GIVE_UP_ROUND, {"name": ROUND, "round": number, "at": at})
