"""Publish the events of customers whose turn has come: in pages, resumed after a kill, each once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from services.dispatcher.one_by_one import OneByOne
from services.dispatcher.programmes import repository
from services.dispatcher.programmes.tries import TryRange, ranges_between, tries_of, try_again
from services.dispatcher.programmes.turns import (
    Progress,
    after_page,
    at_pace,
    begun,
    event_of,
    reached,
    without_missed,
)
from services.dispatcher.surveys.domain import read_programme
from shared.db import UnitOfWork
from shared.db.database import Database
from shared.events import TRANSACTIONS

PROGRAMMES_LOOP = "programmes"
CUSTOMERS_PER_PAGE = 1_000
"""Looked at in one transaction, about: whose turn has come, and who may be tried again."""


async def advance_programmes(database: Database, secret: str, one_by_one: OneByOne | None = None) -> bool:
    """Do the next page of each programme; returns whether there is more to do at once.

    :param one_by_one: remembers which failed before.
    """
    async with database.reading() as uow:
        running = await repository.list_running(uow)

    async def advance(survey: Row[Any]) -> bool:
        async with database.transaction() as uow:
            return await _advance(uow, secret, survey)

    return await (one_by_one or OneByOne(PROGRAMMES_LOOP, database)).advance(running, advance)


async def _advance(uow: UnitOfWork, secret: str, survey: Row[Any]) -> bool:
    """Publish a page, and store in the same transaction how far it has come."""
    every_days = read_programme(survey.programme).every_days
    stored = await repository.lock(uow, survey.tenant, survey.id)
    if stored is None:
        await repository.insert(uow, begun(secret, survey.tenant, survey.id, every_days, uow.now))
        return False
    # Nobody is asked for a turn that came while the survey was paused, or that is too long ago.
    earliest = uow.now - timedelta(days=survey.max_age_days)
    if survey.programme_since is not None:
        earliest = max(earliest, survey.programme_since)
    progress = without_missed(at_pace(stored, every_days), earliest)
    until = reached(progress, uow.now)
    # Pseudonyms are spread evenly, so each try has as many customers in a step as the turns have.
    limit = max(1, CUSTOMERS_PER_PAGE // tries_of(every_days))
    page = await repository.list_customers(uow, progress, survey.channels, until, limit)
    for profile in page:
        uow.publish(TRANSACTIONS, progress.tenant, event_of(progress, profile, uow.now))
    is_full = len(page) == limit
    moved = after_page(progress, until, [profile.person for profile in page], is_full=is_full)
    await _try_again(uow, progress, survey.channels, list(ranges_between(progress, moved)))
    if moved != stored:
        await repository.update(uow, moved)
    return is_full or until is None


async def _try_again(
    uow: UnitOfWork, progress: Progress, channels: Sequence[str], ranges: Sequence[TryRange]
) -> None:
    """Publish the tries that come in a step, of customers who were refused for a passing reason."""
    if not ranges:
        return
    for number, period, profile in await repository.list_refused(uow, progress, channels, ranges):
        event = try_again(progress, number, period, profile, uow.now)
        if event is not None:
            uow.publish(TRANSACTIONS, progress.tenant, event)
