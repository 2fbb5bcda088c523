"""By the clock: after two quiet minutes a customer is taken to have finished, and the team is told."""

import asyncio

import structlog

from services.alerts.domain import Entry
from services.alerts.handlers import tell_team
from services.alerts.repository import cases, copies, people
from shared.db.database import Database
from shared.events import CASES
from shared.health import Health
from shared.runtime import Periodic

log = structlog.get_logger()

EVERY = 1.0
TIDY_EVERY = 60
"""Rounds between two clearings of what is over."""


class Quiet:
    """The loop that settles answers which nobody has sent."""

    def __init__(self, database: Database, health: Health) -> None:
        self._database = database
        self._health = health
        self._rounds = 0

    async def run(self, stopping: asyncio.Event) -> None:
        """Look every second until stopped."""
        await Periodic("quiet", self._step, EVERY, self._health).run(stopping)

    async def _step(self) -> None:
        await settle_quiet(self._database)
        if self._rounds % TIDY_EVERY == 0:
            await tidy(self._database)
        self._rounds += 1


async def settle_quiet(database: Database) -> int:
    """Settle the answers whose quiet time is over; returns how many cases that were."""
    async with database.transaction() as uow:
        keys = await cases.fallen_quiet(uow)
        if not keys:
            return 0
        locked = {(case.tenant, case.id): case for case in await cases.lock_cases(uow, keys)}
        settled = await cases.quiet_answers(uow, list(locked))
        answers = await copies.newest_answers(uow, [(tenant, answer) for tenant, _, answer in settled])
        entries: list[Entry] = []
        finished = [(locked[tenant, case], answers[tenant, answer][0]) for tenant, case, answer in settled]
        for case, _ in finished:
            case.changed_at = uow.now
        await tell_team(uow, finished, entries)
        await cases.update_cases(uow, list(locked.values()))
        if entries:
            await cases.write_entries(uow, entries)
        for key in sorted({(entry.tenant, entry.case_id) for entry in entries}):
            uow.publish(CASES, key[0], locked[key].published())
        return len(locked)


async def tidy(database: Database) -> None:
    """Drop sessions, links and idempotency keys that are over."""
    async with database.transaction() as uow:
        await people.forget_old(uow)
        await cases.forget_requests(uow)
