"""By the clock: customers whose turn has come are asked."""

from services.dispatcher.programmes.publishing import advance_programmes
from shared.runtime import Loop, Periodic
from shared.service import Context

PROGRAMMES_LOOP = "programmes"
CHECK_INTERVAL_S = 60.0
"""Each check writes a row for each programme; a turn may come so much later."""


def programmes_loop(context: Context) -> Loop:
    """The loop of a worker; any number of workers may run it."""

    async def step() -> float | None:
        return 0 if await advance_programmes(context.database, context.secret) else None

    return Periodic(PROGRAMMES_LOOP, step, CHECK_INTERVAL_S, context.health).run
