"""``segment_pair``: one row for each declared pair, with how far the work on it is."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.scorer.pair_names import SegmentPair
from services.scorer.pairs.domain import DeclaredPair, PairProgress, PairState, Walk
from shared.db.database import UnitOfWork

# Whoever counts has this lock with others until the transaction ends: function ``declared_pairs``.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('segment pairs', 0))"
# Of several workers one walks.
TRY_LOCK_WALKS = "SELECT pg_try_advisory_xact_lock(hashtextextended('walks of segment pairs', 0))"


async def lock(uow: UnitOfWork) -> None:
    """Wait until nobody counts who has read which pairs there are; until the commit nobody reads it."""
    await uow.execute(LOCK)


async def try_lock_walks(uow: UnitOfWork) -> bool:
    """Lock the walks, unless another transaction has them."""
    return bool((await uow.execute(TRY_LOCK_WALKS)).scalar_one())


_COLUMNS = "p.tenant, p.id, p.first, p.second, p.state, p.walk, p.last_id, p.walked, p.created_at"
LIST_PAIRS = f"""
    SELECT {_COLUMNS}, coalesce(d.left_out, 0) AS left_out,
        (SELECT coalesce(sum(c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 + c9 + c10), 0)
         FROM day_count WHERE tenant = :tenant AND segment = '')
        + (SELECT coalesce(sum(asked), 0) FROM asked_count WHERE tenant = :tenant AND segment = '') AS rows
    FROM segment_pair p
    LEFT JOIN dimension d ON d.tenant = p.tenant AND d.dimension = p.first || '/' || p.second
    WHERE p.tenant = :tenant
    ORDER BY p.first, p.second
"""


async def list_pairs(uow: UnitOfWork, tenant: str) -> list[PairProgress]:
    """All pairs of a company, by name: there are few."""
    rows = await uow.execute(LIST_PAIRS, {"tenant": tenant})
    return [
        PairProgress(declared=_declared(row), rows=int(row.rows), left_out=int(row.left_out)) for row in rows
    ]


FIND_PAIR = f"SELECT {_COLUMNS} FROM segment_pair p WHERE p.tenant = :tenant AND p.id = :id FOR UPDATE"


async def lock_pair(uow: UnitOfWork, tenant: str, key: UUID) -> DeclaredPair | None:
    """One pair, locked: its walk waits."""
    row = (await uow.execute(FIND_PAIR, {"tenant": tenant, "id": key})).one_or_none()
    return None if row is None else _declared(row)


INSERT_PAIR = """
    INSERT INTO segment_pair (tenant, first, second, id, state, walk, walked, walked_at, created_at)
    VALUES (:tenant, :first, :second, :id, 'filling', 'answers', 0, :now, :now)
"""


async def insert_pair(uow: UnitOfWork, tenant: str, key: UUID, pair: SegmentPair) -> None:
    """Declare a pair, which is to be filled."""
    await uow.execute(INSERT_PAIR, {"tenant": tenant, "id": key, **pair._asdict(), "now": uow.now})


UPDATE_PAIR = """
    UPDATE segment_pair
    SET state = :state, walk = :walk, last_id = CAST(:last_id AS uuid), walked = :walked, walked_at = :now
    WHERE tenant = :tenant AND id = :id
"""


async def update_pair(
    uow: UnitOfWork,
    tenant: str,
    key: UUID,
    *,
    state: PairState,
    walk: Walk,
    last_id: UUID | None = None,
    walked: int = 0,
) -> None:
    """Write how far the work on a pair is, which is locked."""
    place = {"state": state, "walk": walk, "last_id": last_id, "walked": walked}
    await uow.execute(UPDATE_PAIR, {"tenant": tenant, "id": key, **place, "now": uow.now})


# The one that has waited the longest: so the companies take turns.
CLAIM_UNREADY = f"""
    SELECT {_COLUMNS}
    FROM segment_pair p
    WHERE p.state <> 'ready' AND p.tenant <> ALL(CAST(:passed AS text[]))
    ORDER BY p.walked_at, p.tenant, p.first, p.second
    LIMIT 1
    FOR UPDATE
"""


async def claim_unready(uow: UnitOfWork, passed: Collection[str]) -> tuple[str, DeclaredPair] | None:
    """The next pair that is to be filled or removed with its company, locked; None: there is none.

    :param passed: companies whose turn it is not.
    """
    row = (await uow.execute(CLAIM_UNREADY, {"passed": sorted(passed)})).one_or_none()
    return None if row is None else (str(row.tenant), _declared(row))


FORGET_NAMES = """
    WITH forgotten AS (DELETE FROM segment WHERE tenant = :tenant AND dimension = :dimension)
    DELETE FROM dimension WHERE tenant = :tenant AND dimension = :dimension
"""
DELETE_PAIR = "DELETE FROM segment_pair WHERE tenant = :tenant AND id = :id"


async def forget_pair(uow: UnitOfWork, tenant: str, declared: DeclaredPair) -> None:
    """Remove a pair that no row names any more, with the names of its segments."""
    await uow.execute(FORGET_NAMES, {"tenant": tenant, "dimension": declared.pair.dimension})
    await uow.execute(DELETE_PAIR, {"tenant": tenant, "id": declared.id})


def _declared(row: Row[Any]) -> DeclaredPair:
    return DeclaredPair(
        id=row.id,
        pair=SegmentPair(row.first, row.second),
        state=row.state,
        walk=row.walk,
        last_id=row.last_id,
        walked=row.walked,
        created_at=row.created_at,
    )
