"""Once after an upgrade: the contacts whom earlier versions invited are known by their addresses too.

No migration can do it, since it takes the root secret.
"""

import asyncio

from services.dispatcher import invitations, quarantine
from services.dispatcher.contacts import contact_of
from services.dispatcher.repository import backfill as rows
from shared.db import Database
from shared.errors import is_trouble
from shared.plight import in_words
from shared.runtime import Health, pause

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
        read = [(row.tenant, invitations.of_row(row)) for row in found]
        asked = [
            (contact_of(secret, tenant, invitation.customer, frozenset()), invitation.due_at)
            for tenant, invitation in read
            if not invitation.test
        ]
        await quarantine.hold(uow, [contact for contact, _ in asked])
        await quarantine.begin(uow, asked)
        await rows.move(uow, CONTACTS, found[-1] if len(found) == INVITATIONS_AT_ONCE else None)
    return len(found)


async def run(database: Database, secret: str, health: Health, stopping: asyncio.Event) -> None:
    """Go on until nothing is left, then wait for the stop."""
    while not stopping.is_set():
        health.tick(NAME)
        try:
            async with database.reading() as uow:
                due = await rows.is_due(uow, CONTACTS)
            done = await bring_contacts(database, secret) if due else 0
            health.found(NAME)
        except Exception as error:
            if not is_trouble(error):
                raise
            health.missing(NAME, in_words(error))
            due, done = True, 0
        if not due:
            break
        if not done:
            await pause(stopping, SECONDS_BETWEEN_LOOKS)
    health.forget(NAME)
    await stopping.wait()
