"""One audit of a company: its answers are recounted, and compared with what is kept and what was published.

The recount reads one snapshot, some weeks at a time, and locks nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from services.scorer.asked.recount_repository import recount_asked
from services.scorer.auditing import repository
from services.scorer.auditing.domain import AuditResult, TotalsCompared, compare_totals
from services.scorer.auditing.mending import mend
from services.scorer.auditing.noted_mending import DifferingNoted, mend_noted
from services.scorer.repository.counting import DifferingCounts, recount_weeks
from services.scorer.themes.count_repository import recount_themes
from services.scorer.windows import DAYS_PER_WEEK, today_in
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
    noted: DifferingNoted
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
        differing, noted = await _recount(uow, tenant, going_on)
        own = await repository.own_totals(uow, tenant)
        published = await repository.published_totals(uow, tenant)
        totals = compare_totals(own, published, await repository.find_doubts(uow, tenant))
        result = AuditResult(
            at=uow.now,
            day=day,
            counts=count,
            counts_differing=sum(map(len, (*differing, *noted))),
            totals=totals.compared,
            totals_differing=len(totals.differing),
            totals_waiting=totals.waiting,
        )
    async with database.transaction() as uow:
        await repository.replace_doubts(uow, tenant, totals.doubts)
        await repository.keep_result(uow, tenant, result, KEEP_RESULTS_FOR)
    return Audit(tenant, result, differing, noted, totals)


async def audit_now(database: Database, tenant: str, *, mending: bool = False) -> tuple[Audit, int]:
    """Audit a company at once; with ``mending`` set what differs to the answers, and audit it again.

    :returns: the last audit, and how many counts were set.
    """
    async with database.reading() as uow:
        found = await find_tenant(uow, tenant)
        day = today_in(found.time_zone if found else "UTC", uow.now)
    audit = await audit_company(database, tenant, day)
    if not mending:
        return audit, 0
    set_counts = await mend(database, tenant, audit.differing)
    set_counts += await mend_noted(database, tenant, audit.noted)
    return (await audit_company(database, tenant, day) if set_counts else audit), set_counts


async def _recount(
    uow: UnitOfWork, tenant: str, going_on: Callable[[], None]
) -> tuple[DifferingCounts, DifferingNoted]:
    weeks = await repository.list_weeks(uow, tenant)
    found, noted = DifferingCounts([], []), DifferingNoted([], [])
    for first in range(0, len(weeks), WEEKS_PER_STATEMENT):
        going_on()
        part = weeks[first : first + WEEKS_PER_STATEMENT]
        differing = await recount_weeks(uow, tenant, part[0], part[-1])
        found.days.extend(differing.days)
        found.weeks.extend(differing.weeks)
        last_day = part[-1] + timedelta(days=DAYS_PER_WEEK - 1)
        noted.asked.extend(await recount_asked(uow, tenant, part[0], last_day))
        noted.themes.extend(await recount_themes(uow, tenant, part[0], last_day))
    return found, noted
