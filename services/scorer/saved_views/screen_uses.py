"""When each screen was last opened: noted in memory, and written once a minute in one statement.

So a GET writes nothing, and none waits for it. What a process noted in the minute in which it is killed is
lost.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.scorer.saved_views.screen_repository import store_screen_uses
from shared.db.database import Database
from shared.health import Health
from shared.runtime import Loop, Periodic

LOOP_NAME = "screen uses"
WRITE_INTERVAL_S = 60.0


@dataclass
class ScreenUses:
    """The uses that a process has noted and not written yet."""

    database: Database
    health: Health
    _noted: dict[tuple[str, UUID], datetime] = field(default_factory=dict)

    def note(self, tenant: str, screen: UUID) -> None:
        """A screen was opened now."""
        self._noted[tenant, screen] = self.database.clock().replace(second=0, microsecond=0)

    @property
    def loop(self) -> Loop:
        """The loop of an API process."""
        return Periodic(LOOP_NAME, self.write, WRITE_INTERVAL_S, self.health).run

    async def write(self) -> float | None:
        """Write what was noted; when that fails it is noted still."""
        noted, self._noted = self._noted, {}
        if not noted:
            return None
        try:
            async with self.database.transaction() as uow:
                await store_screen_uses(uow, noted)
        except BaseException:
            self._noted = {**noted, **self._noted}
            raise
        return None
