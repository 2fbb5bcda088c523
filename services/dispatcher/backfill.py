"""Once after an upgrade: the contacts whom earlier versions invited become known by their addresses too.

No migration can do it, since it takes the root secret.
"""

from services.dispatcher.decisions.contacts import contact_key_of
from services.dispatcher.decisions.quarantine import NEVER_ARRIVED, begin_quarantine, lock_contacts
from services.dispatcher.invitations.states import read_invitation
from services.dispatcher.repository import backfill as rows
from shared.db import Database, UnitOfWork
from shared.events import Invitation
from shared.runtime import NEVER_AGAIN, Loop, Periodic
from shared.service import Context

BACKFILL_LOOP = "backfill"
CONTACTS = "contacts"
INVITATIONS_PER_BATCH = 200
CHECK_INTERVAL_S = 5.0


async def store_quarantines(uow: UnitOfWork, secret: str, invitations: list[tuple[str, Invitation]]) -> None:
    """Store when the contacts of stored invitations were asked; each is given with its tenant."""
    asked = [
        (contact_key_of(secret, tenant, invitation.customer, frozenset()), invitation.due_at)
        for tenant, invitation in invitations
        if not invitation.test and invitation.state not in NEVER_ARRIVED
    ]
    await lock_contacts(uow, [contact for contact, _ in asked])
    await begin_quarantine(uow, asked)


async def backfill_batch(database: Database, secret: str) -> int:
    """Store the quarantines of the next invitations; returns how many invitations those were."""
    async with database.transaction() as uow:
        place = await rows.lock(uow, CONTACTS)
        if place is None:
            return 0
        found = await rows.list_invitations(uow, place, INVITATIONS_PER_BATCH)
        await store_quarantines(uow, secret, [(row.tenant, read_invitation(row)) for row in found])
        await rows.move(uow, CONTACTS, found[-1] if len(found) == INVITATIONS_PER_BATCH else None)
    return len(found)


async def backfill_contacts(database: Database, secret: str) -> float | None:
    """A step of the loop: one batch after the other, until nothing is left."""
    async with database.reading() as uow:
        if not await rows.is_due(uow, CONTACTS):
            return NEVER_AGAIN
    return 0 if await backfill_batch(database, secret) else None


def backfill_loop(context: Context) -> Loop:
    """The loop that brings the contacts of earlier versions up to date."""

    async def step() -> float | None:
        return await backfill_contacts(context.database, context.secret)

    return Periodic(BACKFILL_LOOP, step, CHECK_INTERVAL_S, context.health).run
