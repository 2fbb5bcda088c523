"""Choose the customers of a wave and publish its events: in pages, resumed after a kill, each once."""

from array import array
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row
from structlog import get_logger

from services.dispatcher.one_by_one import OneByOne
from services.dispatcher.repository.survey_figures import count_answers_of
from services.dispatcher.surveys import repository as survey_rows
from services.dispatcher.waves import population_repository, repository
from services.dispatcher.waves.drawing import (
    BUCKETS,
    FIGURES_DAYS,
    PLACES,
    Wave,
    bucket_of,
    event_of,
    limit_bucket,
    limit_place,
    place_of,
    plan_wave,
    reached,
    wave_key,
)
from shared.db import UnitOfWork
from shared.db.database import Database
from shared.events import TRANSACTIONS

log = get_logger()
WAVES_LOOP = "waves"
PERSONS_PER_PAGE = 10_000
CUSTOMERS_PER_PAGE = 1_000
"""Looked at in one transaction; of whom those who are chosen are published in it."""


async def advance_waves(database: Database, secret: str, one_by_one: OneByOne | None = None) -> bool:
    """Do the next page of each wave that is due; returns whether there is more to do at once.

    :param one_by_one: remembers which failed before.
    """
    async with database.reading() as uow:
        due = await repository.find_due(uow)

    async def advance(row: Row[Any]) -> bool:
        async with database.transaction() as uow:
            waiting = await repository.lock_waiting(uow, row.tenant, row.id)
            if waiting is not None:
                channels = await _channels(uow, waiting)
                if channels is not None:
                    await _choose(uow, secret, waiting, channels)
                return True
        async with database.transaction() as uow:
            wave = await repository.lock_publishing(uow, row.tenant, row.id)
            channels = await _channels(uow, wave) if wave is not None else None
            return wave is not None and channels is not None and await _publish(uow, secret, wave, channels)

    return await (one_by_one or OneByOne(WAVES_LOOP, database)).advance(due, advance)


async def _channels(uow: UnitOfWork, wave: Wave) -> Sequence[str] | None:
    """By which the wave's survey asks; None where that does not measure the relation: the wave is stopped.

    While a wave is under way no survey is changed so; but a version before this one does, and a restore may.
    """
    survey = await survey_rows.find(uow, wave.tenant, wave.survey_id)
    if survey is not None and survey.measurement == "relational":
        return tuple(survey.channels)
    await repository.stop(uow, wave.tenant, wave.id)
    log.warning("wave_stopped", tenant=wave.tenant, wave=str(wave.id), why="its survey is not relational")
    return None


async def _choose(uow: UnitOfWork, secret: str, wave: Wave, channels: Sequence[str]) -> None:
    """Find the place up to which customers are chosen: memory does not grow with their number.

    Whoever stops the wave meanwhile does not wait for this, which ends at the next page then.
    """
    key = wave_key(secret)
    counts = array("L", bytes(array("L").itemsize * BUCKETS))
    eligible = 0
    async for persons in _pages(uow, wave, channels):
        for person in persons:
            counts[bucket_of(place_of(key, wave.id, wave.tenant, person))] += 1
        eligible += len(persons)
    size = wave.size
    if wave.margin is not None:
        since = uow.now - timedelta(days=FIGURES_DAYS)
        figures = await count_answers_of(uow, wave.tenant, wave.survey_id, since)
        size = plan_wave(None, wave.margin, eligible, figures).size
    if eligible <= size:
        await repository.write_choice(uow, wave, size, eligible, PLACES - 1)
        return
    last = limit_bucket(counts, size)
    places: list[int] = []
    async for persons in _pages(uow, wave, channels):
        found = (place_of(key, wave.id, wave.tenant, person) for person in persons)
        places += [place for place in found if bucket_of(place) == last.bucket]
    limit = limit_place(places, last.rest) if places else PLACES - 1
    await repository.write_choice(uow, wave, size, size, limit)


async def _pages(uow: UnitOfWork, wave: Wave, channels: Sequence[str]) -> AsyncIterator[list[str]]:
    """The customers whom the wave may choose, until it is stopped: then the choice is not written."""
    after = ""
    while await repository.is_waiting(uow, wave) and (
        persons := await population_repository.list_persons(uow, wave, channels, after, PERSONS_PER_PAGE)
    ):
        yield persons
        after = persons[-1]


async def _publish(uow: UnitOfWork, secret: str, wave: Wave, channels: Sequence[str]) -> bool:
    """Publish the next page; returns whether there is more to do at once."""
    key, until = wave_key(secret), reached(wave, uow.now)
    page = await population_repository.list_eligible(
        uow, wave, channels, wave.position, until, CUSTOMERS_PER_PAGE
    )
    limit = wave.limit if wave.limit is not None else PLACES - 1
    chosen = [profile for profile in page if place_of(key, wave.id, wave.tenant, profile.person) <= limit][
        : max(0, (wave.chosen or 0) - wave.published)
    ]
    for profile in chosen:
        uow.publish(TRANSACTIONS, wave.tenant, event_of(wave, profile, uow.now))
    is_full = len(page) == CUSTOMERS_PER_PAGE
    position = page[-1].person if is_full else max(wave.position, until or wave.position)
    ends = not is_full and until is None
    if ends or chosen or position != wave.position:
        await repository.write_progress(uow, wave, position=position, published=len(chosen), ends=ends)
    return is_full
