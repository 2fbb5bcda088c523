"""What an event must say to be accepted, and what it becomes. Pure: no clock, no broker, no web."""

import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from services.trigger.attributes import canonical_attributes
from services.trigger.errors import Unacceptable
from services.trigger.hints import HintReader, HintWarning
from shared.events import Account, Basis, Customer, Transaction
from shared.events.envelope import Instant, Name
from shared.events.segments import (
    MAX_SEGMENT_BYTES,
    ORGANISATION,
    BadSegment,
    clean_organisation,
    clean_segments,
    too_long,
)
from shared.values.json_pointers import pointer
from shared.values.text import one_form

MAX_EVENT_AGE = timedelta(days=30)
"""Beyond it the identities of what has been decided may be forgotten one day; the promise ends here."""
MAX_CLOCK_SKEW = timedelta(minutes=5)

Hint = Annotated[Raw | UnsetType, Meta(extra_json_schema={"type": ["string", "null"]})]
"""Only helps: whatever JSON stands here, the event is taken. It is read by itself, since a number beyond all
bounds, which is JSON, could not be read at all. See services.trigger.hints.
"""
Label = Annotated[str, Meta(max_length=200)]
_CUSTOMERS_HINTS = ("phone", "name", "locale", "time_zone", "country")
HINTS = frozenset({f"/customer/{name}" for name in _CUSTOMERS_HINTS} | {"/handled_by", "/account/manager"})


class EventBasis(Struct, forbid_unknown_fields=True):
    """Why this customer may be written to."""

    kind: Name
    at: Instant | None = None
    source: Annotated[str, Meta(max_length=1_000)] | None = None


class EventCustomer(Struct, forbid_unknown_fields=True):
    """Whom it happened to: an id of your own, an address or a phone number at the least."""

    id: Label | None = None
    email: Annotated[str, Meta(max_length=254)] | None = None
    phone: Hint = UNSET
    name: Hint = UNSET
    locale: Hint = UNSET
    time_zone: Hint = UNSET
    country: Hint = UNSET
    basis: EventBasis | None = None


class EventAccount(Struct, forbid_unknown_fields=True):
    """The company behind the customer."""

    id: Name
    manager: Hint = UNSET


_SEGMENT_SCHEMA = Meta(
    extra_json_schema={
        "additionalProperties": {"type": ["string", "null"], "maxLength": 200},
        "maxProperties": 8,
    }
)
_ORGANISATION_SCHEMA = Meta(
    extra_json_schema={"items": {"type": "string", "minLength": 1, "maxLength": 200}, "maxItems": 6}
)


class EventContent(Struct, forbid_unknown_fields=True, kw_only=True):
    """An event but for its identity: what CloudEvents carries as ``data``."""

    customer: EventCustomer
    account: EventAccount | None = None
    handled_by: Hint = UNSET
    segments: Annotated[dict[str, Any] | None, _SEGMENT_SCHEMA] = None
    organisation: Annotated[list[Any] | None, _ORGANISATION_SCHEMA] = None
    attributes: Raw | UnsetType = UNSET


class EventIn(EventContent, forbid_unknown_fields=True, kw_only=True):
    """A purchase or a contact, as a client back-end tells it."""

    id: Name
    type: Name
    occurred_at: Instant
    source: Label | None = None


class AcceptedEvent(NamedTuple):
    """What an event becomes, and what of it was not kept as it was sent."""

    transaction: Transaction
    warned: list[HintWarning]


def transaction(
    event: EventIn,
    *,
    source: str,
    customer_id: Callable[[str], str],
    now: datetime,
    country: str | None = None,
    spoilt: Collection[str] = (),
) -> AcceptedEvent:
    """The transaction that an event becomes. The event itself is brought into one form by the way.

    :param source: stands where the event names none.
    :param customer_id: makes the id of a customer without one from an address: a keyed hash.
    :param country: whose phone numbers are read where the customer has no country.
    :param spoilt: pointers to hints in which U+FFFD stands for what was no character.
    :raises Unacceptable: naming the field and the remedy.
    """
    _check_time(event.occurred_at, now)
    _put_in_one_form(event, source)
    hints = HintReader(frozenset(spoilt))
    customer, account = _customer(event.customer, hints, country), event.account
    handled_by = hints.label("/handled_by", event.handled_by)
    manager = hints.label("/account/manager", account.manager) if account else None
    shown, compared = canonical_attributes(event.attributes)
    event.attributes = compared
    if not customer.id:
        address = customer.email or customer.phone
        event.customer.id = customer_id(address) if address else None
        customer = msgspec.structs.replace(customer, id=event.customer.id or "")
    told = Transaction(
        id=event.id,
        source=event.source or "",
        type=event.type,
        occurred_at=event.occurred_at,
        accepted_at=now,
        customer=customer,
        digest=sha256(_encoder.encode(event)).hexdigest(),
        account=Account(id=account.id, manager=manager) if account else None,
        handled_by=handled_by,
        segments=event.segments or {},
        organisation=tuple(event.organisation or ()),
        attributes=shown,
        dropped=hints.dropped,
    )
    return AcceptedEvent(told, hints.warned)


def _put_in_one_form(event: EventIn, source: str) -> None:
    """One content, one form: what is only written otherwise (a zone, the order of keys, a default that is
    spelt out, blanks, composed letters) is no other content.
    """
    event.source = one_form(event.source or "") or source
    event.type = _filled("/type", event.type)
    event.occurred_at = event.occurred_at.astimezone(UTC)
    if not one_form(event.id):
        raise Unacceptable("/id", "Is blank. Give each event an id of its own.")
    if event.account is not None:
        event.account.id = _filled("/account/id", event.account.id)
        event.account.manager = _read(event.account.manager)
    event.handled_by = _read(event.handled_by)
    for name in _CUSTOMERS_HINTS:
        setattr(event.customer, name, _read(getattr(event.customer, name)))
    try:
        event.segments = clean_segments(event.segments or {})
        event.organisation = list(clean_organisation(event.organisation or ()))
    except BadSegment as bad:
        raise Unacceptable(pointer(*bad.place), bad.remedy) from None
    if (dimension := too_long(_Segmented(event.segments, event.organisation))) is not None:
        raise Unacceptable(
            f"/{ORGANISATION}" if dimension == ORGANISATION else pointer("segments", dimension),
            f"The name of a segment has more than {MAX_SEGMENT_BYTES} bytes. "
            "Use a short code instead of a text.",
        )
    _put_basis_in_one_form(event.customer.basis)


class _Segmented(NamedTuple):
    segments: dict[str, str]
    organisation: list[str]


def _put_basis_in_one_form(basis: EventBasis | None) -> None:
    if basis is None:
        return
    basis.kind = _filled("/customer/basis/kind", basis.kind)
    basis.source = one_form(basis.source or "") or None
    if basis.at is not None:
        try:
            basis.at = basis.at.astimezone(UTC)
        except OverflowError:
            raise Unacceptable("/customer/basis/at", "Lies beyond every calendar. Check the year.") from None


def _filled(field: str, text: str) -> str:
    clean = one_form(text)
    if not clean:
        raise Unacceptable(field, "Is blank. Fill it.")
    return clean


def _read(hint: Raw | UnsetType) -> Any:
    """A hint's value, a text in its one form. What cannot be read stays as it is: no text, so left out."""
    if hint is UNSET:
        return None
    try:
        value = msgspec.json.decode(hint)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return hint
    return one_form(value) if isinstance(value, str) else value


def _check_time(occurred_at: datetime, now: datetime) -> None:
    if occurred_at > now + MAX_CLOCK_SKEW:
        raise Unacceptable(
            "/occurred_at", "Lies in the future. Send an event when it has happened, with its UTC offset."
        )
    if occurred_at < now - MAX_EVENT_AGE:
        raise Unacceptable(
            "/occurred_at", "Is older than 30 days: nobody is asked that late. Import past answers instead."
        )


def _customer(sent: EventCustomer, hints: HintReader, home: str | None) -> Customer:
    """The customer as the transaction tells it; what identifies one is checked, all else only helps."""
    sent.id = sent.id if one_form(sent.id or "") else None
    sent.email = one_form(sent.email or "") or None
    if sent.email is not None and not _ADDRESS.fullmatch(sent.email):
        raise Unacceptable(
            "/customer/email", "Cannot be an address. Write it like name@example.com, or leave it out."
        )
    country = hints.country("/customer/country", sent.country)
    phone = hints.phone("/customer/phone", sent.phone, country or home)
    if not (sent.id or sent.email or phone):
        if sent.phone:
            raise Unacceptable(
                "/customer/phone", "Nothing else says who it is, and this is no number like +45 12 34 56 78."
            )
        raise Unacceptable("/customer", "Needs an id, an email or a phone.")
    return Customer(
        id=sent.id or "",
        email=sent.email,
        phone=phone,
        name=hints.name("/customer/name", sent.name),
        locale=hints.locale("/customer/locale", sent.locale),
        time_zone=hints.time_zone("/customer/time_zone", sent.time_zone),
        country=country,
        basis=_basis(sent.basis),
    )


def _basis(basis: EventBasis | None) -> Basis | None:
    return Basis(kind=basis.kind, at=basis.at, source=basis.source) if basis else None


_encoder = msgspec.json.Encoder(order="deterministic")
# Only what can be no address at all: the dispatcher, which writes to it, looks closer.
_ADDRESS = re.compile(
    r"[^\s@<>,;:\"()\[\]\x00-\x1f]{1,64}@[^\s@.<>,;:\"()\[\]\x00-\x1f]+(?:\.[^\s@.<>,;:\"()\[\]\x00-\x1f]+)+"
)
