"""When contacts were last asked: rows that are locked before a decision, and written when one is asked."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.dispatcher.decisions.contacts import ContactKey
from services.dispatcher.decisions.repository import contacts as contact_rows
from services.dispatcher.decisions.repository.contacts import CustomerRow
from services.dispatcher.sending.domain import Sending
from services.dispatcher.sending.sending_commands import find_sendings
from shared.db import UnitOfWork
from shared.events import Answer, Event
from shared.privacy.persons import NOBODY
from shared.values.customer_ids import is_placeholder_id

NEVER_ARRIVED = frozenset({"withheld", "dropped", "failed"})
"""The states of a mail that has certainly not arrived."""


async def lock_contacts(uow: UnitOfWork, contacts: Sequence[ContactKey]) -> None:
    """Lock the rows of these contacts and of their ids, all in one order.

    Two events of one address are then judged one after the other, under whatever ids they come, and no two
    transactions wait for each other.
    """
    addresses: dict[tuple[str, str], set[str]] = {}
    persons = {
        (contact.tenant, contact.customer_id): contact.person for contact in contacts if contact.shares_id
    }
    for contact in contacts:
        own = {contact.address} if contact.address is not None else set()
        addresses.setdefault((contact.tenant, contact.customer_id), set()).update(own)
        if contact.address is not None:
            addresses.setdefault((contact.tenant, contact.address), set()).update(own)
    rows = [
        CustomerRow(tenant, key, min(known, default=None), len(known) > 1, persons.get((tenant, key), NOBODY))
        for (tenant, key), known in addresses.items()
    ]
    if rows:
        await contact_rows.lock_customers(uow, rows)


async def begin_quarantine(uow: UnitOfWork, invited: Iterable[tuple[ContactKey, datetime]]) -> None:
    """Store when the mail of each contact was due; the latest of a contact counts."""
    latest: dict[tuple[str, str], datetime] = {}
    for contact, due_at in invited:
        key = contact.tenant, contact.key
        latest[key] = max(latest.get(key, due_at), due_at)
    if latest:
        await contact_rows.store_invited(uow, [(*key, due_at) for key, due_at in latest.items()])


async def end_quarantine(uow: UnitOfWork, contact: ContactKey, due_at: datetime) -> None:
    """The mail that was due then has certainly not arrived, so it does not keep the contact from being asked.

    Versions that knew no addresses stored it under the id.
    """
    await contact_rows.forget_invited(uow, contact.tenant, {contact.key, contact.customer_id}, due_at)


async def take_turn(uow: UnitOfWork, contact: ContactKey, turn: str, cap_hours: int) -> datetime | None:
    """Let a mail leave now, unless another one has left within these hours: then when that was.

    :param turn: which mail it is: a try of the same mail is no other one.
    """
    return await contact_rows.take_turn(uow, contact.tenant, contact.key, turn, cap_hours)


async def give_turn_back(uow: UnitOfWork, contact: ContactKey, turn: str) -> None:
    """The mail has certainly not left this time, so another one may."""
    await contact_rows.give_turn_back(uow, contact.tenant, contact.key, turn)


async def keep_asked_elsewhere(uow: UnitOfWork, events: Sequence[Event[Answer]]) -> None:
    """Store when another system asked a customer: the ``invited_at`` of an imported answer."""
    latest: dict[tuple[str, str], datetime] = {}
    persons: dict[tuple[str, str], str | None] = {}
    for event in events:
        answer = event.data
        if answer.origin == "import" and answer.customer_id is not None and answer.invited_at is not None:
            key = event.tenant, answer.customer_id
            latest[key] = max(latest.get(key, answer.invited_at), answer.invited_at)
            persons[key] = answer.person or persons.get(key)
    if latest:
        sendings = await find_sendings(uow, sorted({tenant for tenant, _ in latest}))
        asked = [
            (tenant, customer_id, at)
            for (tenant, customer_id), at in latest.items()
            if not is_placeholder_id(customer_id, sendings.get(tenant, Sending()).placeholder_ids)
        ]
        await contact_rows.store_asked_elsewhere(uow, asked, persons)
