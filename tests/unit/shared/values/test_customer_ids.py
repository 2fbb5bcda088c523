"""Which customer ids are placeholders, and that no others are."""

import re
from collections.abc import Callable
from unittest.mock import patch
from uuid import UUID

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from shared.values import customer_ids
from shared.values.customer_ids import folded_customer_id, is_placeholder_id

PLACEHOLDER_IDS = [
    *("0", "00", "000000", "0.0", "0,00", "-0", "-1", "-1.0", "\N{MINUS SIGN}1", "０"),
    *("null", "NULL", "(null)", "<null>", "None", "nil", "undefined", "NaN", "N/A", "n.a.", "#N/A", "na"),
    *(
        "guest",
        "Guest",
        " GUEST ",
        "guest_user",
        "Guest Checkout",
        "ｇｕｅｓｔ",
        "walk-in",
        "anonymous",
        "Anonymous User",
    ),
    *("unknown", "(not set)", "[object Object]", "-", "--", "?", "…", "", "  ", "''", '""', "[]", "{}"),
    *("gæst", "gast", "Anoniem", "ukendt", "unbekannt", "test"),
    *("undefined undefined", "nullnull", "null-null", "None None None", "Guest Guest", "unknown_unknown"),
    *(
        "not logged in",
        "NOT LOGGED IN",
        "Niet ingelogd",
        "ikke logget ind",
        "Gäst",
        "gjest",
        "%%customer_id%%",
    ),
    *("{{customer_id}}", "{{ customer.id }}", "${customerId}", "{% id %}", "%customer_id%", "*|ID|*"),
    *(str(UUID(int=0)), UUID(int=0).hex, str(UUID(int=2**128 - 1)).upper()),
]
CUSTOMER_IDS = [
    *("1", "10", "100", "-2", "01", "1.0", "a0", "0a", "A1", "c-0", "guest-17", "guest17", "test-1", "N/A-3"),
    *("nullen", "nina", "Nuñez", "anonymous@example.com", "user-1", "00000000-0000-0000-0000-000000000001"),
    *("1111", "7777", "nana1", "aaaa", "papa", "null-nora", "客户", "{1}", "100%", "%41%42x"),
]


@pytest.mark.parametrize("customer_id", PLACEHOLDER_IDS)
def test_these_are_placeholders(customer_id: str) -> None:
    assert is_placeholder_id(customer_id)


@pytest.mark.parametrize("customer_id", CUSTOMER_IDS)
def test_these_are_customer_ids(customer_id: str) -> None:
    assert not is_placeholder_id(customer_id)


@given(st.integers(min_value=1), st.uuids())
def test_a_positive_number_and_a_random_uuid_are_customer_ids(number: int, uuid: UUID) -> None:
    assume(UUID(int=0) != uuid != UUID(int=2**128 - 1))
    assert not is_placeholder_id(str(number))
    assert not is_placeholder_id(str(uuid))


@given(st.text(max_size=10), st.sampled_from([str.upper, str.lower, " {}\t".format]))
def test_a_companys_own_placeholder_is_found_in_all_spellings(own: str, spell: Callable[[str], str]) -> None:
    assume(folded_customer_id(spell(own)) == folded_customer_id(own))
    assert is_placeholder_id(spell(own), {folded_customer_id(own)})


@given(st.text("abcdefæ0123456789-_.@:/+ {}%$*<>", max_size=20))
@example("customer-2")
@example("{{2}}")
@example("%2%")
@example("-2")
def test_the_shortcut_for_ids_with_a_number_changes_nothing(customer_id: str) -> None:
    with patch.object(customer_ids, "_NUMBERED", re.compile(r"(?!)")):
        looked_through = customer_ids.is_placeholder_id(customer_id)
    assert customer_ids.is_placeholder_id(customer_id) == looked_through
