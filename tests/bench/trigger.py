"""The trigger's API in a process of its own, keys and checks on, against APIs without either."""

import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
from bench import bare_api
from bench.closed_loop import post_for, request
from bench.product import running_process
from bench.results import Result, interleaved
from bench.servers import Servers, new_topics, send_portion
from support.topics import PARTITIONS

from deploy.local.state import environment, free_ports
from deploy.local.supervise import AFTERWORD
from services.trigger import tenants
from shared.events import TRANSACTIONS
from shared.kafka.kernel.clients import new_producer

ROUND_S = 8.0
CONNECTION_COUNT = 32
BATCH_SIZE, BATCH_CONNECTIONS = 500, 4
BODY_COUNT = 2_000


def an_event(number: int) -> dict[str, Any]:
    """An event as a shop's back-end sends it: about 500 bytes."""
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


async def single_events(servers: Servers) -> list[Result]:
    """One event a request, on 32 connections."""
    seconds = max(2.0, ROUND_S * min(servers.scale, 1))
    bodies = [msgspec.json.encode(an_event(number)) for number in range(BODY_COUNT)]
    async with _apis(servers) as (ours, key, bare):
        sides = {
            "trigger": _poster(seconds, ours, "/v1/events", bodies, authorization=f"Bearer {key}"),
            "bare": _poster(seconds, bare, "/events", bodies),
            "raw": _poster(seconds, bare, "/raw", bodies),
        }
        found = await interleaved(servers.rounds, sides, warmed=True)
    size = f"{CONNECTION_COUNT} connections, {seconds:g} s a round"
    return [
        Result("trigger", "trigger, single events", "events/s", found["trigger"],
               "bare FastAPI + aiokafka, JSON read", found["bare"], min_ratio=0.85, size=size),
        Result("trigger_raw", "trigger, single events", "events/s", found["trigger"],
               "the same, body not even read", found["raw"], size=size),
    ]  # fmt: skip


async def batches(servers: Servers) -> list[Result]:
    """500 events a request, against a loop in this process without HTTP."""
    seconds = max(2.0, ROUND_S * min(servers.scale, 1))
    bodies = [
        msgspec.json.encode([an_event(batch * BATCH_SIZE + number) for number in range(BATCH_SIZE)])
        for batch in range(8)
    ]
    producer = new_producer(servers.state.kafka, "bench")
    async with _apis(servers) as (ours, key, _):
        await producer.start()
        posted = _poster(
            seconds, ours, "/v1/events", bodies, BATCH_CONNECTIONS, authorization=f"Bearer {key}"
        )

        async def through_the_api() -> float:
            rate: float = await posted()
            return BATCH_SIZE * rate

        async def bare() -> float:
            done, began = 0, time.monotonic()
            while time.monotonic() < began + seconds:
                await _loop_once(producer, bodies[done % len(bodies)])
                done += 1
            return BATCH_SIZE * done / (time.monotonic() - began)

        try:
            found = await interleaved(servers.rounds, {"trigger": through_the_api, "loop": bare}, warmed=True)
        finally:
            await producer.stop()
    return [
        Result("trigger_batches", "trigger, batches of 500", "events/s", found["trigger"],
               "bare loop of decode and send_batch, no HTTP", found["loop"], min_ratio=0.3,
               size=f"{BATCH_CONNECTIONS} connections, {seconds:g} s a round"),
    ]  # fmt: skip


async def _loop_once(producer: Any, body: bytes) -> None:
    """Decode, encode each, send, wait: the cost of the job without HTTP, keys and checks."""
    records = [
        (event["customer"]["id"].encode(), msgspec.json.encode(event)) for event in msgspec.json.decode(body)
    ]
    await send_portion(producer, bare_api.TOPIC, records, PARTITIONS)


def _poster(
    seconds: float,
    origin: str,
    path: str,
    bodies: list[bytes],
    connections: int = CONNECTION_COUNT,
    **headers: str,
) -> Any:
    requests = [request(origin, path, body, **headers) for body in bodies]

    async def side() -> float:
        return await post_for(seconds, origin, requests, connections)

    return side


@asynccontextmanager
async def _apis(servers: Servers) -> AsyncIterator[tuple[str, str, str]]:
    """The origin of the trigger's API, a key for it, and the origin of the bare API; both are ready."""
    await new_topics(servers.state.kafka, TRANSACTIONS.name, bare_api.TOPIC)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(servers.database("trigger"))
        await tenants.create_tenant(database, "havnbo", name="Havnbo", time_zone="Europe/Copenhagen")
        key = await tenants.create_key(database, "havnbo", ["events:write"], name="shop")
        settings = {
            **environment(servers.state),
            "AFTERWORD_LOG": "json",
            "TRIGGER_DATABASE_URL": database.url,
        }
        port, bare_port = free_ports(2)
        await stack.enter_async_context(
            running_process(port, settings, str(AFTERWORD), "run", "trigger", "api", "--port", str(port))
        )
        await stack.enter_async_context(
            running_process(bare_port, settings, sys.executable, "-m", "bench.bare_api", str(bare_port))
        )
        yield f"http://127.0.0.1:{port}", key, f"http://127.0.0.1:{bare_port}"
