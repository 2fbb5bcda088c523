"""The nightly loop that removes what is older than its company keeps it.

One worker of a service does it at a time, one tenant after the other, in batches that are transactions of
their own; between two batches it pauses for as long as one takes, so that the other work goes on.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.database import Database, UnitOfWork, new_engine, statement
from shared.errors import is_infrastructure_error
from shared.health import Health
from shared.privacy.retention import Cutoffs, RetentionRule
from shared.runtime import Periodic, pause
from shared.telemetry import metrics
from shared.tenancy.retention import find_retention

log = structlog.get_logger()

RETENTION_LOOP = "retention"
RETENTION_LOCK = 2
"""Number of the advisory lock in the service's database that the worker at work holds; the relay's is 1."""
NIGHT_BEGINS_AT_HOUR = 1
"""In UTC: then the day's work is due; a worker that starts later does it at once."""
CHECK_INTERVAL_S = 60.0
RETRY_INTERVAL_S = 3600.0
"""After a night in which a rule failed."""
MAX_ROWS_PER_BATCH = 500
MIN_PAUSE_S = 0.05

TRY_RETENTION_LOCK = "SELECT pg_try_advisory_lock(:lock)"
FIND_FINISHED = "SELECT finished_at FROM retention_run WHERE name = 'nightly'"
SET_FINISHED = """
    INSERT INTO retention_run (name, finished_at) VALUES ('nightly', :now)
    ON CONFLICT (name) DO UPDATE SET finished_at = greatest(retention_run.finished_at, EXCLUDED.finished_at)
"""
# Tenants of which rules are known count as well: an event of theirs may have come before the tenant's.
LIST_TENANTS = """
    SELECT id FROM tenant UNION SELECT tenant FROM retention ORDER BY 1
"""


@dataclass
class RetentionRun:
    """Removes what is too old in one service."""

    service: str
    rules: Sequence[RetentionRule]
    database: Database
    health: Health
    stopping: asyncio.Event
    max_rows_per_batch: int = MAX_ROWS_PER_BATCH

    @property
    def loop(self) -> Periodic:
        """The loop of a worker; any number of workers may run it."""
        return Periodic(RETENTION_LOOP, self.step, CHECK_INTERVAL_S, self.health)

    async def step(self) -> float | None:
        """Do the night's work if it is due and no other worker does it."""
        if not await self.is_due():
            return None
        engine = new_engine(self.database.url, name=f"{self.service}-retention", pool_size=None)
        try:
            async with engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                if not await _try_lock(connection) or not await self.is_due():
                    return None
                return None if await self.remove_all() else RETRY_INTERVAL_S
        finally:
            await engine.dispose()

    async def is_due(self) -> bool:
        """Whether nobody has done the work since this night began."""
        async with self.database.reading() as uow:
            finished = (await uow.execute(FIND_FINISHED)).scalar_one_or_none()
        return finished is None or finished < night_before(self.database.clock())

    async def remove_all(self) -> bool:
        """Apply all rules to all tenants; False when one failed or the process stops."""
        now, complete = self.database.clock(), True
        async with self.database.reading() as uow:
            tenants = list((await uow.execute(LIST_TENANTS)).scalars())
        for tenant in tenants:
            complete &= await self.remove_of(tenant, now)
            if self.stopping.is_set():
                return False
        if complete:
            async with self.database.transaction() as uow:
                await uow.execute(SET_FINISHED, {"now": now})
        return complete

    async def remove_of(self, tenant: str, now: datetime) -> bool:
        """Apply all rules to one tenant; False when one failed or the process stops."""
        complete = True
        async with self.database.reading() as uow:
            cutoffs = Cutoffs(tenant, now, await find_retention(uow, tenant))
        for rule in self.rules:
            complete &= await self._remove(rule, cutoffs)
            if self.stopping.is_set():
                return False
        return complete

    async def _remove(self, rule: RetentionRule, cutoffs: Cutoffs) -> bool:
        """Apply one rule to one tenant; a rule that fails keeps the others from nothing."""
        removed = self.max_rows_per_batch
        while removed == self.max_rows_per_batch and not self.stopping.is_set():
            self.health.tick(RETENTION_LOOP)
            began = time.monotonic()
            try:
                async with self.database.transaction() as uow:
                    removed = await rule.apply(uow, cutoffs, self.max_rows_per_batch)
            except Exception as error:
                if is_infrastructure_error(error):
                    raise
                log.warning(
                    "retention_failed",
                    tenant=cutoffs.tenant,
                    kind=rule.kind,
                    table=rule.table.name,
                    error=type(error).__name__,
                )
                metrics.RETENTION_FAILURES.labels(self.service, rule.kind).inc()
                return False
            if removed:
                metrics.RETENTION_ROWS.labels(self.service, rule.kind).inc(removed)
                await pause(self.stopping, max(MIN_PAUSE_S, time.monotonic() - began))
        return True


def night_before(now: datetime) -> datetime:
    """When the last night began."""
    begin = now.replace(hour=NIGHT_BEGINS_AT_HOUR, minute=0, second=0, microsecond=0)
    return begin if begin <= now else begin - timedelta(days=1)


async def measure_retention(uow: UnitOfWork, service: str) -> None:
    """Set the gauge of when the last night's work was finished."""
    finished = (await uow.execute(FIND_FINISHED)).scalar_one_or_none()
    metrics.RETENTION_FINISHED.labels(service).set(finished.timestamp() if finished else 0)


async def _try_lock(connection: AsyncConnection) -> bool:
    """Whether this worker may work now; the lock ends with its connection."""
    locked = await connection.execute(statement(TRY_RETENTION_LOCK), {"lock": RETENTION_LOCK})
    return bool(locked.scalar_one())
