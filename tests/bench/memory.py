"""What each process holds after ten thousand events, and after a million."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
from bench.figures import Figure, say
from bench.ground import Ground
from bench.scorer import TENANT
from bench.stand import KEY, Stand, a_stand
from bench.trigger import an_event
from support.eventually import eventually

from deploy.local.state import SERVICES
from services.dispatcher.command import create_example_survey

EVENTS, FEW = 1_000_000, 10_000
BATCH = 500
SENDERS = 2
ANSWERED = 10
"""One of so many events brings an answer with it: imported, as a live one is written by the same statements."""
MOST, FLAT = 150.0, 1.1
PATIENCE = 600.0
READ = {
    "dispatcher": "/v1/decisions?event_id=e-1",
    "collector": "/v1/answers?limit=50",
    "scorer": "/v1/segments?limit=50",
    "alerts": "/v1/cases?limit=50",
}
"""What somebody reads at each door, once for each batch."""


async def memory(ground: Ground) -> list[Figure]:
    """Every service, its API and its worker each a process of its own."""
    many, few = ground.size(EVENTS), min(ground.size(EVENTS) // 5, FEW)
    programs = [f"{service} {role}" for service in SERVICES for role in ("api", "worker")]
    async with a_stand(ground, *programs, prepare=_survey) as stand:
        await _live(stand, 0, few)
        before = await _resident(stand)
        say(f"  after {few:,}: {before}")
        await _live(stand, few, many)
        after = await _resident(stand)
        say(f"  after {many:,}: {after}")
    return [
        Figure(f"memory_{name.replace(' ', '_')}", f"memory, {name}", "MB", [after[name]],
               f"after {few:,} events", [before[name]], flat=FLAT, most=MOST, size=f"{many:,} events")
        for name in programs
    ]  # fmt: skip


async def _survey(stand: Stand) -> None:
    """Of another type of event: every event is decided, nobody is asked, and so no mail server is needed."""
    await create_example_survey(
        stand.databases["dispatcher"], TENANT, test_address=None, trigger="case.closed"
    )


async def _live(stand: Stand, first: int, last: int) -> None:
    """Post the events of these numbers and their answers, read a little, and wait until all are worked off."""
    numbers = iter(range(first, last, BATCH))

    async def send_on() -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            for number in numbers:
                await _post(stand, client, "trigger", "/v1/events", stand.key, _events(number, last))
                await _post(stand, client, "collector", "/v1/answers/import", KEY, _answers(number, last))
                for service, path in READ.items():
                    await _get(stand, client, service, path)

    await asyncio.gather(*(send_on() for _ in range(SENDERS)))
    decided = "SELECT count(*) FROM decision"
    await _until(stand, "dispatcher", decided, last)
    for service in ("scorer", "alerts"):
        await _until(stand, service, "SELECT count(*) FROM answer", last // ANSWERED)


def _events(number: int, last: int) -> Any:
    return [an_event(one) | {"id": f"e-{one}"} for one in range(number, min(number + BATCH, last))]


def _answers(number: int, last: int) -> Any:
    at = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    return {
        "answers": [
            {
                "id": f"a-{one}",
                "score": one // ANSWERED % 11,
                "answered_at": at,
                "comment": "It came a day late, but the table is lovely.",
                "customer": f"c-{one}",
                "segments": {"touchpoint": "checkout", "store": f"store-{one // ANSWERED % 40}"},
                "organisation": ["north", "sales"],
            }
            for one in range(number, min(number + BATCH, last))
            if one % ANSWERED == 0
        ]
    }


async def _post(
    stand: Stand, client: httpx.AsyncClient, service: str, path: str, key: str, body: Any
) -> None:
    address = f"{stand.origins[f'{service} api']}{path}"
    (await client.post(address, json=body, headers=_key(key))).raise_for_status()


async def _get(stand: Stand, client: httpx.AsyncClient, service: str, path: str) -> None:
    (await client.get(f"{stand.origins[f'{service} api']}{path}", headers=_key(KEY))).raise_for_status()


def _key(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


async def _until(stand: Stand, service: str, count: str, wanted: int) -> None:
    """Wait until the service's database has so many."""
    database = await asyncpg.connect(stand.databases[service].url.replace("+asyncpg", ""))
    try:

        async def done() -> bool:
            return bool(await database.fetchval(count) >= wanted)

        await eventually(done, within=PATIENCE)
    finally:
        await database.close()


async def _resident(stand: Stand) -> dict[str, float]:
    """Of each program the memory that it holds now, in MB."""
    pids = {str(process.pid): name for name, process in stand.processes.items()}
    ps = await asyncio.create_subprocess_exec(
        "ps", "-o", "pid=,rss=", "-p", ",".join(pids), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await ps.communicate()
    rows = (line.split() for line in output.decode().splitlines())
    return {pids[pid]: round(int(kilobytes) / 1024, 1) for pid, kilobytes in rows}
