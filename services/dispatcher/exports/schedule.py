"""By the clock: links to exports are deleted when they have ended."""

from services.dispatcher.exports import link_repository
from shared.runtime import Loop, Periodic
from shared.service import Context

EXPORT_LINKS_LOOP = "export links"
CHECK_INTERVAL_S = 15 * 60.0


def export_links_loop(context: Context) -> Loop:
    """The loop of a worker; any number of workers may run it."""

    async def step() -> None:
        async with context.database.transaction() as uow:
            await link_repository.delete_ended(uow)

    return Periodic(EXPORT_LINKS_LOOP, step, CHECK_INTERVAL_S, context.health).run
