"""The product's own audit of a scenario: its counts against its answers, and against the collector's totals."""

import asyncio
import time
from datetime import timedelta

from chaos.stack import Stack

from services.collector.totals.rounds import TotalsRounds
from services.scorer.auditing.recounting import Audit, audit_now
from shared.db.database import Database
from shared.health import Health

ARRIVES_WITHIN_S = 90.0


async def audit(stack: Stack, tenant: str) -> Audit:
    """Have the collector count now, and audit once its totals, and all answers before them, have arrived.

    The audit says how many totals wait if they do not arrive.
    """
    collector, scorer = (
        Database(stack.state.database_url(name), name="judge", pool_size=1)
        for name in ("collector", "scorer")
    )
    try:
        rounds = TotalsRounds(collector, stack.kafka, Health("judge"))
        # The worker that ran the last round may have been killed.
        await rounds.run_round(lease=timedelta(0))
        end = time.monotonic() + ARRIVES_WITHIN_S
        while True:
            found, _ = await audit_now(scorer, tenant)
            if time.monotonic() > end or (found.result.totals and not found.result.totals_waiting):
                return found
            await asyncio.sleep(0.5)
    finally:
        await collector.close()
        await scorer.close()
