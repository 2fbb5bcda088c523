"""Customers erased in a batch, and how far a consumer of their topic falls behind meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.results import Result, print_progress
from bench.scorer import TENANT, add_tenant, answers
from bench.servers import Record, Servers, new_topics, send_portion
from msgspec.structs import replace
from support.http_clients import SECRET, context_on
from support.topics import PARTITIONS

from services.scorer.app import SERVICE
from services.scorer.handlers import count_answers
from shared.db.database import Database
from shared.events import ANSWERS, CUSTOMERS, CustomerErased
from shared.kafka.kernel import BatchConsumer, positions
from shared.kafka.kernel.clients import new_producer
from shared.kafka.kernel.topic_reader import partitions_of, topic_reader
from shared.privacy.erased import keep_erased
from shared.privacy.erasing import ERASING_LOOP
from shared.privacy.persons import person_of
from shared.runtime import run_loops

PERSON_COUNT = 100_000
EVENTS_PER_S = 200
"""Of other customers' answers meanwhile."""
PORTION_S = 0.1
LAG_INTERVAL_S = 0.2
STORED_AT_ONCE = 2_000


async def erased(servers: Servers) -> list[Result]:
    """Each customer has one answer; the seconds until all are erased, and the records behind meanwhile."""
    count = servers.size(PERSON_COUNT)
    seconds, lags = [], []
    for _ in range(servers.rounds):
        async with servers.database("scorer") as database:
            taken, lag = await _round(servers, database, count)
            seconds.append(taken)
            lags.append(float(lag))
            print_progress(f"  {taken:,.1f} s, {lag} records behind")
    size = f"{count:,} customers"
    return [
        Result("erasures", "customers erased in a batch", "s", seconds, size=size, max_value=300),
        Result("erasures_lag", "most records behind meanwhile", "records", lags, size=size,
               max_value=5 * EVENTS_PER_S, note=f"{EVENTS_PER_S} answers a second arrive meanwhile"),
    ]  # fmt: skip


async def _round(servers: Servers, database: Database, count: int) -> tuple[float, int]:
    await new_topics(servers.state.kafka, ANSWERS.name, *SERVICE.dead_letter_topics)
    await add_tenant(database)
    await _store(database, count)
    context = context_on(SERVICE, database, servers.state.kafka)
    (subscription,) = [each for each in SERVICE.consumed(context) if each.topic is ANSWERS]
    data = SERVICE.personal_data
    assert data is not None
    erasing = SERVICE.erasing(context, data)
    consumer = BatchConsumer(database, "scorer", subscription, servers.state.kafka, servers.health())
    stopping = asyncio.Event()
    async with _load(servers), _lag(servers, database) as behind:
        began = time.monotonic()
        both = {"consumer": consumer.run, ERASING_LOOP: erasing.loops[ERASING_LOOP]}
        loops = asyncio.create_task(run_loops(both, stopping))
        try:
            while await _waiting(database):  # noqa: ASYNC110  (the loop does it, as in a worker)
                await asyncio.sleep(0.1)
            return time.monotonic() - began, max(behind, default=0)
        finally:
            stopping.set()
            await loops


async def _store(database: Database, count: int) -> None:
    """One answer of each customer, counted, and each erased; the tables are analysed as they would be by then."""
    records = answers(count)
    for first in range(0, count, STORED_AT_ONCE):
        part = [ANSWERS.decode(value) for _, value in records[first : first + STORED_AT_ONCE]]
        ids = [f"erased-{first + n}" for n in range(len(part))]
        persons = [person_of(SECRET, TENANT, each) for each in ids]
        mine = [
            replace(event, data=replace(event.data, customer_id=id_, person=person))
            for event, id_, person in zip(part, ids, persons, strict=True)
        ]
        mine.sort(key=lambda event: str(event.data.id))
        async with database.transaction() as uow:
            await count_answers(uow, mine)
            gone = [CustomerErased(id=each, version=1, erased_at=uow.now, person=each) for each in persons]
            await keep_erased(uow, [CUSTOMERS.event(TENANT, each, uow.now) for each in gone])
            await uow.execute("DELETE FROM outbox")
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.exec_driver_sql("ANALYZE")


async def _waiting(database: Database) -> bool:
    async with database.reading() as uow:
        found = await uow.execute("SELECT 1 FROM erased WHERE done_at IS NULL LIMIT 1")
        return found.one_or_none() is not None


@asynccontextmanager
async def _load(servers: Servers) -> AsyncIterator[None]:
    """Answers of others, at an even rate, while the block runs."""
    records = answers(20_000)
    task = asyncio.create_task(_send(servers, records))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _send(servers: Servers, records: list[Record]) -> None:
    producer = new_producer(servers.state.kafka, "bench")
    await producer.start()
    portion, at = int(EVENTS_PER_S * PORTION_S), 0
    try:
        while True:
            await send_portion(producer, ANSWERS.name, records[at : at + portion], PARTITIONS)
            at = (at + portion) % len(records)
            await asyncio.sleep(PORTION_S)
    finally:
        await producer.stop()


@asynccontextmanager
async def _lag(servers: Servers, database: Database) -> AsyncIterator[list[int]]:
    """How many records the consumer was behind, measured again and again."""
    behind: list[int] = []

    async def measure() -> None:
        async with topic_reader(servers.state.kafka, "bench") as reader:
            partitions = await partitions_of(reader, [ANSWERS.name])
            while True:
                ends = await reader.end_offsets(partitions)
                async with database.reading() as uow:
                    stored = await positions.stored(uow, [ANSWERS.name])
                behind.append(sum(ends[tp] - stored.get(tp, (0, 0))[0] for tp in partitions))
                await asyncio.sleep(LAG_INTERVAL_S)

    task = asyncio.create_task(measure())
    try:
        yield behind
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
