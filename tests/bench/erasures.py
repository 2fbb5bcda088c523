"""Customers erased in a batch by a service's loop, and how far a consumer beside it falls behind meanwhile."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from bench.dispatcher import events, go_live, order
from bench.results import Result, print_progress
from bench.scorer import TENANT, add_tenant, answers
from bench.servers import Record, Servers, new_topics, send_portion
from msgspec.structs import replace
from support.http_clients import SECRET, context_on
from support.topics import PARTITIONS

from services.dispatcher.app import SERVICE as DISPATCHER
from services.scorer.app import SERVICE as SCORER
from shared.db.database import Database, UnitOfWork
from shared.events import ANSWERS, CUSTOMERS, TRANSACTIONS, CustomerErased, Event, Topic
from shared.kafka.kernel import BatchConsumer, Subscription, positions
from shared.kafka.kernel.clients import new_producer
from shared.kafka.kernel.topic_reader import partitions_of, topic_reader
from shared.privacy.erased import keep_erased
from shared.privacy.erasing import ERASING_LOOP
from shared.privacy.persons import person_of
from shared.runtime import run_loops
from shared.service import Service

PERSON_COUNT = 100_000
MAX_S = 300
EVENTS_PER_S = 200
"""Of other customers meanwhile."""
LOAD_COUNT = MAX_S * EVENTS_PER_S
PORTION_S = 0.1
LAG_INTERVAL_S = 0.2
STORED_AT_ONCE = 2_000


@dataclass(frozen=True)
class Measure:
    """A service that erases, and what it consumes meanwhile."""

    service: Service
    topic: Topic[Any]
    what: str
    prepare: Callable[[Database], Awaitable[None]]
    of_customer: Callable[[int, str], Event[Any]]
    """An event by which the service stores something of a customer, by its number."""
    settle: Callable[[UnitOfWork], Awaitable[None]]
    """Ends what is under way."""
    load: Callable[[int], list[Record]]


class Sample(NamedTuple):
    """What is on the topic at a time, and what of it is consumed."""

    at: float
    published: int
    consumed: int


async def erased(servers: Servers) -> list[Result]:
    """Each customer has one answer, or one mailed invitation; the time until all are erased."""
    return [result for measure in (SCORES, DECISIONS) for result in await _measured(servers, measure)]


async def _measured(servers: Servers, measure: Measure) -> list[Result]:
    count, name = servers.size(PERSON_COUNT), measure.service.name
    seconds, behind, waits = [], [], []
    for _ in range(servers.rounds):
        async with servers.database(name) as database:
            taken, samples = await _round(servers, database, measure, count)
        seconds.append(taken)
        behind.append(float(max((each.published - each.consumed for each in samples), default=0)))
        waits.append(longest_wait(samples))
        print_progress(f"  {name}: {taken:,.1f} s, {behind[-1]:,.0f} behind, {waits[-1]:.1f} s waited")
    size = f"{count:,} customers"
    speed = f"{count / statistics.median(seconds):,.0f} customers a second"
    beside = f"{EVENTS_PER_S} {measure.what} a second arrive meanwhile"
    return [
        Result(f"erasures_{name}", f"{name}, customers erased in a batch", "s", seconds, size=size,
               max_value=MAX_S, note=speed),
        Result(f"erasures_{name}_lag", f"{name}, most {measure.what} behind meanwhile", "records", behind,
               size=size, max_value=5 * EVENTS_PER_S, note=beside),
        Result(f"erasures_{name}_wait", f"{name}, longest wait of {measure.what} meanwhile", "s", waits,
               size=size, max_value=5, note=beside),
    ]  # fmt: skip


def longest_wait(samples: Sequence[Sample]) -> float:
    """The seconds after which what was on the topic at a sample was consumed at a later one."""
    longest, at = 0.0, 0
    for sample in samples:
        while at < len(samples) and samples[at].consumed < sample.published:
            at += 1
        if at == len(samples):  # what came last is not consumed before the end
            return max(longest, samples[-1].at - sample.at)
        longest = max(longest, samples[at].at - sample.at)
    return longest


async def _round(
    servers: Servers, database: Database, measure: Measure, count: int
) -> tuple[float, list[Sample]]:
    await new_topics(servers.state.kafka, measure.topic.name, *measure.service.dead_letter_topics)
    await measure.prepare(database)
    context = context_on(measure.service, database, servers.state.kafka)
    (subscription,) = [each for each in measure.service.consumed(context) if each.topic is measure.topic]
    await _store(database, measure, subscription, count)
    data = measure.service.personal_data
    assert data is not None
    erasing = measure.service.erasing(context, data)
    consumer = BatchConsumer(
        database, measure.service.name, subscription, servers.state.kafka, servers.health()
    )
    records = measure.load(min(servers.size(LOAD_COUNT), LOAD_COUNT))
    stopping = asyncio.Event()
    async with _load(servers, measure.topic, records), _lag(servers, measure.topic, database) as samples:
        began = time.monotonic()
        both = {"consumer": consumer.run, ERASING_LOOP: erasing.loops[ERASING_LOOP]}
        loops = asyncio.create_task(run_loops(both, stopping))
        try:
            while await _waiting(database):  # noqa: ASYNC110  (the loop does it, as in a worker)
                await asyncio.sleep(0.1)
            return time.monotonic() - began, samples
        finally:
            stopping.set()
            await loops


async def _store(database: Database, measure: Measure, subscription: Subscription[Any], count: int) -> None:
    """Something of each customer, and each erased; the tables are analysed as they would be by then."""
    for first in range(0, count, STORED_AT_ONCE):
        ids = [f"erased-{number}" for number in range(first, min(first + STORED_AT_ONCE, count))]
        persons = [person_of(SECRET, TENANT, each) for each in ids]
        mine = [measure.of_customer(first + n, id_) for n, id_ in enumerate(ids)]
        mine.sort(key=measure.topic.record_key)
        async with database.transaction() as uow:
            await subscription.handle(uow, mine)
            gone = [CustomerErased(id=each, version=1, erased_at=uow.now, person=each) for each in persons]
            await measure.settle(uow)
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
async def _load(servers: Servers, topic: Topic[Any], records: list[Record]) -> AsyncIterator[None]:
    """Events of others, at an even rate, while the block runs."""
    task = asyncio.create_task(_send(servers, topic, records))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _send(servers: Servers, topic: Topic[Any], records: list[Record]) -> None:
    producer = new_producer(servers.state.kafka, "bench")
    await producer.start()
    portion, at = int(EVENTS_PER_S * PORTION_S), 0
    try:
        while True:
            await send_portion(producer, topic.name, records[at : at + portion], PARTITIONS)
            at = (at + portion) % len(records)
            await asyncio.sleep(PORTION_S)
    finally:
        await producer.stop()


@asynccontextmanager
async def _lag(servers: Servers, topic: Topic[Any], database: Database) -> AsyncIterator[list[Sample]]:
    """How far the consumer has come, measured again and again."""
    samples: list[Sample] = []

    async def measure() -> None:
        async with topic_reader(servers.state.kafka, "bench") as reader:
            partitions = await partitions_of(reader, [topic.name])
            while True:
                ends = await reader.end_offsets(partitions)
                async with database.reading() as uow:
                    stored = await positions.stored(uow, [topic.name])
                consumed = sum(stored.get(tp, (0, 0))[0] for tp in partitions)
                samples.append(Sample(time.monotonic(), sum(ends.values()), consumed))
                await asyncio.sleep(LAG_INTERVAL_S)

    task = asyncio.create_task(measure())
    try:
        yield samples
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _answer(number: int, customer: str) -> Event[Any]:
    event = ANSWERS.decode(answers(1, seed=f"answer {number}")[0][1])
    person = person_of(SECRET, TENANT, customer)
    return replace(event, data=replace(event.data, customer_id=customer, person=person))


def _order(number: int, customer: str) -> Event[Any]:
    return order(LOAD_COUNT + number, customer, datetime.now(UTC))


async def _nothing(_uow: UnitOfWork) -> None:
    """Nothing is ever under way."""


SEND = """
    WITH settled AS (UPDATE delivery SET state = 'sent' WHERE state = 'waiting')
    UPDATE invitation SET state = 'sent', sent_at = now(), changed_at = now() WHERE state = 'waiting'
"""


async def _send_mails(uow: UnitOfWork) -> None:
    """As the senders leave them; there is no mail server here."""
    await uow.execute(SEND)


SCORES = Measure(SCORER, ANSWERS, "answers", add_tenant, _answer, _nothing, answers)
DECISIONS = Measure(DISPATCHER, TRANSACTIONS, "events", go_live, _order, _send_mails, events)
