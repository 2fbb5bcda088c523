"""Records published late, twice or again: the outbox, its relay, and topics consumed from their beginning."""

import asyncio

from chaos.arena import SETTLE_TIMEOUT_S, Arena, Scenario
from chaos.operator import Sign
from chaos.repeat import delete_positions, publish_again
from chaos.stack import CONSUMING_SERVICES
from chaos.watch import until_settled

from deploy.local.state import SERVICES


async def relay_killed(arena: Arena) -> None:
    """Kill the process between acknowledgement and deletion, each that publishes at least once."""
    workers = [arena.stack.processes[service] for service in CONSUMING_SERVICES]
    before = [worker.ends for worker in workers]
    arena.stack.flag("die", up=True)
    arena.ready.set()
    await arena.over.wait()
    async with asyncio.timeout(60):
        while any(worker.ends == ends for worker, ends in zip(workers, before, strict=True)):  # noqa: ASYNC110  (they end alone)
            await asyncio.sleep(0.3)
    arena.stack.flag("die", up=False)
    arena.injected = sum(worker.ends for worker in workers) - sum(before)
    await arena.stack.until_ready(*workers)


async def two_relays(arena: Arena) -> None:
    """Two of each service; the one that works loses its connection, and with it the lock, again and again."""
    stack = arena.stack
    seconds = [stack.add_worker(service, 2) for service in SERVICES]
    await stack.until_ready(*seconds)
    async for _ in arena.moments(0.5, 2.0):
        async with stack.connection("dispatcher") as database:
            arena.injected += await database.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_locks JOIN pg_stat_activity USING (pid) "
                "WHERE locktype = 'advisory' AND granted AND application_name LIKE '%-relay'"
            )
    await asyncio.gather(*(stack.remove(process.name) for process in seconds))


async def committed_late(arena: Arena) -> None:
    """Every third transaction takes its number in the outbox, and commits after others have with higher ones."""
    arena.stack.flag("late", up=True)
    arena.injected = 1
    arena.ready.set()


async def committed_in_time(arena: Arena) -> None:
    arena.stack.flag("late", up=False)


async def read_again(arena: Arena) -> None:
    """Delete positions while the workers run: an owner notices at its next record, or when it starts again."""
    async for _ in arena.moments(4.0, 8.0):
        await delete_positions(arena.stack)
        arena.injected += 1
    await asyncio.gather(*(arena.stack.remove(service) for service in CONSUMING_SERVICES))
    for service in CONSUMING_SERVICES:
        arena.stack.add_worker(service)


async def read_again_after(arena: Arena) -> None:
    """Once more while they are stopped; when all is consumed, publish all records again, old after new."""
    await asyncio.gather(*(arena.stack.remove(service) for service in CONSUMING_SERVICES))
    await delete_positions(arena.stack)
    for service in CONSUMING_SERVICES:
        arena.stack.add_worker(service)
    # A batch that held the new ones too would hide that old ones came after them.
    if why := await until_settled(arena.stack, arena.tenant, arena.events, SETTLE_TIMEOUT_S):
        arena.faults.append(f"not settled: {why}")
    arena.injected += 1 + await publish_again(arena.stack, arena.tenant)


SCENARIOS = (
    Scenario(
        "again",
        "all consumed again, all published twice",
        read_again,
        (Sign("afterword_fenced_total"),),
        after=read_again_after,
    ),
    Scenario(
        "relay",
        "kill -9 between acknowledgement and deletion",
        relay_killed,
        (Sign("process_start_time_seconds"),),
        unknown=True,
    ),
    Scenario(
        "relays",
        "two relays of each service, the lock taken from one",
        two_relays,
        (Sign("afterword_relay_producers_replaced_total"),),
    ),
    Scenario(
        "late",
        "commits out of the order of their numbers",
        committed_late,
        (Sign("afterword_batch_seconds_sum"),),
        after=committed_in_time,
    ),
)
