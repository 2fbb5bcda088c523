"""Times, cursors and numbers that clients send: read, or refused."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.http.cursors import decode_cursor, encode_cursor
from shared.http.instants import MAX_INSTANT, MIN_INSTANT, Instant, in_calendar
from shared.http.numbers import MAX_INTEGER, whole_number
from shared.http.problems import Problem

zones = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instant = TypeAdapter(Instant)
LAST = UUID("0190a1b2-0000-7000-8000-000000000001")


@given(at=st.datetimes(timezones=zones), last=st.uuids())
def test_a_cursor_decodes_to_what_was_encoded_or_is_refused_at_the_calendars_ends(
    at: datetime, last: UUID
) -> None:
    cursor = encode_cursor(at, last)
    assert cursor.isascii()
    assert not set(cursor) & set("+/=%&#? ")
    if MIN_INSTANT <= at <= MAX_INSTANT:
        assert decode_cursor(cursor) == (at, last)
    else:
        with pytest.raises(Problem):
            decode_cursor(cursor)


@given(text=st.text(min_size=1, max_size=300))
def test_any_text_is_a_cursor_or_a_422_that_names_its_parameter(text: str) -> None:
    refused = None
    try:
        assert decode_cursor(text)
    except Problem as why:
        refused = why
    assert refused is None or (refused.status, refused.errors[0]["field"]) == (422, "query/after")


@pytest.mark.parametrize(
    "written",
    [
        f"0001-01-01T00:00:00+14:00 {LAST}",
        f"9999-12-31T23:59:59-14:00 {LAST}",
        f"2026-11-22T05:00:00 {LAST}",
        f"2026-11-22T05:00:00+00:00 {{{LAST}}}",
        f"2026-11-22T05:00:00+00:00|{LAST}",
        "2026-11-22T05:00:00+00:00",
        "",
        "\0",
    ],
)
def test_a_text_that_only_resembles_a_cursor_is_refused(written: str) -> None:
    import base64  # noqa: PLC0415

    for cursor in (written or " ", base64.urlsafe_b64encode(written.encode()).decode() or " "):
        with pytest.raises(Problem):
            decode_cursor(cursor)


def test_an_empty_cursor_is_the_first_page() -> None:
    assert decode_cursor("") is None


@given(at=st.datetimes(timezones=zones))
def test_an_accepted_time_has_a_date_in_every_zone(at: datetime) -> None:
    try:
        taken = in_calendar(at)
    except ValueError:
        assert not MIN_INSTANT <= at <= MAX_INSTANT
        return
    for hours in (-23, 23):
        assert taken.astimezone(timezone(timedelta(hours=hours))) == taken


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00+14:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "9999-12-31T23:59:59.999999Z",
        "2026-11-22T05:00:00",
        "yesterday",
        "9" * 5_000,
        "\0",
        "",
    ],
)
def test_an_invalid_time_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        instant.validate_python(text)


def test_an_ordinary_time_is_accepted() -> None:
    assert instant.validate_python("2026-11-22T06:00:00+01:00") == datetime(2026, 11, 22, 5, tzinfo=UTC)


@given(number=st.integers(0, MAX_INTEGER))
def test_a_number_is_read(number: int) -> None:
    assert whole_number(str(number)) == number


@pytest.mark.parametrize(
    "text",
    ["", "-1", "+1", "1.0", "1e3", " 1", "²", "٣", "１", str(MAX_INTEGER + 1), "9" * 5_000, "0" * 20, "\0"],
)
def test_a_text_that_is_no_number_or_too_large_is_none(text: str) -> None:
    assert whole_number(text) is None


@given(text=st.text(max_size=40))
def test_any_text_is_a_number_that_a_table_can_store_or_none(text: str) -> None:
    found = whole_number(text)
    assert found is None or 0 <= found <= MAX_INTEGER
