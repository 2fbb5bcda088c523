"""Ask for an erasure: find whom it means, store who asked and why, and publish it to all services."""

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from msgspec import json
from sqlalchemy import Row

from services.dispatcher.decisions.erased_names import CustomerNames, is_named_in
from services.dispatcher.erasures import repository
from services.dispatcher.erasures.domain import (
    CustomerNotFound,
    ErasureScope,
    NamedCustomer,
    NameField,
    NotOneCustomer,
    Sought,
    scope_of,
)
from services.dispatcher.erasures.repository import NewErasure
from services.dispatcher.repository.erased_addresses import find_addresses
from services.dispatcher.sending.sending_commands import find_sending, set_test_addresses
from services.dispatcher.suppressions.suppression_commands import suppress_addresses
from services.dispatcher.tenants import tenant_or_placeholder
from shared.db import UnitOfWork
from shared.db.notifications import notify_changes
from shared.events import CUSTOMERS, CustomerErased
from shared.ids import derived, uuid7
from shared.privacy.audit import AuditActor, record_audit
from shared.privacy.erased import keep_erased, target_id
from shared.privacy.persons import person_of
from shared.secrets import customer_hash, derive
from shared.values.customer_ids import is_placeholder_id
from shared.values.messages import Message, message
from shared.values.phone import e164_number
from shared.values.text import normalized_text

log = structlog.get_logger()


class ErasureRequest(NamedTuple):
    """What was asked for."""

    customer_id: str | None = None
    email: str | None = None
    phone: str | None = None
    reason: str | None = None

    @property
    def given(self) -> list[NameField]:
        """The fields that name the customer."""
        fields: tuple[NameField, ...] = ("customer_id", "email", "phone")
        return [name for name in fields if getattr(self, name)]

    def trimmed(self) -> "ErasureRequest":
        """The request in the form in which it is compared; an empty text is none."""
        return ErasureRequest(*(normalized_text(value) or None if value else None for value in self))


class ErasureRefused(Exception):
    """Nothing was erased. The texts name no value that was sent."""

    def __init__(
        self,
        status: int,
        title: Message | None,
        remedy: Message,
        *,
        field: str = "",
        customers: Sequence[NamedCustomer] = (),
        retry_s: int = 0,
    ) -> None:
        super().__init__(status)
        self.retry_s = retry_s
        self.status = status
        self.title = title
        self.remedy = remedy
        self.field = field
        self.customers = customers


NO_NAME_GIVEN = message("Give customer_id, email or phone.")
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

    :param key: the request's idempotency key.
    :raises ErasureRefused: when it is not clear whom it means, or it cannot be done now.
    """
    request = request.trimmed()
    sought = await sought_names(uow, secret, tenant, request)
    fingerprint = _fingerprint(secret, tenant, request)
    erasure_id = derived("erasure", tenant, key) if key else uuid7()
    earlier = await _same_request(uow, tenant, erasure_id, fingerprint)
    if earlier is not None:
        return earlier
    if not await repository.knows_all_names(uow):
        raise ErasureRefused(
            503,
            None,
            message("What earlier versions stored is still being prepared. Try again in some minutes."),
            retry_s=60,
        )
    scope = await _scope(uow, tenant, request, sought)
    if isinstance(scope, Row):
        return scope
    earlier = await _same_target(uow, tenant, scope)
    if earlier is not None:
        return earlier
    names = await repository.list_names(uow, tenant, *scope)
    names |= {name for name in (sought.contact, sought.phone) if name is not None}
    target = target_id(*scope)
    new = NewErasure(
        tenant=tenant,
        id=erasure_id,
        target=target,
        person=scope.person,
        contact=scope.contact,
        who=who.name,
        reason=request.reason,
        asked_for=request.given,
        # An id that others have, too, does not name the one of them who was erased.
        names=sorted(names | ({scope.person} if scope.contact is None else set())),
        fingerprint=fingerprint,
        asked_at=uow.now,
    )
    if not await repository.add(uow, new):
        # Somebody else has asked meanwhile.
        earlier = await _same_target(uow, tenant, scope) or await _same_request(
            uow, tenant, erasure_id, fingerprint
        )
        if earlier is not None:
            return earlier
        raise ErasureRefused(
            503, None, message("Somebody asks for the same at this moment. Try again."), retry_s=1
        )
    await _remove_test_addresses(uow, secret, tenant, who, names)
    addresses = await find_addresses(uow, tenant, scope, sought.contact)
    await _publish(uow, tenant, target, scope, addresses)
    record_audit(uow, tenant, who, "erasure", str(erasure_id))
    log.info("erasure_asked", tenant=tenant, erasure=str(erasure_id))
    stored = await repository.find(uow, tenant, erasure_id)
    if stored is None:
        raise LookupError("an erasure that was just stored")
    return stored


async def sought_names(uow: UnitOfWork, secret: str, tenant: str, request: ErasureRequest) -> Sought:
    """The keyed hashes of the names that were given.

    :raises ErasureRefused: when one of them can be nobody's, or is written in the reason.
    """
    if not request.given:
        raise ErasureRefused(422, None, NO_NAME_GIVEN, field="/")
    phone = None
    if request.phone is not None:
        country = (await tenant_or_placeholder(uow, tenant)).country or None
        phone = e164_number(request.phone, country)
        if phone is None:
            remedy = message("Is no phone number that we know. Write it like +45 12 34 56 78.")
            raise ErasureRefused(422, None, remedy, field="/phone")
    names = CustomerNames(
        ids=[request.customer_id] if request.customer_id else (),
        emails=[request.email] if request.email else (),
        phones=[request.phone] if request.phone else (),
    )
    if request.reason is not None and ("@" in request.reason or is_named_in(request.reason, names)):
        remedy = message(
            "The reason is kept when the customer is erased. "
            "Write it without their id, address, number or name."
        )
        raise ErasureRefused(422, None, remedy, field="/reason")
    if request.customer_id is not None:
        placeholder_ids = (await find_sending(uow, tenant)).placeholder_ids
        if is_placeholder_id(request.customer_id, placeholder_ids):
            remedy = message(
                "This id stands for nobody: many customers may come under it. Give their addresses."
            )
            raise ErasureRefused(422, None, remedy, field="/customer_id")
    return Sought(
        person=person_of(secret, tenant, request.customer_id) if request.customer_id else None,
        contact=customer_hash(secret, tenant, request.email) if request.email else None,
        phone=customer_hash(secret, tenant, phone) if phone else None,
    )


def _fingerprint(secret: str, tenant: str, request: ErasureRequest) -> str:
    return hmac.digest(derive(secret, f"erasure:{tenant}"), json.encode(request), "sha256").hex()


async def _same_request(uow: UnitOfWork, tenant: str, erasure_id: UUID, fingerprint: str) -> Row[Any] | None:
    """The erasure that this very request made before.

    :raises ErasureRefused: when its idempotency key was used for another one.
    """
    earlier = await repository.find(uow, tenant, erasure_id)
    if earlier is not None and earlier.fingerprint != fingerprint:
        raise ErasureRefused(
            422,
            message("This Idempotency-Key was used for another erasure."),
            message(
                "Nothing was erased. Give each request its own key; repeat one only with the same request."
            ),
        )
    return earlier


async def _same_target(uow: UnitOfWork, tenant: str, scope: ErasureScope) -> Row[Any] | None:
    targets = {scope.person, target_id(*scope)}
    return await repository.find_by_target(uow, tenant, sorted(targets))


async def _scope(
    uow: UnitOfWork, tenant: str, request: ErasureRequest, sought: Sought
) -> ErasureScope | Row[Any]:
    """Whom the request means, or the erasure by which nothing is known of them any more.

    :raises ErasureRefused: 404 when it is nobody, 409 when it is not clear who.
    """
    customers = await repository.find_named(uow, tenant, sought, request.customer_id)
    try:
        return scope_of(sought, customers)
    except CustomerNotFound as nobody:
        earlier = None
        if sought.person is not None:
            earlier = await _same_target(uow, tenant, ErasureScope(sought.person, sought.contact))
        earlier = earlier or await repository.find_by_names(uow, tenant, sought.names)
        if earlier is not None:
            return earlier
        raise _not_found(request, together=nobody.together) from None
    except NotOneCustomer as several:
        raise _not_one(sought, several.customers) from None


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
    else:
        title = message("This customer has several addresses.")
        remedy = message(
            "Nothing was erased. Give the customer id alone to erase all of it, or the id with the address "
            "to erase only what came under that address."
        )
    field = "/email" if sought.contact is not None else "/phone"
    return ErasureRefused(409, title, remedy, field=field, customers=customers)


async def _remove_test_addresses(
    uow: UnitOfWork, secret: str, tenant: str, who: AuditActor, names: set[str]
) -> None:
    """Take the customer's own addresses from the test addresses."""
    listed = (await find_sending(uow, tenant)).test_addresses
    kept = [address for address in listed if customer_hash(secret, tenant, address) not in names]
    if len(kept) < len(listed):
        await set_test_addresses(uow, tenant, who, kept)


def erased_version(erased_at: datetime) -> int:
    """The version of an erased customer: one who is erased anew has a higher one, also after a backup."""
    return int(erased_at.timestamp() * 1_000_000)


async def _publish(
    uow: UnitOfWork, tenant: str, target: str, scope: ErasureScope, addresses: tuple[str, ...]
) -> None:
    """From this transaction on nothing of the customer is stored; all services erase what they have."""
    erased = CustomerErased(
        id=target,
        version=erased_version(uow.now),
        erased_at=uow.now,
        person=scope.person,
        contact=scope.contact,
        addresses=addresses,
    )
    events = [CUSTOMERS.event(tenant, erased, uow.now)]
    await keep_erased(uow, events)
    await suppress_addresses(uow, events)
    uow.publish(CUSTOMERS, tenant, erased)
    notify_changes(uow, [tenant])
