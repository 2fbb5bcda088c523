"""One audit of a company: its answers are recounted, and compared with what is kept and what was published.

The recount reads some weeks at a time, each portion in a snapshot of its own, and locks nothing: so it never
keeps PostgreSQL from removing dead rows for long.
"""

from collections.abc import Awaitable, Callable, Iterable
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
from shared.db.database import Database
from shared.tenancy import find_tenant

MAX_ROWS_PER_STATEMENT = 100_000
"""Answers and invitations that one statement counts, unless a single week has more: each counts in twenty
segments or so, and a statement may take half a minute.
"""
KEEP_RESULTS_FOR = timedelta(days=400)


GoingOn = Callable[[], Awaitable[None]]


async def _nothing() -> None:
    """Nobody waits for a sign that the work goes on."""


@dataclass(frozen=True)
class Audit:
    """What was found, with the names of what differs."""

    tenant: str
    result: AuditResult
    differing: DifferingCounts
    noted: DifferingNoted
    totals: TotalsCompared


async def audit_company(database: Database, tenant: str, day: date, *, going_on: GoingOn = _nothing) -> Audit:
    """Audit a company, and keep the result.

    :param day: the company's.
    :param going_on: called now and then while it works.
    """
    differing, noted = await _recount(database, tenant, going_on)
    async with database.reading() as uow:
        count = await repository.count_rows(uow, tenant)
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
    database: Database, tenant: str, going_on: GoingOn
) -> tuple[DifferingCounts, DifferingNoted]:
    found, noted = DifferingCounts([], []), DifferingNoted([], [])
    async with database.reading() as uow:
        weeks = await repository.list_weeks(uow, tenant)
    for first, last in portions(weeks, MAX_ROWS_PER_STATEMENT):
        await going_on()
        last_day = last + timedelta(days=DAYS_PER_WEEK - 1)
        async with database.reading() as uow:
            differing = await recount_weeks(uow, tenant, first, last)
            found.days.extend(differing.days)
            found.weeks.extend(differing.weeks)
            noted.asked.extend(await recount_asked(uow, tenant, first, last_day))
            noted.themes.extend(await recount_themes(uow, tenant, first, last_day))
    return found, noted


def portions(weeks: Iterable[tuple[date, int]], most: int) -> list[tuple[date, date]]:
    """The first and last weeks of portions of so many rows at most; a week that has more is one of its own.

    :param weeks: with the rows of each, in order.
    """
    found: list[tuple[date, date]] = []
    rows = 0
    for week, number in weeks:
        if found and rows + number <= most:
            found[-1] = (found[-1][0], week)
            rows += number
        else:
            found.append((week, week))
            rows = number
    return found
