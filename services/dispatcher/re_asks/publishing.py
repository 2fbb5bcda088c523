"""Publish the events by which customers of cases are asked again: in pages, each once."""

from typing import Any

from sqlalchemy import Row

from services.dispatcher.one_by_one import OneByOne
from services.dispatcher.re_asks import repository
from services.dispatcher.re_asks.domain import RecoverySurvey, event_of
from shared.db.database import Database
from shared.events import TRANSACTIONS

RE_ASKS_LOOP = "re-asks"
CASES_PER_PAGE = 500
"""Published in one transaction."""


async def advance_re_asks(database: Database, one_by_one: OneByOne | None = None) -> bool:
    """Do the next page of each company; returns whether there is more to do at once.

    :param one_by_one: remembers which failed before.
    """
    async with database.reading() as uow:
        running = await repository.list_running(uow)

    async def advance(row: Row[Any]) -> bool:
        survey = RecoverySurvey(
            tenant=row.tenant, id=row.id, recovery_days=row.recovery_days, max_age_days=row.max_age_days
        )
        async with database.transaction() as uow:
            due = await repository.lock_due(uow, survey, CASES_PER_PAGE)
            for case in due:
                uow.publish(TRANSACTIONS, survey.tenant, event_of(survey, case, uow.now))
            if due:
                await repository.note_asked(uow, survey, [case.id for case in due])
        return len(due) == CASES_PER_PAGE

    return await (one_by_one or OneByOne(RE_ASKS_LOOP, database)).advance(running, advance)
