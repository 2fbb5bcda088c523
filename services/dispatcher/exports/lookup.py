"""Find the one customer that a caller means. Replaced by the table of known customers once that is there:
``find_subject`` is all that the rest of the group calls.
"""

from collections.abc import Sequence

from services.dispatcher.exports import repository
from services.dispatcher.exports.domain import (
    KnownCustomer,
    SeveralCustomers,
    SoughtCustomer,
    UnknownCustomer,
)
from services.dispatcher.sending.sending_commands import find_sending
from shared.db import UnitOfWork
from shared.http.problems import Problem
from shared.http.validation_errors import FieldFault
from shared.privacy.export_links import ExportSubject
from shared.privacy.persons import person_of
from shared.secrets import customer_hash, customer_hashes
from shared.values.customer_ids import is_placeholder_id
from shared.values.messages import message
from shared.values.phone import e164_number

MAX_CUSTOMERS_LISTED = 20
STANDS_FOR_NOBODY = message(
    "This id stands for nobody: many customers may come under it. Look for the address instead."
)
NOT_A_NUMBER = message("Give the phone number with its country code, such as +45 12 34 56 78.")
ERASED_TITLE = message("This customer was erased on request.")
ERASED_DETAIL = message("Nothing of them is kept but that they are not to be asked again.")


async def find_subject(uow: UnitOfWork, secret: str, tenant: str, sought: SoughtCustomer) -> ExportSubject:
    """Whom the caller means.

    :raises SeveralCustomers: when there are several under what was given, or one with several addresses.
    :raises UnknownCustomer: when nobody is known under it, or what was given does not belong together.
    :raises Problem: 404 when the customer was erased, 422 for an id that stands for nobody or no number.
    """
    hashes = customer_hashes(secret, tenant, sought.email) if sought.email is not None else ()
    if sought.customer_id is not None:
        return await _by_id(uow, secret, tenant, sought, sought.customer_id, hashes)
    found = None
    if sought.email is not None:
        found = await repository.find_by_contacts(uow, tenant, hashes, MAX_CUSTOMERS_LISTED)
    if sought.phone is not None:
        by_phone = await _by_phone(uow, secret, tenant, sought.phone)
        found = by_phone if found is None else [one for one in found if one in by_phone]
    return await _only_one(uow, secret, tenant, found or [], hashes, sought)


async def _by_id(
    uow: UnitOfWork,
    secret: str,
    tenant: str,
    sought: SoughtCustomer,
    customer_id: str,
    hashes: tuple[str, ...],
) -> ExportSubject:
    placeholder_ids = (await find_sending(uow, tenant)).placeholder_ids
    if is_placeholder_id(customer_id, placeholder_ids):
        raise Problem(422, errors=[FieldFault(field="customer_id", detail=STANDS_FOR_NOBODY)])
    person = person_of(secret, tenant, customer_id)
    if await repository.was_erased(uow, tenant, [person], hashes):
        raise erased()
    addresses = (await repository.find_addresses(uow, tenant, [customer_id])).get(customer_id, set())
    meant = addresses.intersection(hashes)
    if sought.email is not None and not meant:
        raise UnknownCustomer
    if sought.phone is not None and customer_id not in await _by_phone(uow, secret, tenant, sought.phone):
        raise UnknownCustomer
    return ExportSubject(tenant, person, min(meant) if meant and len(addresses) > 1 else None)


async def _by_phone(uow: UnitOfWork, secret: str, tenant: str, phone: str) -> list[str]:
    number = e164_number(phone, None)
    if number is None:
        raise Problem(422, errors=[FieldFault(field="phone", detail=NOT_A_NUMBER)])
    hashed = customer_hash(secret, tenant, number)
    return await repository.find_by_phone(uow, tenant, number, hashed, MAX_CUSTOMERS_LISTED)


async def _only_one(
    uow: UnitOfWork,
    secret: str,
    tenant: str,
    found: Sequence[str],
    hashes: tuple[str, ...],
    sought: SoughtCustomer,
) -> ExportSubject:
    if found:
        addresses = await repository.find_addresses(uow, tenant, found)
        if len(found) > 1 or any(len(known) > 1 for known in addresses.values()):
            raise SeveralCustomers([KnownCustomer(one, len(addresses.get(one, ()))) for one in found])
        person = person_of(secret, tenant, found[0])
        if await repository.was_erased(uow, tenant, [person], hashes):
            raise erased()
        return ExportSubject(tenant, person, None)
    # Without an id of the company's own a customer is known by the hash; imports are not known here at all.
    persons = [person_of(secret, tenant, hashed) for hashed in hashes]
    if sought.email is None or sought.phone is not None:
        raise UnknownCustomer
    if await repository.was_erased(uow, tenant, persons, hashes, any_person=True):
        raise erased()
    return ExportSubject(tenant, persons[0], None)


def erased() -> Problem:
    """The refusal of the export of a customer who was erased."""
    return Problem(404, ERASED_TITLE, ERASED_DETAIL)
