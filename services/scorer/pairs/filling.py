"""The loop that counts a declared pair in what is there already, and takes a removed one out of it.

It walks the company's answers and then its invitations by their ids, some in a transaction that also keeps
how far it is: so a process that is killed leaves nothing counted twice. What comes meanwhile counts in the
pair from the moment on at which it was declared, whether the walk has passed it or not: a row that has its
pairs stays.
"""

from dataclasses import dataclass, field

from services.scorer.asked.noted_repository import count_noted
from services.scorer.handlers import add_new_segments
from services.scorer.pair_names import SegmentPair, is_pair, segments_of_pair
from services.scorer.pairs import repository
from services.scorer.pairs.domain import DeclaredPair, Walk
from services.scorer.pairs.walking_repository import (
    WalkedRow,
    WalkedTable,
    change_rows,
    delete_counts,
    has_noted,
    list_rows,
)
from services.scorer.repository.changing import SegmentsChange
from services.scorer.repository.counting import add_left_out
from services.scorer.repository.counts import use_custom_plans
from shared.db.database import Database, UnitOfWork
from shared.events.segments import dimension_of
from shared.health import Health
from shared.passed_over import PassedOver
from shared.runtime import Loop, Periodic

PAIRS_LOOP = "pairs"
LOOK_INTERVAL_S = 2.0
ROWS_PER_TRANSACTION = 2_000
"""Who counts waits at a row that is walked until the transaction ends: for some tenths of a second."""
COUNTS_PER_TRANSACTION = 10_000
MAX_NOTED = 30_000
"""Of changes that are not in the counts yet, which pages read, too: the walk waits until they are fewer."""
NOTED_PAUSE_S = 0.2

_TABLES: dict[Walk, WalkedTable] = {"answers": "answer", "invitations": "invitation"}


@dataclass
class PairFilling:
    """The loop; of several workers one at a time walks."""

    database: Database
    health: Health
    limit: int = ROWS_PER_TRANSACTION
    passed: PassedOver = field(default_factory=lambda: PassedOver(PAIRS_LOOP))

    @property
    def loop(self) -> Loop:
        """What a worker runs."""
        return Periodic(PAIRS_LOOP, self.step, LOOK_INTERVAL_S, self.health).run

    async def step(self) -> float | None:
        """Walk over some rows of a pair; a company whose walk fails keeps no other from its turn."""
        passed = self.passed.companies(self.database.clock())
        claimed = None
        try:
            async with self.database.transaction() as uow:
                if not await repository.try_lock_walks(uow):
                    return None
                claimed = await repository.claim_unready(uow, passed)
                if claimed is None:
                    return None
                if await count_noted(uow) > MAX_NOTED:
                    return NOTED_PAUSE_S
                return await self._walk(uow, *claimed)
        except Exception as error:
            if claimed is None:
                raise
            self.passed.add(claimed[0], error, self.database.clock())
            return 0

    async def _walk(self, uow: UnitOfWork, tenant: str, declared: DeclaredPair) -> float | None:
        table = _TABLES.get(declared.walk)
        if table is None:
            return await _take_out_of_counts(uow, tenant, declared)
        # A plan for arrays of any length reads a table for each of some thousand rows in vain.
        await use_custom_plans(uow)
        rows = await list_rows(uow, tenant, table, declared.last_id, self.limit)
        if declared.state == "filling":
            changes = await _filled(uow, tenant, declared.pair, rows)
        else:
            changes = [change for row in rows if (change := _emptied(row, declared.pair)) is not None]
        await change_rows(uow, tenant, table, changes)
        await _note_place(uow, tenant, declared, rows, at_end=len(rows) < self.limit)
        return 0


async def _filled(
    uow: UnitOfWork, tenant: str, pair: SegmentPair, rows: list[WalkedRow]
) -> list[SegmentsChange]:
    """The changes of rows that lack segments of the pair for which there is room."""
    lacking = [
        (row, wanted)
        for row in rows
        if (wanted := segments_of_pair(row.segments, pair)) and not set(wanted) <= set(row.segments)
    ]
    used = {(tenant, segment) for row, wanted in lacking if row.counts for segment in wanted}
    full = await add_new_segments(uow, used)
    if full:
        no_room = sum(
            (tenant, segment) in full for row, wanted in lacking if row.counts for segment in wanted
        )
        await add_left_out(uow, tenant, pair.dimension, no_room)
    return [
        SegmentsChange(row.id, row.segments, tuple(dict.fromkeys((*row.segments, *wanted))))
        for row, wanted in (
            (row, [each for each in wanted if not row.counts or (tenant, each) not in full])
            for row, wanted in lacking
        )
    ]


def _emptied(row: WalkedRow, pair: SegmentPair) -> SegmentsChange | None:
    left = tuple(
        each for each in row.segments if not (is_pair(each) and dimension_of(each) == pair.dimension)
    )
    return SegmentsChange(row.id, row.segments, left) if left != row.segments else None


async def _note_place(
    uow: UnitOfWork, tenant: str, declared: DeclaredPair, rows: list[WalkedRow], *, at_end: bool
) -> None:
    state, walk, walked = declared.state, declared.walk, declared.walked + len(rows)
    last_id = rows[-1].id if rows else declared.last_id
    if at_end:
        last_id = None
        if walk == "answers":
            walk = "invitations"
        elif state == "filling":
            state = "ready"
        else:
            walk = "counts"
    await repository.update_pair(
        uow, tenant, declared.id, state=state, walk=walk, last_id=last_id, walked=walked
    )


async def _take_out_of_counts(uow: UnitOfWork, tenant: str, declared: DeclaredPair) -> float | None:
    """Remove counts, which are all zero by now, and at last the pair itself."""
    if await has_noted(uow, tenant, declared.pair):
        return NOTED_PAUSE_S
    if await delete_counts(uow, tenant, declared.pair, COUNTS_PER_TRANSACTION):
        return 0
    await repository.forget_pair(uow, tenant, declared)
    return 0
