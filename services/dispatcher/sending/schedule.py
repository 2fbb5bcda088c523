"""By the clock: publish how tenants send, where an earlier version of this code has changed it."""

from services.dispatcher.sending.sending_commands import publish_unpublished
from shared.runtime import Loop, Periodic
from shared.service import Context

UNPUBLISHED_LOOP = "unpublished sending"
CHECK_INTERVAL_S = 5.0
MAX_TENANTS_PER_STEP = 200


def unpublished_loop(context: Context) -> Loop:
    """After an upgrade it publishes all tenants once; later it finds nothing."""

    async def step() -> float | None:
        async with context.database.transaction() as uow:
            published = await publish_unpublished(uow, MAX_TENANTS_PER_STEP)
        return 0 if published == MAX_TENANTS_PER_STEP else None

    return Periodic(UNPUBLISHED_LOOP, step, CHECK_INTERVAL_S, context.health).run
