"""A company has so many of a thing and no more, also when several requests add one at the same time."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from support.http_clients import a_lent_context
from support.lent_databases import LentDatabases
from support.scorer_builders import until_somebody_waits

from services.alerts.app import SERVICE as ALERTS
from services.alerts.chats.repository import channels
from services.alerts.webhooks.repository import webhooks
from services.scorer.app import SERVICE as SCORER
from services.scorer.benchmarks import repository as benchmarks
from services.scorer.improvements import repository as improvements
from services.scorer.marks import repository as marks
from services.scorer.saved_views import repository as saved_views
from services.scorer.saved_views import screen_repository as screens
from services.trigger.app import SERVICE as TRIGGER
from services.trigger.sources.repository import sources
from shared.db.database import UnitOfWork
from shared.service import Service

PERSON = UUID("01900000-0000-7000-8000-00000000000a")
Counting = Callable[[UnitOfWork], Awaitable[object]]


def of_company(count: Callable[[UnitOfWork, str], Awaitable[object]]) -> Counting:
    return lambda uow: count(uow, "acme")


LISTS: list[tuple[str, Service, Counting]] = [
    ("webhooks", ALERTS, of_company(webhooks.count_of)),
    ("chat channels", ALERTS, of_company(channels.count_of)),
    ("sources", TRIGGER, of_company(sources.count_of)),
    ("marks", SCORER, of_company(marks.count_marks)),
    ("benchmarks", SCORER, of_company(benchmarks.count_benchmarks)),
    ("actions", SCORER, of_company(improvements.count_improvements)),
    ("screens", SCORER, lambda uow: screens.count_screens(uow, "acme", uow.now)),
    ("saved views", SCORER, lambda uow: saved_views.count_other_views(uow, "acme", PERSON, PERSON, "A")),
]


@pytest.mark.parametrize(("service", "count"), [each[1:] for each in LISTS], ids=[each[0] for each in LISTS])
async def test_who_counts_before_adding_waits_for_whoever_is_about_to_add(
    service: Service, count: Counting, databases_to_lend: LentDatabases
) -> None:
    async with a_lent_context(service, databases_to_lend) as context:
        database = context.database

        async def second() -> None:
            async with database.transaction() as uow:
                await count(uow)

        async with database.transaction() as uow:
            await count(uow)
            waiting = asyncio.ensure_future(second())
            await until_somebody_waits(database)
            assert not waiting.done()
        await waiting
