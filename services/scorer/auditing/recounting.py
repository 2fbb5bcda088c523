"""One audit of a company: its answers are recounted, and compared with what is kept and what was published.

The recount reads one snapshot, some weeks at a time, and locks nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from services.scorer.auditing import repository
from services.scorer.auditing.domain import AuditResult, TotalsCompared, compare_totals
from services.scorer.auditing.mending import mend
from services.scorer.repository.counting import DifferingCounts, recount_weeks
from services.scorer.windows import today_in
from shared.db.database import Database, UnitOfWork
from shared.tenancy import find_tenant

WEEKS_PER_STATEMENT = 13
KEEP_RESULTS_FOR = timedelta(days=400)


def _nothing() -> None:
    """Nobody waits for a sign that the work goes on."""


@dataclass(frozen=True)
class Audit:
    """What was found, with the names of what differs."""

    tenant: str
    result: AuditResult
    differing: DifferingCounts
    totals: TotalsCompared


async def audit_company(
    database: Database, tenant: str, day: date, *, going_on: Callable[[], None] = _nothing
) -> Audit:
    """Audit a company, and keep the result.

    :param day: the company's.
    :param going_on: called now and then while it works.
    """
    async with database.reading() as uow:
        count = await repository.count_rows(uow, tenant)
        differing = await _recount(uow, tenant, going_on)
        own = await repository.own_totals(uow, tenant)
        published = await repository.published_totals(uow, tenant)
        totals = compare_totals(own, published, await repository.find_doubts(uow, tenant))
        result = AuditResult(
            at=uow.now,
            day=day,
            counts=count,
            counts_differing=len(differing.days) + len(differing.weeks),
            totals=totals.compared,
            totals_differing=len(totals.differing),
            totals_waiting=totals.waiting,
        )
    async with database.transaction() as uow:
        await repository.replace_doubts(uow, tenant, totals.doubts)
        await repository.keep_result(uow, tenant, result, KEEP_RESULTS_FOR)
    return Audit(tenant, result, differing, totals)


async def audit_now(database: Database, tenant: str, *, mending: bool = False) -> tuple[Audit, int]:
    """Audit a company at once; with ``mending`` set what differs to the answers, and audit it again.

    :returns: the last audit, and how many counts were set.
    """
    async with database.reading() as uow:
        found = await find_tenant(uow, tenant)
        day = today_in(found.time_zone if found else "UTC", uow.now)
    audit = await audit_company(database, tenant, day)
    if not mending or not (set_counts := await mend(database, tenant, audit.differing)):
        return audit, 0
    return await audit_company(database, tenant, day), set_counts


async def _recount(uow: UnitOfWork, tenant: str, going_on: Callable[[], None]) -> DifferingCounts:
    weeks = await repository.list_weeks(uow, tenant)
    found = DifferingCounts([], [])
    for first in range(0, len(weeks), WEEKS_PER_STATEMENT):
        going_on()
        part = weeks[first : first + WEEKS_PER_STATEMENT]
        differing = await recount_weeks(uow, tenant, part[0], part[-1])
        found.days.extend(differing.days)
        found.weeks.extend(differing.weeks)
    return found
