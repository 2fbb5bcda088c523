"""Looks once a day whether scores of segments have fallen, and publishes ``falls``."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import get_args

from services.scorer.domain import Groups, groups_of
from services.scorer.falls import (
    LOOKED_DAYS,
    ComparedWindows,
    SegmentKey,
    end,
    find_falls,
    follow,
    followed_window,
    look_windows,
)
from services.scorer.repository import falls as rows
from services.scorer.repository.counts import segment_parts, use_custom_plans, window_counts
from services.scorer.repository.segments import list_dimensions
from services.scorer.repository.selection import Selection
from services.scorer.schedule import CompanyDays, company_days
from shared.db.database import Database, UnitOfWork
from shared.events import FALLS, WHOLE_COMPANY, People, SegmentFall, is_person
from shared.events.surveys import NpsMeasurement
from shared.health import Health
from shared.passed_over import PassedOver
from shared.runtime import Periodic

FALLS_LOOP = "falls"
CHECK_INTERVAL_S = 30.0
MEASUREMENTS: tuple[NpsMeasurement, ...] = get_args(NpsMeasurement)


@dataclass
class FallWatch:
    """The loop that publishes ``falls``: of each company when its day has begun, up to the day before."""

    database: Database
    health: Health
    current: CompanyDays = field(default_factory=CompanyDays)
    passed: PassedOver = field(default_factory=lambda: PassedOver(FALLS_LOOP))
    _done: bool = False
    """Whether no company was left to look at for its current day, or another worker was looking."""

    async def run(self, stopping: asyncio.Event) -> None:
        """Look until stopped."""
        await Periodic(FALLS_LOOP, self.step, CHECK_INTERVAL_S, self.health).run(stopping)

    async def step(self) -> float | None:
        """Look at one company that is due; the seconds until the next one. One that fails has no turn for
        an hour, and keeps no other from its own.
        """
        claimed = None
        passed = self.passed.companies(self.database.clock())
        try:
            async with self.database.transaction() as uow:
                current = await company_days(uow, self.current)
                if current is self.current and self._done and not passed:
                    return None
                days = {tenant: today for tenant, today in current.days.items() if tenant not in passed}
                ended = {tenant: today - timedelta(days=1) for tenant, today in days.items()}
                claimed = await rows.claim_company(uow, ended) if ended else None
                if claimed is not None:
                    await look(uow, claimed.tenant, current.people[claimed.tenant], claimed.until)
        except Exception as error:
            if claimed is None:
                raise
            self.passed.add(claimed.tenant, error, self.database.clock())
            self._done = False
            return 0
        # While a company is passed over, the loop looks again: its turn comes when the hour is over.
        self.current, self._done = current, claimed is None and not passed
        return None if claimed is None else 0


async def look(uow: UnitOfWork, tenant: str, people: People, until: date) -> None:
    """Judge the segments of a company by the days up to ``until``, and publish the falls that are there."""
    await use_custom_plans(uow)
    lasting = await rows.list_fallen(uow, tenant)
    judged = [
        end(each, uow.now)
        if is_person(people, each.segment)
        else follow(each, await _since(uow, tenant, each, until), until, uow.now)
        for each in lasting
    ]
    known = {SegmentKey(each.measurement, each.segment) for each in lasting}
    looked = {
        days: {
            key: each
            for key, each in (await _looked_at(uow, tenant, people, until, days)).items()
            if key not in known
        }
        for days in LOOKED_DAYS
    }
    falls = [*judged, *find_falls(looked, until, uow.now).values()]
    if falls:
        await rows.keep(uow, tenant, falls)
        for each in falls:
            uow.publish(FALLS, tenant, each)
    await rows.note_look(uow, tenant, until)


async def _since(uow: UnitOfWork, tenant: str, fall: SegmentFall, until: date) -> Groups:
    window = followed_window(fall, until)
    return groups_of(await window_counts(uow, tenant, fall.measurement, fall.segment, window))


async def _looked_at(
    uow: UnitOfWork, tenant: str, people: People, until: date, days: int
) -> Mapping[SegmentKey, ComparedWindows]:
    """The company and its segments in two windows, without single employees."""
    now, before = look_windows(until, days)
    found: dict[SegmentKey, ComparedWindows] = {}
    names = [each.name for each in await list_dimensions(uow, tenant)]
    dimensions = [name for name in names if not is_person(people, f"{name}:-")]
    for measurement in MEASUREMENTS:
        found[SegmentKey(measurement, WHOLE_COMPANY)] = ComparedWindows(
            groups_of(await window_counts(uow, tenant, measurement, WHOLE_COMPANY, now)),
            groups_of(await window_counts(uow, tenant, measurement, WHOLE_COMPANY, before)),
        )
        for dimension in dimensions:
            for part in await segment_parts(uow, Selection(tenant), measurement, dimension, now, before):
                if not is_person(people, part.segment):
                    found[SegmentKey(measurement, part.segment)] = ComparedWindows(part.now, part.before)
    return found
