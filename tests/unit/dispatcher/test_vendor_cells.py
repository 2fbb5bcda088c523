"""Cells of exports as spreadsheets and survey tools write them; what is unclear is said, and never taken for a no."""

import io
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatcher.imports.cells import DateOrder
from services.dispatcher.imports.tables import open_file
from services.dispatcher.moving_in.export_signs import look_through
from services.dispatcher.moving_in.exports import ExportReading
from services.dispatcher.moving_in.moving import CannotMove, MoveIn, WrittenRows, _read
from services.dispatcher.moving_in.vendor_cells import (
    has_short_year,
    plain_time,
    score_of,
    unsubscription,
    vendor_time,
)
from services.dispatcher.moving_in.vendors import SeveralColumns, find_columns
from shared.events import Tenant

ZONE = ZoneInfo("Europe/Copenhagen")
AT = datetime(2026, 3, 2, 13, 30, tzinfo=UTC)
"""In Copenhagen half past two."""


@pytest.mark.parametrize(
    "cell",
    [
        "2 Mar 2026 14:30",
        "02 march 2026, 14:30:00",
        "Mar 2, 2026 2:30 PM",
        "March 2nd, 2026 at 2:30 p.m.",
        "Mon, 02 Mar 2026 13:30:00 GMT",
        "Mon Mar 02 2026 14:30:00 GMT+0100 (Central European Standard Time)",
        "2. marts 2026 kl. 14:30",
        "2 mrt. 2026 14:30",
        "2-mrt-2026 14.30",
        "2. März 2026 um 14:30",
        "2026-03-02 13:30:00+00",
        "1772458200",
        "1772458200000",
    ],
)
def test_a_time_is_read_in_the_forms_that_exports_have(cell: str) -> None:
    assert vendor_time(cell, "dmy", ZONE) == AT


@pytest.mark.parametrize(("cell", "order"), [("02/03/26 14:30", "dmy"), ("3/2/26 2:30 PM", "mdy")])
def test_a_year_of_two_digits_is_read_by_the_order_that_was_said(cell: str, order: DateOrder) -> None:
    assert has_short_year(cell)
    assert vendor_time(cell, order, ZONE) == AT
    assert vendor_time(cell, "ymd", ZONE) is None


@pytest.mark.parametrize(
    "cell",
    [
        "2 Foo 2026",
        "Ma 2 2026",
        "32 March 2026",
        "2 March 26",
        "March",
        "1" * 5_000,
        "x" * 5_000,
        "٢ March 2026",
    ],
)
def test_what_is_no_time_of_an_export_is_none(cell: str) -> None:
    assert vendor_time(cell, "dmy", ZONE) is None


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.sampled_from(["%d %b %Y", "%B %d, %Y"]))
def test_a_day_with_the_name_of_its_month_is_the_same_day(day: date, form: str) -> None:
    assert plain_time(day.strftime(form)) == f"{day.year}-{day.month:02}-{day.day:02}"


@pytest.mark.parametrize(
    ("cell", "score"),
    [
        ("9", 9),
        ("9,0", 9),
        ("0 - Not at all likely", 0),
        ("10 – Extremely likely", 10),
        ("10 (very likely)", 10),
        ("9/10", 9),
        ("8 out of 10", 8),
        ("7 af 10", 7),
        ("9,5", None),
        ("9-10", None),
        ("likely", None),
        ("9 stars of 10", None),
        ("", None),
    ],
)
def test_a_score_may_have_its_label_beside_it(cell: str, score: int | None) -> None:
    assert score_of(cell) == score


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("Unsubscribed", "yes"),
        ("ja", "yes"),
        ("X", "yes"),
        ("✓", "yes"),
        ("✗", "unclear"),
        ("?", "unclear"),
        ("2026-03-02", "yes"),
        ("2 Mar 2026", "yes"),
        ("", "no"),
        ("–", "no"),
        ("N/A", "no"),
        ("FALSE", "no"),
        ("Subscribed", "no"),
        ("0000-00-00 00:00:00", "no"),
        ("by a link in a mail", "unclear"),
        ("31/31/2026", "unclear"),
    ],
)
def test_whether_somebody_has_unsubscribed_is_yes_or_no_or_said_to_be_unclear(cell: str, said: str) -> None:
    assert unsubscription(cell, vendor_time(cell, "dmy", ZONE)) == said


def read(content: str, vendor: str = "csv", order: DateOrder | None = None) -> ExportReading:
    file = io.BytesIO(content.encode())
    wanted = MoveIn("acme", vendor, Path("x.csv"), {}, order)  # type: ignore[arg-type]
    company = Tenant(id="acme", version=1, name="Acme", country="DK", time_zone="Europe/Copenhagen")
    return _read(wanted, company, file, WrittenRows(io.BytesIO(), io.BytesIO(), io.BytesIO()))


def test_years_of_two_digits_are_asked_about_even_where_the_days_seem_to_tell_the_order() -> None:
    content = "Email,NPS,Date\nkim@example.com,9,31/12/25\nlee@example.com,8,26/01/03\n"
    with pytest.raises(CannotMove, match="two digits"):
        read(content)
    assert [each.theirs for each in read(content, order="dmy").taken] == ["2025-12", "2003-01"]


def test_a_name_that_two_columns_have_is_asked_about_unless_nothing_hangs_on_it() -> None:
    with pytest.raises(SeveralColumns) as several:
        find_columns("csv", ["Email", "Score", "Date", "Score (2)"], {})
    assert (several.value.part, several.value.names) == ("score", ["Score", "Score (2)"])
    with pytest.raises(CannotMove, match="--column answered_at='Date'"):
        read("Email,NPS,Date,Date\nkim@example.com,9,2026-01-01,2026-01-02\n")
    columns = find_columns("csv", ["Email", "NPS", "Date", "Comment", "Comment (2)", "Notes (2)"], {})
    assert columns.places["comment"] == 3


def test_totals_and_empty_columns_make_no_answer_and_no_opt_out() -> None:
    content = (
        "Email;;NPS;Date;;Unsubscribed\n"
        "kim@example.com;;10 - Extremely likely;2026-01-01;;\n"
        "lee@example.com;;-;2026-01-01;;maybe later\n"
        "Total;;2;;;1 of 2\n"
        ";;8,5;;;\n"
    )
    reading = read(content)
    assert [(each.theirs, each.score) for each in reading.taken] == [("2026-01", 10)]
    assert (reading.unsubscribed, reading.unclear_unsubscribed, reading.unanswered) == (0, 2, 1)
    assert reading.months["no date"].reasons == {
        "without a time that can be read": 1,
        "without a score from 0 to 10": 1,
    }


def test_the_signs_of_a_file_see_months_by_their_names() -> None:
    content = "Email,NPS,Date\nkim@example.com,9,2 Mar 2026\n"
    table = open_file(io.BytesIO(content.encode()))
    signs = look_through(table.rows, find_columns("csv", table.names, {}))
    assert (signs.dates.order, signs.short_years) == ("ymd", False)
