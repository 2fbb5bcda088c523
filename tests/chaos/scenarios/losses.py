"""Losses: topics that are created again, databases that are restored from an older backup."""

import asyncio
import contextlib
from collections.abc import Sequence

import httpx
from aiokafka import ConsumerRecord
from chaos import backups, topics
from chaos.arena import Arena, Scenario
from chaos.operator import Sign
from chaos.processes import Process
from chaos.stack import CONSUMING_SERVICES, Stack

from deploy.local.state import SERVICES
from shared.kafka.kernel.clients import new_admin, new_producer, stop_producer
from shared.kafka.kernel.record_batches import RecordBatches

GROWN_TOPICS = ("transactions.v1", "answers.v1", "invitations.v1", "cases.v1")
"""Put back twice over: they end far beyond the old positions."""
EMPTIED_TOPICS = {"tenants.v1": "trigger", "surveys.v1": "dispatcher", "sending.v1": "dispatcher"}
"""Left empty until their owners publish again what they hold."""
REFUSAL_TIMEOUT_S = 60.0
Records = Sequence[ConsumerRecord[bytes | None, bytes | None]]


async def topics_created_again(arena: Arena) -> None:
    """At a random moment, with records unread and outboxes full."""
    stack = arena.stack
    arena.ready.set()
    await asyncio.sleep(arena.chance.uniform(2, 5))
    await stack.stop_ours()
    kept = {topic: await topics.records(stack.kafka, [topic], {}) for topic in GROWN_TOPICS}
    await _delete(stack, [*GROWN_TOPICS, *EMPTIED_TOPICS])
    await stack.run("topics", "apply")
    for records in kept.values():
        for _ in range(2):
            await _put_back(stack, records)
    grown = {service: await _read_of(stack, service, GROWN_TOPICS) for service in CONSUMING_SERVICES}
    await asyncio.gather(
        *(_refused(arena, stack.add_worker(service), grown[service]) for service in CONSUMING_SERVICES)
    )
    await asyncio.gather(*(stack.remove(service) for service in CONSUMING_SERVICES))
    for output in await asyncio.gather(*(stack.run("recover", service, "--yes") for service in SERVICES)):
        arena.injected += output.count("read from its oldest offset")
    await asyncio.gather(
        *(stack.run("recover", owner, "--say-again", "--yes") for owner in set(EMPTIED_TOPICS.values()))
    )
    await stack.start_ours()


async def nothing_left_to_recover(arena: Arena) -> None:
    """A second check finds nothing to recover."""
    looks = await asyncio.gather(*(arena.stack.run("recover", service) for service in SERVICES))
    for service, output in zip(SERVICES, looks, strict=True):
        if "nothing to do" not in output:
            arena.faults.append(f"wrong: {service} is not recovered: {output}")


async def databases_restored(arena: Arena) -> None:
    """One of them at first, later all at once, from the same backup of the very beginning."""
    stack = arena.stack
    arena.ready.set()
    await asyncio.sleep(arena.chance.uniform(1, 3))
    files = dict(
        zip(SERVICES, await asyncio.gather(*(backups.dump(stack, name) for name in SERVICES)), strict=True)
    )
    for lost in ([arena.chance.choice(CONSUMING_SERVICES)], list(SERVICES)):
        await asyncio.sleep(arena.chance.uniform(2, 5))
        for api in stack.apis:
            await stack.remove(api.name)
        # What an outbox still holds is lost with its database, so it is published before.
        await asyncio.gather(*(until_emptied(stack, service) for service in lost))
        await asyncio.gather(*(stack.remove(service) for service in lost))
        for service in lost:
            await backups.restore(stack, service, files[service])
        # These have certainly published something since the backup.
        alarmed = [service for service in lost if service in ("dispatcher", "collector")]
        await asyncio.gather(*(_refused(arena, stack.add_worker(service)) for service in alarmed))
        await asyncio.gather(*(stack.remove(service) for service in alarmed))
        await asyncio.gather(*(stack.run("recover", service, "--restored", "--yes") for service in lost))
        arena.injected += len(lost)
        for service in lost:
            stack.add_worker(service)
        stack.add_api()
        await stack.until_ready(*stack.ours)


async def _refused(arena: Arena, worker: Process, grown: Sequence[str] = ()) -> None:
    """The worker refuses to work, these topics included, and tells what to do."""
    end = asyncio.get_running_loop().time() + REFUSAL_TIMEOUT_S
    output = ""
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        while "see afterword recover" not in output or any(f"{topic}/" not in output for topic in grown):
            if asyncio.get_running_loop().time() > end:
                arena.faults.append(f"wrong: {worker.name} is not refused, but says {output}")
                return
            with contextlib.suppress(httpx.TransportError):
                output = (await client.get(f"http://127.0.0.1:{worker.port}/readyz")).text
            await asyncio.sleep(0.3)
    # It stays so until an operator acts, whom the metrics have output.
    await arena.operator.next_poll()


async def _read_of(stack: Stack, service: str, names: Sequence[str]) -> list[str]:
    """Those of these topics of which the service has read something."""
    async with stack.connection(service) as database:
        rows = await database.fetch("SELECT DISTINCT topic FROM position WHERE next_offset > 0")
    return [row["topic"] for row in rows if row["topic"] in names]


async def until_emptied(stack: Stack, service: str) -> None:
    """Return when all that the service has published is on its topics."""
    async with asyncio.timeout(60), stack.connection(service) as database:
        while await database.fetchval("SELECT count(*) FROM outbox"):  # noqa: ASYNC110  (another process does it)
            await asyncio.sleep(0.1)


async def _delete(stack: Stack, names: Sequence[str]) -> None:
    admin = new_admin(stack.kafka)
    await admin.start()
    try:
        await admin.delete_topics(list(names))
        while set(names) & set(await admin.list_topics()):  # noqa: ASYNC110  (the broker does it)
            await asyncio.sleep(0.2)
    finally:
        await admin.close()


async def _put_back(stack: Stack, records: Records) -> None:
    """Each partition in its order, so that the same offsets hold the same records."""
    producer = new_producer(stack.kafka, "chaos")
    await producer.start()
    try:
        for first in range(0, len(records), 5_000):
            batches = RecordBatches(producer)
            for record in records[first : first + 5_000]:
                headers = list(record.headers)
                batches.append(record.topic, record.partition, record.key, record.value, headers)
            await batches.send()
    finally:
        await stop_producer(producer)


SCENARIOS = (
    Scenario(
        "topics",
        "six topics deleted, created again: empty, or grown past the old positions; recover",
        topics_created_again,
        (Sign("afterword_stuck_partitions", labels={"why": "refused"}),),
        after=nothing_left_to_recover,
    ),
    Scenario(
        "backup",
        "databases lost and restored from an older backup; recover",
        databases_restored,
        (Sign("afterword_forgotten_rows"),),
        unknown=True,
        after=nothing_left_to_recover,
    ),
)
