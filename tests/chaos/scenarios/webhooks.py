"""Webhooks: four endpoints, one slow and one failing now and then, while their senders are killed."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from random import Random

from chaos.arena import Arena, Scenario
from chaos.scenarios.processes import RESTARTED
from support.webhook_receiver import Answering, Received, Receiver, Reply, a_receiver

from services.alerts.webhooks.domain import MessageType
from services.alerts.webhooks.webhook_commands import WebhookWanted, make
from shared.db.database import Database
from shared.ids import uuid7
from shared.outbound.address_guard import AddressGuard
from shared.privacy.audit import AuditActor

MIN_KILLS = 6
FAULT_SHARE = 0.01
SETTLE_TIMEOUT_S = 300.0
TYPES: tuple[MessageType, ...] = ("answer.changed", "case.changed")
DECISIONS_PATH = "/decisions"
TYPES_BY_PATH: dict[str, tuple[MessageType, ...]] = {
    "/good": TYPES,
    "/slow": TYPES,
    "/faulty": TYPES,
    DECISIONS_PATH: ("decision.made",),
}
HEARD_AFTER = timedelta(seconds=5)
"""Batches that were under way when the dispatcher heard that decisions are told have ended by then."""
WHO = AuditActor("command_line", None, "chaos")
READ_MESSAGES = """
    SELECT w.name, d.message_id, d.state FROM webhook_delivery d
    JOIN webhook w ON w.tenant = d.tenant AND w.id = d.webhook_id
    WHERE d.tenant = $1
"""

READ_DECISIONS = """
    SELECT event_id FROM decision WHERE tenant = $1 AND decided_at > $2
"""
READ_HEADS = """
    SELECT DISTINCT ON (w.name) w.name, w.state, w.lease_until, d.attempts, d.status, d.fault, d.next_at, now()
    FROM webhook_delivery d
    JOIN webhook w ON w.tenant = d.tenant AND w.id = d.webhook_id
    WHERE d.tenant = $1 AND d.state = 'waiting'
    ORDER BY w.name, d.seq
"""


async def webhooks_served(arena: Arena) -> None:
    """Two workers of alerts send; at each moment one of them is killed."""
    stack = arena.stack
    second = stack.add_worker("alerts", 2)
    await second.until_ready()
    async with a_receiver() as receiver:
        receiver.answer = _answering(arena.chance)
        await _make_webhooks(arena, receiver)
        async for _ in arena.moments(0.5, 2.5, at_least=MIN_KILLS):
            process = arena.chance.choice([one for one in stack.workers if one.name.startswith("alerts")])
            await process.until_ready()
            arena.injected += process.kill()
        await stack.until_ready(*stack.ours)
        await _until_sent(arena)
        await _judge(arena, receiver)
    await stack.remove(second.name)


def _answering(chance: Random) -> Answering:
    """No message fails twice: its third try would be minutes away."""
    failed: set[str] = set()

    def answer(received: Received) -> Reply:
        is_faulty = received.path == "/faulty" and received.id not in failed
        if is_faulty and chance.random() < FAULT_SHARE:
            failed.add(received.id)
            return Reply(503)
        return Reply(delay_s=0.05) if received.path == "/slow" else Reply()

    return answer


async def _make_webhooks(arena: Arena, receiver: Receiver) -> None:
    guard = AddressGuard.of("127.0.0.0/8")
    async with _alerts(arena) as database, database.transaction() as uow:
        for path, types in TYPES_BY_PATH.items():
            wanted = WebhookWanted(name=path, url=receiver.url(path), types=types)
            await make(uow, arena.stack.state.secret, guard, arena.tenant, uuid7(), wanted, who=WHO)


@asynccontextmanager
async def _alerts(arena: Arena) -> AsyncIterator[Database]:
    database = Database(arena.stack.state.database_url("alerts"), name="chaos", pool_size=1)
    try:
        yield database
    finally:
        await database.close()


async def _messages(arena: Arena) -> dict[str, dict[str, str]]:
    """By webhook: each message with its state."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    async with arena.stack.connection("alerts") as database:
        for row in await database.fetch(READ_MESSAGES, arena.tenant):
            found[row["name"]][row["message_id"]] = row["state"]
    return found


async def _until_sent(arena: Arena) -> None:
    """Return when nothing waits, and nothing new came for a while."""
    before = -1
    began, left = time.monotonic(), {"": 1}
    while time.monotonic() - began < SETTLE_TIMEOUT_S:
        found = await _messages(arena)
        number = sum(map(len, found.values()))
        left = {path: list(each.values()).count("waiting") for path, each in found.items()}
        if not any(left.values()) and number == before:
            return
        before = number
        await asyncio.sleep(2)
    async with arena.stack.connection("alerts") as database:
        heads = [tuple(row) for row in await database.fetch(READ_HEADS, arena.tenant)]
    arena.faults.append(f"messages still wait: {left}; {heads}")


async def _judge(arena: Arena, receiver: Receiver) -> None:
    """Each message came to its endpoint, and none that is not stored; each thing's versions in order."""
    stored, doubles = await _messages(arena), 0
    for path in TYPES_BY_PATH:
        received = receiver.of(path)
        first = list({each.id: each for each in received}.values())
        doubles += len(received) - len(first)
        if {each.id for each in first} != set(stored[path]):
            arena.faults.append(f"{path}: {len(stored[path])} messages stored, {len(first)} came")
        versions: dict[str, list[int]] = defaultdict(list)
        for each in first:
            data = each.message["data"]
            versions[data["event_id"] if path == DECISIONS_PATH else data["id"]].append(data["version"])
        wrong = sum(found != sorted(found) for found in versions.values())
        if wrong:
            arena.faults.append(f"{path}: {wrong} things came out of order")
        if receiver.most_in_flight.get(path, 0) > 2:
            arena.faults.append(f"{path}: more than one sender at a time")
    await _judge_decisions(arena, receiver)
    number = sum(map(len, stored.values()))
    arena.notes.append(f"{number:,} messages to webhooks, {doubles} of them more than once under the same id")


async def _judge_decisions(arena: Arena, receiver: Receiver) -> None:
    """Each event that was decided since the dispatcher heard of the webhook is told once, and no other."""
    told = [each.message["data"] for each in receiver.of(DECISIONS_PATH)]
    if not told:
        arena.faults.append("no decision was told")
        return
    first = min(datetime.fromisoformat(each["decided_at"]) for each in told)
    async with arena.stack.connection("dispatcher") as database:
        decided = await database.fetch(READ_DECISIONS, arena.tenant, first - HEARD_AFTER)
        surely = await database.fetch(READ_DECISIONS, arena.tenant, first + HEARD_AFTER)
    found = {each["event_id"] for each in told}
    if missing := {str(row["event_id"]) for row in surely} - found:
        arena.faults.append(f"{len(missing)} decisions were not told")
    if foreign := found - {str(row["event_id"]) for row in decided}:
        arena.faults.append(f"{len(foreign)} decisions were told that nobody made")
    if len({(each["event_id"], each["version"]) for each in told}) != len(found):
        arena.faults.append("a decision was told in two versions")


SCENARIOS = (
    Scenario(
        "webhooks",
        "messages to four endpoints, one slow, one faulty and one told decisions, kill -9 of who sends them",
        webhooks_served,
        (RESTARTED,),
        unknown=True,
    ),
)
