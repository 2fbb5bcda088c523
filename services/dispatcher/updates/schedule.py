"""By the clock: customers are told of what is published."""

from services.dispatcher.decisions.policy import current_contact_policy
from services.dispatcher.one_by_one import OneByOne
from services.dispatcher.updates.publishing import UPDATES_LOOP, advance_updates
from shared.runtime import Loop, Periodic
from shared.service import Context

CHECK_INTERVAL_S = 60.0
"""A mail may be planned so much later."""


def updates_loop(context: Context) -> Loop:
    """The loop of a worker; any number of workers may run it."""
    one_by_one = OneByOne(UPDATES_LOOP, context.database)

    async def step() -> float | None:
        await advance_updates(context.database, context.secret, current_contact_policy(), one_by_one)
        return None

    return Periodic(UPDATES_LOOP, step, CHECK_INTERVAL_S, context.health).run
