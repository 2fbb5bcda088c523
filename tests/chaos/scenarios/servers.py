"""Kafka and PostgreSQL: killed, away for long, connections to them cut."""

import asyncio
import os

from chaos.arena import Arena, Scenario
from chaos.cluster import until_in_sync
from chaos.operator import Sign
from chaos.proxy import KINDS, running_proxy

BROKER_AWAY_S = 14.0
DATABASE_AWAY_S = 15.0
"""Seconds: longer than every shortened time-out: request, delivery, session, our own fuses."""
PRODUCT_AWAY_S = 150.0
"""The same with the product's own time-outs, the longest of which is two minutes."""
LONG_AWAY_S = 60.0
MANY_EVENTS = 100_000
"""With so many events there is time to be away for a minute."""


def _long(arena: Arena, short: float) -> float:
    if os.environ.get("TIMES") == "product":
        return PRODUCT_AWAY_S
    return max(short, LONG_AWAY_S) if arena.events >= MANY_EVENTS else short


async def broker_killed(arena: Arena) -> None:
    (broker,) = arena.stack.brokers
    async for _ in arena.moments(1.0, 4.0, at_least=3):
        arena.injected += broker.kill()
        await broker.until_ready()


async def broker_away(arena: Arena) -> None:
    (broker,) = arena.stack.brokers
    arena.ready.set()
    await asyncio.sleep(arena.chance.uniform(1, 3))
    await broker.away(_long(arena, BROKER_AWAY_S))
    arena.injected += 1
    await broker.until_ready()


async def one_lost(arena: Arena) -> None:
    """One of three brokers, which is in sync again before the next one goes."""
    async for _ in arena.moments(0.5, 2.0, at_least=4):
        await until_in_sync(arena.stack.kafka)
        broker = arena.chance.choice(arena.stack.brokers)
        await broker.away(arena.chance.uniform(0.5, 6.0))
        arena.injected += 1
        await broker.until_ready()


async def two_lost(arena: Arena) -> None:
    """Two of three, so that no partition accepts anything, for longer than a producer waits."""
    arena.ready.set()
    await asyncio.sleep(arena.chance.uniform(1, 3))
    two = arena.chance.sample(arena.stack.brokers, 2)
    await asyncio.gather(*(broker.away(_long(arena, BROKER_AWAY_S)) for broker in two))
    arena.injected += len(two)
    await arena.stack.until_ready(*two)
    await until_in_sync(arena.stack.kafka)


async def leader_lost(arena: Arena) -> None:
    """Of three brokers that share the partitions, held once: a third of them has no leader."""
    arena.ready.set()
    await asyncio.sleep(arena.chance.uniform(1, 3))
    broker = arena.chance.choice(arena.stack.brokers)
    await broker.away(_long(arena, BROKER_AWAY_S))
    arena.injected += 1
    await broker.until_ready()


async def database_killed(arena: Arena) -> None:
    database = arena.stack.processes["postgres"]
    async for _ in arena.moments(1.0, 4.0, at_least=4):
        arena.injected += database.kill()
        await database.until_ready()


async def database_away(arena: Arena) -> None:
    database = arena.stack.processes["postgres"]
    arena.ready.set()
    await asyncio.sleep(arena.chance.uniform(1, 3))
    await database.away(_long(arena, DATABASE_AWAY_S))
    arena.injected += 1
    await database.until_ready()


async def commit_unanswered(arena: Arena) -> None:
    """Every process of ours talks to the database through a proxy that cuts at COMMIT."""
    stack = arena.stack
    async with running_proxy(stack.state, arena.chance, 0.02) as proxy:
        await stack.stop_ours()
        await stack.start_ours(proxy.settings)
        arena.ready.set()
        await arena.over.wait()
        async with asyncio.timeout(60):
            while any(proxy.cut[kind] == 0 for kind in KINDS):  # noqa: ASYNC110  (customers are answering still)
                await asyncio.sleep(0.3)
        proxy.active = False
        arena.injected = proxy.cut.total()
        arena.notes.append("cut at COMMIT: " + ", ".join(f"{kind} {proxy.cut[kind]} times" for kind in KINDS))
        await stack.stop_ours()
    await stack.start_ours()


DATABASE_WAITS = Sign("afterword_waits_total", 3)
OUTBOX_BEHIND = Sign("afterword_outbox_age_seconds", 2)
OUTBOX_BRIEFLY_BEHIND = Sign("afterword_outbox_age_seconds", 0.5)
"""A broker that is started again at once is away for about three seconds, of which a row waits a part."""
PRODUCERS_REPLACED = Sign("afterword_relay_producers_replaced_total")

SCENARIOS = (
    Scenario("broker", "kill -9 of the broker", broker_killed, (OUTBOX_BRIEFLY_BEHIND,)),
    Scenario(
        "away",
        "the broker away for longer than every time-out",
        broker_away,
        (OUTBOX_BEHIND, PRODUCERS_REPLACED, Sign("afterword_responses_total", labels={"status": "503"})),
    ),
    Scenario("database", "kill -9 of PostgreSQL", database_killed, (DATABASE_WAITS,), unknown=True),
    Scenario(
        "nodata",
        "PostgreSQL away for longer than every time-out",
        database_away,
        (DATABASE_WAITS, OUTBOX_BEHIND),
        unknown=True,
    ),
    Scenario(
        "commit",
        "connection cut at COMMIT: consumer, API, relay, sender",
        commit_unanswered,
        (DATABASE_WAITS,),
        unknown=True,
    ),
    Scenario(
        "three",
        "one of three brokers lost and back, no error for a client",
        one_lost,
        (OUTBOX_BRIEFLY_BEHIND,),
        patient=True,
        brokers=3,
        copies=3,
    ),
    Scenario(
        "two",
        "two of three brokers lost, too few in sync",
        two_lost,
        (OUTBOX_BEHIND, PRODUCERS_REPLACED),
        brokers=3,
        copies=3,
    ),
    Scenario(
        "leader",
        "partitions without a leader, held once",
        leader_lost,
        (OUTBOX_BEHIND, PRODUCERS_REPLACED),
        brokers=3,
        copies=1,
    ),
)
