"""Audits each company once a day, when its day has begun."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.scorer.auditing import repository
from services.scorer.auditing.recounting import audit_company
from services.scorer.schedule import CompanyDays, company_days
from shared.db.database import Database
from shared.health import Health
from shared.passed_over import PassedOver
from shared.runtime import Periodic

AUDIT_LOOP = "audit"
CHECK_INTERVAL_S = 60.0
TURN_LEASE = timedelta(minutes=30)
"""After so long a turn that did not end is taken for that of a worker that died."""


@dataclass
class NightlyAudit:
    """The loop that audits; of several workers one at a time does."""

    database: Database
    health: Health
    current: CompanyDays = field(default_factory=CompanyDays)
    passed: PassedOver = field(default_factory=lambda: PassedOver(AUDIT_LOOP))

    async def run(self, stopping: asyncio.Event) -> None:
        """Audit until stopped."""
        await Periodic(AUDIT_LOOP, self.step, CHECK_INTERVAL_S, self.health).run(stopping)

    async def step(self) -> float | None:
        """Audit one company that is due. One that fails has no turn for an hour, and keeps no other from its
        own.
        """
        passed = self.passed.companies(self.database.clock())
        async with self.database.transaction() as uow:
            self.current = await company_days(uow, self.current)
            days = {tenant: today for tenant, today in self.current.days.items() if tenant not in passed}
            due = await repository.find_due(uow, days)
            if due is None or not await repository.try_turn(uow, TURN_LEASE):
                return None
            turn = _Turn(self, uow.now)
        tenant, day = due
        try:
            await audit_company(self.database, tenant, day, going_on=turn.go_on)
        except Exception as error:  # noqa: BLE001  (raised again where it would meet every company)
            self.passed.add(tenant, error, self.database.clock())
        finally:
            async with self.database.transaction() as uow:
                await repository.end_turn(uow, turn.begun)
        return 0


@dataclass
class _Turn:
    """The turn of an audit that may take longer than a lease."""

    audit: NightlyAudit
    begun: datetime

    async def go_on(self) -> None:
        """Tell the loop's health, and the other workers, that the work goes on."""
        self.audit.health.tick(AUDIT_LOOP)
        async with self.audit.database.transaction() as uow:
            self.begun = await repository.renew_turn(uow, self.begun)
