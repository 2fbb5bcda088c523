"""Reminders: made due while customers answer, and while the processes that send them are killed."""

import asyncio

from chaos.arena import Arena, Scenario
from chaos.scenarios.processes import RESTARTED
from msgspec.structs import replace

from services.dispatcher.surveys.survey_commands import change_survey, list_surveys
from shared.db.database import Database
from shared.events.surveys import Reminder

MIN_KILLS = 5
_MAKE_DUE = """
    UPDATE delivery SET due_at = now() WHERE tenant = $1 AND kind = 'reminder' AND state = 'waiting' AND n <= 3
"""
"""The shortest time before a reminder is a day, which no run waits for."""


async def reminded(arena: Arena) -> None:
    """Whoever was asked is to be reminded at any moment, of those who answer as well."""
    database = Database(arena.stack.state.database_url("dispatcher"), name="chaos", pool_size=1)
    try:
        async with database.transaction() as uow:
            for survey in await list_surveys(uow, arena.tenant):
                reminders = (Reminder(after_days=1), Reminder(after_days=2))
                await change_survey(uow, arena.tenant, survey.id, replace(survey.draft, reminders=reminders))
    finally:
        await database.close()
    await _killed(arena)


async def reminded_at_the_end(arena: Arena) -> None:
    """All others, twice, when everybody who answers has answered."""
    for _ in range(2):
        await _make_due(arena)
        await asyncio.sleep(arena.chance.uniform(0.1, 0.6))
        await _kill_senders(arena)


async def _killed(arena: Arena) -> None:
    async for _ in arena.moments(0.5, 2.0, at_least=MIN_KILLS):
        await _make_due(arena)
        await asyncio.sleep(arena.chance.uniform(0, 0.4))
        await _kill_senders(arena)


async def _make_due(arena: Arena) -> None:
    async with arena.stack.connection("dispatcher") as database:
        await database.execute(_MAKE_DUE, arena.tenant)


async def _kill_senders(arena: Arena) -> None:
    senders = [one for one in arena.stack.workers if one.name.startswith("dispatcher")]
    arena.injected += sum(one.kill() for one in senders)
    await arena.stack.until_ready(*senders)


SCENARIOS = (
    Scenario(
        "reminders",
        "reminders due at any moment, kill -9 of who sends them",
        reminded,
        (RESTARTED,),
        unknown=True,
        after=reminded_at_the_end,
    ),
)
