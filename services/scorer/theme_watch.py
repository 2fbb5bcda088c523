"""Looks four times a day whether comments that name no theme open one."""

from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from services.scorer.schedule import CompanyDays, company_days
from services.scorer.themes.finding import look
from services.scorer.themes.found_repository import claim_company
from services.scorer.themes.theme_commands import ThemesStale
from shared.db.database import Database
from shared.health import Health
from shared.passed_over import PassedOver
from shared.runtime import Loop, Periodic
from shared.telemetry import metrics

log = structlog.get_logger()

FOUND_LOOP = "found themes"
CHECK_INTERVAL_S = 60.0
LOOK_EVERY = timedelta(hours=6)
"""So a theme opens within a day of its tenth comment, also when a turn is missed."""


@dataclass
class ThemeWatch:
    """The loop; of several workers one at a time looks."""

    database: Database
    health: Health
    current: CompanyDays = field(default_factory=CompanyDays)
    passed: PassedOver = field(default_factory=lambda: PassedOver(FOUND_LOOP))

    @property
    def loop(self) -> Loop:
        """What a worker runs."""
        return Periodic(FOUND_LOOP, self.step, CHECK_INTERVAL_S, self.health).run

    async def step(self) -> float | None:
        """Look at the comments of one company that is due; one that fails keeps no other from its turn."""
        passed = self.passed.companies(self.database.clock())
        claimed = None
        try:
            async with self.database.transaction() as uow:
                self.current = await company_days(uow, self.current)
                tenants = [tenant for tenant in self.current.days if tenant not in passed]
                claimed = await claim_company(uow, tenants, uow.now - LOOK_EVERY)
                if claimed is None:
                    return None
                opened = await look(uow, claimed, self.current.people[claimed], self.current.days[claimed])
        except ThemesStale:
            # Somebody saved the themes meanwhile: with those it is looked again at the next step.
            return None
        except Exception as error:
            if claimed is None:
                raise
            self.passed.add(claimed, error, self.database.clock())
            return 0
        if opened:
            metrics.THEMES_FOUND.inc(len(opened))
            log.info("themes_found", tenant=claimed, themes=len(opened))
        return 0
