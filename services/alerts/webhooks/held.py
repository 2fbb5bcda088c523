"""What lanes hold in memory, looked at again for all of them by one statement: a customer may be erased."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from services.alerts.webhooks.repository import lanes
from shared.db.database import Database
from shared.outbound.lanes import Lane


@dataclass(eq=False)
class HeldMessages:
    """The messages that one lane holds."""

    lane: Lane
    still: set[str]
    """Those that may still be sent, as far as was seen."""
    looked_at: float
    """When that was, by the event loop's clock."""


class HeldLook:
    """Looks at the messages of all lanes of a process: as often as one lane alone would ask for its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: set[HeldMessages] = set()
        self._looking: asyncio.Task[None] | None = None

    @contextmanager
    def holding(self, lane: Lane, messages: Sequence[str]) -> Iterator[HeldMessages]:
        """What a lane has just read, while it is sent."""
        held = HeldMessages(lane, set(messages), asyncio.get_running_loop().time())
        self._held.add(held)
        try:
            yield held
        finally:
            self._held.discard(held)

    async def renew(self, held: HeldMessages, max_age_s: float) -> None:
        """Look again, unless that was done so short a time ago."""
        oldest = asyncio.get_running_loop().time() - max_age_s
        while held.looked_at < oldest:
            if self._looking is None:
                self._looking = asyncio.create_task(self._look(), name="look at held messages")
            await asyncio.shield(self._looking)

    async def _look(self) -> None:
        """A lane that begins meanwhile is seen by the next look."""
        seen, began = list(self._held), asyncio.get_running_loop().time()
        try:
            async with self._database.reading() as uow:
                waiting = await lanes.still_waiting(uow, [(held.lane, held.still) for held in seen])
        finally:
            self._looking = None
        for held in seen:
            held.still = waiting.get(held.lane, set())
            held.looked_at = began
