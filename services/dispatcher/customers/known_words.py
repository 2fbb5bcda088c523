"""What was said of a customer before, and what of it counts where an event does not say it. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from services.dispatcher.decisions.contacts import ContactKey
from shared.events import Customer
from shared.events.transactions import Basis
from shared.values.zones import zone_names

FIELDS = ("locale", "country", "time_zone")


class KnownWords(NamedTuple):
    """What a customer's profile says of them."""

    locale: str | None = None
    country: str | None = None
    time_zone: str | None = None
    bases: Mapping[str, Basis] = {}
    """The evidence that they may be asked, by its kind."""


NOTHING_KNOWN = KnownWords()
NO_WORDS = NOTHING_KNOWN[:3]


def is_complete(customer: Customer) -> bool:
    """Whether the event says everything itself."""
    return bool(customer.locale and customer.country) and customer.time_zone in zone_names()


def completed_customer(customer: Customer, known: KnownWords) -> Customer:
    """The customer of an event, with what is known besides: the event's own word stands first.

    A zone that was known with another country than the one that the event names is not theirs any more.
    """
    own_zone = customer.time_zone if customer.time_zone in zone_names() else None
    words = customer.locale, customer.country, customer.time_zone
    if known[:3] == NO_WORDS and own_zone == customer.time_zone and "" not in words:
        return customer  # as of each new customer
    country, known_country = _letters(customer.country), _letters(known.country)
    moved = country and known_country and country != known_country
    return msgspec.structs.replace(
        customer,
        locale=customer.locale or known.locale or None,
        country=customer.country or known.country or None,
        time_zone=own_zone or (known.time_zone if not moved else None),
    )


def known_customer(customer: Customer, known: KnownWords, contact: ContactKey) -> Customer:
    """The customer of an event with what is known of them.

    Of an id that several people share it may be about any of them, so it counts for nobody.
    """
    return customer if contact.id_is_shared else completed_customer(customer, known)


def known_bases(known: KnownWords, contact: ContactKey) -> Mapping[str, Basis]:
    """The evidence that is known of a customer; that of an id which several people share is nobody's."""
    return {} if contact.id_is_shared else known.bases


def taken_from(customer: Customer, completed: Customer) -> tuple[str, ...]:
    """What of a completed customer the event itself did not say."""
    if completed is customer:
        return ()
    return tuple(
        name
        for name in FIELDS
        if (word := getattr(completed, name)) is not None and word != getattr(customer, name)
    )


def _letters(country: str | None) -> str:
    return (country or "").strip().upper()
