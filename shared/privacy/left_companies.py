"""A company that has left: a service drops what comes of it, and erases all that it keeps of it.

The rows go table by table, whatever they hold: every table of a company begins its key with ``tenant``. Of
the topics that the service writes to, each record of the company gets a tombstone. An hour later all of it is
done once more, for what was under way.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import wraps
from typing import Any

import structlog
from sqlalchemy import MetaData, Table

from shared.db.database import Database, UnitOfWork, new_engine, statement
from shared.events import TENANTS, TOPICS, Event
from shared.health import Health
from shared.kafka.kernel import Subscription
from shared.kafka.kernel.topic_reader import partitions_of, records_between, topic_reader
from shared.passed_over import PassedOver
from shared.privacy.dead_letters import companies_of_letter, read_letter
from shared.runtime import Loop, Periodic
from shared.telemetry import metrics
from shared.tenancy.closed import (
    ClosedCompany,
    count_to_erase,
    find_left,
    find_to_erase,
    store_company_erased,
    wait_for_unaware_of_left,
)

log = structlog.get_logger()

LEFT_COMPANIES_LOOP = "left companies"
CHECK_INTERVAL_S = 5.0
SWEPT_AFTER = timedelta(hours=1)
"""By then no process has in hand what it read before the company had left."""
MAX_ROWS_PER_BATCH = 2_000
MAX_TOMBSTONES_PER_BATCH = 1_000
MAX_KEYS_IN_MEMORY = 10_000
"""Of records that were found and have no tombstone yet."""
LEFT_COMPANIES_LOCK = 3
"""Number of the advisory lock in the service's database that the worker at work holds; retention's is 2."""
KEEP_OF_LEFT = frozenset({"closed_company"})
"""Says for ever that the company has left, so that nothing of it comes back."""

TRY_LEFT_COMPANIES_LOCK = "SELECT pg_try_advisory_lock(:lock)"
NAME_COMPANY = """
    SELECT set_config('afterword.left_company', :tenant, true)
"""
DELETE_SOME = """
    DELETE FROM {table} WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM {table} WHERE tenant = :tenant LIMIT :limit
    ))
"""


def dropping_left(subscription: Subscription[Any]) -> Subscription[Any]:
    """The subscription, whose handler gets no events of companies that have left."""
    if subscription.topic is TENANTS:
        return subscription

    @wraps(subscription.handle)
    async def handle(uow: UnitOfWork, events: Sequence[Event[Any]]) -> None:
        left = await find_left(uow, (event.tenant for event in events))
        kept = [event for event in events if event.tenant not in left] if left else events
        if kept:
            await subscription.handle(uow, kept)

    return replace(subscription, handle=handle)


def company_tables(metadata: MetaData) -> list[Table]:
    """The tables with rows of companies, those before others that these hang on."""
    tables = [table for table in reversed(metadata.sorted_tables) if "tenant" in table.primary_key.columns]
    return [table for table in tables if table.name not in KEEP_OF_LEFT]


@dataclass
class CompanyErasing:
    """Erases companies that have left, in one service."""

    service: str
    database: Database
    metadata: MetaData
    bootstrap: str
    own_topics: Sequence[str]
    """On which the service alone publishes, and whose records a tombstone erases."""
    dead_letters: Sequence[str]
    health: Health
    passed: PassedOver = field(default_factory=lambda: PassedOver(LEFT_COMPANIES_LOOP))

    @property
    def loop(self) -> Loop:
        """The loop of a worker; any number of workers may run it."""
        return Periodic(LEFT_COMPANIES_LOOP, self.step, CHECK_INTERVAL_S, self.health).run

    async def step(self) -> float | None:
        """Erase one company, if one has left and no other worker is at work; one that fails keeps no other
        waiting.
        """
        if await self._find() is None:
            return None
        # A session of its own: the lock ends with it, and nothing is open for as long as the work takes.
        engine = new_engine(self.database.url, name=f"{self.service}-left-companies", pool_size=None)
        try:
            async with engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                locked = await connection.execute(
                    statement(TRY_LEFT_COMPANIES_LOCK), {"lock": LEFT_COMPANIES_LOCK}
                )
                # Once more under the lock: another worker may have done it meanwhile.
                found = await self._find() if locked.scalar_one() else None
                if found is None:
                    return None
                try:
                    await self._erase(found)
                except Exception as error:  # noqa: BLE001  (one that meets every company is raised again)
                    self.passed.add(found.tenant, error, self.database.clock())
        finally:
            await engine.dispose()
        return 0

    async def _find(self) -> ClosedCompany | None:
        async with self.database.reading() as uow:
            return await find_to_erase(uow, uow.now - SWEPT_AFTER, self.passed.companies(uow.now))

    async def _erase(self, found: ClosedCompany) -> None:
        if not await wait_for_unaware_of_left(self.database, lambda: self.health.tick(LEFT_COMPANIES_LOOP)):
            log.warning("company_erasure_waits", tenant=found.tenant)
            return
        records = await self._erase_records(found.tenant)
        rows = await self._erase_rows(found.tenant)
        async with self.database.transaction() as uow:
            await store_company_erased(uow, found)
        swept = found.erased_at is not None
        metrics.COMPANIES_ERASED.labels(self.service, "swept" if swept else "erased").inc()
        log.info("company_erased", tenant=found.tenant, rows=rows, records=records, again=swept)

    async def _erase_rows(self, tenant: str) -> int:
        """Delete until a pass over all tables finds nothing: triggers may write to one that was empty."""
        total = 0
        while deleted := sum(
            [await self._erase_table(each, tenant) for each in company_tables(self.metadata)]
        ):
            total += deleted
        return total

    async def _erase_table(self, table: Table, tenant: str) -> int:
        total, deleted = 0, MAX_ROWS_PER_BATCH
        while deleted == MAX_ROWS_PER_BATCH:
            self.health.tick(LEFT_COMPANIES_LOOP)
            async with self.database.transaction() as uow:
                await uow.execute(NAME_COMPANY, {"tenant": tenant})
                values = {"tenant": tenant, "limit": MAX_ROWS_PER_BATCH}
                deleted = (await uow.execute(DELETE_SOME.format(table=table.name), values)).rowcount
            total += deleted
        return total

    async def _erase_records(self, tenant: str) -> int:
        total = 0
        async for topic, keys in self._find_records(tenant):
            total += len(keys)
            for begin in range(0, len(keys), MAX_TOMBSTONES_PER_BATCH):
                self.health.tick(LEFT_COMPANIES_LOOP)
                async with self.database.transaction() as uow:
                    for key in keys[begin : begin + MAX_TOMBSTONES_PER_BATCH]:
                        uow.publish_tombstone(topic, key)
        return total

    async def _find_records(self, tenant: str) -> AsyncIterator[tuple[str, list[bytes]]]:
        """The keys of the company's records that are not erased yet, some of one partition at a time."""
        async with topic_reader(self.bootstrap, "afterword-left-companies") as reader:
            for tp in await partitions_of(reader, [*self.own_topics, *self.dead_letters]):
                since, until = await reader.beginning_offsets([tp]), await reader.end_offsets([tp])
                live: dict[bytes, None] = {}
                async for _, records in records_between(reader, since, until):
                    self.health.tick(LEFT_COMPANIES_LOOP)
                    for record in records:
                        _follow(live, record, tenant, is_letter=tp.topic in self.dead_letters)
                        if len(live) >= MAX_KEYS_IN_MEMORY:
                            # One of them may have a tombstone further on; a second one does no harm.
                            yield tp.topic, list(live)
                            live.clear()
                if live:
                    yield tp.topic, list(live)


def _follow(live: dict[bytes, None], record: Any, tenant: str, *, is_letter: bool) -> None:
    """Note the record's key if it is the company's, or forget it if the record is a tombstone."""
    if record.key is None:
        return
    key = bytes(record.key)
    if record.value is None:
        live.pop(key, None)
        return
    if is_letter:
        letter = read_letter("", key, record.value, list(record.headers))
        of_company = letter is not None and tenant in companies_of_letter(letter)
    else:
        of_company = key.startswith(f"{tenant}/".encode())
    if of_company:
        live[key] = None


def erasable_topics(service: str) -> list[str]:
    """The topics of the service alone whose records a tombstone erases, but the companies' own."""
    source = f"/afterword/{service}"
    return [t.name for t in TOPICS if t.source == source and t.has_tombstones and t is not TENANTS]


async def measure_left_companies(uow: UnitOfWork, service: str) -> None:
    """Set the gauge of the companies that the service has to erase, or to look for once more."""
    metrics.COMPANIES_TO_ERASE.labels(service).set(await count_to_erase(uow, uow.now - SWEPT_AFTER))
