"""Faults from outside: a failing mail server, many clients that post the same, two that want one thing."""

import asyncio

from chaos.arena import Arena, Scenario
from chaos.operator import Sign


async def mails_in_trouble(arena: Arena) -> None:
    """Some addresses make the mail server fail, and the server is killed."""
    mailbox = arena.stack.processes["mailbox"]
    async for _ in arena.moments(3.0, 6.0):
        await mailbox.until_ready()
        arena.injected += mailbox.kill()
    await mailbox.until_ready()


async def nothing(arena: Arena) -> None:
    """The fault is in the load itself."""
    arena.ready.set()


async def migrated_twice(arena: Arena) -> None:
    """Beside the staff, two start the migrations of the same new database, and of those in use, at once."""
    stack = arena.stack
    async for _ in arena.moments(1.0, 5.0):
        name = f"scorer_again_{arena.injected}"
        async with stack.connection("scorer") as database:
            await database.execute(f"CREATE DATABASE {name} OWNER scorer TEMPLATE template0")
        new = {"SCORER_DATABASE_URL": stack.state.database_url("scorer", name)}
        await asyncio.gather(*(stack.run("migrate", settings=new) for _ in range(2)))
        arena.injected += 2


SCENARIOS = (
    Scenario(
        "smtp",
        "refused, put off, slow, cut after DATA, the server killed",
        mails_in_trouble,
        tuple(
            Sign("afterword_mails_total", labels={"outcome": outcome})
            for outcome in ("delivered", "deferred", "rejected", "unknown")
        ),
        trouble=True,
        unknown=True,
    ),
    Scenario(
        "clients",
        "100 clients post the same",
        nothing,
        (
            Sign(
                "afterword_records_total",
                each=2,
                labels={"service": "dispatcher", "topic": "transactions.v1"},
            ),
        ),
        clients=100,
        one_in=20,
    ),
    Scenario(
        "races",
        "two answers, two of the staff, two migrations at once",
        migrated_twice,
        (Sign("afterword_responses_total", labels={"status": "409"}),),
        staff=True,
    ),
)
