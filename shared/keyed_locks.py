"""Locks by name within one process: a request that waits for one needs no database connection meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass
class _NamedSemaphore:
    semaphore: asyncio.Semaphore
    users: int = 0


class KeyedSemaphores:
    """A semaphore for each name; a name that is not in use takes no memory."""

    def __init__(self, at_once: int = 1) -> None:
        self._at_once = at_once
        self._named: dict[str, _NamedSemaphore] = {}

    def users(self, name: str) -> int:
        """How many have the semaphore of this name, or wait for it."""
        named = self._named.get(name)
        return named.users if named else 0

    @asynccontextmanager
    async def acquire(self, name: str) -> AsyncIterator[None]:
        """Have the semaphore of this name while the block runs; first come, first served."""
        named = self._named.setdefault(name, _NamedSemaphore(asyncio.Semaphore(self._at_once)))
        named.users += 1
        try:
            async with named.semaphore:
                yield
        finally:
            named.users -= 1
            if not named.users:
                del self._named[name]
