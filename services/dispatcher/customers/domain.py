"""What is known of a customer who may be asked outside of an event."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from services.dispatcher.decisions.addresses import address_quality
from services.dispatcher.decisions.contacts import ContactKey
from services.dispatcher.decisions.lawful_basis import bases_of, newest_bases
from services.dispatcher.decisions.numbers import number_quality
from shared.events import Customer, Transaction
from shared.events.segments import TOUCHPOINT, merged_segments
from shared.events.transactions import Basis
from shared.privacy.persons import NOBODY
from shared.privacy.subjects import Subject
from shared.values.text import normalized_text


class CustomerProfile(NamedTuple):
    """A customer with an address or a number, as a row of ``customer_profile`` has them."""

    tenant: str
    person: str
    """The pseudonym."""
    customer_id: str
    """Where it stands for nobody, the keyed hash of the address, or of the number where there is none."""
    contact: str
    """The keyed hash of the address; of a customer without one, of the number."""
    email: str | None
    locale: str | None
    country: str | None
    time_zone: str | None
    segments: Mapping[str, str]
    known_at: datetime
    """When this was said of the customer."""
    phone: str | None = None
    """Of a mobile phone, in E.164."""
    number: str | None = None
    """Its keyed hash."""
    bases: Mapping[str, Basis] = {}
    """The evidence that they may be asked, by its kind."""

    @property
    def subject(self) -> Subject:
        """The customer as an erasure knows them."""
        return Subject(self.tenant, self.person, self.contact)


def own_segments(segments: Mapping[str, str]) -> dict[str, str]:
    """Those of a customer: the touchpoint is an event's, and would stand before that of each survey."""
    return {name: value for name, value in segments.items() if name != TOUCHPOINT}


def profile_of_event(
    contact: ContactKey, event: Transaction, *, texts: bool = False
) -> CustomerProfile | None:
    """What an event says of its customer; None where nobody can be asked by it.

    A test and a wave of ours say nothing new.

    :param texts: whether the company has a survey that asks by SMS: others keep no numbers.
    """
    if contact.person == NOBODY or not event.is_of_client:
        return None
    customer = event.customer
    email, phone = _mailed(customer.email), _texted(customer.phone) if texts else None
    number = _number_key(contact) if phone is not None else None
    key = contact.address if email is not None else number
    # A number alone does not say which of the people with this id it belongs to.
    if key is None or (email is None and contact.id_is_shared and contact.shares_id):
        return None
    return CustomerProfile(
        contact.tenant,
        contact.person,
        contact.customer_id,
        key,
        email,
        customer.locale,
        customer.country,
        customer.time_zone,
        own_segments(event.segments),
        event.accepted_at,
        phone,
        number,
        bases_of(customer, event.occurred_at),
    )


def profile_given(
    contact: ContactKey, customer: Customer, segments: Mapping[str, str], at: datetime
) -> CustomerProfile:
    """The profile of a customer whom the company gives, whose address and number were checked."""
    return CustomerProfile(
        contact.tenant,
        contact.person,
        contact.customer_id,
        contact.address or "",
        customer.email,
        customer.locale,
        customer.country,
        customer.time_zone,
        segments,
        at,
        customer.phone,
        _number_key(contact),
        bases_of(customer, at),
    )


def _mailed(email: str | None) -> str | None:
    return normalized_text(email) if email is not None and address_quality(email) == "good" else None


def _texted(phone: str | None) -> str | None:
    return phone if number_quality(phone) == "good" else None


def _number_key(contact: ContactKey) -> str | None:
    """The keyed hash of the customer's number."""
    return contact.address if contact.by_number else contact.number


def newest_profiles(profiles: Iterable[CustomerProfile]) -> list[CustomerProfile]:
    """One of each customer: what was said last; what that leaves out is as it was said before."""
    newest: dict[tuple[str, str], CustomerProfile] = {}
    for profile in sorted(profiles, key=lambda each: each.known_at):
        key = profile.tenant, profile.person
        older = newest.get(key)
        newest[key] = profile if older is None else completed(profile, older)
    return list(newest.values())


def completed(profile: CustomerProfile, older: CustomerProfile) -> CustomerProfile:
    """The newer profile with what only the older one says.

    A number alone leaves the address as it is; another address leaves no number of the one before.
    """
    keeps_number = profile.phone is None and profile.contact == older.contact
    keeps_address = profile.email is None and older.email is not None
    return profile._replace(
        contact=older.contact if keeps_address else profile.contact,
        email=older.email if keeps_address else profile.email,
        phone=older.phone if keeps_number else profile.phone,
        number=older.number if keeps_number else profile.number,
        locale=profile.locale or older.locale,
        country=profile.country or older.country,
        time_zone=profile.time_zone or older.time_zone,
        segments=merged_segments(profile.segments, older.segments),
        bases=newest_bases(older.bases, profile.bases),
    )
