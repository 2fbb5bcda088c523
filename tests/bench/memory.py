"""The memory of each process after ten thousand events, and after a million."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
from bench.product import API_KEY, RunningProduct, running_product
from bench.results import Result, print_progress
from bench.scorer import TENANT
from bench.servers import Servers
from bench.trigger import an_event
from support.eventually import eventually

from deploy.local.state import SERVICES
from services.dispatcher.command import create_example_survey

MANY_EVENTS, FEW_EVENTS = 1_000_000, 10_000
BATCH_SIZE = 500
SENDER_COUNT = 2
EVENTS_PER_ANSWER = 10
"""One of so many events has an answer, which is imported: a live one is written by the same statements."""
MAX_MB, MAX_RATIO = 150.0, 1.1
TIMEOUT_S = 600.0
READ_PATHS = {
    "dispatcher": "/v1/decisions?event_id=e-1",
    "collector": "/v1/answers?limit=50",
    "scorer": "/v1/segments?limit=50",
    "alerts": "/v1/cases?limit=50",
}
"""What is read from each API, once for each batch."""


async def memory(servers: Servers) -> list[Result]:
    """Of every service, the API and the worker each in a process of its own."""
    many, few = servers.size(MANY_EVENTS), min(servers.size(MANY_EVENTS) // 5, FEW_EVENTS)
    programs = [f"{service} {role}" for service in SERVICES for role in ("api", "worker")]
    async with running_product(servers, *programs, prepare=_create_survey) as product:
        await _post_and_wait(product, 0, few)
        before = await _resident(product)
        print_progress(f"  after {few:,}: {before}")
        await _post_and_wait(product, few, many)
        after = await _resident(product)
        print_progress(f"  after {many:,}: {after}")
    return [
        Result(f"memory_{name.replace(' ', '_')}", f"memory, {name}", "MB", [after[name]],
               f"after {few:,} events", [before[name]], max_ratio=MAX_RATIO, max_value=MAX_MB, size=f"{many:,} events")
        for name in programs
    ]  # fmt: skip


async def _create_survey(product: RunningProduct) -> None:
    """Create a survey for another type of event: every event is decided and nobody is asked, so no mail is sent."""
    await create_example_survey(
        product.databases["dispatcher"], TENANT, test_address=None, trigger="case.closed"
    )


async def _post_and_wait(product: RunningProduct, first: int, last: int) -> None:
    """Post the events of these numbers and their answers, read a little, and wait until all are handled."""
    numbers = iter(range(first, last, BATCH_SIZE))

    async def send_on() -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            for number in numbers:
                await _post(product, client, "trigger", "/v1/events", product.key, _events(number, last))
                await _post(
                    product, client, "collector", "/v1/answers/import", API_KEY, _answers(number, last)
                )
                for service, path in READ_PATHS.items():
                    await _get(product, client, service, path)

    await asyncio.gather(*(send_on() for _ in range(SENDER_COUNT)))
    decided = "SELECT count(*) FROM decision"
    await _until(product, "dispatcher", decided, last)
    for service in ("scorer", "alerts"):
        await _until(product, service, "SELECT count(*) FROM answer", last // EVENTS_PER_ANSWER)


def _events(number: int, last: int) -> Any:
    return [an_event(one) | {"id": f"e-{one}"} for one in range(number, min(number + BATCH_SIZE, last))]


def _answers(number: int, last: int) -> Any:
    at = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    return {
        "answers": [
            {
                "id": f"a-{one}",
                "score": one // EVENTS_PER_ANSWER % 11,
                "answered_at": at,
                "comment": "It came a day late, but the table is lovely.",
                "customer": f"c-{one}",
                "segments": {"touchpoint": "checkout", "store": f"store-{one // EVENTS_PER_ANSWER % 40}"},
                "organisation": ["north", "sales"],
            }
            for one in range(number, min(number + BATCH_SIZE, last))
            if one % EVENTS_PER_ANSWER == 0
        ]
    }


async def _post(
    product: RunningProduct, client: httpx.AsyncClient, service: str, path: str, key: str, body: Any
) -> None:
    address = f"{product.origins[f'{service} api']}{path}"
    (await client.post(address, json=body, headers=_key(key))).raise_for_status()


async def _get(product: RunningProduct, client: httpx.AsyncClient, service: str, path: str) -> None:
    (await client.get(f"{product.origins[f'{service} api']}{path}", headers=_key(API_KEY))).raise_for_status()


def _key(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


async def _until(product: RunningProduct, service: str, count: str, wanted: int) -> None:
    """Wait until the count in the service's database is reached."""
    database = await asyncpg.connect(product.databases[service].url.replace("+asyncpg", ""))
    try:

        async def done() -> bool:
            return bool(await database.fetchval(count) >= wanted)

        await eventually(done, within=TIMEOUT_S)
    finally:
        await database.close()


async def _resident(product: RunningProduct) -> dict[str, float]:
    """The resident memory of each process now, in MB."""
    pids = {str(process.pid): name for name, process in product.processes.items()}
    ps = await asyncio.create_subprocess_exec(
        "ps", "-o", "pid=,rss=", "-p", ",".join(pids), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await ps.communicate()
    rows = (line.split() for line in output.decode().splitlines())
    return {pids[pid]: round(int(kilobytes) / 1024, 1) for pid, kilobytes in rows}
