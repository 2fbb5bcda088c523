"""What is known of a customer who may be asked outside of an event."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from services.dispatcher.decisions.addresses import address_quality
from services.dispatcher.decisions.contacts import ContactKey
from services.dispatcher.decisions.lawful_basis import bases_of, newest_bases
from shared.events import Transaction
from shared.events.segments import TOUCHPOINT, merged_segments
from shared.events.transactions import Basis
from shared.privacy.persons import NOBODY
from shared.privacy.subjects import Subject
from shared.values.text import normalized_text


class CustomerProfile(NamedTuple):
    """A customer with an address, as a row of ``customer_profile`` has them."""

    tenant: str
    person: str
    """The pseudonym."""
    customer_id: str
    """Where it stands for nobody, the keyed hash of the address."""
    contact: str
    """The keyed hash of the address."""
    email: str
    locale: str | None
    country: str | None
    time_zone: str | None
    segments: Mapping[str, str]
    known_at: datetime
    """When this was said of the customer."""
    bases: Mapping[str, Basis] = {}
    """The evidence that they may be asked, by its kind."""

    @property
    def subject(self) -> Subject:
        """The customer as an erasure knows them."""
        return Subject(self.tenant, self.person, self.contact)


def own_segments(segments: Mapping[str, str]) -> dict[str, str]:
    """Those of a customer: the touchpoint is an event's, and would stand before that of each survey."""
    return {name: value for name, value in segments.items() if name != TOUCHPOINT}


def profile_of_event(contact: ContactKey, event: Transaction) -> CustomerProfile | None:
    """What an event says of its customer; None where nobody can be asked by it.

    A test and a wave of ours say nothing new.
    """
    customer = event.customer
    if (
        contact.address is None
        or customer.email is None
        or contact.person == NOBODY
        or not event.is_of_client
        or address_quality(customer.email) != "good"
    ):
        return None
    return CustomerProfile(
        contact.tenant,
        contact.person,
        contact.customer_id,
        contact.address,
        normalized_text(customer.email),
        customer.locale,
        customer.country,
        customer.time_zone,
        own_segments(event.segments),
        event.accepted_at,
        bases_of(customer, event.occurred_at),
    )


def newest_profiles(profiles: Iterable[CustomerProfile]) -> list[CustomerProfile]:
    """One of each customer: what was said last; what that leaves out is as it was said before."""
    newest: dict[tuple[str, str], CustomerProfile] = {}
    for profile in sorted(profiles, key=lambda each: each.known_at):
        key = profile.tenant, profile.person
        older = newest.get(key)
        newest[key] = profile if older is None else completed(profile, older)
    return list(newest.values())


def completed(profile: CustomerProfile, older: CustomerProfile) -> CustomerProfile:
    """The newer profile with what only the older one says."""
    return profile._replace(
        locale=profile.locale or older.locale,
        country=profile.country or older.country,
        time_zone=profile.time_zone or older.time_zone,
        segments=merged_segments(profile.segments, older.segments),
        bases=newest_bases(older.bases, profile.bases),
    )
