"""The product's processes: killed, frozen, stopped, scaled."""

import asyncio
import os
import signal
from collections.abc import Sequence

from chaos.arena import Arena, Scenario
from chaos.operator import Sign
from chaos.processes import Process
from chaos.stack import CONSUMING_SERVICES

from deploy.local.state import SERVICES

MAX_STOP_S = 10.0
FREEZE_S = {"short": 7.0, "product": 13.0}
"""Seconds: longer than the session and the time-out of an idle transaction, with each choice of TIMES."""
MIN_FREEZES, LONG_FREEZE_NUMBER = 8, 3
"""The least number of freezes, and which of them is always long, and inside a transaction."""
MAX_TRIES = 400
MIN_IDLE_S = 0.06
"""A transaction that goes on is never idle for so long between two statements."""
_COUNT_IDLE_IN_BATCH = """
SELECT count(*) FROM pg_stat_activity JOIN pg_locks USING (pid)
WHERE datname = current_database() AND state = 'idle in transaction' AND relation = 'position'::regclass
  AND mode = 'RowExclusiveLock' AND clock_timestamp() - state_change > make_interval(secs => $1 * 0.8)
"""
RESTARTED = Sign("process_start_time_seconds")


async def killed(arena: Arena) -> None:
    """Each worker alone, in any order; then all of them and the API at the same moment; then any one."""
    stack = arena.stack
    await _killed(arena, stack.workers, together=stack.ours)


async def apis_killed(arena: Arena) -> None:
    """The same with an API process for each service."""
    stack = arena.stack
    apis = [stack.add_api_of(service) for service in SERVICES]
    await stack.until_ready(*apis)
    await stack.remove("api")
    await _killed(arena, apis, together=apis)
    await stack.until_ready(*apis)
    await stack.add_api().until_ready()
    stack.origins.clear()
    await asyncio.gather(*(stack.remove(process.name) for process in apis))


async def _killed(arena: Arena, alone: Sequence[Process], *, together: Sequence[Process]) -> None:
    order = arena.chance.sample(alone, len(alone))
    async for _ in arena.moments(0.5, 2.5, at_least=len(alone) + len(together)):
        if arena.injected == len(alone):
            await arena.stack.until_ready(*together)
            arena.injected += sum(process.kill() for process in together)
            continue
        process = order.pop() if order else arena.chance.choice(alone)
        await process.until_ready()  # else it has been killed already, and has not done anything since
        arena.injected += process.kill()


async def frozen(arena: Arena) -> None:
    """Freeze workers beside a second one of each, which goes on; short freezes make commits late."""
    seconds = [arena.stack.add_worker(service, 2) for service in CONSUMING_SERVICES]
    await arena.stack.until_ready(*seconds)
    async for _ in arena.moments(0.3, 1.2, at_least=MIN_FREEZES):
        process = arena.chance.choice(arena.stack.workers)
        inside = arena.injected + 1 == LONG_FREEZE_NUMBER
        if inside:
            process = await _frozen_inside(arena)
        if inside or process.send(signal.SIGSTOP):
            arena.injected += 1
            long = inside or arena.chance.random() < 0.1
            short = arena.chance.uniform(0.1, 0.8)
            await asyncio.sleep(FREEZE_S[os.environ.get("TIMES", "short")] if long else short)
            process.send(signal.SIGCONT)
    await asyncio.gather(*(arena.stack.remove(process.name) for process in seconds))


async def _frozen_inside(arena: Arena) -> Process:
    """A worker that is stopped now and holds a batch's positions in a transaction that is open."""
    consuming = [
        process for process in arena.stack.workers if process.name.partition("-")[0] in CONSUMING_SERVICES
    ]
    for _ in range(MAX_TRIES):
        process = arena.chance.choice(consuming)
        process.send(signal.SIGSTOP)
        await asyncio.sleep(MIN_IDLE_S)
        async with arena.stack.connection(process.name.partition("-")[0]) as database:
            if await database.fetchval(_COUNT_IDLE_IN_BATCH, MIN_IDLE_S):
                return process
        process.send(signal.SIGCONT)
        await asyncio.sleep(arena.chance.uniform(0, 0.1))
    raise TimeoutError("no worker was ever found inside a transaction")


async def scaled(arena: Arena) -> None:
    """One worker of each service, then four, two and one."""
    arena.ready.set()
    for number in (2, 3, 4):
        await arena.stack.until_ready(*(arena.stack.add_worker(name, number) for name in CONSUMING_SERVICES))
        arena.injected += len(CONSUMING_SERVICES)
    for numbers in ((4, 3), (2,)):
        await asyncio.sleep(arena.chance.uniform(1, 3))
        for number in numbers:
            await asyncio.gather(*(arena.stack.remove(f"{name}-{number}") for name in CONSUMING_SERVICES))
            arena.injected += len(CONSUMING_SERVICES)


async def side_by_side(arena: Arena) -> None:
    """A second deployment, complete, beside the first; then the first ends, and comes back for the second."""
    stack = arena.stack

    async def second() -> None:
        added = [stack.add_worker(service, 2) for service in SERVICES]
        await stack.until_ready(*added, stack.add_api(2))

    async def remove(names: list[str]) -> None:
        await asyncio.gather(*(stack.remove(name) for name in names))
        arena.injected += len(names)

    arena.ready.set()
    await second()
    stack.origins["trigger"] = f"http://127.0.0.1:{stack.processes['api-2'].port}"
    await remove(list(SERVICES))
    await stack.until_ready(*(stack.add_worker(service) for service in SERVICES))
    stack.origins.clear()
    await remove([f"{name}-2" for name in (*SERVICES, "api")])


async def ended(arena: Arena) -> None:
    """Each once, in any order, then any one."""
    ours = arena.stack.ours
    order = arena.chance.sample(ours, len(ours))
    async for _ in arena.moments(0.3, 1.5, at_least=len(ours)):
        process = order.pop() if order else arena.chance.choice(ours)
        await process.until_ready()
        took, code = await process.stop()
        arena.injected += 1
        if took > MAX_STOP_S or code != 0:
            arena.faults.append(f"wrong: {process.name} took {took:.1f} s to end, with code {code}")
        process.start()
    await arena.stack.until_ready(*arena.stack.ours)


SCENARIOS = (
    Scenario("workers", "kill -9 of each worker, and of all", killed, (RESTARTED,), unknown=True),
    Scenario("apis", "kill -9 of each API alone, and of all", apis_killed, (RESTARTED,), staff=True),
    Scenario("scale", "workers 1, 4, 2, 1", scaled, (Sign("afterword_partitions", 2),)),
    Scenario("side", "two deployments side by side", side_by_side, (Sign("afterword_partitions", 2),)),
    Scenario("frozen", "SIGSTOP beyond the time-outs, SIGCONT", frozen, (Sign("up"),), unknown=True),
    Scenario("sigterm", "SIGTERM under load, ten seconds", ended, (RESTARTED,), redone=False),
)
