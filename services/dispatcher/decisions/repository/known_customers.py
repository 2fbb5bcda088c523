"""``known_customer``: under which id, and which keyed hashes of addresses and numbers, each customer came.

An erasure finds by it whom an address or an id names. It is kept by whatever stores something of a customer.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from services.dispatcher.decisions.contacts import ContactKey
from shared.db import UnitOfWork
from shared.events import Answer, Customer, Event
from shared.privacy.persons import NOBODY, person_of
from shared.secrets import customer_hash
from shared.tenancy.retention import find_retention
from shared.values.customer_ids import is_placeholder_id

NO_NAME = ""
"""In ``contact`` or ``phone``: the customer came without."""


class KnownCustomer(NamedTuple):
    """One way in which a customer came."""

    tenant: str
    person: str
    contact: str
    phone: str
    customer_id: str
    """Where they came without one, the keyed hash of the address or number that stands for it."""
    known_at: datetime
    """When they came, by the event itself: one that is read again is no younger."""


def known_contact(secret: str, contact: ContactKey, customer: Customer, known_at: datetime) -> KnownCustomer:
    """The customer of an event, whose contact is known."""
    phone = customer_hash(secret, contact.tenant, customer.phone) if customer.phone else NO_NAME
    return KnownCustomer(
        contact.tenant, contact.person, contact.address or NO_NAME, phone, contact.customer_id, known_at
    )


KEEP_KNOWN = """
    INSERT INTO known_customer AS k (tenant, person, contact, phone, customer_id, known_at)
    SELECT * FROM unnest(
        CAST(:tenants AS text[]), CAST(:persons AS text[]), CAST(:contacts AS text[]),
        CAST(:phones AS text[]), CAST(:customer_ids AS text[]), CAST(:times AS timestamptz[])
    )
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (tenant, person, contact, phone) DO UPDATE SET known_at = EXCLUDED.known_at
    WHERE k.known_at < EXCLUDED.known_at - CAST(:accuracy AS interval)
"""
KNOWN_AT_ACCURACY = timedelta(days=30)
"""A customer who comes again within this time costs no write: their decisions are kept longer than that."""


async def keep_known(
    uow: UnitOfWork, customers: Iterable[KnownCustomer], accuracy: timedelta = KNOWN_AT_ACCURACY
) -> None:
    """Keep under which names these customers came; the caller has made sure that none of them is erased.

    :param accuracy: by how much ``known_at`` may be older than what they came with.
    """
    known: dict[tuple[str, ...], KnownCustomer] = {}
    for customer in customers:
        same = known.get(customer[:4], customer)
        if customer.person != NOBODY and same.known_at <= customer.known_at:
            known[customer[:4]] = customer
    if not known:
        return
    tenants, persons, contacts, phones, customer_ids, times = zip(*known.values(), strict=True)
    await uow.execute(
        KEEP_KNOWN,
        {
            "tenants": list(tenants),
            "persons": list(persons),
            "contacts": list(contacts),
            "phones": list(phones),
            "customer_ids": list(customer_ids),
            "times": list(times),
            "accuracy": accuracy,
        },
    )


async def keep_imported(secret: str, uow: UnitOfWork, events: Sequence[Event[Answer]]) -> None:
    """Keep the customers of imported answers: they may never have had an event here.

    When is kept exactly, since nothing else here says for how long the other services keep them. Of an answer
    that is too old, the collector does not know the customer any more.
    """
    imported = (event for event in events if event.data.origin == "import" and not event.data.erased)
    known = []
    cutoffs: dict[str, datetime] = {}
    for event in imported:
        answer, customer_id = event.data, event.data.customer_id
        if customer_id is None or is_placeholder_id(customer_id):
            continue
        if event.tenant not in cutoffs:
            rules = await find_retention(uow, event.tenant)
            cutoffs[event.tenant] = uow.now - timedelta(days=rules.contacts)
        known_at = answer.answered_at or answer.changed_at
        if known_at < cutoffs[event.tenant]:
            continue
        person = answer.person if answer.person is not None else person_of(secret, event.tenant, customer_id)
        contact, phone = answer.contact_key or NO_NAME, answer.number_key or NO_NAME
        known.append(KnownCustomer(event.tenant, person, contact, phone, customer_id, known_at))
    await keep_known(uow, known, accuracy=timedelta())
