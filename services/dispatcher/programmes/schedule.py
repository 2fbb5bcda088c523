"""By the clock: customers whose turn has come are asked."""

from services.dispatcher.one_by_one import OneByOne
from services.dispatcher.programmes.publishing import PROGRAMMES_LOOP, advance_programmes
from shared.runtime import Loop, Periodic
from shared.service import Context

CHECK_INTERVAL_S = 60.0
"""Each check writes a row for each programme; a turn may come so much later."""


def programmes_loop(context: Context) -> Loop:
    """The loop of a worker; any number of workers may run it."""
    one_by_one = OneByOne(PROGRAMMES_LOOP, context.database)

    async def step() -> float | None:
        return 0 if await advance_programmes(context.database, context.secret, one_by_one) else None

    return Periodic(PROGRAMMES_LOOP, step, CHECK_INTERVAL_S, context.health).run
