"""Staff accounts: people, their passwords and sessions."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from services.alerts.errors import BadAccount
from services.alerts.links import Token
from services.alerts.repository import people
from shared.db.database import UnitOfWork
from shared.events.segments import WHOLE_COMPANY, normalized_segment
from shared.http.staff_auth import Staff
from shared.ids import uuid7
from shared.permissions import ADMIN, ROLES, Role
from shared.values.addresses import canonical

SESSION_LASTS = timedelta(days=14)
LONGEST = 200
"""Characters of an address, a name or a segment."""
MOST_NAME_BYTES, MOST_SEGMENTS_BYTES = 700, 1_500
"""As they are written in the pass, where a letter outside ASCII is six bytes: browsers keep no cookie of more
than 4,096, and the pass adds a third to what is in it.
"""


def clean_address(address: str) -> str:
    """The address as it is kept and compared.

    :raises BadAccount: when it cannot be one.
    """
    try:
        return canonical(validate_email(address.strip(), check_deliverability=False).normalized)
    except EmailNotValidError:
        ending = address.strip().rpartition(".")[2].casefold()
        if ending in SPECIAL_USE_DOMAIN_NAMES:
            remedy = f"No mail goes to addresses that end in .{ending}: the ending is reserved."
            raise BadAccount("address", f"{remedy} Write one such as name@example.com.") from None
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
    wanted = sorted({normalized_segment(segment) for segment in segments} - {WHOLE_COMPANY})
    for segment in wanted:
        dimension, colon, value = segment.partition(":")
        if not (colon and dimension and value) or len(segment) > LONGEST:
            raise BadAccount(
                "segments", "Write each segment as dimension:value, such as touchpoint:checkout."
            )
    if _bytes_in_pass(wanted) > MOST_SEGMENTS_BYTES:
        raise BadAccount("segments", "These are too many. Name a higher level of the organisation instead.")
    return wanted


def clean_name(name: str) -> str:
    """A name that colleagues read.

    :raises BadAccount: when there is none, or it is too long.
    """
    plain = " ".join(name.split())
    if not plain:
        raise BadAccount("name", "Write the name that colleagues read.")
    if len(plain) > LONGEST or _bytes_in_pass(plain) > MOST_NAME_BYTES:
        raise BadAccount("name", "Write a shorter name.")
    return plain


def guessed_name(address: str) -> str:
    """What somebody is called until they have said their name."""
    return address.partition("@")[0][:LONGEST]


def _bytes_in_pass(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":")))


def within(own: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether who sees these segments may let somebody see those: none means all."""
    return not own or (bool(wanted) and all(_covers(own, segment) for segment in wanted))


def _covers(own: Sequence[str], segment: str) -> bool:
    return any(segment == one or segment.startswith(f"{one}/") for one in own)


async def create_person(
    uow: UnitOfWork, tenant: str, *, address: str, name: str, role: str, segments: Sequence[str] = ()
) -> UUID:
    """Add somebody to a company.

    :raises BadAccount: naming the field that is wrong.
    """
    clean, person = clean_address(address), uuid7()
    called = clean_name(name if name.strip() else guessed_name(clean))
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


async def new_session(uow: UnitOfWork, tenant: str, person: UUID, device: str = "") -> Token:
    """Somebody is signed in from now on, in this browser."""
    token = Token.new(tenant)
    await people.add_session(
        uow,
        tenant,
        uuid7(),
        person=person,
        digest=token.digest,
        expires_at=uow.now + SESSION_LASTS,
        device=device,
    )
    return token


async def dismiss(uow: UnitOfWork, tenant: str, person: UUID) -> None:
    """Somebody leaves: no sign-in any more, by no link either, and every session ends with its pass."""
    found = await _found(uow, tenant, person)
    await _unless_last_admin(uow, tenant, person)
    await people.change_person(uow, tenant, person, role=found.role, segments=found.segments, active=False)
    await people.end_sessions(uow, tenant, person)
    await people.end_links(uow, tenant, person)


async def readmit(uow: UnitOfWork, tenant: str, person: UUID) -> None:
    """Somebody comes back, with the role that they had."""
    found = await _found(uow, tenant, person)
    await people.change_person(uow, tenant, person, role=found.role, segments=found.segments, active=True)


async def change_role(
    uow: UnitOfWork, tenant: str, person: UUID, *, role: str, segments: Sequence[str]
) -> None:
    """What somebody may do and see; a new pass carries it, so within five minutes."""
    found = await _found(uow, tenant, person)
    if role != ADMIN:
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
