"""The servers that everything stands on: the broker and the database, killed, and connections to them cut."""

from chaos.arena import Arena, Scenario
from chaos.proxy import a_proxy


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


SCENARIOS = (
    Scenario("broker", "kill -9 of the broker", broker_killed, "readyz: kafka, outbox age"),
    Scenario("database", "kill -9 of PostgreSQL", database_killed, "readyz: OperationalError"),
    Scenario("commit", "connection cut at COMMIT", commit_unanswered, "fenced total"),
)
