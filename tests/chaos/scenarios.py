"""The scenarios: each lets something happen at random moments while events come in and customers answer."""

import asyncio
import signal

from chaos import poison
from chaos.arena import Arena, Scenario
from chaos.proxy import a_proxy
from chaos.repeat import positions_forgotten, said_twice
from chaos.stack import HEARING

ENDS_WITHIN = 10.0
FROZEN_FOR = 7.0
"""Seconds: longer than the shortened session and database time-outs."""


async def workers_killed(arena: Arena) -> None:
    """One that works, now and then all of them; all at once at the least once."""
    async for _ in arena.moments(0.5, 2.5):
        if arena.injected == 2 or arena.chance.random() < 0.1:
            arena.injected += sum(process.kill() for process in arena.stack.ours)
            await asyncio.gather(*(process.until_ready() for process in arena.stack.ours))
        process = arena.chance.choice(arena.stack.ours)
        if await process.is_ready():  # else it has been killed already, and has not done anything since
            arena.injected += process.kill()


async def frozen(arena: Arena) -> None:
    """A second worker of each, so that there is somebody to go on; short freezes make commits late."""
    seconds = [arena.stack.add_worker(service, 2) for service in HEARING]
    await asyncio.gather(*(process.until_ready() for process in seconds))
    async for _ in arena.moments(0.3, 1.2):
        process = arena.chance.choice(arena.stack.workers)
        if process.send(signal.SIGSTOP):
            arena.injected += 1
            await asyncio.sleep(
                FROZEN_FOR if arena.chance.random() < 0.15 else arena.chance.uniform(0.1, 0.8)
            )
            process.send(signal.SIGCONT)
    await asyncio.gather(*(arena.stack.remove(process.name) for process in seconds))


async def broker_killed(arena: Arena) -> None:
    broker = arena.stack.processes["kafka"]
    async for _ in arena.moments(2.0, 9.0):
        arena.injected += broker.kill()
        await broker.until_ready()


async def database_killed(arena: Arena) -> None:
    database = arena.stack.processes["postgres"]
    async for _ in arena.moments(2.0, 6.0):
        arena.injected += database.kill()
        await database.until_ready()


async def commit_unanswered(arena: Arena) -> None:
    """Every process of ours talks to the database through a proxy that cuts at COMMIT."""
    async with a_proxy(arena.stack.state, arena.chance, 0.02) as proxy:
        await arena.stack.stop_ours()
        await arena.stack.start_ours(proxy.settings)
        arena.ready.set()
        await arena.over.wait()
        proxy.active = False
        arena.injected = proxy.cut
        await arena.stack.stop_ours()
    await arena.stack.start_ours()


async def relay_killed(arena: Arena) -> None:
    """After every fourth acknowledgement or so, the process is gone before it removes the rows."""
    for service in HEARING:
        await arena.stack.remove(service)
        arena.stack.add_worker(service, settings={"CHAOS_DIE": "25"})
    arena.ready.set()
    await arena.over.wait()
    await asyncio.sleep(3)
    for service in HEARING:
        arena.injected += arena.stack.processes[service].ends
        await arena.stack.remove(service)
        arena.stack.add_worker(service)


async def committed_late(arena: Arena) -> None:
    """Every third transaction takes its number in the outbox, and commits after others have with higher ones."""
    await arena.stack.stop_ours()
    await arena.stack.start_ours({"CHAOS_LATE": "33"})
    arena.ready.set()
    await arena.over.wait()


async def committed_in_time(arena: Arena) -> None:
    arena.injected = 1
    await arena.stack.stop_ours()
    await arena.stack.start_ours()


async def scaled(arena: Arena) -> None:
    """One worker of each service, then four, two and one."""
    arena.ready.set()
    for number in (2, 3, 4):
        await asyncio.gather(*(arena.stack.add_worker(name, number).until_ready() for name in HEARING))
        arena.injected += len(HEARING)
    for numbers in ((4, 3), (2,)):
        await asyncio.sleep(arena.chance.uniform(1, 3))
        for number in numbers:
            await asyncio.gather(*(arena.stack.remove(f"{name}-{number}") for name in HEARING))
            arena.injected += len(HEARING)


async def read_again(arena: Arena) -> None:
    """While the workers run: who holds a partition notices at its next record, or when it starts again."""
    async for _ in arena.moments(4.0, 8.0):
        await positions_forgotten(arena.stack)
        arena.injected += 1
    for service in HEARING:
        await arena.stack.remove(service)
        arena.stack.add_worker(service)


async def read_again_after(arena: Arena) -> None:
    """Once more while they are stopped; then what was said is said again, old after new."""
    for service in HEARING:
        await arena.stack.remove(service)
    await positions_forgotten(arena.stack)
    arena.injected += 1 + await said_twice(arena.stack, arena.tenant)
    for service in HEARING:
        arena.stack.add_worker(service)


async def ended(arena: Arena) -> None:
    async for _ in arena.moments(0.5, 2.5):
        process = arena.chance.choice(arena.stack.ours)
        if not await process.is_ready():
            continue
        took, code = await process.stop()
        arena.injected += 1
        if took > ENDS_WITHIN or code != 0:
            arena.faults.append(f"wrong: {process.name} took {took:.1f} s to end, with code {code}")
        process.start()


async def nothing(arena: Arena) -> None:
    """The trouble lies in the load itself."""
    arena.ready.set()


SCENARIOS = (
    Scenario(
        "workers", "kill -9 of each worker, of the API, of all", workers_killed, "afterword_* up, restarts"
    ),
    Scenario("broker", "kill -9 of the broker", broker_killed, "readyz: kafka, outbox age"),
    Scenario("database", "kill -9 of PostgreSQL", database_killed, "readyz: OperationalError"),
    Scenario("commit", "connection cut at COMMIT", commit_unanswered, "fenced total"),
    Scenario("relay", "kill -9 between acknowledgement and removal", relay_killed, "relayed total"),
    Scenario(
        "late",
        "commits out of the order of their numbers",
        committed_late,
        "outbox age",
        after=committed_in_time,
    ),
    Scenario("again", "all read again, outbox said twice", read_again, "lag", after=read_again_after),
    Scenario("scale", "workers 1, 4, 2, 1", scaled, "lag"),
    Scenario("frozen", "SIGSTOP beyond the time-outs, SIGCONT", frozen, "fenced total, relay replaced"),
    Scenario("poison", "1 % of poison in every topic", poison.scattered, "dead letters"),
    Scenario("fuse", "500 bad records in a row", poison.in_a_row, "stuck partitions", after=poison.resumed),
    Scenario("smtp", "550, 451, cut after DATA", nothing, "sender states", trouble=True),
    Scenario("sigterm", "SIGTERM under load, ten seconds", ended, "restarts"),
    Scenario("clients", "100 clients post the same, two answers at once", nothing, "-", clients=100),
)
