"""Accounts of staff: what may be in one, and who may be added, changed and dismissed."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.alerts.errors import BadAccount
from services.alerts.staff.repository import links, people, sessions
from shared.db.database import UnitOfWork
from shared.events.segments import WHOLE_COMPANY, normalized_segment
from shared.ids import uuid7
from shared.permissions import ADMIN, ROLES, Role
from shared.values.mail_addresses import BadAddress, mail_address
from shared.values.messages import message

MAX_FIELD_CHARS = 200
"""Of an address, a name or a segment."""
MAX_NAME_BYTES, MAX_SEGMENTS_BYTES = 700, 1_500
"""As they are written in the pass, where a letter outside ASCII is six bytes: browsers keep no cookie of more
than 4,096, and the pass adds a third to what is in it.
"""
FORM_OF_SEGMENTS = message("Write each segment as dimension:value, such as touchpoint:checkout.")


def clean_address(address: str) -> str:
    """The address as it is kept and compared.

    :raises BadAccount: when it cannot be one.
    """
    try:
        return mail_address(address)
    except BadAddress as error:
        raise BadAccount("address", error.remedy) from None


def clean_role(role: str) -> Role:
    """One of the roles.

    :raises BadAccount: when there is no such role.
    """
    for known in ROLES:
        if role == known:
            return known
    raise BadAccount("role", message("Choose one of %(roles)s.", roles=", ".join(ROLES)))


def clean_segments(segments: Sequence[str]) -> list[str]:
    """Segments as ``dimension:value``; none means all.

    :raises BadAccount: when one is written in another form, or there are too many for a pass.
    """
    wanted = sorted({normalized_segment(segment) for segment in segments} - {WHOLE_COMPANY})
    for segment in wanted:
        dimension, colon, value = segment.partition(":")
        if not (colon and dimension and value) or len(segment) > MAX_FIELD_CHARS:
            raise BadAccount("segments", FORM_OF_SEGMENTS)
    if _bytes_in_pass(wanted) > MAX_SEGMENTS_BYTES:
        raise BadAccount(
            "segments", message("These are too many. Name a higher level of the organisation instead.")
        )
    return wanted


def clean_name(name: str) -> str:
    """A name that colleagues read.

    :raises BadAccount: when there is none, or it is too long.
    """
    plain = " ".join(name.split())
    if not plain:
        raise BadAccount("name", message("Write the name that colleagues read."))
    if len(plain) > MAX_FIELD_CHARS or _bytes_in_pass(plain) > MAX_NAME_BYTES:
        raise BadAccount("name", message("Write a shorter name."))
    return plain


def guessed_name(address: str) -> str:
    """The name of a person who has not told it yet."""
    return address.partition("@")[0][:MAX_FIELD_CHARS]


def _bytes_in_pass(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":")))


def is_within(own: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether a person with segments of their own may let another see the wanted ones; none means all."""
    return not own or (bool(wanted) and all(_covers(own, segment) for segment in wanted))


def _covers(own: Sequence[str], segment: str) -> bool:
    return any(segment == one or segment.startswith(f"{one}/") for one in own)


async def create_person(
    uow: UnitOfWork, tenant: str, *, address: str, name: str, role: str, segments: Sequence[str] = ()
) -> UUID:
    """Add a person to a company.

    :raises BadAccount: naming the field that is wrong.
    """
    clean, person = clean_address(address), uuid7()
    added = await people.add_person(
        uow,
        tenant,
        person,
        address=clean,
        name=clean_name(name if name.strip() else guessed_name(clean)),
        role=clean_role(role),
        segments=clean_segments(segments),
    )
    if not added:
        raise BadAccount("address", message("Somebody with this address is here already."))
    return person


async def dismiss(uow: UnitOfWork, tenant: str, person: UUID) -> None:
    """End a person's access: every session with its pass, every link, and signing in.

    :raises BadAccount: when there is no such person, or they are the last administrator.
    """
    found = await _find(uow, tenant, person)
    await _refuse_last_admin(uow, tenant, person)
    await people.set_rights(uow, tenant, person, role=found.role, segments=found.segments, active=False)
    await sessions.delete_sessions(uow, tenant, person)
    await links.end_links(uow, tenant, person)


async def readmit(uow: UnitOfWork, tenant: str, person: UUID) -> None:
    """Let a dismissed person in again, with the role that they had.

    :raises BadAccount: when there is no such person.
    """
    found = await _find(uow, tenant, person)
    await people.set_rights(uow, tenant, person, role=found.role, segments=found.segments, active=True)


async def change_rights(
    uow: UnitOfWork, tenant: str, person: UUID, *, role: str, segments: Sequence[str]
) -> None:
    """Set what a person may do and see. The next pass carries it: within five minutes.

    :raises BadAccount: naming the field that is wrong.
    """
    found = await _find(uow, tenant, person)
    if role != ADMIN:
        await _refuse_last_admin(uow, tenant, person)
    await people.set_rights(
        uow, tenant, person, role=clean_role(role), segments=clean_segments(segments), active=found.active
    )


async def _find(uow: UnitOfWork, tenant: str, person: UUID) -> Any:
    found = await people.find_person(uow, tenant, person)
    if found is None:
        raise BadAccount("person", message("There is nobody like that here."))
    return found


async def _refuse_last_admin(uow: UnitOfWork, tenant: str, person: UUID) -> None:
    if await people.lock_admins(uow, tenant) == [person]:
        raise BadAccount("person", message("This is the last administrator. Make somebody else one first."))
