"""The loop that adds what triggers have noted of invitations and of comments to the counts.

Pages add what is noted to what is counted, so nothing is ever missing: the loop keeps what is noted few.
"""

from dataclasses import dataclass

from services.scorer.asked.noted_repository import count_noted_asked, fill_days, try_lock
from services.scorer.themes.count_repository import count_noted_themes
from shared.db.database import Database
from shared.health import Health
from shared.runtime import Loop, Periodic

NOTED_LOOP = "noted counts"
COUNT_INTERVAL_S = 2.0
MAX_CHANGES_PER_TRANSACTION = 5_000


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
            if not await try_lock(uow):
                return None
            filled = await fill_days(uow, self.limit)
            asked = await count_noted_asked(uow, self.limit)
            themes = await count_noted_themes(uow, self.limit)
        return 0 if self.limit in {filled, asked, themes} else None
