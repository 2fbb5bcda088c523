"""When contacts were last asked: rows that are locked before a decision, and written when one is asked."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.dispatcher.contacts import Contact
from services.dispatcher.repository import decisions as rows
from services.dispatcher.repository.decisions import CustomerRow
from shared.db import UnitOfWork


async def hold(uow: UnitOfWork, contacts: Sequence[Contact]) -> None:
    """Lock the rows of these contacts and of their ids, all in one order: two events of one address are
    judged one after the other, under whatever ids they come, and none waits for one that waits for it.
    """
    addresses: dict[tuple[str, str], set[str]] = {}
    for contact in contacts:
        own = {contact.address} if contact.address is not None else set()
        addresses.setdefault((contact.tenant, contact.customer_id), set()).update(own)
        if contact.address is not None:
            addresses.setdefault((contact.tenant, contact.address), set()).update(own)
    held = [
        CustomerRow(tenant, key, min(known, default=None), several=len(known) > 1)
        for (tenant, key), known in addresses.items()
    ]
    if held:
        await rows.lock_customers(uow, held)


async def begin(uow: UnitOfWork, invited: Iterable[tuple[Contact, datetime]]) -> None:
    """Remember when the mail of each was due; the latest of a contact counts."""
    begun: dict[tuple[str, str], datetime] = {}
    for contact, due_at in invited:
        who = contact.tenant, contact.key
        begun[who] = max(begun.get(who, due_at), due_at)
    if begun:
        await rows.note_invited(uow, [(*who, due_at) for who, due_at in begun.items()])
