"""By the clock: mails whose sender has not come back become ``unknown``, and are never sent again."""

import asyncio
from collections.abc import Awaitable, Callable

from shared.db import Database, UnitOfWork
from shared.errors import is_retryable
from shared.plight import in_words
from shared.runtime import Health, Loop, pause
from shared.telemetry import metrics

EVERY = 5.0
AT_ONCE = 200
NAME = "leases"
End = Callable[[UnitOfWork, int], Awaitable[int]]
"""Calls so many at most unknown whose lease has ended; how many there were."""
GONE = "the sender did not come back to say what became of it"


async def end_leases(service: str, end: End, database: Database) -> int:
    """Mark the forsaken; how many there were."""
    async with database.transaction() as uow:
        ended = await end(uow, AT_ONCE)
    metrics.MAILS.labels(service, "unknown").inc(ended)
    return ended


def watch_leases(service: str, end: End, database: Database, health: Health) -> Loop:
    """The loop that looks again and again."""

    async def watch(stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            health.tick(NAME)
            try:
                more = await end_leases(service, end, database) == AT_ONCE
                health.found(NAME)
            except Exception as error:
                if not is_retryable(error):
                    raise
                health.missing(NAME, in_words(error))
                more = False
            if not more:
                await pause(stopping, EVERY)
        health.forget(NAME)

    return watch
