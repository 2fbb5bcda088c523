"""Customers from requests, tables and events: each is read by itself, and the newest word counts."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.dispatcher_builders import NOON, TENANT, a_customer, a_transaction
from support.http_clients import SECRET

from services.dispatcher.customers.csv_rows import BadTable, column_of, read_table
from services.dispatcher.customers.domain import CustomerProfile, newest_profiles, profile_of_event
from services.dispatcher.customers.reading import BadList, read_customers
from services.dispatcher.decisions.contacts import contact_key_of
from shared.ids import uuid7


def profile_of(**changes: Any) -> CustomerProfile | None:
    event = a_transaction(**changes)
    return profile_of_event(contact_key_of(SECRET, TENANT, event.customer, frozenset()), event)


def body(*customers: Any) -> bytes:
    return json.dumps({"customers": customers}).encode()


def test_an_event_tells_address_places_and_segments_but_not_its_own_touchpoint() -> None:
    known = profile_of(customer=a_customer(country="DK", time_zone="Europe/Copenhagen"))
    assert known is not None
    assert known.customer_id == "c-1"
    assert (known.email, known.locale, known.country) == ("c-1@example.com", "da", "DK")
    assert known.segments == {"store": "aarhus"}
    assert known.known_at == NOON


@pytest.mark.parametrize(
    "changes",
    [
        {"customer": a_customer(email=None)},
        {"customer": a_customer(email="not an address")},
        {"survey_id": uuid7()},
    ],
    ids=["no address", "a bad address", "a test or a wave of ours"],
)
def test_an_event_by_which_nobody_can_be_asked_makes_nobody_known(changes: dict[str, Any]) -> None:
    assert profile_of(**changes) is None


def test_a_customer_without_an_id_is_known_by_the_hash_of_the_address() -> None:
    known = profile_of(customer=a_customer("guest", email="kim@example.com"))
    assert known is not None
    assert (known.customer_id, known.email) == (known.contact, "kim@example.com")


@given(
    st.lists(
        st.tuples(
            st.integers(0, 5), st.sampled_from([None, "da", "nl"]), st.sampled_from([{}, {"store": "a"}])
        ),
        min_size=1,
        unique_by=lambda each: each[0],
    ),
    st.randoms(),
)
def test_the_newest_word_counts_in_whatever_order_they_come(said: list[Any], random: Any) -> None:
    base = profile_of()
    assert base is not None
    words = [
        base._replace(known_at=NOON + timedelta(days=day), locale=locale, segments=segments)
        for day, locale, segments in said
    ]
    shuffled = random.sample(words, len(words))
    (newest,) = newest_profiles(shuffled)
    in_order = sorted(words, key=lambda each: each.known_at)
    assert newest.known_at == in_order[-1].known_at
    assert newest.locale == next((each.locale for each in reversed(in_order) if each.locale), None)
    assert newest.segments == next((each.segments for each in reversed(in_order) if each.segments), {})


def test_a_bad_customer_is_refused_by_itself_and_says_what_to_write() -> None:
    good = {"id": "c-1", "email": "c-1@example.com", "locale": "da_DK", "country": "denmark"}
    bad = {"id": "c-2", "email": "nobody", "country": "Atlantis", "segments": {"a": 1}}
    read = read_customers(body(good, bad, {"id": " ", "email": "a@example.com"}, {"x": 1}, 7))
    assert read[0].customer is not None
    assert (read[0].customer.locale, read[0].customer.country) == ("da-DK", "DK")
    assert [each.customer for each in read[1:]] == [None] * 4
    assert {fault["field"] for fault in read[1].faults} == {"/email", "/country", "/segments/a"}
    assert read[2].faults[0]["field"] == "/id"


def test_a_touchpoint_is_no_segment_of_a_given_customer_and_is_named_as_left_out() -> None:
    segments = {" touchpoint": "delivery", "store": "aarhus"}
    (read,) = read_customers(body({"id": "c-1", "email": "c-1@example.com", "segments": segments}))
    assert read.customer is not None
    assert read.customer.segments == {"store": "aarhus"}
    assert [fault["field"] for fault in read.faults] == ["/segments/touchpoint"]


def test_the_same_customer_twice_is_one_and_with_other_content_the_first_counts() -> None:
    one, same, other = (
        {"id": "c-1", "email": "c-1@example.com"},
        {"id": "c-1", "email": " c-1@example.com"},
        {"id": "c-1", "email": "c-2@example.com"},
    )
    read = read_customers(body(one, same, other))
    assert [each.customer is not None for each in read] == [True, True, False]


@pytest.mark.parametrize("sent", [b"{}", b"[]", b"", b'{"customers": {}}', b'{"customers": [}'])
def test_what_has_no_list_of_customers_is_refused_as_a_whole(sent: bytes) -> None:
    with pytest.raises(BadList):
        read_customers(sent)


def test_a_table_is_read_with_any_separator_and_its_faults_have_row_and_column() -> None:
    for separator in (",", ";", "\t"):
        text = "\r\n".join(
            separator.join(cells)
            for cells in (
                ("id", "email", "country", "segments.store"),
                ("c-1", "c-1@example.com", "DK", "aarhus"),
                ("", "", "", ""),
                ("c-2", "nobody", "Atlantis", "x" * 300),
                ("", "c-3@example.com", "", ""),
                ("c-1", "other@example.com", "", ""),
                ("c-4", "c-4@example.com", "", "", "more"),
            )
        )
        rows = read_table("\ufeff" + text + "\r\n")
        assert [row.number for row in rows] == [2, 4, 5, 6, 7]
        assert rows[0].read.customer is not None
        assert rows[0].read.customer.segments == {"store": "aarhus"}
        faults = {(row.number, column_of(fault)) for row in rows for fault in row.read.faults}
        assert faults == {
            (4, "email"), (4, "country"), (4, "segments.store"), (5, "id"), (6, "id"), (7, ""),
        }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", "id,email", "id,mail\n1,a@example.com", "id,email,age\n1,a@example.com,9", "id,id,email\n1,1,a@b.dk",
     "id,email,segments.\n1,a@example.com,x",
     "id,email,segments. touchpoint\n1,a@example.com,delivery", 'id,email\n"1,a@example.com',
     "id,email\n" + "c,c@example.com\n" * 10_001],
    ids=["nothing", "no row", "no email", "an unknown column", "a column twice", "a dimension without a name",
         "a touchpoint",          "an open quote", "too many rows"],
)  # fmt: skip
def test_what_is_no_table_of_customers_is_refused_as_a_whole(text: str) -> None:
    with pytest.raises(BadTable):
        read_table(text)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200))
def test_no_table_makes_an_error_of_ours(text: str) -> None:
    for table in (text, "id,email,segments.a\n" + text):
        try:
            read_table(table)
        except BadTable:
            continue
