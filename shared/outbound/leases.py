"""A loop by the clock: deliveries whose lease has expired become ``unknown``, and are never sent again."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from shared.db import Database, UnitOfWork
from shared.health import Health
from shared.outbound import deliveries
from shared.runtime import Loop, Periodic
from shared.telemetry import metrics

CHECK_INTERVAL_S = 5.0
MAX_LEASES_PER_PASS = 200
LEASES_LOOP = "leases"

RecordUnknown = Callable[[UnitOfWork, Sequence[tuple[str, UUID]], str], Awaitable[None]]
"""Record, with a reason, that the deliveries about these (tenant and id) have become unknown.

It is not told which deliveries (``n`` and ``kind``): of each of these only one was on its way.
"""


async def end_leases(service: str, database: Database, record: RecordUnknown | None = None) -> int:
    """Mark deliveries whose lease has expired as unknown, in one transaction; how many it marked."""
    async with database.transaction() as uow:
        ended = await deliveries.end_expired(uow, MAX_LEASES_PER_PASS)
        if record is not None:
            await record(uow, ended, deliveries.LEASE_ENDED)
    metrics.MAILS.labels(service, "unknown").inc(len(ended))
    return len(ended)


def watch_leases(
    service: str, database: Database, health: Health, record: RecordUnknown | None = None
) -> Loop:
    """The loop that ends leases every few seconds."""

    async def step() -> float | None:
        more = await end_leases(service, database, record) == MAX_LEASES_PER_PASS
        return 0 if more else None

    return Periodic(LEASES_LOOP, step, CHECK_INTERVAL_S, health).run
