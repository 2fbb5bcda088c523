"""Recording what became of a message is tried again until its lease ends, also while the process stops."""

import asyncio

from shared.clock import Clock
from shared.errors import is_retryable
from shared.outbound.deliveries import Delivery
from shared.runtime import Backoff, pause

HURRIED_RETRY_S = 0.2
"""Until an outcome is recorded again while the process stops, which leaves only seconds."""


class RecordRetries:
    """The retries of one record."""

    def __init__(self, delivery: Delivery, clock: Clock) -> None:
        self._delivery = delivery
        self._clock = clock
        self._backoff = Backoff(max_s=5.0)

    def may_help(self, error: Exception) -> bool:
        """Whether to record again: the error may pass, and nobody has called the delivery unknown yet."""
        return is_retryable(error) and self._clock() <= self._delivery.lease_until

    async def wait(self, stopping: asyncio.Event) -> None:
        """Wait until the next try; not for long while the process stops."""
        await pause(stopping, self._backoff.next())
        if stopping.is_set():
            await asyncio.sleep(HURRIED_RETRY_S)  # ``pause`` waits no more
