"""Reads which pairs of dimensions a company has declared: for who counts, and for who reads counts."""

from collections.abc import Collection, Sequence

from services.scorer.pair_names import SegmentPair
from services.scorer.repository.selection import Selection
from shared.db.database import UnitOfWork

# A function, since a statement that waits for the lock itself would not see what was declared meanwhile.
DECLARED_PAIRS = "SELECT tenant, first, second FROM declared_pairs(CAST(:tenants AS text[]))"


async def declared_pairs(uow: UnitOfWork, tenants: Collection[str]) -> dict[str, list[SegmentPair]]:
    """The pairs whose segments are kept, of those companies that have any. Until the transaction ends nobody
    declares or removes one: so every transaction that ends after that counts in it, or no longer.
    """
    found: dict[str, list[SegmentPair]] = {}
    for row in await uow.execute(DECLARED_PAIRS, {"tenants": sorted(set(tenants))}):
        found.setdefault(row.tenant, []).append(SegmentPair(row.first, row.second))
    return found


# A pair that is full does not count all of its answers.
READY_PAIRS = """
    SELECT p.first, p.second
    FROM segment_pair p
    WHERE p.tenant = :tenant AND p.state = 'ready' AND NOT EXISTS (
        SELECT FROM dimension d
        WHERE d.tenant = p.tenant AND d.dimension = p.first || '/' || p.second AND d.left_out > 0)
    ORDER BY 1, 2
"""


async def selection_of(uow: UnitOfWork, tenant: str, segments: Sequence[str]) -> Selection:
    """The answers that lie in these segments, with the pairs by which their counts can be read.

    It is of the transaction's snapshot: a pair may be removed later.
    """
    if not segments:
        return Selection(tenant)
    rows = await uow.execute(READY_PAIRS, {"tenant": tenant})
    pairs = tuple(SegmentPair(row.first, row.second) for row in rows)
    selection = Selection(tenant, tuple(segments), pairs)
    await find_rows_exactly(uow, selection)
    return selection


# 32 MB hold the places of some hundred thousand answers. In the usual 4 MB only their pages have room, and
# the keys of every answer on them are made again: a year took twelve seconds instead of one.
MORE_MEMORY = "SET LOCAL work_mem = '32MB'"


async def find_rows_exactly(uow: UnitOfWork, selection: Selection) -> None:
    """Let statements of this transaction keep which answers the index of pairs has found."""
    if selection.is_pair:
        await uow.execute(MORE_MEMORY)


COUNT_UNREADY = "SELECT count(*) FROM segment_pair WHERE state <> 'ready'"


async def count_unready(uow: UnitOfWork) -> int:
    """How many pairs, of all tenants, are being filled or removed."""
    return int((await uow.execute(COUNT_UNREADY)).scalar_one())
