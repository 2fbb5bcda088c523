"""What is said late, twice, or again: the outbox, its relay, and topics read from their beginning."""

import asyncio

from chaos.arena import Arena, Scenario
from chaos.repeat import positions_forgotten, said_twice
from chaos.stack import HEARING


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


SCENARIOS = (
    Scenario("relay", "kill -9 between acknowledgement and removal", relay_killed, "relayed total"),
    Scenario(
        "late",
        "commits out of the order of their numbers",
        committed_late,
        "outbox age",
        after=committed_in_time,
    ),
    Scenario("again", "all read again, outbox said twice", read_again, "lag", after=read_again_after),
)
