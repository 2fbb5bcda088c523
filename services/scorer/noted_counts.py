"""The loop that adds what triggers have noted of invitations and of comments to the counts.

Pages add what is noted to what is counted, so nothing is ever missing: the loop keeps what is noted few.
"""

from dataclasses import dataclass

from services.scorer.asked.noted import count_noted_asked, fill_days
from services.scorer.themes.count_repository import count_noted_themes
from shared.db.database import Database, UnitOfWork
from shared.health import Health
from shared.runtime import Loop, Periodic

NOTED_LOOP = "noted counts"
COUNT_INTERVAL_S = 2.0
MAX_CHANGES_PER_TRANSACTION = 5_000

# of several workers one counts: none waits for a row of another.
TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('noted counts', 0))"
COUNT_NOTED = "SELECT (SELECT count(*) FROM asked_change) + (SELECT count(*) FROM theme_change)"


async def count_noted(uow: UnitOfWork) -> int:
    """How many changes are noted and not counted yet, of all tenants."""
    return int((await uow.execute(COUNT_NOTED)).scalar_one())


@dataclass(frozen=True)
class NotedCounter:
    """The loop; of several workers one at a time counts."""

    database: Database
    health: Health
    limit: int = MAX_CHANGES_PER_TRANSACTION
    """Changes of each kind in a transaction."""

    @property
    def loop(self) -> Loop:
        """What a worker runs."""
        return Periodic(NOTED_LOOP, self.step, COUNT_INTERVAL_S, self.health).run

    async def step(self) -> float | None:
        """Count some of what is noted: at once again when there may be more."""
        async with self.database.transaction() as uow:
            if not (await uow.execute(TRY_LOCK)).scalar_one():
                return None
            filled = await fill_days(uow, self.limit)
            asked = await count_noted_asked(uow, self.limit)
            themes = await count_noted_themes(uow, self.limit)
        return 0 if self.limit in {filled, asked, themes} else None
