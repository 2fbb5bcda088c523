"""Keep customers whom a company gives by a request or a file."""

from collections.abc import Sequence

from services.dispatcher.customers.basis_in import basis_of
from services.dispatcher.customers.domain import profile_given
from services.dispatcher.customers.reading import CustomerIn, ReadCustomer
from services.dispatcher.customers.repository import keep_profiles
from services.dispatcher.decisions.contacts import contact_key_of
from services.dispatcher.decisions.repository.known_customers import keep_known, known_contact
from services.dispatcher.sending.sending_commands import find_sending
from shared.db import UnitOfWork
from shared.events import Customer
from shared.http.validation_errors import FieldFault
from shared.privacy.audit import AuditActor, record_audit
from shared.privacy.erased import find_erased
from shared.values.messages import message

ERASED = message("This customer was erased on request. Nothing is kept of them, and they are never asked.")


async def keep_customers(
    uow: UnitOfWork, secret: str, tenant: str, reads: Sequence[ReadCustomer], *, who: AuditActor
) -> list[ReadCustomer]:
    """Keep those who can be kept; returns all of them, the erased ones as refused.

    The same again changes nothing.
    """
    placeholder_ids = (await find_sending(uow, tenant)).placeholder_ids
    given = {read.customer.id: _customer(read.customer) for read in reads if read.customer is not None}
    contacts = {
        id_: contact_key_of(secret, tenant, customer, placeholder_ids) for id_, customer in given.items()
    }
    erased = await find_erased(uow, [contact.subject for contact in contacts.values()])
    kept = {id_: contact for id_, contact in contacts.items() if contact.subject not in erased}
    await keep_known(uow, [known_contact(secret, kept[id_], given[id_], uow.now) for id_ in kept])
    segments = {read.customer.id: read.customer.segments or {} for read in reads if read.customer is not None}
    profiles = {
        contact.person: profile_given(contact, given[id_], segments[id_], uow.now)
        for id_, contact in kept.items()
    }
    changed = await keep_profiles(uow, list(profiles.values()), whole=True)
    if changed:
        record_audit(uow, tenant, who, "customers", count=changed)
    return [
        ReadCustomer(read.id, None, [FieldFault(field="/id", detail=ERASED)])
        if read.customer is not None and read.customer.id not in kept
        else read
        for read in reads
    ]


def _customer(customer: CustomerIn) -> Customer:
    return Customer(
        id=customer.id,
        email=customer.email,
        phone=customer.phone,
        locale=customer.locale,
        country=customer.country,
        time_zone=customer.time_zone,
        basis=basis_of(customer),
    )
