"""Tokens of sessions and links."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.errors import BadAccount
from services.alerts.staff.accounts import clean_address, clean_name, clean_segments, is_within
from shared.http.company_tokens import Token
from shared.http.staff_auth import ACCESS_COOKIE, AccessPass, Staff


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


@pytest.mark.parametrize("ending", ["test", "localhost", "invalid", "TEST", "local"])
def test_an_address_under_a_reserved_ending_is_refused_with_the_reason(ending: str) -> None:
    with pytest.raises(BadAccount, match=f"end in .{ending.lower()}: the ending is reserved"):
        clean_address(f"x@shop.{ending}")


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


@pytest.mark.parametrize("letter", ["a", "ø", "店", "😀"])
def test_the_pass_of_whom_the_limits_let_in_fits_into_a_cookie(letter: str) -> None:
    def longest(fits: Callable[[int], object]) -> int:
        size = 0
        while True:
            try:
                fits(size + 1)
            except BadAccount:
                return size
            size += 1

    name = letter * longest(lambda n: clean_name(letter * n))
    values = [f"store:{number}{letter * 9}" for number in range(400)]
    segments = values[: longest(lambda n: clean_segments(values[:n]))]
    staff = Staff("t" * 63, uuid4(), name, "analyst", tuple(segments), str(uuid4()), datetime.now(UTC))
    # As different as their owner likes: what the pass is packed with must not help.
    signed = AccessPass("secret").sign(staff)
    assert len(f"__Host-{ACCESS_COOKIE}={signed}") < 4_096
    assert len(name) >= 50
    assert len(segments) >= 10


def test_nobody_lets_others_see_more_than_they_see() -> None:
    assert is_within([], [])
    assert is_within([], ["store:aarhus"])
    assert is_within(["organisation:north"], ["organisation:north/sales", "organisation:north"])
    assert not is_within(["store:aarhus"], [])
    assert not is_within(["store:aarhus"], ["store:aarhus", "store:odense"])
    assert not is_within(["organisation:north"], ["organisation:northern"])
