"""By the clock: waves begin and are published."""

from services.dispatcher.one_by_one import OneByOne
from services.dispatcher.waves.publishing import WAVES_LOOP, advance_waves
from shared.runtime import Loop, Periodic
from shared.service import Context

CHECK_INTERVAL_S = 2.0


def waves_loop(context: Context) -> Loop:
    """The loop of a worker; any number of workers may run it."""
    one_by_one = OneByOne(WAVES_LOOP, context.database)

    async def step() -> float | None:
        return 0 if await advance_waves(context.database, context.secret, one_by_one) else None

    return Periodic(WAVES_LOOP, step, CHECK_INTERVAL_S, context.health).run
