"""Tokens of sessions and links."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.accounts import Token, clean_address, clean_segments, password_fault
from services.alerts.errors import BadAccount


@given(tenant=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60))
def test_a_token_comes_back_as_it_went_out(tenant: str) -> None:
    token = Token.new(tenant)
    assert Token.read(str(token)) == token
    assert str(token).isascii()
    assert not set(str(token)) & set("; ,/\\\"'")


@given(text=st.text(max_size=300))
def test_whatever_comes_in_is_a_token_or_none(text: str) -> None:
    found = Token.read(text)
    assert found is None or (found.secret and len(found.digest) == 64)


def test_two_tokens_are_never_the_same_and_are_long() -> None:
    tokens = {str(Token.new("a")) for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) > 43 for token in tokens)


def test_addresses_are_one_however_they_are_written() -> None:
    assert clean_address(" Sara@Example.COM ") == "sara@example.com"
    with pytest.raises(BadAccount):
        clean_address("sara")


def test_segments_are_written_as_dimension_and_value() -> None:
    assert clean_segments(["touchpoint:shop", "organisation:north/sales", "touchpoint:shop"]) == [
        "organisation:north/sales",
        "touchpoint:shop",
    ]
    for wrong in ("shop", ":shop", "touchpoint:"):
        with pytest.raises(BadAccount):
            clean_segments([wrong])


def test_the_segments_of_a_person_fit_into_a_cookie() -> None:
    with pytest.raises(BadAccount):
        clean_segments([f"store:{number:0190}" for number in range(10)])


def test_short_and_endless_passwords_are_refused() -> None:
    assert password_fault("a" * 11)
    assert password_fault("a" * 201)
    assert not password_fault("a" * 12)
