"""The trigger's door, in a process of its own with keys and validation on, against doors that do neither."""

import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
from bench import bare_door
from bench.figures import Figure, interleaved
from bench.ground import Ground, new_topics, send_portion
from bench.load import post_for, request
from bench.stand import serving
from support.topics import PARTITIONS

from deploy.local.state import environment, free_ports
from deploy.local.supervise import AFTERWORD
from services.trigger import tenants
from shared.events import TRANSACTIONS
from shared.kafka.kernel.clients import new_producer

SECONDS = 8.0
CONNECTIONS = 32
BATCH, BATCH_CONNECTIONS = 500, 4
BODIES = 2_000


def an_event(number: int) -> dict[str, Any]:
    """What a shop's back-end sends: about 500 bytes."""
    return {
        "id": f"order-{number}",
        "type": "order.delivered",
        "occurred_at": datetime.now(UTC).isoformat(),
        "customer": {
            "id": f"c-{number % 5_000}",
            "email": f"customer{number % 5_000}@example.com",
            "phone": "+45 12 34 56 78",
            "name": "Astrid Nørgaard",
            "locale": "da-DK",
            "country": "DK",
        },
        "segments": {"touchpoint": "checkout", "store": f"store-{number % 40}"},
        "organisation": ["north", "sales", f"team-{number % 9}"],
        "attributes": {"order": number, "amount": 129.5, "currency": "DKK", "lines": ["chair", "table"]},
    }


async def single_events(ground: Ground) -> list[Figure]:
    """One event a request, by 32 connections."""
    seconds = max(2.0, SECONDS * min(ground.scale, 1))
    bodies = [msgspec.json.encode(an_event(number)) for number in range(BODIES)]
    async with _doors(ground) as (ours, key, bare):
        sides = {
            "trigger": _poster(seconds, ours, "/v1/events", bodies, authorization=f"Bearer {key}"),
            "bare": _poster(seconds, bare, "/events", bodies),
            "raw": _poster(seconds, bare, "/raw", bodies),
        }
        found = await interleaved(ground.rounds, sides, warmed=True)
    size = f"{CONNECTIONS} connections, {seconds:g} s a round"
    return [
        Figure("trigger", "trigger, single events", "events/s", found["trigger"],
               "bare FastAPI + aiokafka, JSON read", found["bare"], least=0.85, size=size),
        Figure("trigger_raw", "trigger, single events", "events/s", found["trigger"],
               "the same, body not even read", found["raw"], size=size),
    ]  # fmt: skip


async def batches(ground: Ground) -> list[Figure]:
    """500 events a request, against a loop in our own process that has no HTTP at all."""
    seconds = max(2.0, SECONDS * min(ground.scale, 1))
    bodies = [
        msgspec.json.encode([an_event(batch * BATCH + number) for number in range(BATCH)])
        for batch in range(8)
    ]
    producer = new_producer(ground.state.kafka, "bench")
    async with _doors(ground) as (ours, key, _):
        await producer.start()
        posted = _poster(
            seconds, ours, "/v1/events", bodies, BATCH_CONNECTIONS, authorization=f"Bearer {key}"
        )

        async def through_the_door() -> float:
            return BATCH * await posted()

        async def bare() -> float:
            done, began = 0, time.monotonic()
            while time.monotonic() < began + seconds:
                await _loop_once(producer, bodies[done % len(bodies)])
                done += 1
            return BATCH * done / (time.monotonic() - began)

        try:
            found = await interleaved(ground.rounds, {"trigger": through_the_door, "loop": bare}, warmed=True)
        finally:
            await producer.stop()
    return [
        Figure("trigger_batches", "trigger, batches of 500", "events/s", found["trigger"],
               "bare loop of decode and send_batch, no HTTP", found["loop"], least=0.3,
               size=f"{BATCH_CONNECTIONS} connections, {seconds:g} s a round"),
    ]  # fmt: skip


async def _loop_once(producer: Any, body: bytes) -> None:
    """Decode, encode each, send, wait: what the job costs without HTTP, keys and checks."""
    records = [
        (event["customer"]["id"].encode(), msgspec.json.encode(event)) for event in msgspec.json.decode(body)
    ]
    await send_portion(producer, bare_door.TOPIC, records, PARTITIONS)


def _poster(
    seconds: float,
    origin: str,
    path: str,
    bodies: list[bytes],
    connections: int = CONNECTIONS,
    **headers: str,
) -> Any:
    requests = [request(origin, path, body, **headers) for body in bodies]

    async def side() -> float:
        return await post_for(seconds, origin, requests, connections)

    return side


@asynccontextmanager
async def _doors(ground: Ground) -> AsyncIterator[tuple[str, str, str]]:
    """The trigger's API and the bare one, each ready; the first with a key."""
    await new_topics(ground.state.kafka, TRANSACTIONS.name, bare_door.TOPIC)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(ground.database("trigger"))
        await tenants.create_tenant(database, "havnbo", name="Havnbo", time_zone="Europe/Copenhagen")
        key = await tenants.create_key(database, "havnbo", ["events:write"], name="shop")
        settings = {
            **environment(ground.state),
            "AFTERWORD_LOG": "json",
            "TRIGGER_DATABASE_URL": database.url,
        }
        port, bare_port = free_ports(2)
        await stack.enter_async_context(
            serving(port, settings, str(AFTERWORD), "run", "trigger", "api", "--port", str(port))
        )
        await stack.enter_async_context(
            serving(bare_port, settings, sys.executable, "-m", "bench.bare_door", str(bare_port))
        )
        yield f"http://127.0.0.1:{port}", key, f"http://127.0.0.1:{bare_port}"
