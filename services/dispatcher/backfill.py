"""Once after an upgrade: the contacts whom earlier versions invited are known by their addresses too.

No migration can do it, since it takes the root secret.
"""

from services.dispatcher.decisions.contacts import contact_key_of
from services.dispatcher.decisions.handlers import quarantine
from services.dispatcher.invitations.states import states
from services.dispatcher.repository import backfill as rows
from shared.db import Database
from shared.runtime import NEVER_AGAIN, Loop, Periodic
from shared.service import Context

NAME = "backfill"
CONTACTS = "contacts"
INVITATIONS_AT_ONCE = 200
SECONDS_BETWEEN_LOOKS = 5.0


async def bring_contacts(database: Database, secret: str) -> int:
    """Note when the contacts of the next invitations were asked; how many invitations those were."""
    async with database.transaction() as uow:
        place = await rows.hold(uow, CONTACTS)
        if place is None:
            return 0
        found = await rows.invitations_after(uow, place, INVITATIONS_AT_ONCE)
        read = [(row.tenant, states.read_invitation(row)) for row in found]
        asked = [
            (contact_key_of(secret, tenant, invitation.customer, frozenset()), invitation.due_at)
            for tenant, invitation in read
            if not invitation.test and invitation.state not in quarantine.NEVER_ARRIVED
        ]
        await quarantine.lock_contacts(uow, [contact for contact, _ in asked])
        await quarantine.begin_quarantine(uow, asked)
        await rows.move(uow, CONTACTS, found[-1] if len(found) == INVITATIONS_AT_ONCE else None)
    return len(found)


async def backfill_contacts(database: Database, secret: str) -> float | None:
    """A step of the loop: fill in what the next invitations tell, until nothing is left."""
    async with database.reading() as uow:
        if not await rows.is_due(uow, CONTACTS):
            return NEVER_AGAIN
    return 0 if await bring_contacts(database, secret) else None


def backfill_loop(context: Context) -> Loop:
    """The loop that brings the contacts of earlier versions up to date."""

    async def step() -> float | None:
        return await backfill_contacts(context.database, context.secret)

    return Periodic(NAME, step, SECONDS_BETWEEN_LOOKS, context.health).run
