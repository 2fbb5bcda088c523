"""How much work one caller may have under way, so that nobody's load keeps others waiting."""

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

AT_ONCE_OF_ALL = 5
"""Requests of programs and staff that an API process works on at once. Its pool has eight connections: the
customers' pages, which are not counted here, keep the rest."""
AT_ONCE_OF_COMPANY = 4
AT_ONCE_OF_CALLER = 3
WAITING_OF_CALLER = 24
"""Requests of one key or session that are under way or wait."""
PATIENCE_SECONDS = 2.0
DIRECT_OF_CALLER = 256
"""Requests of one key that need no database."""


@dataclass(frozen=True, slots=True)
class Who:
    """Whose work it is."""

    company: str
    caller: str

    @classmethod
    def of(cls, found: object) -> "Who | None":
        """What a caller check has found; None when it found nobody."""
        match found:
            case ApiKey(tenant=tenant, id=key):
                return cls(tenant, f"{tenant}/key/{key}")
            case Staff(tenant=tenant, session_id=session):
                return cls(tenant, f"{tenant}/session/{session}")
            case Caller(staff=staff, key=key):
                return cls.of(key or staff)
        return None


class Admission:
    """The requests under way in one API process."""

    def __init__(
        self,
        of_all: int = AT_ONCE_OF_ALL,
        of_company: int = AT_ONCE_OF_COMPANY,
        of_caller: int = AT_ONCE_OF_CALLER,
        waiting_of_caller: int = WAITING_OF_CALLER,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._all = asyncio.Semaphore(of_all)
        self._companies = KeyedSemaphores(of_company)
        self._callers = KeyedSemaphores(of_caller)
        self._waiting_of_caller = waiting_of_caller
        self._patience = patience
        self._direct: Counter[str] = Counter()

    @asynccontextmanager
    async def turn(self, who: Who) -> AsyncIterator[None]:
        """Wait for a turn and work in it. Nothing of the database may be held meanwhile.

        :raises Problem: 429 when the caller has too much under way, 503 when everybody together has.
        """
        if self._callers.users(who.caller) >= self._waiting_of_caller:
            raise _too_much()
        async with AsyncExitStack() as turns:
            try:
                async with asyncio.timeout(self._patience):
                    await turns.enter_async_context(self._callers.hold(who.caller))
                    await turns.enter_async_context(self._companies.hold(who.company))
            except TimeoutError:
                raise _too_much() from None
            try:
                async with asyncio.timeout(self._patience):
                    await turns.enter_async_context(self._all)
            except TimeoutError:
                raise Problem(503, headers={"Retry-After": "1"}) from None
            yield

    def direct(self, who: Who) -> "DirectTurn":
        """Work that needs no database: only counted, for as long as the context lasts.

        :raises Problem: out of the context's beginning, 429 when the caller has too much under way.
        """
        return DirectTurn(self._direct, who.caller)


@dataclass(frozen=True, slots=True)
class DirectTurn:
    """One request of a caller among those under way. A class, since a generator takes four times as long."""

    under_way: Counter[str]
    caller: str

    def __enter__(self) -> None:
        if self.under_way[self.caller] >= DIRECT_OF_CALLER:
            raise _too_much()
        self.under_way[self.caller] += 1

    def __exit__(self, *_: object) -> None:
        self.under_way[self.caller] -= 1
        if not self.under_way[self.caller]:
            del self.under_way[self.caller]


def _too_much() -> Problem:
    return Problem(
        429,
        "Too much is under way at once.",
        "Send fewer requests at the same time; Retry-After says when to send this one again.",
        headers={"Retry-After": "1"},
    )
