"""When contacts were last asked: rows that are locked before a decision, and written when one is asked."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.dispatcher.decisions.contacts import ContactKey
from services.dispatcher.decisions.handlers import repository as rows
from services.dispatcher.decisions.repository import CustomerRow
from shared.db import UnitOfWork

NEVER_ARRIVED = frozenset({"withheld", "dropped", "failed"})
"""How a mail stands that certainly did not arrive."""


async def lock_contacts(uow: UnitOfWork, contacts: Sequence[ContactKey]) -> None:
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


async def begin_quarantine(uow: UnitOfWork, invited: Iterable[tuple[ContactKey, datetime]]) -> None:
    """Remember when the mail of each was due; the latest of a contact counts."""
    begun: dict[tuple[str, str], datetime] = {}
    for contact, due_at in invited:
        who = contact.tenant, contact.key
        begun[who] = max(begun.get(who, due_at), due_at)
    if begun:
        await rows.note_invited(uow, [(*who, due_at) for who, due_at in begun.items()])


async def end_quarantine(uow: UnitOfWork, contact: ContactKey, due_at: datetime) -> None:
    """The mail that was due then has certainly not arrived, so it keeps nobody from being asked. Versions
    that knew no addresses kept it under the id.
    """
    await rows.forget_invited(uow, contact.tenant, {contact.key, contact.customer_id}, due_at)
