"""A loop by the clock: mails whose lease has expired become ``unknown``, and are never sent again."""

from collections.abc import Awaitable, Callable

from shared.db import Database, UnitOfWork
from shared.health import Health
from shared.runtime import Loop, Periodic
from shared.telemetry import metrics

CHECK_INTERVAL_S = 5.0
MAX_LEASES_PER_PASS = 200
LEASES_LOOP = "leases"
LEASE_ENDED = "the sender did not come back to say what became of it"
"""The reason of such a mail, as people see it."""
EndLeases = Callable[[UnitOfWork, int], Awaitable[int]]
"""Mark as unknown, at most so many, mails whose lease has expired; how many it marked."""


async def end_leases(service: str, end: EndLeases, database: Database) -> int:
    """Mark mails whose lease has expired as unknown, in one transaction; how many it marked."""
    async with database.transaction() as uow:
        ended = await end(uow, MAX_LEASES_PER_PASS)
    metrics.MAILS.labels(service, "unknown").inc(ended)
    return ended


def watch_leases(service: str, end: EndLeases, database: Database, health: Health) -> Loop:
    """The loop that ends leases every few seconds."""

    async def step() -> float | None:
        more = await end_leases(service, end, database) == MAX_LEASES_PER_PASS
        return 0 if more else None

    return Periodic(LEASES_LOOP, step, CHECK_INTERVAL_S, health).run
