"""Passwords: which are refused, and their hashes: computed in threads, a few at a time."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.alerts.staff.common_passwords import is_guessed_first
from shared.http.problems import Problem
from shared.values.messages import Message, message

MIN_PASSWORD_CHARS, MAX_PASSWORD_CHARS = 12, 200
MAX_WAITING = 20
"""Callers of each kind who wait for a hash; a hash takes about 50 ms and 19 MiB."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODYS_HASH = _hasher.hash(secrets.token_urlsafe())
"""Compared where there is no account, so that a missing one takes as much time as one that is there."""


class Passwords:
    """Two hashes at a time, one of them for known callers, so that strangers cannot make these wait.

    A known caller is signed in, came by a link of ours, or uses a browser that has signed in before.
    """

    def __init__(self) -> None:
        self._lanes = {known: asyncio.Semaphore(1) for known in (True, False)}
        self._waiting = {True: 0, False: 0}

    async def hash(self, password: str, *, known: bool = True) -> str:
        """The hash of a password.

        :raises Problem: 503 when too many wait already.
        """
        async with self._turn(known=known):
            return await asyncio.to_thread(_hasher.hash, password)

    async def matching(
        self, hashes: Iterable[str | None], password: str, *, times: int, known: bool = False
    ) -> list[bool]:
        """For each hash whether it is the password's.

        It takes as long as ``times`` comparisons, however many hashes there are: the time must not tell
        whether an address is known, nor in how many companies.

        :raises Problem: 503 when too many wait already.
        """
        wanted = list(hashes)
        padded = [*wanted, *[None] * (times - len(wanted))]
        async with self._turn(known=known):
            found = [await asyncio.to_thread(_matches, one or _NOBODYS_HASH, password) for one in padded]
        return [matches and one is not None for one, matches in zip(wanted, found, strict=False)]

    @asynccontextmanager
    async def _turn(self, *, known: bool) -> AsyncIterator[None]:
        if self._waiting[known] >= MAX_WAITING:
            remedy = message("Too many sign in at once. Try again.")
            raise Problem(503, detail=remedy, headers={"Retry-After": "5"})
        self._waiting[known] += 1
        try:
            async with self._lanes[known]:
                yield
        finally:
            self._waiting[known] -= 1


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


async def checked_password(password: str, *own: str) -> Message | None:
    """:func:`password_fault`, computed in a thread: it takes up to half a second."""
    return await asyncio.to_thread(password_fault, password, *own)


def password_fault(password: str, *own: str) -> Message | None:
    """Why a password is refused; None when it is not.

    ``own`` are texts that are its owner's, such as the address and the company's name.
    """
    if len(password) < MIN_PASSWORD_CHARS:
        return message("Use at least %(n)s characters. A sentence is easy to remember.", n=MIN_PASSWORD_CHARS)
    if len(password) > MAX_PASSWORD_CHARS:
        return message("Use at most %(n)s characters.", n=MAX_PASSWORD_CHARS)
    if is_guessed_first(password, own):
        return message("That is among the first that are guessed. A sentence of four or more words is not.")
    return None


def password_fingerprint(account: Any) -> str:
    """What changes with the account's password."""
    return hashlib.sha256((account.password_hash or "").encode()).hexdigest()[:16]
