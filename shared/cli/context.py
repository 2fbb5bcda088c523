"""A service's context for a command: the same that its processes have, for as long as the command runs."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from shared.service import Context, Service, open_context, read_settings

FindService = Callable[[str], Service]
"""A service by its name; an unknown name ends the command."""
PrepareSettings = Callable[[], None]
"""Puts the settings of a local stack into the environment, unless it has settings already."""


@asynccontextmanager
async def command_contexts(
    services: Sequence[Service], *, process: str = "command"
) -> AsyncIterator[list[Context]]:
    """One context for each service; their databases are closed at the end.

    :raises SettingsError: with every fault in the settings of all of them.
    """
    afterword, owns = read_settings(services)
    contexts = [
        await open_context(service, asyncio.Event(), afterword, own, process=process)
        for service, own in zip(services, owns, strict=True)
    ]
    try:
        yield contexts
    finally:
        for context in contexts:
            await context.database.close()


@asynccontextmanager
async def command_context(service: Service, *, process: str = "command") -> AsyncIterator[Context]:
    """The context of one service."""
    async with command_contexts([service], process=process) as (context,):
        yield context
