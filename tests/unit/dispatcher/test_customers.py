"""Customers from requests, tables and events: each is read by itself, and the newest word counts."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.dispatcher_builders import NOON, TENANT, a_customer, a_transaction
from support.http_clients import SECRET

from services.dispatcher.csv_tables import BadTable
from services.dispatcher.customers.csv_rows import column_of, read_table
from services.dispatcher.customers.domain import (
    CustomerProfile,
    newest_profiles,
    profile_of_event,
)
from services.dispatcher.customers.reading import BadList, count_customers, read_customers
from services.dispatcher.customers.views import TablePreview
from services.dispatcher.decisions.contacts import contact_key_of
from shared.events.segments import MAX_DIMENSIONS, merged_segments
from shared.ids import uuid7
from shared.pages.language import spoken
from shared.values.text import normalized_text

NUMBER, LANDLINE = "+4520123456", "+31201234567"


def profile_of(*, texts: bool = False, shared: bool = False, **changes: Any) -> CustomerProfile | None:
    event = a_transaction(**changes)
    contact = contact_key_of(SECRET, TENANT, event.customer, frozenset(), ids_are_shared=shared)
    return profile_of_event(contact, event, texts=texts)


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


def test_a_company_that_texts_keeps_numbers_of_mobile_phones_and_another_one_none() -> None:
    both, alone = a_customer(phone=NUMBER), a_customer(email=None, phone=NUMBER)
    kept, by_number = profile_of(customer=both, texts=True), profile_of(customer=alone, texts=True)
    assert kept is not None
    assert by_number is not None
    assert (kept.email, kept.phone, by_number.email, by_number.phone) == (
        "c-1@example.com", NUMBER, None, NUMBER,
    )  # fmt: skip
    assert by_number.contact == by_number.number == kept.number != kept.contact
    without = profile_of(customer=both)
    assert without is not None
    assert (without.phone, without.number) == (None, None)
    assert profile_of(customer=alone) is None
    assert profile_of(customer=a_customer(email=None, phone=LANDLINE), texts=True) is None


def test_a_number_alone_of_an_id_that_several_share_makes_nobody_known() -> None:
    alone = a_customer(email=None, phone=NUMBER)
    assert profile_of(customer=alone, texts=True, shared=True) is None
    assert profile_of(customer=a_customer("guest", email=None, phone=NUMBER), texts=True, shared=True)


SAID = {
    "address": a_customer(),
    "both": a_customer(phone=NUMBER),
    "number": a_customer(email=None, phone=NUMBER),
    "another number": a_customer(email=None, phone="+4520123457"),
    "another address": a_customer(email="kim@example.org"),
}


@pytest.mark.parametrize(
    ("said", "email", "phone"),
    [
        (("both", "address"), "c-1@example.com", NUMBER),
        (("both", "another address"), "kim@example.org", None),
        (("both", "another number"), "c-1@example.com", "+4520123457"),
        (("address", "number"), "c-1@example.com", NUMBER),
        (("address", "number", "address"), "c-1@example.com", NUMBER),
        (("number", "address"), "c-1@example.com", None),
    ],
    ids=lambda each: " then ".join(each) if isinstance(each, tuple) else "",
)
def test_a_number_belongs_to_the_address_that_it_came_with(
    said: tuple[str, ...], email: str, phone: str | None
) -> None:
    words = [
        profile_of(customer=SAID[each], accepted_at=NOON + timedelta(hours=hour), texts=True)
        for hour, each in enumerate(said)
    ]
    (newest,) = newest_profiles(each for each in words if each is not None)
    assert (newest.email, newest.phone) == (email, phone)
    assert (newest.number is None) == (phone is None)


@pytest.mark.parametrize(
    ("given_", "phone", "faulty", "kept"),
    [
        ({"email": "kim@example.com", "phone": "20 12 34 56", "country": "DK"}, NUMBER, [], True),
        ({"email": "kim@example.com", "phone": "20123456"}, NUMBER, [], True),
        ({"phone": NUMBER}, NUMBER, [], True),
        ({"email": "kim@example.com", "phone": LANDLINE}, None, ["/phone"], True),
        ({"phone": LANDLINE}, None, ["/phone"], False),
        ({"email": "kim@example.com", "phone": "later"}, None, ["/phone"], False),
        ({"email": " "}, None, ["/email"], False),
        ({}, None, ["/email"], False),
    ],
    ids=["of the country", "of the company's", "alone", "a landline", "a landline alone", "no number",
         "nothing", "neither"],
)  # fmt: skip
def test_a_given_number_is_one_that_texts_reach_or_is_named(
    given_: dict[str, str], phone: str | None, faulty: list[str], kept: bool
) -> None:
    (read,) = read_customers(body({"id": "c-1", **given_}), "DK")
    assert [fault["field"] for fault in read.faults] == faulty
    assert (read.customer is not None) == kept
    if read.customer is not None:
        assert read.customer.phone == phone


@given(
    st.lists(
        st.tuples(
            st.integers(0, 5),
            st.sampled_from([None, "da", "nl"]),
            st.dictionaries(st.sampled_from(["store", "tier", "team"]), st.sampled_from("abc")),
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
    by_dimension: dict[str, str] = {}
    for each in in_order:
        by_dimension |= each.segments
    assert newest.segments == by_dimension


def test_of_too_many_dimensions_those_of_the_newest_word_stay() -> None:
    newer = {f"d{n}": "new" for n in range(MAX_DIMENSIONS - 1)}
    older = {"d0": "old", "b": "old", "a": "old"}
    assert merged_segments(newer, older) == {**newer, "a": "old"}
    assert merged_segments({**newer, "z": "new"}, older) == {**newer, "z": "new"}


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


def test_the_customer_of_an_event_can_be_given_as_it_is_and_its_name_is_named_as_left_out() -> None:
    event = {"id": "c-1", "email": "c-1@example.com", "name": "Karen", "phone": "+4520123456", "locale": "da"}
    other = {**event, "name": "Karen W."}
    read = read_customers(body(event, other))
    for each in read:
        assert each.customer is not None, "another name is no other content"
        assert each.customer.name is None
        assert [fault["field"] for fault in each.faults] == ["/name"]


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


def the_customers(text: str) -> list[Any]:
    return [row.read.customer for row in read_table(text)]


def test_a_line_break_in_a_cell_parts_words_as_a_space_does() -> None:
    for end in ("\n", "\r\n"):
        text = end.join(
            ("id,email,segments.store", f'c-1,c-1@example.com,"Aarhus{end}Nord"', "c-2,b@example.com,a")
        )
        assert [each.segments["store"] for each in the_customers(text)] == ["Aarhus Nord", "a"]
    (by_number,) = the_customers(f"id;phone\nc-1;{NUMBER}")
    assert (by_number.email, by_number.phone) == (None, NUMBER)
    (one,) = the_customers('id,email\n"c\n1",c-1@example.com')
    assert normalized_text(one.id) == "c 1"


@pytest.mark.parametrize(
    "text",
    ["id;email;;\nc-1;c-1@example.com;;\n;;;", "sep=;\r\nid;email\r\nc-1;c-1@example.com", '"sep=,"\nid,email\nc-1,c-1@example.com',
     "sep=;;;\nId;Email;;\nc-1;c-1@example.com;;", "Id,Email\nc-1,c-1@example.com", "ID\tSEGMENTS.Store\tEMAIL\nc-1\t\tc-1@example.com"],
    ids=["empty columns behind", "a stated separator", "one in quotes", "both", "names with capitals", "all in capitals"],
)  # fmt: skip
def test_a_table_is_read_as_spreadsheets_write_it(text: str) -> None:
    (one,) = the_customers(text)
    assert (one.id, one.email) == ("c-1", "c-1@example.com")


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("id;;email\n1;;a@example.com", "Column 2 has no name in the first row."),
        ("id,Id,email\n1,1,a@example.com", "The column “id” stands there twice."),
        ("id,email\n1,a@example.com\n2," + "x" * 140_000,
         "A cell in row 3 has more than 131,072 characters. Shorten it, or close its quote."),
        ('id,email\n"1,a@example.com', "A quote is not closed. Save the table as CSV once more."),
    ],
    ids=["a column without a name", "twice in another case", "a cell too long", "an open quote"],
)  # fmt: skip
def test_what_is_wrong_with_a_whole_table_is_said_in_words(text: str, remedy: str) -> None:
    with pytest.raises(BadTable) as refused:
        read_table(text)
    assert spoken(refused.value.remedy) == remedy


def test_a_row_that_stands_there_three_times_is_one_customer() -> None:
    rows = read_table("id,email\n" + "c-1,c-1@example.com\n" * 3 + "c-2,nobody\n")
    preview = TablePreview.of("", rows)
    assert (preview.good, preview.repeated, preview.bad) == (1, 2, 1)
    assert [each.id for each in preview.first] == ["c-1"]
    assert count_customers(row.read for row in rows) == 1


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
