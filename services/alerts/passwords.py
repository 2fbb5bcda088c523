"""Passwords: what may be one, and hashes beside the event loop, a few at a time."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.alerts.common_passwords import is_common
from shared.http.problems import Problem

SHORTEST, LONGEST = 12, 200
"""Characters."""
WAITING_AT_MOST = 20
"""Callers who wait for a hash, of either kind; a hash takes about 50 ms and 19 MiB."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Nobody's password: what is missing costs as much time as what is there.
_NOBODY = _hasher.hash(secrets.token_urlsafe())


class Passwords:
    """Two hashes at a time, one of them for who is known, so that strangers cannot make them wait."""

    def __init__(self) -> None:
        self._lanes = {known: asyncio.Semaphore(1) for known in (True, False)}
        self._waiting = {True: 0, False: 0}

    async def hash(self, password: str, *, known: bool = True) -> str:
        """What is kept of a password. ``known``: somebody who is signed in, or came by a link of ours.

        :raises Problem: 503 when too many wait already.
        """
        async with self._turn(known=known):
            return await asyncio.to_thread(_hasher.hash, password)

    async def matching(
        self, kept: Iterable[str | None], password: str, *, times: int, known: bool = False
    ) -> list[bool]:
        """For each of what is kept whether it is the password. It takes as long as ``times`` comparisons,
        however many there are: time must not tell whether an address is known, nor to how many companies.

        :raises Problem: 503 when too many wait already.
        """
        wanted = list(kept)
        padded = [*wanted, *[None] * (times - len(wanted))]
        async with self._turn(known=known):
            found = [await asyncio.to_thread(_matches, one or _NOBODY, password) for one in padded]
        return [is_it and one is not None for one, is_it in zip(wanted, found, strict=False)]

    @asynccontextmanager
    async def _turn(self, *, known: bool) -> AsyncIterator[None]:
        if self._waiting[known] >= WAITING_AT_MOST:
            raise Problem(503, detail="Too many sign in at once. Try again.", headers={"Retry-After": "5"})
        self._waiting[known] += 1
        try:
            async with self._lanes[known]:
                yield
        finally:
            self._waiting[known] -= 1


def _matches(kept: str, password: str) -> bool:
    try:
        return _hasher.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def password_fault(password: str, *own: str) -> str:
    """Why this cannot be a password; empty when it can. ``own``: words that are its owner's, such as the
    address and the company's name.
    """
    if len(password) < SHORTEST:
        return f"Use at least {SHORTEST} characters. A sentence is easy to remember."
    if len(password) > LONGEST:
        return f"Use at most {LONGEST} characters."
    if is_common(password, own):
        return "That is among the first that are guessed. A sentence of four or more words is not."
    return ""
