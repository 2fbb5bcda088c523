"""Our own processes: killed, frozen, ended, more of them and fewer."""

import asyncio
import signal

from chaos.arena import Arena, Scenario
from chaos.stack import HEARING

ENDS_WITHIN = 10.0
FROZEN_FOR = 7.0
"""Seconds: longer than the shortened session and database time-outs."""


async def killed(arena: Arena) -> None:
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


SCENARIOS = (
    Scenario("workers", "kill -9 of each worker, of the API, of all", killed, "afterword_* up, restarts"),
    Scenario("scale", "workers 1, 4, 2, 1", scaled, "lag"),
    Scenario("frozen", "SIGSTOP beyond the time-outs, SIGCONT", frozen, "fenced total, relay replaced"),
    Scenario("sigterm", "SIGTERM under load, ten seconds", ended, "restarts"),
)
