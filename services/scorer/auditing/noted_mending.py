"""Sets counts of invitations and of themes that differ to what the rows say, while pages are read on.

Whoever writes answers or invitations waits while a day is set: the tables are locked in the order in which
the triggers of ``answer`` write to them. So no change is noted between the recount and the commit, and what
was noted of the day that is set is in its rows already.
"""

from typing import NamedTuple

from services.scorer.auditing import noted_mending_repository as repository
from services.scorer.repository.counting import CountKey
from shared.db.database import Database


class DifferingNoted(NamedTuple):
    """Where counts of invitations, and of what comments name, differ from the rows."""

    asked: list[CountKey]
    themes: list[CountKey]


async def mend_noted(database: Database, tenant: str, differing: DifferingNoted) -> int:
    """Set the days that differ to what the rows say, each in a transaction; how many counts differed."""
    asked, themes = ({key.day for key in each} for each in differing)
    for day in sorted(asked | themes):
        async with database.transaction() as uow:
            await repository.lock_writers(uow)
            if day in asked:
                await repository.set_asked(uow, tenant, day)
            if day in themes:
                await repository.set_themes(uow, tenant, day)
    return sum(map(len, differing))
