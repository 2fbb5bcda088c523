"""Find the customers whom the names of a request may mean: for erasures and for exports."""

from typing import Any

from sqlalchemy import Row

from services.dispatcher.decisions.erased_names import CustomerNames, is_named_in
from services.dispatcher.erasures import repository
from services.dispatcher.erasures.domain import CustomerSearch, NamedCustomer, Sought
from services.dispatcher.erasures.requests import (
    NAMED_IN_REASON,
    NO_NAME_GIVEN,
    ErasureRefused,
    ErasureRequest,
)
from services.dispatcher.repository.known_names import find_named
from services.dispatcher.sending.sending_commands import find_sending
from services.dispatcher.tenants import tenant_or_placeholder
from shared.db import UnitOfWork
from shared.privacy.erased import target_id
from shared.privacy.persons import person_of
from shared.secrets import customer_hash
from shared.values.customer_ids import is_placeholder_id
from shared.values.messages import message
from shared.values.phone import e164_number
from shared.values.text import normalized_text


async def search_of(uow: UnitOfWork, secret: str, tenant: str, request: ErasureRequest) -> CustomerSearch:
    """What a trimmed request looks for.

    :raises ErasureRefused: when a name can be nobody's, or is written in the reason.
    """
    if not request.given:
        raise ErasureRefused(422, None, NO_NAME_GIVEN, field="/")
    phone = await _phone_number(uow, tenant, request)
    _check_reason(request)
    placeholder_ids = (await find_sending(uow, tenant)).placeholder_ids
    ids: tuple[str, ...] = ()
    is_shared = False
    if request.customer_id is not None:
        ids = tuple(dict.fromkeys((request.customer_id, normalized_text(request.customer_id))))
        is_shared = is_placeholder_id(request.customer_id, placeholder_ids)
        if is_shared and request.given == ["customer_id"]:
            remedy = message(
                "This id stands for nobody: many customers may come under it. Give their addresses."
            )
            raise ErasureRefused(422, None, remedy, field="/customer_id")
    persons = [person_of(secret, tenant, each) for each in ids]
    contact = customer_hash(secret, tenant, request.email) if request.email else None
    number = customer_hash(secret, tenant, phone) if phone else None
    without_id = [person_of(secret, tenant, each) for each in (contact, number) if each is not None]
    return CustomerSearch(
        Sought(persons[0] if persons else None, contact, number),
        ids,
        (*persons, *without_id) if is_shared else tuple(persons),
        tuple(without_id),
        placeholder_ids,
    )


async def find_customers(uow: UnitOfWork, tenant: str, search: CustomerSearch) -> list[NamedCustomer]:
    """All customers whom one of the names may mean, first those whom all of them may."""
    return [
        each._replace(is_shared=is_placeholder_id(each.customer_id, search.placeholder_ids))
        for each in await find_named(uow, tenant, search)
    ]


async def find_erasure(uow: UnitOfWork, tenant: str, search: CustomerSearch) -> Row[Any] | None:
    """The first erasure of a customer who had all these names: nothing else is known of them any more."""
    contacts = None, search.sought.contact
    targets = {target_id(person, contact) for person in search.persons for contact in contacts}
    if targets and (erasure := await repository.find_by_target(uow, tenant, sorted(targets))) is not None:
        return erasure
    for person in search.persons or (None,):
        names = [*search.hashes, person] if person is not None else search.hashes
        if (erasure := await repository.find_by_names(uow, tenant, names)) is not None:
            return erasure
    return None


async def _phone_number(uow: UnitOfWork, tenant: str, request: ErasureRequest) -> str | None:
    if request.phone is None:
        return None
    country = (await tenant_or_placeholder(uow, tenant)).country or None
    phone = e164_number(request.phone, country)
    if phone is None:
        remedy = message("Is no phone number that we know. Write it like +45 12 34 56 78.")
        raise ErasureRefused(422, None, remedy, field="/phone")
    return phone


def _check_reason(request: ErasureRequest) -> None:
    names = CustomerNames(
        ids=[request.customer_id] if request.customer_id else (),
        emails=[request.email] if request.email else (),
        phones=[request.phone] if request.phone else (),
    )
    if request.reason is not None and ("@" in request.reason or is_named_in(request.reason, names)):
        raise ErasureRefused(422, None, NAMED_IN_REASON, field="/reason")
