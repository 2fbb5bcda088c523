"""Two workers of a service instead of one, each a process of its own, catching up on the same records."""

import asyncio
import signal
import time
from collections.abc import Sequence
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder
from bench.dispatcher import events
from bench.figures import Figure, Side, interleaved
from bench.ground import Ground, Record
from bench.processors import counting, shares
from bench.scorer import TENANT, answers
from bench.stand import Stand, a_stand
from support.eventually import eventually
from support.topics import PARTITIONS

from services.dispatcher.command import create_example_survey
from services.dispatcher.sending import sending_commands
from shared.events import ANSWERS, TRANSACTIONS, Topic
from shared.kafka.kernel.clients import new_admin, new_producer, partition_of

RECORDS = 100_000
LEAST = 1.3
LATER = 24 * 60
"""Minutes after which the survey asks: nobody sends while we measure."""
PATIENCE = 300.0
LONGEST_FREEZE = 8.0
"""Seconds; Kafka takes a worker that is silent for ten for dead."""


async def two_instead_of_one(ground: Ground) -> list[Figure]:
    """Scorer and dispatcher."""
    count = ground.size(RECORDS)
    return [
        await _compare(ground, "scorer", ANSWERS, answers(count), "answers/s"),
        await _compare(ground, "dispatcher", TRANSACTIONS, events(count), "events/s"),
    ]


async def _compare(
    ground: Ground, service: str, topic: Topic[Any], records: Sequence[Record], unit: str
) -> Figure:
    told: dict[int, str] = {}

    def side(workers: int) -> Side:
        async def catch_up() -> float:
            programs = [f"{service} worker {number + 1}" for number in range(workers)]
            async with a_stand(ground, *programs, prepare=_go_live) as stand:
                rate, told[workers] = await _catch_up(stand, service, topic, records)
                return rate

        return catch_up

    found = await interleaved(ground.rounds, {"two": side(2), "one": side(1)})
    return Figure(f"{service}_workers", f"{service}, 2 workers", unit, found["two"], "1 worker", found["one"],
                  least=LEAST, size=f"{len(records):,} {unit.partition('/')[0]}",
                  note=f"of a core, with 2 workers: {told[2]}; with 1: {told[1]}")  # fmt: skip


async def _catch_up(
    stand: Stand, service: str, topic: Topic[Any], records: Sequence[Record]
) -> tuple[float, str]:
    """Records a second, from the moment in which every worker has its partitions and all there is to read,
    to the last commit; and who used the processor meanwhile.
    """
    kafka, workers = stand.ground.state.kafka, list(stand.processes.values())
    database = await asyncpg.connect(stand.databases[service].url.replace("+asyncpg", ""))
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
        if time.monotonic() > frozen + LONGEST_FREEZE:
            raise RuntimeError("filling the topic took so long that the workers are taken for dead")
        with counting(stand.pids) as used:
            began = time.monotonic()
            for worker in workers:
                worker.send_signal(signal.SIGCONT)
            await eventually(done, within=PATIENCE)
            took = time.monotonic() - began
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGCONT)
        await producer.stop()
        await database.close()
    return len(records) / took, shares(used, took)


async def _until_shared(kafka: str, group: str, members: int) -> None:
    """Return when so many members have divided the topic among them."""
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
    """As fast as the broker takes them: batches as large as they may be."""
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


async def _go_live(stand: Stand) -> None:
    database = stand.databases["dispatcher"]
    await create_example_survey(database, TENANT, test_address=None, delay_minutes=LATER)
    async with database.transaction() as uow:
        await sending_commands.set_mode(uow, TENANT, "bench", "live")
