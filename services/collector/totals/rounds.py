"""A round: counts the answers of every company, and publishes what is other than in the round before.

Why its offsets keep what ``shared.events.answer_totals`` promises: the ends of ``answers`` are read
*before* anything is counted, and only the relay publishes there, and only what was committed; so what
stands before these ends was committed when it was counted. Then each company is counted in one snapshot.
What is committed in it is published, or stands in the outbox up to a number that is read in the same
snapshot. When the relay has published and deleted all rows up to there the ends are read again: all that
was committed stands before them. Only then are the totals published.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from services.collector.totals import repository
from services.collector.totals.domain import (
    ROUND,
    CountedTotal,
    PublishedTotal,
    round_of,
    totals_to_publish,
)
from shared.db.database import Database
from shared.events import ANSWER_TOTALS, ANSWERS
from shared.events.answer_totals import Offsets
from shared.health import Health
from shared.kafka.kernel.topic_reader import partitions_of, topic_reader
from shared.passed_over import PassedOver
from shared.runtime import Loop, Periodic

TOTALS_LOOP = "answer totals"
CHECK_INTERVAL_S = 5 * 60.0
ROUND_INTERVAL = timedelta(hours=23)
"""Less than a day, so that the rounds do not wander through it."""
ROUND_LEASE = timedelta(minutes=30)
DRAIN_TIMEOUT_S = 60.0
DRAIN_POLL_S = 0.2
TOTALS_PER_TRANSACTION = 500


@dataclass(frozen=True)
class TotalsRounds:
    """The loop that publishes ``answer-totals``; of several workers one at a time counts."""

    database: Database
    bootstrap: str
    health: Health
    passed: PassedOver = field(default_factory=lambda: PassedOver(TOTALS_LOOP))
    """A company whose answers cannot be counted is left out of the round, and keeps no other from it."""

    @property
    def loop(self) -> Loop:
        """The loop of a worker."""
        return Periodic(TOTALS_LOOP, self.step, CHECK_INTERVAL_S, self.health).run

    async def step(self) -> float | None:
        """Run a round when it is due."""
        await self.run_round(every=ROUND_INTERVAL)
        return None

    async def run_round(
        self,
        *,
        every: timedelta = timedelta(0),
        lease: timedelta = ROUND_LEASE,
        drain_timeout_s: float = DRAIN_TIMEOUT_S,
    ) -> int | None:
        """Run a round, unless one runs, or the last one is not so long ago; its number if it was published.

        A round does not end while the relay does not publish; it is run again later.

        :param every: from the beginning of one round to the next.
        :param lease: after so long a round that did not end is taken for that of a worker that died.
        """
        async with self.database.transaction() as uow:
            number = await repository.claim_round(uow, every, lease)
        if number is None:
            return None
        try:
            published = await self._run(number, drain_timeout_s)
        except BaseException:
            await self._give_up(number)
            raise
        if not published:
            await self._give_up(number)
            return None
        async with self.database.transaction() as uow:
            await repository.finish_round(uow, number)
        return number

    async def _give_up(self, number: int) -> None:
        async with self.database.transaction() as uow:
            await repository.give_up_round(uow, number, uow.now - ROUND_LEASE)

    async def _run(self, number: int, drain_timeout_s: float) -> bool:
        until = await self._ends()
        counted: dict[str, Sequence[CountedTotal]] = {}
        newest = 0
        async with self.database.reading() as uow:
            tenants = await repository.list_counted_tenants(uow)
        for tenant in tenants:
            self.health.tick(TOTALS_LOOP)
            try:
                async with self.database.reading() as uow:
                    counted[tenant] = await repository.count_answers(uow, tenant)
                    newest = max(newest, await repository.newest_outbox_row(uow))
            except Exception as error:  # noqa: BLE001  (raised again where it would meet every company)
                self.passed.add(tenant, error, self.database.clock())
        if not await self._drained(newest, drain_timeout_s):
            return False
        since = await self._ends()
        for tenant, totals in counted.items():
            self.health.tick(TOTALS_LOOP)
            await self._publish(tenant, totals, number, since=since, until=until)
        return True

    async def _ends(self) -> Offsets:
        """The ends of the partitions of ``answers``."""
        async with topic_reader(self.bootstrap, "collector-totals") as reader:
            partitions = await partitions_of(reader, [ANSWERS.name])
            ends: Mapping[object, int] = await reader.end_offsets(partitions)
        return tuple(ends[tp] for tp in partitions)

    async def _drained(self, newest: int, timeout_s: float) -> bool:
        """Whether everything up to this row of the outbox is published."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    self.health.tick(TOTALS_LOOP)
                    async with self.database.reading() as uow:
                        if await repository.is_published_up_to(uow, newest):
                            return True
                    await asyncio.sleep(DRAIN_POLL_S)  # a relay publishes, in a process of its own
        except TimeoutError:
            return False

    async def _publish(
        self, tenant: str, counted: Sequence[CountedTotal], number: int, *, since: Offsets, until: Offsets
    ) -> None:
        """Publish a company's totals in portions, and the round, by which a reader knows them complete."""
        async with self.database.reading() as uow:
            known = await repository.published_totals(uow, tenant)
        before = known.pop(ROUND, None)
        changed = totals_to_publish(counted, known, number, since)
        if not changed and not known:
            return
        if before is not None and before.total.version > number:
            return  # another worker took this round for that of a dead one, and has published a newer one
        for first in range(0, len(changed), TOTALS_PER_TRANSACTION):
            async with self.database.transaction() as uow:
                part = changed[first : first + TOTALS_PER_TRANSACTION]
                await repository.keep_totals(uow, tenant, part)
                for each in part:
                    uow.publish(ANSWER_TOTALS, tenant, each.total)
        async with self.database.transaction() as uow:
            totals = await repository.published_totals(uow, tenant)
            totals.pop(ROUND, None)
            this = round_of([each.total for each in totals.values()], number, since=since, until=until)
            await repository.keep_totals(uow, tenant, [PublishedTotal(this, None)])
            uow.publish(ANSWER_TOTALS, tenant, this)
