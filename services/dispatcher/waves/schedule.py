"""By the clock: waves begin and are published."""

from services.dispatcher.waves.publishing import advance_waves
from shared.runtime import Loop, Periodic
from shared.service import Context

WAVES_LOOP = "waves"
CHECK_INTERVAL_S = 2.0


def waves_loop(context: Context) -> Loop:
    """The loop of a worker; any number of workers may run it."""

    async def step() -> float | None:
        return 0 if await advance_waves(context.database, context.secret) else None

    return Periodic(WAVES_LOOP, step, CHECK_INTERVAL_S, context.health).run
