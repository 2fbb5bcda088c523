"""What an event must say to be accepted, and what it becomes. Pure: no clock, no broker, no web."""

import re
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from shared.events import Account, Basis, Customer, Transaction
from shared.events.envelope import Instant, Name, Text
from shared.events.segments import LONGEST, MOST_DIMENSIONS, MOST_LEVELS, ORGANISATION, too_long
from shared.zones import zone_names

OLDEST = timedelta(days=30)
"""Beyond it the identities of what has been decided may be forgotten one day; the promise ends here."""
CLOCKS_DIFFER = timedelta(minutes=5)
DEEPEST = 32
LARGEST_ATTRIBUTES = 64 * 1024
"""Bytes. An invitation carries them on, and a topic takes records of 512 KiB."""


class BasisIn(Struct, forbid_unknown_fields=True):
    """Why this customer may be written to."""

    kind: Name
    at: Instant | None = None
    source: Text | None = None


class CustomerIn(Struct, forbid_unknown_fields=True):
    """Whom it happened to: an id of your own, an address or a phone number at the least."""

    id: Name | None = None
    email: Annotated[str, Meta(max_length=254)] | None = None
    phone: Annotated[str, Meta(max_length=40)] | None = None
    name: Annotated[str, Meta(max_length=200)] | None = None
    locale: Annotated[str, Meta(max_length=35)] | None = None
    time_zone: Annotated[str, Meta(max_length=60)] | None = None
    country: Annotated[str, Meta(max_length=2)] | None = None
    basis: BasisIn | None = None


class AccountIn(Struct, forbid_unknown_fields=True):
    """The company behind the customer."""

    id: Name
    manager: Name | None = None


SegmentName = Annotated[str, Meta(min_length=1, max_length=100)]
Attributes = Raw


class Content(Struct, forbid_unknown_fields=True, kw_only=True):
    """An event but for its identity: what CloudEvents carries as ``data``."""

    customer: CustomerIn
    account: AccountIn | None = None
    handled_by: Name | None = None
    segments: Annotated[dict[SegmentName, Name], Meta(max_length=MOST_DIMENSIONS)] = {}
    organisation: Annotated[list[Name], Meta(max_length=MOST_LEVELS)] = []
    attributes: Raw | UnsetType = UNSET


class EventIn(Content, forbid_unknown_fields=True, kw_only=True):
    """A purchase or a contact, as a client back-end tells it."""

    id: Name
    type: Name
    occurred_at: Instant
    source: Name | None = None


class Unacceptable(Exception):
    """This event cannot be accepted: the field, as a JSON pointer, and the remedy."""

    def __init__(self, field: str, remedy: str) -> None:
        super().__init__(field)
        self.field = field
        self.remedy = remedy


def transaction(event: EventIn, *, source: str, customer_id: str | None, now: datetime) -> Transaction:
    """The transaction that an event becomes.

    :param source: stands where the event names none.
    :param customer_id: stands where the customer has no id: a keyed hash of the address.
    :raises Unacceptable: naming the field and the remedy.
    """
    _check_time(event.occurred_at, now)
    _check_customer(event.customer)
    if (dimension := too_long(event)) is not None:
        raise Unacceptable(
            f"/{'organisation' if dimension == ORGANISATION else 'segments'}",
            f"The name of a segment has more than {LONGEST} bytes. Use a short code instead of a text.",
        )
    _normalise(event, source, customer_id)
    customer = event.customer
    return Transaction(
        id=event.id,
        source=event.source or "",
        type=event.type,
        occurred_at=event.occurred_at,
        accepted_at=now,
        customer=Customer(
            id=customer.id or "",
            email=customer.email,
            phone=customer.phone,
            name=customer.name,
            locale=customer.locale,
            time_zone=customer.time_zone,
            country=customer.country,
            basis=_basis(customer.basis),
        ),
        digest=sha256(_encoder.encode(event)).hexdigest(),
        account=Account(id=event.account.id, manager=event.account.manager) if event.account else None,
        handled_by=event.handled_by,
        segments=event.segments,
        organisation=tuple(event.organisation),
        attributes=event.attributes,
    )


def _normalise(event: EventIn, source: str, customer_id: str | None) -> None:
    """One content, one form: what is only written otherwise (a zone, the order of keys, a default that is
    spelt out) is no other content.
    """
    event.source = event.source or source
    event.occurred_at = event.occurred_at.astimezone(UTC)
    event.customer.id = event.customer.id or customer_id
    basis = event.customer.basis
    if basis is not None and basis.at is not None:
        try:
            basis.at = basis.at.astimezone(UTC)
        except OverflowError:
            raise Unacceptable("/customer/basis/at", "Lies beyond every calendar. Check the year.") from None
    event.attributes = normal_attributes(event.attributes)


def _basis(basis: BasisIn | None) -> Basis | None:
    return Basis(kind=basis.kind, at=basis.at, source=basis.source) if basis else None


def _check_time(occurred_at: datetime, now: datetime) -> None:
    if occurred_at > now + CLOCKS_DIFFER:
        raise Unacceptable(
            "/occurred_at", "Lies in the future. Send an event when it has happened, with its UTC offset."
        )
    if occurred_at < now - OLDEST:
        raise Unacceptable(
            "/occurred_at", "Is older than 30 days: nobody is asked that late. Import past answers instead."
        )


def _check_customer(customer: CustomerIn) -> None:
    if not (customer.id or customer.email or customer.phone):
        raise Unacceptable("/customer", "Needs an id, an email or a phone.")
    if customer.email is not None and not _ADDRESS.fullmatch(customer.email):
        raise Unacceptable(
            "/customer/email", "Cannot be an address. Write it like name@example.com, or leave it out."
        )
    if customer.phone is not None and not _PHONE.fullmatch(customer.phone):
        raise Unacceptable(
            "/customer/phone", "Cannot be a phone number. Write it like +45 12 34 56 78, or leave it out."
        )
    if customer.locale is not None and not _known_locale(customer.locale):
        raise Unacceptable(
            "/customer/locale", "Is no locale that we know. Write it like da or pt-BR, or leave it out."
        )
    if customer.time_zone is not None and customer.time_zone not in zone_names():
        raise Unacceptable(
            "/customer/time_zone",
            "Is no time zone that we know. Write it like Europe/Copenhagen, or leave it out.",
        )
    if customer.country is not None and customer.country not in _territories():
        raise Unacceptable(
            "/customer/country",
            "Is no country that we know. Write two capital letters like DK, or leave it out.",
        )


def normal_attributes(attributes: Raw | UnsetType) -> Raw | UnsetType:
    """The attributes in one form, whatever their spacing and order; never deeper than a reader can follow.

    :raises Unacceptable: when they are no JSON object, or nested beyond measure.
    """
    if attributes is UNSET:
        return UNSET
    text = bytes(attributes)
    if len(text) > LARGEST_ATTRIBUTES:
        raise Unacceptable("/attributes", "Hold more than 64 KiB. Send a reference to what is large instead.")
    if text.count(b"{") + text.count(b"[") > DEEPEST and _depth(text) > DEEPEST:
        raise Unacceptable("/attributes", f"Nested deeper than {DEEPEST} levels. Flatten them.")
    try:
        value = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        raise Unacceptable(
            "/attributes", "Hold a value that is no JSON, or a number beyond all bounds."
        ) from None
    if not isinstance(value, dict):
        raise Unacceptable("/attributes", "Must be an object.")
    return Raw(_encoder.encode(value))


def _depth(text: bytes) -> int:
    deepest = depth = 0
    for bracket in _STRUCTURE.findall(text):
        if bracket in (b"{", b"["):
            depth += 1
            deepest = max(deepest, depth)
        elif bracket in (b"}", b"]"):
            depth -= 1
    return deepest


@lru_cache(maxsize=1_000)  # a shop sends few, and whoever makes some up costs no more memory
def _known_locale(locale: str) -> bool:
    """By its language: a region that we have no words for is no fault."""
    language, *rest = locale.replace("_", "-").split("-")
    return language.lower() in _languages() and all(_SUBTAG.fullmatch(part) for part in rest)


@cache
def _languages() -> frozenset[str]:
    from babel.localedata import locale_identifiers  # noqa: PLC0415  (a second of import time, once)

    return frozenset(name.split("_")[0] for name in locale_identifiers())


@cache
def _territories() -> frozenset[str]:
    from babel import Locale  # noqa: PLC0415

    return frozenset(code for code in map(str, Locale("en").territories) if re.fullmatch(r"[A-Z]{2}", code))


_encoder = msgspec.json.Encoder(order="deterministic")
# Only what can be no address at all: the dispatcher, which writes to it, looks closer.
_ADDRESS = re.compile(
    r"[^\s@<>,;:\"()\[\]\x00-\x1f]{1,64}@[^\s@.<>,;:\"()\[\]\x00-\x1f]+(?:\.[^\s@.<>,;:\"()\[\]\x00-\x1f]+)+"
)
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{3,38}")
_SUBTAG = re.compile(r"[A-Za-z0-9]{2,8}")
_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]')
