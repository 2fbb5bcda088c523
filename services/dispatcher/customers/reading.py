"""Customers as a company gives them: each is read by itself, so that a bad one never harms the others."""

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta, Struct

from services.dispatcher.customers.basis_in import BasisIn, basis_faults
from services.dispatcher.customers.domain import own_segments
from services.dispatcher.decisions.addresses import address_quality
from services.dispatcher.decisions.numbers import number_quality
from shared.events.envelope import Name
from shared.events.segments import (
    MAX_DIMENSIONS,
    MAX_SEGMENT_BYTES,
    TOUCHPOINT,
    BadSegment,
    clean_segments,
    too_long,
)
from shared.http.json_items import (
    MAX_ITEMS,
    BadItem,
    NotJson,
    TooManyItems,
    find_member,
    id_of,
    read_item,
    split_array,
)
from shared.http.validation_errors import FieldFault
from shared.values.json_pointers import pointer
from shared.values.messages import Count, Message, message
from shared.values.phone import MAX_PHONE_LENGTH, e164_number
from shared.values.places import country_of, locale_of, time_zone_of
from shared.values.text import normalized_text

MAX_ADDRESS_LENGTH = 320
Text = Annotated[str, Meta(max_length=200)]
Segments = Annotated[
    dict[str, Any] | None,
    Meta(
        extra_json_schema={
            "additionalProperties": {"type": ["string", "null"]},
            "maxProperties": MAX_DIMENSIONS,
        }
    ),
]


class CustomerIn(Struct, forbid_unknown_fields=True):
    """One customer, with an address or a mobile phone's number. What is left out is empty from then on."""

    id: Name
    email: Annotated[str, Meta(max_length=MAX_ADDRESS_LENGTH)] | None = None
    phone: Annotated[str, Meta(max_length=MAX_PHONE_LENGTH)] | None = None
    name: Annotated[str | None, Meta(description="As an event has it; it is left out.")] = None
    locale: Text | None = None
    country: Text | None = None
    time_zone: Text | None = None
    segments: Segments = None
    basis: BasisIn | None = None


class BadList(Exception):
    """The body as a whole has no list of customers."""

    def __init__(self, remedy: Message, *, too_long: bool = False) -> None:
        super().__init__(str(remedy))
        self.remedy = remedy
        self.too_long = too_long


class ReadCustomer(NamedTuple):
    """One customer: the id, if it can be read, and either all of it or what is wrong with it."""

    id: str | None
    customer: CustomerIn | None
    faults: Sequence[FieldFault]
    """Of one who is kept: what was left out."""


_PLACES: dict[str, tuple[Callable[[str], str | None], Message]] = {
    "locale": (locale_of, message("Is no locale that we know. Write it like da or pt-BR.")),
    "country": (country_of, message("Is no country that we know. Write two letters like DK.")),
    "time_zone": (
        time_zone_of,
        message("Is no time zone that we know. Write it like Europe/Copenhagen."),
    ),
}
"""What must be understood, and the remedy."""
BAD_ADDRESS = message("Is no address that mail can reach. Write it like name@example.com.")
BAD_NUMBER = message("Is no phone number that we know. Write it like +45 12 34 56 78.")
NOT_MOBILE = message("Is no mobile phone, so no text reaches it. It was left out.")
UNREACHABLE = message("Give a mail address, or the number of a mobile phone.")
BLANK_ID = message("Is blank. Give each customer the id that your own systems use.")
OF_AN_EVENT = message("Says what an event is about, and nothing of a customer. It was left out.")
OF_NO_USE = message("A name is taken from events alone, so it is not kept here. It was left out.")
TWICE = message("This id stands here already, with other content. The first counts.")


def read_customers(body: bytes, home: str | None = None) -> list[ReadCustomer]:
    """Every customer of a request, in order.

    :param home: in whose form phone numbers are read where the customer has no country.
    :raises BadList: when it has no list of customers, or too long a list.
    """
    try:
        array = find_member(body, "customers")
        items = split_array(array) if array is not None else None
    except NotJson:
        items = None
    except TooManyItems:
        remedy = message(
            "A request may carry %(most)s customers. Send the rest in another.", most=Count(MAX_ITEMS)
        )
        raise BadList(remedy, too_long=True) from None
    if items is None:
        raise BadList(message('Send {"customers": [ … ]}, as JSON.'))
    return refuse_contradictions([read_customer(item, home) for item in items])


def read_customer(encoded: bytes, home: str | None = None) -> ReadCustomer:
    """One customer, as JSON."""
    try:
        customer, _ = read_item(_decoder, encoded)
    except BadItem as bad:
        return ReadCustomer(id_of(encoded), None, bad.faults)
    return checked(customer, home)


def checked(customer: CustomerIn, home: str | None = None) -> ReadCustomer:
    """The customer in the one form of all texts, or all that is wrong with them."""
    faults: list[FieldFault] = []
    id_ = customer.id
    if not normalized_text(id_):
        faults.append(FieldFault(field="/id", detail=BLANK_ID))
    customer.email = normalized_text(customer.email or "") or None
    if address_quality(customer.email) == "bad":
        faults.append(FieldFault(field="/email", detail=BAD_ADDRESS))
    for name, (understand, remedy) in _PLACES.items():
        text = normalized_text(getattr(customer, name) or "")
        understood = understand(text) if text else None
        if text and understood is None:
            faults.append(FieldFault(field=pointer(name), detail=remedy))
        setattr(customer, name, understood)
    left_out = _number_faults(customer, home, faults)
    faults += _clean(customer)
    faults += basis_faults(customer)
    if faults:
        return ReadCustomer(id_, None, faults)
    return ReadCustomer(id_, customer, [*left_out, *_leave_out(customer)])


def _number_faults(customer: CustomerIn, home: str | None, faults: list[FieldFault]) -> list[FieldFault]:
    """Bring the number into its one form, and add what is wrong with it to the faults.

    :returns: that it was left out, of a customer with an address whose number no text reaches.
    """
    text = normalized_text(customer.phone or "")
    number = e164_number(text, customer.country or home or None)
    customer.phone = number if number_quality(number) == "good" else None
    if text and number is None:
        faults.append(FieldFault(field="/phone", detail=BAD_NUMBER))
    elif text and customer.phone is None and customer.email:
        return [FieldFault(field="/phone", detail=NOT_MOBILE)]
    elif not customer.phone and not customer.email:
        faults.append(FieldFault(field="/phone" if text else "/email", detail=UNREACHABLE))
    return []


def _leave_out(customer: CustomerIn) -> list[FieldFault]:
    """Leave out what is not a customer's; returns what that was."""
    found = []
    if customer.name is not None:
        found.append(FieldFault(field="/name", detail=OF_NO_USE))
        customer.name = None
    given = customer.segments or {}
    customer.segments = own_segments(given)
    if customer.segments != given:
        found.append(FieldFault(field=pointer("segments", TOUCHPOINT), detail=OF_AN_EVENT))
    return found


def _clean(customer: CustomerIn) -> list[FieldFault]:
    """Bring the segments into their one form; returns what is wrong with them."""
    try:
        customer.segments = clean_segments(customer.segments or {})
    except BadSegment as bad:
        return [FieldFault(field=pointer(*bad.place), detail=bad.remedy)]
    dimension = too_long(_Segmented(customer.segments))
    if dimension is None:
        return []
    detail = message(
        "A segment's name has more than %(most)s bytes. Use a short code.", most=MAX_SEGMENT_BYTES
    )
    return [FieldFault(field=pointer("segments", dimension), detail=detail)]


def count_customers(reads: Iterable[ReadCustomer]) -> int:
    """How many customers these are, of whom each may stand there several times."""
    return len({read.customer.id for read in reads if read.customer is not None})


class _Segmented(NamedTuple):
    segments: dict[str, str]
    organisation: tuple[str, ...] = ()


def refuse_contradictions(reads: Sequence[ReadCustomer]) -> list[ReadCustomer]:
    """The customers, of whom a later one is refused that has the id of an earlier one and other content."""
    earlier: dict[str, CustomerIn] = {}
    fault = FieldFault(field="/id", detail=TWICE)
    return [
        ReadCustomer(read.id, None, [fault])
        if read.customer is not None and earlier.setdefault(read.customer.id, read.customer) != read.customer
        else read
        for read in reads
    ]


_decoder = msgspec.json.Decoder(CustomerIn)
