"""What a walk reads and writes: segments of answers and of invitations, and the counts of a pair."""

from collections.abc import Sequence
from typing import Literal, NamedTuple
from uuid import UUID

from services.scorer.pair_names import SegmentPair
from services.scorer.repository.changing import (
    CHANGE_SEGMENTS,
    SegmentsChange,
    change_segments,
    change_values,
)
from shared.db.database import UnitOfWork

_BEFORE_ALL = UUID(int=0)
WalkedTable = Literal["answer", "invitation"]


class WalkedRow(NamedTuple):
    """An answer or an invitation."""

    id: UUID
    counts: bool
    """Whether its segments are those of an answer with a score."""
    segments: tuple[str, ...]


LIST_ROWS = """
    SELECT id, {counts} AS counts, segments
    FROM {table}
    WHERE tenant = :tenant AND id > CAST(:after AS uuid)
    ORDER BY id
    LIMIT :limit
"""
_LIST_BY_TABLE = {
    "answer": LIST_ROWS.format(table="answer", counts="score IS NOT NULL"),
    "invitation": LIST_ROWS.format(table="invitation", counts="false"),
}


async def list_rows(
    uow: UnitOfWork, tenant: str, table: WalkedTable, after: UUID | None, limit: int
) -> list[WalkedRow]:
    """The next rows of a company by their ids, without a lock."""
    values = {"tenant": tenant, "after": after or _BEFORE_ALL, "limit": limit}
    rows = await uow.execute(_LIST_BY_TABLE[table], values)
    return [WalkedRow(row.id, row.counts, tuple(row.segments)) for row in rows]


CHANGE_INVITATIONS = CHANGE_SEGMENTS.format(table="invitation")


async def change_rows(
    uow: UnitOfWork, tenant: str, table: WalkedTable, changes: Sequence[SegmentsChange]
) -> None:
    """Give rows other segments, where they still have those that were read, and change the counts by what
    that makes: of answers in the statement that counts, of invitations and themes by their triggers.

    A row that was written meanwhile has its pairs, or none, from whoever wrote it.
    """
    if not changes:
        return
    if table == "answer":
        await change_segments(uow, tenant, changes)
    else:
        await uow.execute(CHANGE_INVITATIONS, change_values(tenant, changes))


# The names of a pair are one range. Of a pair that no row names all counts are zero.
DELETE_COUNTS = """
    DELETE FROM {table}
    WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM {table}
        WHERE tenant = :tenant AND measurement = ANY('{{relational,transactional,recovery}}')
          AND segment >= :low AND segment < :high
        LIMIT :limit))
"""
COUNT_TABLES = ("day_count", "week_count", "asked_count", "theme_count")
_DELETE_BY_TABLE = {table: DELETE_COUNTS.format(table=table) for table in COUNT_TABLES}


async def delete_counts(uow: UnitOfWork, tenant: str, pair: SegmentPair, limit: int) -> int:
    """Remove so many counts of a pair from each table; how many these were."""
    values = {"tenant": tenant, "low": f"{pair.dimension}:", "high": f"{pair.dimension};", "limit": limit}
    return sum([(await uow.execute(sql, values)).rowcount for sql in _DELETE_BY_TABLE.values()])


HAS_NOTED = " UNION ALL ".join(
    f"SELECT 1 FROM {table}, unnest(segments) AS s(segment) "
    "WHERE tenant = :tenant AND starts_with(s.segment, :low)"
    for table in ("asked_change", "theme_change")
)
HAS_NOTED_PAIR = f"SELECT EXISTS ({HAS_NOTED})"


async def has_noted(uow: UnitOfWork, tenant: str, pair: SegmentPair) -> bool:
    """Whether something is noted of a pair that is not in the counts yet."""
    values = {"tenant": tenant, "low": f"{pair.dimension}:"}
    return bool((await uow.execute(HAS_NOTED_PAIR, values)).scalar_one())
