"""By the clock the collector forgets the devices of days that have ended, sends what anonymous customers left
unsent, and forgets their claims.
"""

from datetime import UTC, date, timedelta

import msgspec

from services.collector.domain import amended
from services.collector.repository import anonymous, answers, devices
from shared.db.database import UnitOfWork
from shared.events import ANSWERS
from shared.runtime import Loop, Periodic
from shared.service import Context

ANONYMOUS_LOOP = "anonymous answers"
ANONYMOUS_INTERVAL_S = 15 * 60.0
MAX_SENT_PER_TRANSACTION = 500
OPEN_DAYS = timedelta(days=3)
"""After the day of its answer no page is open any more: its nonce is valid for 48 hours, in any time zone."""


def anonymous_loop(context: Context) -> Loop:
    """The loop of a worker; any number of workers may run it."""
    database = context.database

    async def step() -> float | None:
        async with database.transaction() as uow:
            await devices.forget_devices(uow)
        async with database.transaction() as uow:
            before = last_open_day(uow)
            if await send_unsent(uow, before) == MAX_SENT_PER_TRANSACTION:
                return 0
        async with database.transaction() as uow:
            await anonymous.forget_claims(uow, before)
        return None

    return Periodic(ANONYMOUS_LOOP, step, ANONYMOUS_INTERVAL_S, context.health).run


def last_open_day(uow: UnitOfWork) -> date:
    """The earliest day whose pages may still be open."""
    return uow.now.astimezone(UTC).date() - OPEN_DAYS


async def send_unsent(uow: UnitOfWork, before: date) -> int:
    """Make final, and publish, what was saved before a day by pages that were left without Send."""
    unsent = await anonymous.lock_unsent(uow, before, MAX_SENT_PER_TRANSACTION)
    for tenant, answer in unsent:
        # Its times stay: nobody has done anything now.
        sent = amended(answer, msgspec.structs.replace(answer, state="sent"), answer.changed_at)
        await answers.put_answers(uow, tenant, [sent])
        uow.publish(ANSWERS, tenant, sent)
    return len(unsent)
