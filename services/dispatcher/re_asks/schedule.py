"""By the clock: customers of cases are asked again when their turn has come."""

from services.dispatcher.one_by_one import OneByOne
from services.dispatcher.re_asks.publishing import RE_ASKS_LOOP, advance_re_asks
from shared.runtime import Loop, Periodic
from shared.service import Context

CHECK_INTERVAL_S = 60.0
"""A turn may come so much later."""


def re_asks_loop(context: Context) -> Loop:
    """The loop of a worker; any number of workers may run it."""
    one_by_one = OneByOne(RE_ASKS_LOOP, context.database)

    async def step() -> float | None:
        return 0 if await advance_re_asks(context.database, one_by_one) else None

    return Periodic(RE_ASKS_LOOP, step, CHECK_INTERVAL_S, context.health).run
