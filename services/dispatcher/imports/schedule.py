"""By the clock: the rows of files are taken, and what is left of files is removed."""

import asyncio
from datetime import timedelta
from time import monotonic

from services.dispatcher.imports import repository
from services.dispatcher.imports.domain import KEPT_LINES
from services.dispatcher.imports.processing import IMPORTS_LOOP, Processing
from services.dispatcher.one_by_one import OneByOne
from shared.privacy.service_client import ServiceClient
from shared.privacy.service_tokens import ServiceTokens
from shared.runtime import Loop, Periodic
from shared.service import Context

CHECK_INTERVAL_S = 1.0
FORGET_LOOP = "old imports"
FORGET_INTERVAL_S = 15 * 60.0


def service_client(context: Context) -> ServiceClient:
    """The way to the other services from a worker."""
    tokens = ServiceTokens(context.secret, clock=context.database.clock)
    return ServiceClient(context.afterword.internal_url or context.staff_url, tokens)


def imports_loop(context: Context) -> Loop:
    """The loop of a worker; any number of workers may run it."""
    services = service_client(context)
    one_by_one = OneByOne(IMPORTS_LOOP, context.database)
    processing = Processing(context.database, context.secret, services, one_by_one)

    async def step() -> float | None:
        began = monotonic()
        # What else the worker does, such as decisions, has as much of the processor as the files.
        return monotonic() - began if await processing.advance() else None

    periodic = Periodic(IMPORTS_LOOP, step, CHECK_INTERVAL_S, context.health)

    async def run(stopping: asyncio.Event) -> None:
        try:
            await periodic.run(stopping)
        finally:
            await services.close()

    return run


def old_imports_loop(context: Context) -> Loop:
    """The loop of a worker; any number of workers may run it."""
    cells = timedelta(days=context.own.import_days)

    async def step() -> None:
        async with context.database.transaction() as uow:
            await repository.forget_old(uow, cells, KEPT_LINES)

    return Periodic(FORGET_LOOP, step, FORGET_INTERVAL_S, context.health).run
