"""By the clock: the shares of surveys with adaptive sampling are computed anew."""

from services.dispatcher.adaptive_sampling.computing import ADAPTIVE_LOOP, refresh_shares
from services.dispatcher.one_by_one import OneByOne
from shared.runtime import Loop, Periodic
from shared.service import Context

CHECK_INTERVAL_S = 60.0
"""So much later a survey is noticed that wants other shares; until then it asks everybody."""


def adaptive_loop(context: Context) -> Loop:
    """The loop of a worker; where several workers run it, they compute the same."""
    one_by_one = OneByOne(ADAPTIVE_LOOP, context.database)

    async def step() -> None:
        await refresh_shares(context.database, one_by_one)

    return Periodic(ADAPTIVE_LOOP, step, CHECK_INTERVAL_S, context.health).run
