"""A wave and a standing programme that ask customers while what publishes and sends them is killed."""

from chaos import asked
from chaos.arena import Arena, Scenario
from chaos.scenarios.processes import RESTARTED

MOVES = 12
"""In so many steps their time goes by."""


async def asked_by_wave_and_programme(arena: Arena) -> None:
    """After each step a worker, the broker or the database is killed; two workers publish beside each other."""
    stack = arena.stack
    await asked.prepare(stack, arena.company)
    second = stack.add_worker("dispatcher", 2)
    await second.until_ready()
    async for _ in arena.moments(0.3, 1.5, at_least=MOVES):
        await asked.move(stack, arena.tenant, min(1.0, (arena.injected + 1) / MOVES))
        await _killed(arena)
    await stack.until_ready(*stack.ours)
    await asked.move(stack, arena.tenant, 1.0)
    # The programme's loop looks once a minute, and when it starts.
    arena.injected += sum(one.kill() for one in stack.workers if one.name.startswith("dispatcher"))
    await stack.until_ready(*stack.ours)
    await asked.until_published(stack, arena.tenant)
    await stack.remove(second.name)


async def _killed(arena: Arena) -> None:
    stack = arena.stack
    dispatchers = [one for one in stack.workers if one.name.startswith("dispatcher")]
    servers = [*stack.brokers, stack.processes["postgres"]]
    process = arena.chance.choice([*dispatchers, *dispatchers, *servers])
    await process.until_ready()
    arena.injected += process.kill()
    await process.until_ready()


async def asked_once(arena: Arena) -> None:
    """All that was published is decided now."""
    arena.faults += await asked.judge(arena.stack, arena.tenant, arena.since)


SCENARIOS = (
    Scenario(
        "waves",
        "a wave and a programme, kill -9 of workers, broker, PostgreSQL",
        asked_by_wave_and_programme,
        (RESTARTED,),
        unknown=True,
        after=asked_once,
    ),
)
