"""Staff accounts: people, their passwords and sessions."""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from email_validator import EmailNotValidError, validate_email

from services.alerts.errors import BadAccount
from services.alerts.links import Token
from services.alerts.repository import people
from shared.db.database import UnitOfWork
from shared.events.segments import COMPANY, typed
from shared.http.staff import ROLES, Role, Staff
from shared.ids import uuid7

SESSION_LASTS = timedelta(days=14)
SHORTEST, LONGEST = 12, 200
MOST_SEGMENTS = 1_500
"""Characters of all segments of a person: they travel in a cookie of 4 KiB at most."""
AT_ONCE = 2
"""Hashes that are computed at the same time: 19 MiB each, and sign-in must not starve the rest."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Nobody's password: an unknown address costs as much time as a known one.
_NOBODY = _hasher.hash(secrets.token_urlsafe())


class Passwords:
    """Hashes and compares beside the event loop, a few at a time."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: str) -> str:
        """What is kept of a password."""
        async with self._turn:
            return await asyncio.to_thread(_hasher.hash, password)

    async def matches(self, kept: str | None, password: str) -> bool:
        """Whether it is the password; without anything kept it takes as long, and is not."""
        async with self._turn:
            return await asyncio.to_thread(_matches, kept or _NOBODY, password) and kept is not None


def _matches(kept: str, password: str) -> bool:
    try:
        return _hasher.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def password_fault(password: str) -> str:
    """Why this cannot be a password; empty when it can."""
    if len(password) < SHORTEST:
        return f"Use at least {SHORTEST} characters. A sentence is easy to remember."
    if len(password) > LONGEST:
        return f"Use at most {LONGEST} characters."
    return ""


def clean_address(address: str) -> str:
    """The address as it is kept and compared.

    :raises BadAccount: when it cannot be one.
    """
    try:
        return validate_email(address.strip(), check_deliverability=False).normalized.casefold()
    except EmailNotValidError:
        raise BadAccount("address", "Write an address such as name@example.com.") from None


def clean_role(role: str) -> Role:
    """One of the roles.

    :raises BadAccount: when there is no such role.
    """
    for known in ROLES:
        if role == known:
            return known
    raise BadAccount("role", f"Choose one of {', '.join(ROLES)}.")


def clean_segments(segments: Sequence[str]) -> list[str]:
    """Segments as ``dimension:value``; none means all.

    :raises BadAccount: when one is not written so.
    """
    wanted = sorted({typed(segment) for segment in segments} - {COMPANY})
    for segment in wanted:
        dimension, colon, value = segment.partition(":")
        if not (colon and dimension and value) or len(segment) > LONGEST:
            raise BadAccount(
                "segments", "Write each segment as dimension:value, such as touchpoint:checkout."
            )
    if sum(map(len, wanted)) > MOST_SEGMENTS:
        raise BadAccount("segments", "These are too many. Name a higher level of the organisation instead.")
    return wanted


async def create_person(
    uow: UnitOfWork, tenant: str, *, address: str, name: str, role: str, segments: Sequence[str] = ()
) -> UUID:
    """Add somebody to a company.

    :raises BadAccount: naming the field that is wrong.
    """
    clean, person = clean_address(address), uuid7()
    called = " ".join(name.split())[:LONGEST] or clean.partition("@")[0]
    added = await people.add_person(
        uow,
        tenant,
        person,
        address=clean,
        name=called,
        role=clean_role(role),
        segments=clean_segments(segments),
    )
    if not added:
        raise BadAccount("address", "Somebody with this address is here already.")
    return person


async def new_session(uow: UnitOfWork, tenant: str, person: UUID) -> Token:
    """Somebody is signed in from now on."""
    token = Token.new(tenant)
    await people.add_session(
        uow, tenant, uuid7(), person=person, digest=token.digest, expires_at=uow.now + SESSION_LASTS
    )
    return token


async def dismiss(uow: UnitOfWork, tenant: str, person: UUID) -> None:
    """Somebody leaves: no sign-in any more, and every session ends with its pass."""
    found = await _found(uow, tenant, person)
    await _unless_last_admin(uow, tenant, person)
    await people.change_person(uow, tenant, person, role=found.role, segments=found.segments, active=False)
    await people.end_sessions(uow, tenant, person)


async def readmit(uow: UnitOfWork, tenant: str, person: UUID) -> None:
    """Somebody comes back, with the role that they had."""
    found = await _found(uow, tenant, person)
    await people.change_person(uow, tenant, person, role=found.role, segments=found.segments, active=True)


async def change_role(
    uow: UnitOfWork, tenant: str, person: UUID, *, role: str, segments: Sequence[str]
) -> None:
    """What somebody may do and see; a new pass carries it, so within five minutes."""
    found = await _found(uow, tenant, person)
    if role != "admin":
        await _unless_last_admin(uow, tenant, person)
    await people.change_person(
        uow,
        tenant,
        person,
        role=clean_role(role),
        segments=clean_segments(segments),
        active=found.active,
    )


async def _found(uow: UnitOfWork, tenant: str, person: UUID) -> Any:
    found = await people.find_person(uow, tenant, person)
    if found is None:
        raise BadAccount("person", "There is nobody like that here.")
    return found


async def _unless_last_admin(uow: UnitOfWork, tenant: str, person: UUID) -> None:
    if await people.lock_admins(uow, tenant) == [person]:
        raise BadAccount("person", "This is the last administrator. Make somebody else one first.")


def session_id(staff: Staff) -> UUID:
    """The session behind a pass."""
    return UUID(staff.session_id)
