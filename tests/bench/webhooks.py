"""Webhooks: messages to fifty endpoints of which three are slow and two dead, against the others alone."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import msgspec
from bench.results import Result, interleaved
from bench.servers import Servers
from support.http_clients import SECRET, context_on

from services.alerts.app import SERVICE
from services.alerts.webhooks.contents import answer_content
from services.alerts.webhooks.lanes import WebhookLanes
from services.alerts.webhooks.repository import deliveries
from services.alerts.webhooks.repository.deliveries import QueuedMessage
from services.alerts.webhooks.webhook_commands import WebhookWanted, make
from shared.clock import system_clock
from shared.db.database import Database
from shared.events import Answer
from shared.ids import uuid7
from shared.outbound.address_guard import AddressGuard
from shared.privacy.audit import AuditActor

MESSAGES_PER_ENDPOINT = 500
GOOD, SLOW, DEAD = 45, 3, 2
TENANT = "havnbo"
NETWORKS = "127.0.0.0/8"
COUNT_WAITING = """
    SELECT count(*) FROM webhook_delivery d
    JOIN webhook w ON w.tenant = d.tenant AND w.id = d.webhook_id
    WHERE w.name = 'good' AND d.state = 'waiting'
"""


async def sending(servers: Servers) -> list[Result]:
    """One process sends; the endpoints are another one's."""
    count = servers.size(MESSAGES_PER_ENDPOINT)
    async with _a_sink() as port:

        async def with_bad_ones() -> float:
            return await _send(servers, port, count, slow=SLOW, dead=DEAD)

        async def alone() -> float:
            return await _send(servers, port, count, slow=0, dead=0)

        found = await interleaved(servers.rounds, {"ours": with_bad_ones, "bare": alone})
    return [
        Result(
            "webhooks", "webhooks, 50 endpoints of which 3 are slow and 2 dead", "messages/s", found["ours"],
            "the 45 others alone", found["bare"], min_ratio=0.9, min_value=1_000,
            size=f"{GOOD * count:,} messages", note="one process signs, sends in order and records",
        )
    ]  # fmt: skip


@asynccontextmanager
async def _a_sink() -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.webhook_sink", stdout=asyncio.subprocess.PIPE
    )
    try:
        if process.stdout is None:
            raise RuntimeError("the endpoints have no output")
        yield int(await process.stdout.readline())
    finally:
        process.terminate()
        await process.wait()


async def _send(servers: Servers, port: int, count: int, *, slow: int, dead: int) -> float:
    """Messages a second to the good endpoints, from the start of the loop until they have taken all."""
    async with servers.database("alerts") as database:
        urls = {"good": f"http://127.0.0.1:{port}/good", "slow": f"http://127.0.0.1:{port}/slow"}
        kinds = ["good"] * GOOD + ["slow"] * slow + ["dead"] * dead
        await _queue(database, [(kind, urls.get(kind, "http://127.0.0.1:1/dead")) for kind in kinds], count)
        context = context_on(SERVICE, database, outbound_networks=NETWORKS)
        stopping = asyncio.Event()
        began = time.monotonic()
        task = asyncio.create_task(WebhookLanes(context).run(stopping))
        while not task.done() and await _is_waiting(database):  # noqa: ASYNC110  (other tasks do it)
            await asyncio.sleep(0.1)
        seconds = time.monotonic() - began
        stopping.set()
        await task
    return GOOD * count / seconds


async def _is_waiting(database: Database) -> bool:
    async with database.reading() as uow:
        return bool((await uow.execute(COUNT_WAITING)).scalar_one())


async def _queue(database: Database, endpoints: list[tuple[str, str]], count: int) -> None:
    guard, who = AddressGuard.of(NETWORKS), AuditActor("command_line", None, "bench")
    ids: list[UUID] = []
    async with database.transaction() as uow:
        for kind, url in endpoints:
            wanted = WebhookWanted(name=kind, url=url, types=("answer.changed",))
            webhook, _ = await make(uow, SECRET, guard, TENANT, uuid7(), wanted, who=who)
            ids.append(webhook.id)
    now = system_clock()
    answer = Answer(
        id=uuid7(),
        version=1,
        state="sent",
        origin="survey",
        score=4,
        comment="It came a week late, and nobody told me.",
        customer_id="c-17",
        touchpoint="checkout",
        segments={"touchpoint": "checkout"},
        answered_at=now,
        changed_at=now,
    )
    for version in range(count):
        content = answer_content(TENANT, msgspec.structs.replace(answer, version=version))
        if content is None:
            raise RuntimeError("an answer of a customer has a message")
        parts = (content.message_id, content.type, content.about, "", None, content.body(), False)
        async with database.transaction() as uow:
            await deliveries.queue(uow, [QueuedMessage(TENANT, each, *parts) for each in ids])
