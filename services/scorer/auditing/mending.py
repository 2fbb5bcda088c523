"""Sets counts that differ from the answers to what the answers say, while the service counts on.

Why that is right beside whoever counts: a batch keeps its answers first and then locks the counts that it
changes, until it commits; it adds differences and sets nothing. Once a count is locked here, each batch
that changed it has ended, and its answers are seen by the next statement, or it waits for the lock: then
its answers are not seen, and it adds its differences to what is set here.
"""

from datetime import date, timedelta
from itertools import groupby, islice

from services.scorer.auditing.mending_repository import lock_counts, set_counts
from services.scorer.repository.counting import CountKey, DifferingCounts
from shared.db.database import Database

MAX_WEEKS_PER_TRANSACTION = 5_000


async def mend(database: Database, tenant: str, differing: DifferingCounts) -> int:
    """Set these counts of a company to what the answers say; how many were set.

    Those of one day have a transaction of their own, so that whoever counts answers of it waits no longer
    than it takes to read them. Their segments are marked as changed: their scores are published again.
    """
    mended = set()
    for _, found in groupby(sorted(differing.days, key=_day_of), _day_of):
        days = list(found)
        # A day that is set changes its week by the difference, so a week that was right would be wrong then.
        weeks = sorted(set(map(_week_of, days)))
        await _set(database, tenant, days, weeks)
        mended.update(weeks)
    others = iter(sorted(set(differing.weeks) - mended))
    while weeks := list(islice(others, MAX_WEEKS_PER_TRANSACTION)):
        await _set(database, tenant, [], weeks)
    return len(differing.days) + len(differing.weeks)


async def _set(database: Database, tenant: str, days: list[CountKey], weeks: list[CountKey]) -> None:
    async with database.transaction() as uow:
        await lock_counts(uow, tenant, days, weeks)
        await set_counts(uow, tenant, days, weeks)


def _day_of(key: CountKey) -> date:
    return key.day


def _week_of(day: CountKey) -> CountKey:
    return day._replace(day=day.day - timedelta(days=day.day.weekday()))
