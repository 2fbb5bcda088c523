"""Sets counts that differ from the answers to what the answers say, while the service counts on.

Why that is right beside whoever counts: a batch keeps its answers first and then locks the counts that it
changes, until it commits; it adds differences and sets nothing. Once a count is locked here, each batch
that changed it has ended, and its answers are seen by the next statement, or it waits for the lock: then
its answers are not seen, and it adds its differences to what is set here.
"""

from datetime import timedelta

from services.scorer.auditing.mending_repository import lock_counts, set_counts
from services.scorer.repository.counting import CountKey, DifferingCounts
from shared.db.database import Database


async def mend(database: Database, tenant: str, differing: DifferingCounts) -> int:
    """Set these counts of a company to what the answers say, in one transaction; how many were set.

    Their segments are marked as changed, so that their scores are published again.
    """
    if not (differing.days or differing.weeks):
        return 0
    # A day that is set changes its week by the difference, so a week that was right would be wrong then.
    weeks = {*differing.weeks, *map(_week_of, differing.days)}
    async with database.transaction() as uow:
        await lock_counts(uow, tenant, differing.days, sorted(weeks))
        await set_counts(uow, tenant, differing.days, sorted(weeks))
    return len(differing.days) + len(differing.weeks)


def _week_of(day: CountKey) -> CountKey:
    return day._replace(day=day.day - timedelta(days=day.day.weekday()))
