"""Ask for an erasure: find whom it means, store who asked and why, and publish it to all services."""

import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from msgspec import json
from sqlalchemy import Row

from services.dispatcher.decisions.erased_names import is_named_in
from services.dispatcher.erasures import repository
from services.dispatcher.erasures.customer_search import find_customers, find_erasure, search_of
from services.dispatcher.erasures.domain import (
    CustomerNotFound,
    CustomerSearch,
    ErasureScope,
    NamedCustomer,
    NameField,
    NotOneCustomer,
    Sought,
    scope_of,
)
from services.dispatcher.erasures.repository import KeyedRequest, NewErasure
from services.dispatcher.erasures.requests import NAMED_IN_REASON, ErasureRefused, ErasureRequest
from services.dispatcher.repository.erased_addresses import find_addresses
from services.dispatcher.repository.known_names import knows_all_names, list_hashes, list_names
from services.dispatcher.sending.sending_commands import find_sending, set_test_addresses
from services.dispatcher.suppressions.suppression_commands import suppress_addresses
from shared.db import UnitOfWork
from shared.db.notifications import notify_changes
from shared.events import CUSTOMERS, CustomerErased
from shared.ids import derived, uuid7
from shared.privacy.audit import AuditActor, record_audit
from shared.privacy.erased import keep_erased, target_id
from shared.privacy.persons import person_of
from shared.secrets import customer_hash, derive
from shared.values.messages import Message, message
from shared.values.text import normalized_text

log = structlog.get_logger()


_FIELD_NAMES: dict[NameField, Message] = {
    "customer_id": message("the customer id"),
    "email": message("the address"),
    "phone": message("the phone number"),
}


async def request_erasure(
    uow: UnitOfWork,
    secret: str,
    tenant: str,
    request: ErasureRequest,
    *,
    who: AuditActor,
    key: str | None = None,
) -> Row[Any]:
    """Erase a customer in all services, unless that was asked for already; returns the erasure.

    :param key: the request's idempotency key. The same request again is answered as before, whatever has
        become of the customer and of the rules meanwhile.
    :raises ErasureRefused: when it is not clear whom it means, or it cannot be done now.
    """
    request = request.trimmed()
    if key is None:
        return await _erase(uow, secret, tenant, request, who, uuid7())
    request_id, fingerprint = derived("erasure", tenant, key), _fingerprint(secret, tenant, request)
    earlier = await _same_request(uow, tenant, request_id, fingerprint)
    if earlier is not None:
        return earlier
    erasure = await _erase(uow, secret, tenant, request, who, request_id)
    bound = KeyedRequest(
        tenant=tenant, id=request_id, fingerprint=fingerprint, erasure_id=erasure.id, asked_at=uow.now
    )
    if not await repository.bind_key(uow, bound):
        # Somebody else has used the key meanwhile.
        return await _same_request(uow, tenant, request_id, fingerprint) or erasure
    return erasure


async def _erase(
    uow: UnitOfWork, secret: str, tenant: str, request: ErasureRequest, who: AuditActor, erasure_id: UUID
) -> Row[Any]:
    search = await search_of(uow, secret, tenant, request)
    if not await knows_all_names(uow):
        raise ErasureRefused(
            503,
            None,
            message("What earlier versions stored is still being prepared. Try again in some minutes."),
            retry_s=60,
        )
    scope = await _scope(uow, tenant, request, search)
    if isinstance(scope, Row):
        return scope
    earlier = await _same_target(uow, tenant, scope)
    if earlier is not None:
        return earlier
    names = await list_names(uow, tenant, scope)
    if request.reason is not None and is_named_in(request.reason, names):
        raise ErasureRefused(422, None, NAMED_IN_REASON, field="/reason")
    hashes = await list_hashes(uow, tenant, scope) | set(search.hashes)
    # An id that others have, too, does not name the one of them who was erased.
    persons = _persons(secret, tenant, scope, names.ids) if scope.contact is None else set()
    new = NewErasure(
        tenant=tenant,
        id=erasure_id,
        target=target_id(*scope),
        person=scope.person,
        contact=scope.contact,
        who=who.name,
        reason=request.reason,
        asked_for=request.given,
        names=sorted(hashes | persons),
        fingerprint=_fingerprint(secret, tenant, request),
        asked_at=uow.now,
    )
    if not await repository.add(uow, new):
        # Somebody else has asked meanwhile.
        earlier = await _same_target(uow, tenant, scope)
        if earlier is not None:
            return earlier
        raise ErasureRefused(
            503, None, message("Somebody asks for the same at this moment. Try again."), retry_s=1
        )
    await _remove_test_addresses(uow, secret, tenant, who, hashes)
    addresses = await find_addresses(uow, tenant, scope, search.sought.contact)
    await _publish(uow, new, scope, addresses)
    record_audit(uow, tenant, who, "erasure", str(erasure_id))
    log.info("erasure_asked", tenant=tenant, erasure=str(erasure_id))
    return await _stored(uow, tenant, erasure_id)


def _persons(secret: str, tenant: str, scope: ErasureScope, ids: Iterable[str]) -> set[str]:
    """The pseudonyms by which the erasure is found once nothing is known of the customer any more."""
    return {scope.person, *(person_of(secret, tenant, normalized_text(each)) for each in ids)}


async def _stored(uow: UnitOfWork, tenant: str, erasure_id: UUID) -> Row[Any]:
    stored = await repository.find(uow, tenant, erasure_id)
    if stored is None:
        raise LookupError("an erasure that was just stored")
    return stored


def _fingerprint(secret: str, tenant: str, request: ErasureRequest) -> str:
    return hmac.digest(derive(secret, f"erasure:{tenant}"), json.encode(request), "sha256").hex()


async def _same_request(uow: UnitOfWork, tenant: str, request_id: UUID, fingerprint: str) -> Row[Any] | None:
    """The erasure with which this very request was answered before.

    :raises ErasureRefused: when its idempotency key was used for another one.
    """
    earlier = await repository.find_request(uow, tenant, request_id)
    if earlier is None:
        return None
    if earlier.fingerprint != fingerprint:
        raise ErasureRefused(
            422,
            message("This Idempotency-Key was used for another erasure."),
            message(
                "Nothing was erased. Give each request its own key; repeat one only with the same request."
            ),
        )
    return await _stored(uow, tenant, earlier.erasure_id)


async def _same_target(uow: UnitOfWork, tenant: str, scope: ErasureScope) -> Row[Any] | None:
    targets = {scope.person, target_id(*scope)}
    return await repository.find_by_target(uow, tenant, sorted(targets))


async def _scope(
    uow: UnitOfWork, tenant: str, request: ErasureRequest, search: CustomerSearch
) -> ErasureScope | Row[Any]:
    """Whom the request means, or the erasure by which nothing is known of them any more.

    :raises ErasureRefused: 404 when it is nobody, 409 when it is not clear who.
    """
    customers = await find_customers(uow, tenant, search)
    try:
        return scope_of(search.sought, customers)
    except CustomerNotFound as nobody:
        earlier = await find_erasure(uow, tenant, search)
        if earlier is not None:
            return earlier
        raise _not_found(request, together=nobody.together) from None
    except NotOneCustomer as several:
        raise _not_one(search.sought, several.customers) from None


def _not_found(request: ErasureRequest, *, together: bool) -> ErasureRefused:
    first, *others = (_FIELD_NAMES[name] for name in request.given)
    sought = first
    for other in others:
        sought = message("%(names)s and %(name)s", names=sought, name=other)
    if together:
        remedy = message(
            "Looked for: %(sought)s. Each is known, but not of one customer. Check which belong together.",
            sought=sought,
        )
    else:
        remedy = message(
            "Looked for: %(sought)s. No service has anything of such a customer. Check how it is written.",
            sought=sought,
        )
    return ErasureRefused(404, message("This customer is not known."), remedy)


def _not_one(sought: Sought, customers: Sequence[NamedCustomer]) -> ErasureRefused:
    if len(customers) > 1:
        title = message("Several customers are meant.")
        remedy = message("Nothing was erased. Give the customer id of the one who is to be erased.")
    elif customers[0].is_shared:
        title = message("Many customers may come under this id.")
        remedy = message("Nothing was erased. Give the id with the address of the one who is to be erased.")
    else:
        title = message("This customer has several addresses.")
        remedy = message(
            "Nothing was erased. Give the customer id alone to erase all of it, or the id with the address "
            "to erase only what came under that address."
        )
    field = "/email" if sought.contact is not None else "/phone"
    return ErasureRefused(409, title, remedy, field=field, customers=customers)


async def _remove_test_addresses(
    uow: UnitOfWork, secret: str, tenant: str, who: AuditActor, hashes: set[str]
) -> None:
    """Take the customer's own addresses from the test addresses."""
    listed = (await find_sending(uow, tenant)).test_addresses
    kept = [address for address in listed if customer_hash(secret, tenant, address) not in hashes]
    if len(kept) < len(listed):
        await set_test_addresses(uow, tenant, who, kept)


def erased_version(erased_at: datetime) -> int:
    """The version of an erased customer: one who is erased anew has a higher one, also after a backup."""
    return int(erased_at.timestamp() * 1_000_000)


async def _publish(uow: UnitOfWork, new: NewErasure, scope: ErasureScope, addresses: tuple[str, ...]) -> None:
    """From this transaction on nothing of the customer is stored; all services erase what they have."""
    erased = CustomerErased(
        id=new.target,
        version=erased_version(uow.now),
        erased_at=uow.now,
        person=scope.person,
        contact=scope.contact,
        addresses=addresses,
        erasure_id=new.id,
    )
    events = [CUSTOMERS.event(new.tenant, erased, uow.now)]
    await keep_erased(uow, events)
    await suppress_addresses(uow, events)
    uow.publish(CUSTOMERS, new.tenant, erased)
    notify_changes(uow, [new.tenant])
