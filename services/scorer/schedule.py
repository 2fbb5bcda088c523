"""Publishes ``scores``: of changed segments at most once a second, of all segments when a day begins.

Pages and API compute their scores from the counts on each request; the topic is for webhooks.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from services.scorer.domain import CONFIDENCE, MIN_ANSWERS_SHOWN, groups_of, score_interval
from services.scorer.repository import score_publishing
from services.scorer.windows import DEFAULT_WINDOW_DAYS, today_in
from shared.db.database import Database, UnitOfWork
from shared.events import SCORES, People, Score, is_person
from shared.health import Health
from shared.runtime import Periodic
from shared.tenancy.tenants import all_tenants

LOOP_NAME = "scores"
PUBLISH_INTERVAL = timedelta(seconds=1)
QUARTER_HOUR_S = 15 * 60
MAX_SCORES_PER_TRANSACTION = 2_000
"""The other changed segments are published in the next transaction, one interval later."""
MAX_MARKED_SEGMENTS = 5_000
"""Segments of each company that one transaction marks as changed when the company's day begins."""


@dataclass(frozen=True)
class CompanyDays:
    """The current day of each company, and what it was computed from."""

    quarter_hour: int = 0
    tenant_versions: tuple[int, int] = (0, 0)
    days: Mapping[str, date] = field(default_factory=dict)
    people: Mapping[str, People] = field(default_factory=dict)
    """Each company's settings for the scores of its employees."""


@dataclass
class ScorePublisher:
    """The loop that publishes ``scores``."""

    database: Database
    health: Health
    current: CompanyDays = CompanyDays()

    async def run(self, stopping: asyncio.Event) -> None:
        """Publish until stopped."""
        await Periodic(LOOP_NAME, self._step, PUBLISH_INTERVAL.total_seconds(), self.health).run(stopping)

    async def _step(self) -> None:
        await self.publish_changed()

    async def publish_changed(self) -> int:
        """Publish the scores of segments that changed; return how many."""
        async with self.database.transaction() as uow:
            if not await score_publishing.claim_turn(uow, PUBLISH_INTERVAL):
                return 0
            current = await company_days(uow, self.current)
            all_marked = current is self.current or await score_publishing.mark_new_days(
                uow, current.days, MAX_MARKED_SEGMENTS
            )
            published = await _publish_changed(uow, current)
        if all_marked:  # else the next step marks on: after a rollback, or where portions are left
            self.current = current
        return published


async def company_days(uow: UnitOfWork, known: CompanyDays) -> CompanyDays:
    """``known`` itself, unless a day may have begun since: at a quarter of an hour (the midnights of all time
    zones lie on one), or because a company is new or has changed.
    """
    quarter_hour = int(uow.now.timestamp()) // QUARTER_HOUR_S
    versions = await score_publishing.tenant_versions(uow)
    if (quarter_hour, versions) == (known.quarter_hour, known.tenant_versions):
        return known
    tenants = [tenant for tenant in await all_tenants(uow) if tenant.state != "left"]
    days = {tenant.id: today_in(tenant.time_zone, uow.now) for tenant in tenants}
    return CompanyDays(quarter_hour, versions, days, {tenant.id: tenant.people for tenant in tenants})


async def _publish_changed(uow: UnitOfWork, current: CompanyDays) -> int:
    changed = await score_publishing.claim_changed_segments(uow, MAX_SCORES_PER_TRANSACTION)
    # A company whose event has not arrived has no day yet: its segments are published when its first day
    # begins. The readers of the topic are unknown, so no score of a single employee is published.
    publishable = [
        key for key in changed if key[0] in current.days and not is_person(current.people[key[0]], key[2])
    ]
    if not publishable:
        return 0
    rows = await score_publishing.window_counts_of(uow, publishable, current.days, DEFAULT_WINDOW_DAYS)
    for tenant, measurement, segment, until, *counts in rows:
        groups = groups_of(counts)
        nps, bounds = (groups.nps, score_interval(groups)) if groups.n >= MIN_ANSWERS_SHOWN else (None, None)
        uow.publish(
            SCORES,
            tenant,
            Score(
                segment=segment,
                measurement=measurement,
                version=score_publishing.score_version(uow.now),
                window_days=DEFAULT_WINDOW_DAYS,
                until=until,
                counts=tuple(counts),
                n=sum(counts),
                nps=None if nps is None else float(nps),
                low=bounds[0] if bounds else None,
                high=bounds[1] if bounds else None,
                level=CONFIDENCE,
                computed_at=uow.now,
            ),
        )
    return len(rows)
