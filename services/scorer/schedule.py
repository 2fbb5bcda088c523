"""By the clock: say how changed segments stand, at most once a second, and all of them when a day begins."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from services.scorer.domain import LEVEL, SHOWN, groups, interval
from services.scorer.repository import news
from services.scorer.window import USUAL, today_in
from shared.db.database import Database, UnitOfWork
from shared.events import SCORES, People, Score, is_person
from shared.health import Health
from shared.runtime import Periodic
from shared.tenancy.tenants import all_tenants

LOOP = "scores"
EVERY = timedelta(seconds=1)
QUARTER = 15 * 60
AT_ONCE = 2_000
"""Segments said in one transaction; the rest follow a second later."""
MARKED_AT_ONCE = 5_000
"""Segments of each company that are marked in one transaction when its day begins."""


@dataclass(frozen=True)
class Today:
    """The day that it is for each company, and what that was worked out from."""

    quarter: int = 0
    tenants: tuple[int, int] = (0, 0)
    days: Mapping[str, date] = field(default_factory=dict)
    people: Mapping[str, People] = field(default_factory=dict)
    """What each has settled about the scores of its employees."""


@dataclass
class Announcer:
    """Publishes ``scores``."""

    database: Database
    health: Health
    today: Today = Today()

    async def run(self, stopping: asyncio.Event) -> None:
        """Publish until stopped."""
        await Periodic(LOOP, self._step, EVERY.total_seconds(), self.health).run(stopping)

    async def _step(self) -> None:
        await self.announce()

    async def announce(self) -> int:
        """Say how the changed segments stand now; how many were said."""
        async with self.database.transaction() as uow:
            if not await news.take_turn(uow, EVERY):
                return 0
            today = await _now(uow, self.today)
            begun = today is self.today or await news.begin_days(uow, today.days, MARKED_AT_ONCE)
            said = await _announce_changed(uow, today)
        if begun:  # what was rolled back, or has portions left, is begun again
            self.today = today
        return said


async def _now(uow: UnitOfWork, known: Today) -> Today:
    """The same as was known, unless a day can have begun since: on a quarter of an hour, which every zone's
    midnight falls on, or because a company was heard of or moved.
    """
    quarter = int(uow.now.timestamp()) // QUARTER
    tenants = await news.tenants_stand(uow)
    if (quarter, tenants) == (known.quarter, known.tenants):
        return known
    known_now = await all_tenants(uow)
    days = {tenant.id: today_in(tenant.time_zone, uow.now) for tenant in known_now}
    return Today(quarter, tenants, days, {tenant.id: tenant.people for tenant in known_now})


async def _announce_changed(uow: UnitOfWork, today: Today) -> int:
    taken = await news.take_changed(uow, AT_ONCE)
    # The day of a company that we have not heard of is unknown: its segments are said when it begins one. Who
    # reads the topic is nobody in particular, so no score of a single employee stands there.
    known = [
        (tenant, measurement, segment)
        for tenant, measurement, segment in taken
        if tenant in today.days and not is_person(today.people[tenant], segment)
    ]
    if not known:
        return 0
    rows = await news.counts_of(uow, known, today.days, USUAL)
    for tenant, measurement, segment, until, *counts in rows:
        found = groups(counts)
        nps, bounds = (found.nps, interval(found)) if found.n >= SHOWN else (None, None)
        uow.publish(
            SCORES,
            tenant,
            Score(
                segment=segment,
                measurement=measurement,
                version=news.version_at(uow.now),
                window_days=USUAL,
                until=until,
                counts=tuple(counts),
                n=sum(counts),
                nps=None if nps is None else float(nps),
                low=bounds[0] if bounds else None,
                high=bounds[1] if bounds else None,
                level=LEVEL,
                computed_at=uow.now,
            ),
        )
    return len(rows)
