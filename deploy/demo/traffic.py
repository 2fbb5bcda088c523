"""The shop and the helpdesk: they tell the trigger what happens, as any client back-end does."""

import asyncio
from datetime import timedelta

from deploy.demo.checkpoint import Checkpoint
from deploy.demo.client import DemoClient
from deploy.demo.model import Model
from deploy.demo.stream import EventStream
from shared.clock import Clock
from shared.runtime import pause

MAX_RESEND_AGE = timedelta(days=1)
"""An event that was cut off in the middle is said again as it was, unless it has become an old story."""


class Traffic:
    """One event after the other, about `every` seconds apart."""

    def __init__(
        self,
        stream: EventStream,
        model: Model,
        doors: DemoClient,
        position: Checkpoint,
        *,
        every: float,
        clock: Clock,
    ) -> None:
        self._stream = stream
        self._model = model
        self._doors = doors
        self._position = position
        self._every = every
        self._clock = clock

    async def run(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            number = self._position.progress.next_event
            await self._happen(number)
            await pause(stopping, self._every * self._model.random("pace", number).uniform(0.5, 1.5))

    async def _happen(self, number: int) -> None:
        progress, now = self._position.progress, self._clock()
        happening = self._stream.at(number)
        if progress.next_occurred_at is None or now - progress.next_occurred_at > MAX_RESEND_AGE:
            progress.next_occurred_at = now
        progress.remember(happening.customer.number, number)
        self._position.save()
        await self._doors.post("/v1/events", happening.event(progress.next_occurred_at))
        progress.next_event, progress.next_occurred_at = number + 1, None
