"""Choose the customers of a wave and publish its events: in pages, resumed after a kill, each once."""

from array import array

from services.dispatcher.waves import repository
from services.dispatcher.waves.drawing import (
    BUCKETS,
    PLACES,
    Wave,
    bucket_of,
    event_of,
    limit_bucket,
    limit_place,
    place_of,
    reached,
    wave_key,
)
from shared.db import UnitOfWork
from shared.db.database import Database
from shared.events import TRANSACTIONS

PERSONS_PER_PAGE = 10_000
CUSTOMERS_PER_PAGE = 1_000
"""Looked at in one transaction; of whom those who are chosen are published in it."""


async def advance_waves(database: Database, secret: str) -> bool:
    """Do the next page of each wave that is due; returns whether there is more to do at once."""
    async with database.reading() as uow:
        due = await repository.find_due(uow)
    more = False
    for row in due:
        async with database.transaction() as uow:
            wave = await repository.lock_due(uow, row.tenant, row.id)
            if wave is not None:
                more |= await _advance(uow, secret, wave)
    return more


async def _advance(uow: UnitOfWork, secret: str, wave: Wave) -> bool:
    if wave.state == "waiting":
        await _choose(uow, secret, wave)
        return True
    return await _publish(uow, secret, wave)


async def _choose(uow: UnitOfWork, secret: str, wave: Wave) -> None:
    """Find the place up to which customers are chosen: memory does not grow with their number."""
    key = wave_key(secret)
    counts = array("L", bytes(array("L").itemsize * BUCKETS))
    eligible, after = 0, ""
    while persons := await repository.list_persons(uow, wave, after, PERSONS_PER_PAGE):
        for person in persons:
            counts[bucket_of(place_of(key, wave.id, wave.tenant, person))] += 1
        eligible, after = eligible + len(persons), persons[-1]
    if eligible <= wave.size:
        await repository.write_choice(uow, wave, eligible, PLACES - 1)
        return
    last = limit_bucket(counts, wave.size)
    places: list[int] = []
    after = ""
    while persons := await repository.list_persons(uow, wave, after, PERSONS_PER_PAGE):
        found = (place_of(key, wave.id, wave.tenant, person) for person in persons)
        places += [place for place in found if bucket_of(place) == last.bucket]
        after = persons[-1]
    limit = limit_place(places, last.rest) if places else PLACES - 1
    await repository.write_choice(uow, wave, wave.size, limit)


async def _publish(uow: UnitOfWork, secret: str, wave: Wave) -> bool:
    """Publish the next page; returns whether there is more to do at once."""
    key, until = wave_key(secret), reached(wave, uow.now)
    page = await repository.list_eligible(uow, wave, wave.position, until, CUSTOMERS_PER_PAGE)
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
