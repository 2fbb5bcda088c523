"""Once after an upgrade: whom earlier versions stored becomes known by all their names.

The contacts whom they invited, by their addresses too, and what they were asked, for the quarantine; and
every customer of a decision, an invitation or a row of ``customer``, for erasures. No migration can do it,
since it takes the root secret.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from services.dispatcher.decisions.contacts import contact_key_of
from services.dispatcher.decisions.explanation import decode_facts
from services.dispatcher.decisions.quarantine import NEVER_ARRIVED, begin_quarantine, lock_contacts
from services.dispatcher.decisions.repository import asked as asked_rows
from services.dispatcher.decisions.repository.asked import AskedRow
from services.dispatcher.decisions.repository.known_customers import (
    NO_NAME,
    KnownCustomer,
    keep_known,
    known_contact,
)
from services.dispatcher.invitations.states import read_invitation, subject_of_invitation
from services.dispatcher.repository import backfill as rows
from shared.db import Database, UnitOfWork
from shared.events import Invitation
from shared.privacy.erased import find_erased
from shared.privacy.persons import identity_of, person_of, person_or_nobody
from shared.privacy.subjects import Subject
from shared.runtime import NEVER_AGAIN, Loop, Periodic
from shared.service import Context

BACKFILL_LOOP = "backfill"
CONTACTS = "contacts"
INVITATIONS_PER_BATCH = 200
ROWS_PER_BATCH = 500
HASH = re.compile(r"[0-9a-f]{64}")
"""The id of a customer without one: the keyed hash of the address or number."""
CHECK_INTERVAL_S = 5.0


async def store_quarantines(uow: UnitOfWork, secret: str, invitations: list[tuple[str, Invitation]]) -> None:
    """Store when the contacts of stored invitations were asked; each is given with its tenant."""
    asked = [
        (
            contact_key_of(secret, tenant, invitation.customer, frozenset()).asked_by(invitation.channel),
            invitation,
        )
        for tenant, invitation in invitations
        if not (invitation.test or invitation.erased) and invitation.state not in NEVER_ARRIVED
    ]
    await lock_contacts(uow, [contact for contact, _ in asked])
    await begin_quarantine(uow, asked)


async def store_known(uow: UnitOfWork, secret: str, invitations: list[tuple[str, Invitation]]) -> None:
    """Store by what the customers of stored invitations are known; each is given with its tenant."""
    contacts = {
        (tenant, invitation.id): contact_key_of(secret, tenant, invitation.customer, frozenset())
        for tenant, invitation in invitations
    }
    erased = await find_erased(
        uow,
        [subject_of_invitation(contacts[tenant, each.id], each) for tenant, each in invitations],
    )
    known = []
    for tenant, invitation in invitations:
        contact = contacts[tenant, invitation.id]
        subject = subject_of_invitation(contact, invitation)
        if not invitation.erased and subject not in erased:
            contact = contact._replace(person=subject.person)
            known.append(known_contact(secret, contact, invitation.customer, invitation.decided_at))
    await keep_known(uow, known)


async def _know_invitations(uow: UnitOfWork, secret: str, place: Row[Any]) -> Sequence[Row[Any]]:
    found = await rows.list_invitations(uow, place, ROWS_PER_BATCH)
    await store_known(uow, secret, [(row.tenant, read_invitation(row)) for row in found])
    return found


async def _know_decisions(uow: UnitOfWork, secret: str, place: Row[Any]) -> Sequence[Row[Any]]:
    """Of decisions, also whose the differences are that came later under the same identity."""
    found = await rows.list_decisions(uow, place, ROWS_PER_BATCH)
    await _keep_unless_erased(uow, [_known(secret, row, row.contact_key, row.decided_at) for row in found])
    differing = {}
    for row in found:
        if row.difference is not None:
            customer = decode_facts(row.difference).customer
            differing[row.tenant, row.id] = person_of(
                secret, row.tenant, identity_of(secret, row.tenant, customer)
            )
    if differing:
        await rows.store_difference_persons(uow, differing)
    return found


async def _know_customers(uow: UnitOfWork, secret: str, place: Row[Any]) -> Sequence[Row[Any]]:
    """Of those who were asked, also by other systems; a row of an address alone has its hash for an id."""
    found = await rows.list_customers(uow, place, ROWS_PER_BATCH)
    known = [
        _known(secret, row, row.address, row.asked_at or uow.now)
        for row in found
        if not HASH.fullmatch(row.customer_id)
    ]
    await _keep_unless_erased(uow, known)
    return found


def _known(secret: str, row: Row[Any], contact: str | None, known_at: datetime) -> KnownCustomer:
    person = row.person if row.person is not None else person_or_nobody(secret, row.tenant, row.customer_id)
    return KnownCustomer(row.tenant, person, contact or NO_NAME, NO_NAME, row.customer_id, known_at)


async def _keep_unless_erased(uow: UnitOfWork, known: Sequence[KnownCustomer]) -> None:
    subjects = [Subject(each.tenant, each.person, each.contact or None) for each in known]
    erased = await find_erased(uow, subjects)
    pairs = zip(known, subjects, strict=True)
    await keep_known(uow, [each for each, subject in pairs if subject not in erased])


KNOWN_BATCHES: dict[str, Callable[[UnitOfWork, str, Row[Any]], Awaitable[Sequence[Row[Any]]]]] = {
    "known decisions": _know_decisions,
    "known invitations": _know_invitations,
    "known customers": _know_customers,
}
"""What makes the customers of one table known, by the name of its place in ``backfill``."""


async def backfill_known(database: Database, secret: str) -> bool:
    """Make the customers of the next rows of each table known; False when nothing is left here.

    Another process may hold what is left.
    """
    some = False
    for name, batch in KNOWN_BATCHES.items():
        async with database.transaction() as uow:
            place = await rows.lock(uow, name)
            if place is None:
                continue
            some = True
            found = await batch(uow, secret, place)
            await rows.move(uow, name, found[-1] if len(found) == ROWS_PER_BATCH else None)
    return some


async def backfill_batch(database: Database, secret: str) -> int:
    """Store the quarantines of the next invitations; returns how many invitations those were.

    For those of versions that knew no addresses, and for those of versions that did not keep what was asked.
    """
    n = 0
    for name in (CONTACTS, asked_rows.OF_INVITATIONS):
        async with database.transaction() as uow:
            place = await rows.lock(uow, name)
            if place is None:
                continue
            found = await rows.list_invitations(uow, place, INVITATIONS_PER_BATCH)
            await store_quarantines(uow, secret, [(row.tenant, read_invitation(row)) for row in found])
            await rows.move(uow, name, found[-1] if len(found) == INVITATIONS_PER_BATCH else None)
        n += len(found)
    return n


async def backfill_asked(database: Database) -> bool:
    """Store what other systems asked the next customers before it was kept what that was about; False when
    nothing is left here.
    """
    async with database.transaction() as uow:
        place = await rows.lock(uow, asked_rows.OF_OTHER_SYSTEMS)
        if place is None:
            return False
        found = await rows.list_asked_elsewhere(uow, place, ROWS_PER_BATCH)
        unknown = asked_rows.elsewhere_id(None, None)
        await asked_rows.store_elsewhere(
            uow,
            [
                AskedRow(row.tenant, row.id, unknown, row.asked_elsewhere_at, True, None, None, None)
                for row in found
            ],
        )
        last = found[-1] if len(found) == ROWS_PER_BATCH else None
        await rows.move(uow, asked_rows.OF_OTHER_SYSTEMS, last)
    return True


async def backfill_contacts(database: Database, secret: str) -> float | None:
    """A step of the loop: one batch after the other, until nothing is left."""
    async with database.reading() as uow:
        if not await rows.is_due(uow, [CONTACTS, *KNOWN_BATCHES, *asked_rows.BACKFILLS]):
            return NEVER_AGAIN
    known = await backfill_known(database, secret)
    asked = await backfill_asked(database)
    return 0 if await backfill_batch(database, secret) or known or asked else None


def backfill_loop(context: Context) -> Loop:
    """The loop that brings the contacts of earlier versions up to date."""

    async def step() -> float | None:
        return await backfill_contacts(context.database, context.secret)

    return Periodic(BACKFILL_LOOP, step, CHECK_INTERVAL_S, context.health).run
