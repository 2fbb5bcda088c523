"""A company that has left is erased by one worker at a time, looked for again an hour later, and in portions."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from support.http_clients import a_lent_context
from support.kernel_service import create_topics, records_of
from support.lent_databases import LentDatabases

from services.trigger.app import SERVICE
from shared.health import Health
from shared.kafka.kernel.clients import new_producer, stop_producer
from shared.privacy import left_companies
from shared.privacy.left_companies import SWEPT_AFTER, CompanyErasing, measure_left_companies
from shared.service import Context
from shared.telemetry import metrics
from shared.tenancy import closed
from shared.tenancy.closed import (
    find_closed,
    find_left,
    find_to_erase,
    store_company_erased,
    wait_for_unaware_of_left,
)

LEFT = "INSERT INTO closed_company (tenant, version, state) VALUES ('gone', 2, 'left')"


@pytest.fixture
async def context(databases_to_lend: LentDatabases) -> AsyncIterator[Context]:
    async with a_lent_context(SERVICE, databases_to_lend) as context:
        async with context.database.transaction() as uow:
            await uow.execute(LEFT)
        yield context


class Worker(CompanyErasing):
    """One that waits in the middle of its work; there are no topics."""

    def __init__(self, context: Context, topics: list[str] | None = None, kafka: str = "") -> None:
        super().__init__("trigger", context.database, SERVICE.metadata, kafka, topics or [], [], Health("t"))
        self.begun, self.may_end = asyncio.Event(), asyncio.Event()

    async def _erase_records(self, tenant: str) -> int:
        if self.own_topics:
            return await super()._erase_records(tenant)
        self.begun.set()
        await self.may_end.wait()
        return 0


@contextmanager
def later(context: Context, by: timedelta) -> Iterator[None]:
    clock = context.database.clock
    context.database.clock = lambda: clock() + by
    try:
        yield
    finally:
        context.database.clock = clock


async def test_a_second_worker_waits_for_its_turn_and_the_sweep_comes_an_hour_later(context: Context) -> None:
    first, second = Worker(context), Worker(context)
    second.may_end.set()
    running = asyncio.create_task(first.step())
    await first.begun.wait()
    assert await second.step() is None
    assert not second.begun.is_set()
    first.may_end.set()
    assert await running == 0
    assert await second.step() is None
    async with context.database.reading() as uow:
        found = await find_closed(uow, "gone")
    assert found is not None
    assert found.erased_at is not None
    assert found.swept_at is None
    with later(context, SWEPT_AFTER + timedelta(minutes=1)):
        assert await second.step() == 0
        async with context.database.reading() as uow:
            found = await find_closed(uow, "gone")
        assert found is not None
        assert found.swept_at is not None
        assert await first.step() is None


async def test_who_looked_before_is_waited_for_and_who_looks_meanwhile_waits_for_nobody(
    context: Context,
) -> None:
    database, waits = context.database, asyncio.Event()
    async with database.transaction() as later_one:
        async with database.transaction() as before:
            assert await find_left(before, ["gone"]) == {"gone"}
            waiting = asyncio.create_task(wait_for_unaware_of_left(database, waits.set))
            await waits.wait()
            async with asyncio.timeout(5):
                assert await find_left(later_one, ["gone"]) == {"gone"}
            waits.clear()
            await waits.wait()
            assert not waiting.done()
        async with asyncio.timeout(5):
            assert await waiting


async def test_nothing_is_erased_while_a_transaction_that_looked_before_does_not_end(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closed, "UNAWARE_END_WITHIN_S", 0)
    worker = Worker(context)
    worker.may_end.set()
    async with context.database.transaction() as before:
        await find_left(before, ["gone"])
        assert await worker.step() == 0
        assert not worker.begun.is_set()
    assert await worker.step() == 0
    async with context.database.reading() as uow:
        found = await find_closed(uow, "gone")
    assert found is not None
    assert found.erased_at is not None


async def test_a_company_is_counted_while_it_is_to_be_erased_or_looked_for_once_more(
    context: Context,
) -> None:
    async def counted() -> float:
        async with context.database.reading() as uow:
            await measure_left_companies(uow, "trigger")
        return float(metrics.COMPANIES_TO_ERASE.labels("trigger")._value.get())

    assert await counted() == 1
    worker = Worker(context)
    worker.may_end.set()
    await worker.step()
    assert await counted() == 0
    with later(context, SWEPT_AFTER + timedelta(minutes=1)):
        assert await counted() == 1
        await worker.step()
        assert await counted() == 0


async def test_work_that_began_as_the_first_one_is_never_the_sweep(context: Context) -> None:
    async with context.database.transaction() as uow:
        found = await find_to_erase(uow, uow.now)
        assert found is not None
        await store_company_erased(uow, found)
        await store_company_erased(uow, found)
        again = await find_closed(uow, "gone")
    assert again is not None
    assert again.swept_at is None


async def test_tombstones_go_out_in_portions_while_the_topic_is_read(
    context: Context, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = f"portions-{uuid4().hex[:8]}"
    await create_topics(kafka, [topic])
    producer = new_producer(kafka, "test")
    await producer.start()
    try:
        for number in range(50):
            for tenant in ("gone", "other"):
                await producer.send(topic, b"{}", f"{tenant}/{number}".encode(), partition=0)
        await producer.send(topic, None, b"gone/49", partition=0)
        await producer.flush()
    finally:
        await stop_producer(producer)
    assert len(await records_of(kafka, topic)) == 101
    monkeypatch.setattr(left_companies, "MAX_KEYS_IN_MEMORY", 7)
    worker = Worker(context, [topic], kafka)
    portions = [len(keys) async for _, keys in worker._find_records("gone")]
    assert max(portions) == 7
    assert await worker.step() == 0
    async with context.database.reading() as uow:
        sent = await uow.execute("SELECT key, value FROM outbox WHERE topic = :topic", {"topic": topic})
        erased = [(bytes(row.key), row.value) for row in sent]
    assert {key for key, _ in erased} >= {f"gone/{number}".encode() for number in range(49)}
    assert not [key for key, value in erased if value is not None or not key.startswith(b"gone/")]
