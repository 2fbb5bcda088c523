"""What makes an event acceptable, and the transaction that it becomes. Pure: no clock, no broker, no web."""

import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, Raw, UnsetType

from shared.events import Account, Basis, Customer, Transaction
from shared.events.segments import (
    MAX_SEGMENT_BYTES,
    ORGANISATION,
    BadSegment,
    clean_organisation,
    clean_segments,
    too_long,
)
from shared.events.surveys import MAX_DELAY_MINUTES, MINUTES_PER_DAY
from shared.intake.attributes import canonical_attributes
from shared.intake.errors import Unacceptable
from shared.intake.hints import HintReader, HintWarning
from shared.intake.schemas import EventBasis, EventCustomer, EventIn
from shared.intake.sources import RESERVED, is_reserved
from shared.values.json_pointers import pointer
from shared.values.messages import Count, message
from shared.values.text import normalized_text

MAX_EVENT_AGE = timedelta(days=30)
"""Beyond it the identity of a decided event may be forgotten one day: nothing is promised of older ones."""
MAX_CLOCK_SKEW = timedelta(minutes=5)


class AcceptedEvent(NamedTuple):
    """The transaction that an event becomes, and what of the event was not kept as it was sent."""

    transaction: Transaction
    warnings: list[HintWarning]


def transaction(
    event: EventIn,
    *,
    source: str,
    customer_id: Callable[[str], str],
    now: datetime,
    person: Callable[[Customer], str | None] = lambda _: None,
    country: str | None = None,
    spoilt: Collection[str] = (),
) -> AcceptedEvent:
    """The transaction that an event becomes. The event itself is normalised on the way.

    :param source: of an event that names none.
    :param customer_id: makes the id of a customer without one from an address: a keyed hash.
    :param person: makes the pseudonym of the customer.
    :param country: in whose form phone numbers are read where the customer has no country.
    :param spoilt: pointers to hints in which U+FFFD stands for a character that cannot be kept.
    :raises Unacceptable: naming the field and the remedy.
    """
    _check_time(event.occurred_at, now)
    _normalise(event, source)
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
    accepted = Transaction(
        id=event.id,
        source=event.source or "",
        type=event.type,
        occurred_at=event.occurred_at,
        accepted_at=now,
        customer=customer,
        person=person(customer),
        digest=sha256(_encoder.encode(event)).hexdigest(),
        account=Account(id=account.id, manager=manager) if account else None,
        handled_by=handled_by,
        segments=event.segments or {},
        organisation=tuple(event.organisation or ()),
        attributes=shown,
        dropped=hints.dropped,
        delay_minutes=event.delay_minutes if isinstance(event.delay_minutes, int) else None,
    )
    return AcceptedEvent(accepted, hints.warnings)


def _normalise(event: EventIn, source: str) -> None:
    """Give one content one form, for its digest: another zone, order of keys, explicit default, blank or
    composed letter is no other content.
    """
    event.source = normalized_text(event.source or "") or source
    if is_reserved(event.source):
        raise Unacceptable("/source", RESERVED)
    event.type = _required("/type", event.type)
    event.occurred_at = event.occurred_at.astimezone(UTC)
    if not normalized_text(event.id):
        raise Unacceptable("/id", message("Is blank. Give each event an id of its own."))
    if event.account is not None:
        event.account.id = _required("/account/id", event.account.id)
        event.account.manager = _hint_value(event.account.manager)
    event.handled_by = _hint_value(event.handled_by)
    _normalise_hints(event.customer)
    try:
        event.segments = segments = clean_segments(event.segments or {})
        event.organisation = organisation = list(clean_organisation(event.organisation or ()))
    except BadSegment as bad:
        raise Unacceptable(pointer(*bad.place), bad.remedy) from None
    if (dimension := too_long(_EventSegments(segments, organisation))) is not None:
        raise Unacceptable(
            f"/{ORGANISATION}" if dimension == ORGANISATION else pointer("segments", dimension),
            message(
                "The name of a segment has more than %(most)s bytes. Use a short code instead of a text.",
                most=MAX_SEGMENT_BYTES,
            ),
        )
    _normalise_basis(event.customer.basis)
    event.delay_minutes = _delay(event.delay_minutes)


def _normalise_hints(customer: EventCustomer) -> None:
    """Each of ``CUSTOMER_HINTS``."""
    customer.phone = _hint_value(customer.phone)
    customer.name = _hint_value(customer.name)
    customer.locale = _hint_value(customer.locale)
    customer.time_zone = _hint_value(customer.time_zone)
    customer.country = _hint_value(customer.country)


def _delay(minutes: int | UnsetType | None) -> int | UnsetType:
    """The event's own delay. Left out, it is no part of the digest, which is that of versions without it."""
    if minutes is None or minutes is UNSET:
        return UNSET
    if not 0 <= minutes <= MAX_DELAY_MINUTES:
        raise Unacceptable(
            "/delay_minutes",
            message(
                "Write minutes from 0 to %(most)s (%(days)s days), or leave it out.",
                most=Count(MAX_DELAY_MINUTES),
                days=MAX_DELAY_MINUTES // MINUTES_PER_DAY,
            ),
        )
    return minutes


class _EventSegments(NamedTuple):
    segments: dict[str, str]
    organisation: list[str]


def _normalise_basis(basis: EventBasis | None) -> None:
    if basis is None:
        return
    basis.kind = _required("/customer/basis/kind", basis.kind)
    basis.source = normalized_text(basis.source or "") or None
    # Left out, it is no part of the digest, which is that of versions without it.
    basis.wording = normalized_text(basis.wording or "") or UNSET
    if basis.at is not None:
        try:
            basis.at = basis.at.astimezone(UTC)
        except OverflowError:
            raise Unacceptable(
                "/customer/basis/at", message("Lies beyond every calendar. Check the year.")
            ) from None


def _required(field: str, text: str) -> str:
    clean = normalized_text(text)
    if not clean:
        raise Unacceptable(field, message("Is blank. Fill it."))
    return clean


def _hint_value(hint: Raw | UnsetType) -> Any:
    """The value of a hint, a text in its one form. What cannot be read stays raw, so it is left out later."""
    if hint is UNSET:
        return None
    try:
        value = _any.decode(hint)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return hint
    return normalized_text(value) if isinstance(value, str) else value


def _check_time(occurred_at: datetime, now: datetime) -> None:
    if occurred_at > now + MAX_CLOCK_SKEW:
        raise Unacceptable(
            "/occurred_at",
            message("Lies in the future. Send an event when it has happened, with its UTC offset."),
        )
    if occurred_at < now - MAX_EVENT_AGE:
        raise Unacceptable(
            "/occurred_at",
            message(
                "Is older than %(days)s days: nobody is asked that late. Import past answers instead.",
                days=MAX_EVENT_AGE.days,
            ),
        )


def _customer(sent: EventCustomer, hints: HintReader, home: str | None) -> Customer:
    """The customer of the transaction. What identifies a customer is checked; all else is a hint."""
    sent.id = sent.id if normalized_text(sent.id or "") else None
    sent.email = normalized_text(sent.email or "") or None
    if sent.email is not None and not _ADDRESS.fullmatch(sent.email):
        raise Unacceptable(
            "/customer/email",
            message("Cannot be an address. Write it like name@example.com, or leave it out."),
        )
    country = hints.country("/customer/country", sent.country)
    phone = hints.phone("/customer/phone", sent.phone, country or home)
    if not (sent.id or sent.email or phone):
        if sent.phone:
            raise Unacceptable(
                "/customer/phone",
                message("Nothing else says who it is, and this is no number like +45 12 34 56 78."),
            )
        raise Unacceptable("/customer", message("Needs an id, an email or a phone."))
    basis = sent.basis
    return Customer(
        id=sent.id or "",
        email=sent.email,
        phone=phone,
        name=hints.name("/customer/name", sent.name),
        locale=hints.locale("/customer/locale", sent.locale),
        time_zone=hints.time_zone("/customer/time_zone", sent.time_zone),
        country=country,
        basis=Basis(kind=basis.kind, at=basis.at, source=basis.source, wording=basis.wording or None)
        if basis
        else None,
    )


_any = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder(order="deterministic")
# Only excludes what can be no address at all: the dispatcher, which mails to it, checks it in full.
_ADDRESS = re.compile(
    r"[^\s@<>,;:\"()\[\]\x00-\x1f]{1,64}@[^\s@.<>,;:\"()\[\]\x00-\x1f]+(?:\.[^\s@.<>,;:\"()\[\]\x00-\x1f]+)+"
)
