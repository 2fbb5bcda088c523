"""The shop's back-ends: webshop and helpdesk send their events by HTTP, the tills write theirs to Kafka."""

import asyncio
from datetime import datetime, timedelta

from deploy.demo.checkpoint import Checkpoint
from deploy.demo.client import DemoClient
from deploy.demo.model import Model
from deploy.demo.stream import TILLS, DemoEvent, EventStream
from deploy.demo.tills import Tills
from shared.clock import Clock
from shared.runtime import pause

REFUNDED_AFTER = timedelta(seconds=1)
MAX_RESEND_AGE = timedelta(days=1)
"""An interrupted event is sent again unchanged, unless it is older than this."""


class Traffic:
    """Sends one event after the other, about `every` seconds apart."""

    def __init__(
        self,
        stream: EventStream,
        model: Model,
        client: DemoClient,
        tills: Tills,
        checkpoint: Checkpoint,
        *,
        every: float,
        clock: Clock,
    ) -> None:
        self._stream = stream
        self._model = model
        self._client = client
        self._tills = tills
        self._checkpoint = checkpoint
        self._every = every
        self._clock = clock

    async def run(self, stopping: asyncio.Event) -> None:
        if self._checkpoint.progress.next_event == 0:
            await self._tills.open(self._clock())
        while not stopping.is_set():
            number = self._checkpoint.progress.next_event
            await self._send(number)
            await pause(stopping, self._every * self._model.random("pace", number).uniform(0.5, 1.5))

    async def _send(self, number: int) -> None:
        progress, now = self._checkpoint.progress, self._clock()
        event = self._stream.at(number)
        if progress.next_occurred_at is None or now - progress.next_occurred_at > MAX_RESEND_AGE:
            progress.next_occurred_at = now
        progress.remember(event.customer.number, number)
        self._checkpoint.save()
        await self._send_by_its_way(event, progress.next_occurred_at)
        if (refund := self._stream.refund_of(event)) is not None:
            await self._send_by_its_way(refund, progress.next_occurred_at + REFUNDED_AFTER)
        progress.next_event, progress.next_occurred_at = number + 1, None

    async def _send_by_its_way(self, event: DemoEvent, occurred_at: datetime) -> None:
        if event.source == TILLS:
            await self._tills.send(event, occurred_at)
        else:
            await self._client.post("/v1/events", event.body(occurred_at))
