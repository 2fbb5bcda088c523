"""Two worker processes of a service instead of one, catching up on the same records."""

import asyncio
import signal
import time
from collections.abc import Sequence
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder
from bench.cpu_time import cpu_shares, measured_cpu
from bench.dispatcher import events
from bench.product import RunningProduct, running_product
from bench.results import Result, Side, interleaved
from bench.scorer import TENANT, answers
from bench.servers import Record, Servers
from support.audit import an_actor
from support.contact_rules import write_at_any_time
from support.eventually import eventually
from support.topics import PARTITIONS

from services.dispatcher.command import create_example_survey
from services.dispatcher.sending import sending_commands
from shared.events import ANSWERS, TRANSACTIONS, Topic
from shared.kafka.kernel.clients import new_admin, new_producer, partition_of

RECORD_COUNT = 100_000
MIN_RATIO = 1.3
SURVEY_DELAY_MINUTES = 24 * 60
"""The survey asks later than the measure lasts, so nothing is sent meanwhile."""
TIMEOUT_S = 300.0
MAX_FREEZE_S = 8.0
"""Kafka considers a worker dead after ten seconds of silence."""


async def two_instead_of_one(servers: Servers) -> list[Result]:
    """Scorer and dispatcher."""
    count = servers.size(RECORD_COUNT)
    return [
        await _compare(servers, "scorer", ANSWERS, answers(count), "answers/s"),
        await _compare(servers, "dispatcher", TRANSACTIONS, events(count), "events/s"),
    ]


async def _compare(
    servers: Servers, service: str, topic: Topic[Any], records: Sequence[Record], unit: str
) -> Result:
    cpu_notes: dict[int, str] = {}

    def side(workers: int) -> Side:
        async def catch_up() -> float:
            programs = [f"{service} worker {number + 1}" for number in range(workers)]
            async with running_product(servers, *programs, prepare=_go_live) as product:
                rate, cpu_notes[workers] = await _catch_up(product, service, topic, records)
                return rate

        return catch_up

    found = await interleaved(servers.rounds, {"two": side(2), "one": side(1)})
    return Result(f"{service}_workers", f"{service}, 2 workers", unit, found["two"], "1 worker", found["one"],
                  min_ratio=MIN_RATIO, size=f"{len(records):,} {unit.partition('/')[0]}",
                  note=f"of a core, with 2 workers: {cpu_notes[2]}; with 1: {cpu_notes[1]}")  # fmt: skip


async def _catch_up(
    product: RunningProduct, service: str, topic: Topic[Any], records: Sequence[Record]
) -> tuple[float, str]:
    """Records a second, from when every worker has its partitions and the topic is full, to the last commit;
    and the processor time of each process meanwhile.
    """
    kafka, workers = product.servers.state.kafka, list(product.processes.values())
    database = await asyncpg.connect(product.databases[service].url.replace("+asyncpg", ""))
    producer = new_producer(kafka, "bench")
    await producer.start()

    async def position(what: str) -> int:
        return int(await database.fetchval(f"SELECT {what} FROM position WHERE topic = $1", topic.name))

    async def claimed() -> bool:
        return await position("count(*)") == PARTITIONS

    async def done() -> bool:
        return await position("coalesce(sum(next_offset), 0)") == len(records)

    try:
        await _until_shared(kafka, f"{service}.{topic.name}", len(workers))
        await eventually(claimed)
        frozen = time.monotonic()
        for worker in workers:
            worker.send_signal(signal.SIGSTOP)
        await _fill(producer, topic.name, records)
        if time.monotonic() > frozen + MAX_FREEZE_S:
            raise RuntimeError("filling the topic took so long that Kafka considers the workers dead")
        with measured_cpu(product.pids) as used:
            began = time.monotonic()
            for worker in workers:
                worker.send_signal(signal.SIGCONT)
            await eventually(done, within=TIMEOUT_S)
            took = time.monotonic() - began
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGCONT)
        await producer.stop()
        await database.close()
    return len(records) / took, cpu_shares(used, took)


async def _until_shared(kafka: str, group: str, members: int) -> None:
    """Return when the group has so many members and is stable."""
    admin = new_admin(kafka)
    await admin.start()
    try:

        async def shared() -> bool:
            (answer,) = await admin.describe_consumer_groups([group])
            _, _, state, _, _, found, *_ = answer.groups[0]  # type: ignore[attr-defined]
            return bool(state == "Stable") and len(found) == members

        await eventually(shared, within=60)
    finally:
        await admin.close()


async def _fill(producer: AIOKafkaProducer, topic: str, records: Sequence[Record]) -> None:
    """Publish as fast as the broker accepts: batches as large as they may be."""
    sent, filling = [], {number: producer.create_batch() for number in range(PARTITIONS)}

    async def send(batch: BatchBuilder, partition: int) -> None:
        sent.append(await producer.send_batch(batch, topic, partition=partition))

    for key, value in records:
        partition = partition_of(key, PARTITIONS)
        if filling[partition].append(key=key, value=value, timestamp=None) is None:
            await send(filling[partition], partition)
            filling[partition] = producer.create_batch()
            filling[partition].append(key=key, value=value, timestamp=None)
    for partition, batch in filling.items():
        await send(batch, partition)
    await asyncio.gather(*sent)


async def _go_live(product: RunningProduct) -> None:
    database = product.databases["dispatcher"]
    await create_example_survey(
        database, TENANT, test_address=None, first_day_per_hour=0, delay_minutes=SURVEY_DELAY_MINUTES
    )
    async with database.transaction() as uow:
        await sending_commands.set_mode(uow, TENANT, an_actor("bench"), "live")
        await write_at_any_time(uow, TENANT)
