"""The loop that erases what a service stores of the customers in ``erased``, and confirms it by an event.

Rows without a pseudonym get one first, and transactions that may not know of the erasure are waited for.
Then, in one transaction with the confirmation, the service's own function erases its rows and publishes what
is left of them, and dead letters get tombstones.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from shared.db.database import Database, UnitOfWork
from shared.errors import is_infrastructure_error
from shared.events import ERASURES, ErasureConfirmed
from shared.health import Health
from shared.privacy import erased
from shared.privacy.backfill import PersonalTable, fill_persons
from shared.privacy.dead_letters import DeadLetterSearch, Tombstone
from shared.privacy.erased import Target
from shared.privacy.rolling import CHECK_INTERVAL_S, SEGMENTS_LOOP, SegmentRolling
from shared.runtime import Loop, Periodic
from shared.telemetry import metrics

log = structlog.get_logger()

ERASING_LOOP = "erasing"
ERASE_INTERVAL_S = 1.0
PERSONS_LOOP = "persons"
FILL_INTERVAL_S = 60.0
MAX_TARGETS_PER_ROUND = 1_000
MAX_ROWS_FILLED = 1_000

FIRST_TARGET: tuple[str, str] = ("", "")
"""Before every tenant and id."""

Erase = Callable[[UnitOfWork, Sequence[Target]], Awaitable[Collection[Target]]]
"""Erase all that the service stores of these customers, and publish what is left of the things that it owns.

Returns those for whom something is under way that cannot be stopped, such as a mail: they come again.
"""


@dataclass
class Erasing:
    """Erases customers in one service."""

    service: str
    database: Database
    secret: str
    tables: Sequence[PersonalTable]
    erase: Erase
    dead_letters: DeadLetterSearch
    segments: SegmentRolling
    health: Health
    _after: tuple[str, str] = field(default=FIRST_TARGET, init=False)

    @property
    def loops(self) -> Mapping[str, Loop]:
        """The loops of a worker; any number of workers may run them."""
        return {
            ERASING_LOOP: Periodic(ERASING_LOOP, self.step, ERASE_INTERVAL_S, self.health).run,
            PERSONS_LOOP: Periodic(PERSONS_LOOP, self.fill, FILL_INTERVAL_S, self.health).run,
            SEGMENTS_LOOP: Periodic(SEGMENTS_LOOP, self.segments.step, CHECK_INTERVAL_S, self.health).run,
        }

    async def fill(self) -> float | None:
        """Give some rows that lack it their pseudonym."""
        async with self.database.transaction() as uow:
            return 0 if await fill_persons(uow, self.secret, self.tables, MAX_ROWS_FILLED) else None

    async def step(self) -> float | None:
        """Erase some customers, once every row has a pseudonym."""
        after, self._after = self._after, FIRST_TARGET
        async with self.database.reading() as uow:
            waiting = await erased.find_waiting(uow, after, MAX_TARGETS_PER_ROUND)
        if not waiting:
            return None if after == FIRST_TARGET else 0
        if await self.fill() is not None:
            return 0
        there_are_more = len(waiting) == MAX_TARGETS_PER_ROUND
        if there_are_more:
            self._after = (waiting[-1].tenant, waiting[-1].id)
        await erased.wait_for_unaware(self.database)
        if await self.fill() is not None:
            return 0  # what a transaction that was waited for has stored
        letters = await self.dead_letters.find(waiting)
        await self._erase(waiting, letters)
        return 0 if there_are_more else None

    async def _erase(self, targets: Sequence[Target], letters: Sequence[Tombstone]) -> None:
        """Erase them together; when that is refused, each half of them, down to one, who waits."""
        self.health.tick(ERASING_LOOP)
        try:
            async with self.database.transaction() as uow:
                done = await self._erase_in(uow, targets, letters)
        except Exception as error:
            if is_infrastructure_error(error):
                raise
            metrics.ERASURES.labels(self.service, "failed").inc()
            log.warning("erasure_failed", customers=len(targets), error=type(error).__name__)
            if len(targets) > 1:
                middle = len(targets) // 2
                await self._erase(targets[:middle], letters)
                await self._erase(targets[middle:], letters)
            return
        metrics.ERASURES.labels(self.service, "erased").inc(len(done))

    async def _erase_in(
        self, uow: UnitOfWork, targets: Sequence[Target], letters: Sequence[Tombstone]
    ) -> list[Target]:
        locked = await erased.lock_waiting(uow, targets)
        if not locked:
            return []
        under_way = set(await self.erase(uow, locked))
        done = [target for target in locked if target not in under_way]
        for topic, key in sorted({(each.topic, each.key) for each in letters if each.target in done}):
            uow.publish_tombstone(topic, key)
        await erased.store_done(uow, done)
        for target in done:
            confirmed = ErasureConfirmed(id=target.id, service=self.service, confirmed_at=uow.now)
            uow.publish(ERASURES, target.tenant, confirmed)
        return done


COUNT_WAITING = "SELECT count(*) FROM erased WHERE done_at IS NULL"


async def measure_erasing(uow: UnitOfWork, service: str) -> None:
    """Set the gauge of the customers whom the service has not erased yet."""
    waiting = (await uow.execute(COUNT_WAITING)).scalar_one()
    metrics.ERASURES_WAITING.labels(service).set(waiting)
