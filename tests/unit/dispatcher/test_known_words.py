"""What is known of a customer completes what an event says, and never stands before it."""

from hypothesis import given
from hypothesis import strategies as st

from services.dispatcher.customers.known_words import (
    NOTHING_KNOWN,
    KnownWords,
    completed_customer,
    is_complete,
    known_customer,
    taken_from,
)
from services.dispatcher.decisions.contacts import ContactKey
from services.dispatcher.decisions.places import place_of
from shared.events import Customer, Tenant

HOME, WORK = "hash of home", "hash of work"
COMPANY = Tenant(id="acme", name="Acme", version=1, time_zone="Europe/Copenhagen", country="DK")
locale = st.sampled_from([None, "", "de", "da-DK"])
country = st.sampled_from([None, "", "DE", "de ", "DK", "US"])
zone = st.sampled_from([None, "", "Mars/Base", "America/New_York", "Europe/Berlin"])
customer = st.builds(Customer, id=st.just("kim"), locale=locale, country=country, time_zone=zone)
known = st.builds(KnownWords, st.sampled_from([HOME, WORK]), locale, country, zone)


@given(customer, known)
def test_the_events_own_word_stands_first_and_what_it_leaves_out_is_known(
    said: Customer, before: KnownWords
) -> None:
    completed = completed_customer(said, before)
    assert completed.locale == (said.locale or before.locale or None)
    assert completed.country == (said.country or before.country or None)
    if said.time_zone in {"America/New_York", "Europe/Berlin"}:
        assert completed.time_zone == said.time_zone
    else:
        assert completed.time_zone in {before.time_zone, None}
    assert (completed.id, completed.email) == (said.id, said.email)
    for name in taken_from(said, completed):
        assert getattr(completed, name) == getattr(before, name) != getattr(said, name)


@given(customer)
def test_of_whom_nothing_is_known_the_place_is_that_of_the_event(said: Customer) -> None:
    completed = completed_customer(said, NOTHING_KNOWN)
    assert taken_from(said, completed) == ()
    assert place_of(completed, COMPANY) == place_of(said, COMPANY)


@given(customer, known)
def test_nothing_needs_to_be_known_of_a_customer_of_whom_the_event_says_all(
    said: Customer, before: KnownWords
) -> None:
    if is_complete(said):
        assert completed_customer(said, before) == said


@given(known)
def test_a_zone_that_was_known_of_another_country_is_not_that_of_who_has_moved(before: KnownWords) -> None:
    moved = completed_customer(Customer(id="kim", country="SE"), before)
    assert moved.time_zone == (before.time_zone if not (before.country or "").strip() else None)


@given(customer, known, st.booleans())
def test_of_an_id_that_several_share_only_what_was_said_with_the_address_is_known(
    said: Customer, before: KnownWords, shared: bool
) -> None:
    contact = ContactKey("acme", "kim", HOME, id_is_shared=shared)
    counts = before.contact == HOME or not shared

    assert known_customer(said, before, contact) == (completed_customer(said, before) if counts else said)
