"""How many requests of one caller run at once, so that no caller's load keeps the others waiting."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from shared.api_keys import ApiKey
from shared.http.auth import Caller
from shared.http.problems import Problem
from shared.http.staff_auth import Staff
from shared.keyed_locks import KeyedSemaphores
from shared.values.messages import message

MAX_RUNNING = 5
"""Requests of programs and staff that an API process runs at once. Its pool has eight connections; the rest
is for the customers' pages, which are not counted here."""
MAX_RUNNING_PER_TENANT = 4
MAX_RUNNING_PER_CALLER = 3
MAX_PENDING_PER_CALLER = 24
"""Requests of one key or session that run or wait."""
MAX_WAIT_S = 2.0
MAX_DIRECT_PER_CALLER = 256
"""Running requests of one key that need no database."""


@dataclass(frozen=True, slots=True)
class Requester:
    """The tenant, and the key or session within it, whose requests are counted together."""

    tenant: str
    caller: str

    @classmethod
    def of(cls, found: object) -> "Requester | None":
        """The requester in the result of a caller check; None when the result is not a caller."""
        match found:
            case ApiKey(tenant=tenant, id=key):
                return cls(tenant, f"{tenant}/key/{key}")
            case Staff(tenant=tenant, session_id=session):
                return cls(tenant, f"{tenant}/session/{session}")
            case Caller(staff=staff, key=key):
                return cls.of(key or staff)
        return None


class Admission:
    """The running and waiting requests of one API process."""

    def __init__(
        self,
        max_running: int = MAX_RUNNING,
        max_running_per_tenant: int = MAX_RUNNING_PER_TENANT,
        max_running_per_caller: int = MAX_RUNNING_PER_CALLER,
        max_pending_per_caller: int = MAX_PENDING_PER_CALLER,
        max_wait_s: float = MAX_WAIT_S,
    ) -> None:
        self._running = asyncio.Semaphore(max_running)
        self._tenants = KeyedSemaphores(max_running_per_tenant)
        self._callers = KeyedSemaphores(max_running_per_caller)
        self._max_pending_per_caller = max_pending_per_caller
        self._max_wait_s = max_wait_s
        self._direct: Counter[str] = Counter()

    @asynccontextmanager
    async def turn(self, requester: Requester) -> AsyncIterator[None]:
        """Wait for a free place and hold it. The request must hold no database connection while it waits.

        :raises Problem: 429 when the caller has too many requests, 503 when all callers together have.
        """
        if self._callers.users(requester.caller) >= self._max_pending_per_caller:
            raise _too_many_requests()
        async with AsyncExitStack() as places:
            try:
                async with asyncio.timeout(self._max_wait_s):
                    await places.enter_async_context(self._callers.acquire(requester.caller))
                    await places.enter_async_context(self._tenants.acquire(requester.tenant))
            except TimeoutError:
                raise _too_many_requests() from None
            try:
                async with asyncio.timeout(self._max_wait_s):
                    await places.enter_async_context(self._running)
            except TimeoutError:
                raise Problem(503, headers={"Retry-After": "1"}) from None
            yield

    def direct(self, requester: Requester) -> "DirectTurn":
        """A request that needs no database: it never waits, but is counted while the context lasts.

        :raises Problem: on entering the context, 429 when the caller has too many requests.
        """
        return DirectTurn(self._direct, requester.caller)


@dataclass(frozen=True, slots=True)
class DirectTurn:
    """One counted request of a caller. A class, since a generator takes four times as long."""

    running: Counter[str]
    caller: str

    def __enter__(self) -> None:
        if self.running[self.caller] >= MAX_DIRECT_PER_CALLER:
            raise _too_many_requests()
        self.running[self.caller] += 1

    def __exit__(self, *_: object) -> None:
        self.running[self.caller] -= 1
        if not self.running[self.caller]:
            del self.running[self.caller]


def _too_many_requests() -> Problem:
    return Problem(
        429,
        message("Too much is under way at once."),
        message("Send fewer requests at the same time; Retry-After says when to send this one again."),
        headers={"Retry-After": "1"},
    )
