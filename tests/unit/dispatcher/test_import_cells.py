"""Times and numbers as people write them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatcher.imports.cells import (
    DECIMALS,
    DateOrder,
    Decimal,
    OrderSigns,
    guess_order,
    number_of,
    time_of,
    whole_of,
)

ZONE = ZoneInfo("Europe/Copenhagen")
TIMES = st.datetimes(datetime.fromisoformat("1971-01-01"), datetime.fromisoformat("2099-01-01"))
FORMS: dict[DateOrder, tuple[str, ...]] = {
    "ymd": ("%Y-%m-%d %H:%M:%S", "%Y/%m/%dT%H:%M:%S", "%Y.%m.%d, %H:%M:%S"),
    "dmy": ("%d/%m/%Y %H:%M:%S", "%d.%m.%Y %H.%M.%S", "%d-%m-%Y %I:%M:%S %p"),
    "mdy": ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S%p", "%m-%d-%Y, %H:%M:%S"),
}


@given(TIMES, st.sampled_from([(order, form) for order, forms in FORMS.items() for form in forms]))
def test_a_local_time_is_read_as_it_was_written(at: datetime, form: tuple[DateOrder, str]) -> None:
    at = at.replace(microsecond=0)
    written = at.strftime(form[1])
    assert time_of(written, form[0], ZONE) == at.replace(tzinfo=ZONE).astimezone(UTC)


@given(
    TIMES,
    st.sampled_from(["ymd", "dmy", "mdy"]),
    st.sampled_from(["Z", "+02:00", "-0530", " UTC", "+00", "-08"]),
)
def test_an_offset_counts_before_the_zone_and_a_year_in_front_in_every_order(
    at: datetime, order: DateOrder, offset: str
) -> None:
    zone = datetime.fromisoformat(f"2026-01-01T00:00{offset.replace(' UTC', 'Z')}").tzinfo
    assert time_of(at.isoformat() + offset, order, ZONE) == at.replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "today",
        "2026-13-01",
        "31/12/26",
        "1/1/1",
        "2026",
        "2026-01-01 25:00",
        "2026-01-01 13:00 pm",
        "٣/٣/٢٠٢٦",
        "9999-12-31T23:59:59-12:00",
        "1-2-3-4",
        "2026-01-01 99",
        "2026-01-01-05",
        "2026-01-01 10:00+0199",
        "2026-01-01 10:00+25",
    ],
)
def test_what_is_no_time_is_none(cell: str) -> None:
    assert time_of(cell, "dmy", ZONE) is None


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["01/02/2026", "31/01/2026"], "dmy"),
        (["01/02/2026", "01/31/2026"], "mdy"),
        (["01/02/2026", "name"], "dmy"),
        (["2026-01-31", "x"], "ymd"),
        ([], "ymd"),
    ],
)
def test_the_order_of_day_and_month_is_guessed_by_the_days_that_only_one_allows(
    cells: list[str], order: DateOrder
) -> None:
    assert guess_order(cells) == order


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["01/02/2026"] * 5_000 + ["31/01/2026"], "dmy"),
        (["01/02/2026"] * 5_000 + ["01/31/2026"], "mdy"),
        (["01/02/2026", "03/03/2026", "name", ""], None),
        (["31/01/2026", "01/31/2026"], None),
        (["03/03/2026", "4/4/2026"], "dmy"),
        (["2026-01-02", "1767312000", ""], "ymd"),
        ([], "ymd"),
    ],
    ids=[
        "one day of January",
        "one day of January, in America",
        "either",
        "both",
        "the same",
        "year first",
        "none",
    ],
)
def test_whole_columns_say_the_order_of_day_and_month_or_it_is_asked_for(
    cells: list[str], order: DateOrder | None
) -> None:
    signs = OrderSigns()
    for cell in cells:
        signs.add(cell)
    assert signs.order == order


@pytest.mark.parametrize("decimal", DECIMALS)
def test_a_cell_with_thousands_of_digits_is_no_number_and_no_time(decimal: Decimal) -> None:
    for cell in ("1" * 5_000, "0" * 5_000 + "1", "-" + "9" * 5_000):
        assert number_of(cell, decimal) is None
        assert whole_of(cell, decimal) is None
        assert time_of(cell, "dmy", ZONE) is None


@given(st.integers(-(10**12), 10**12), st.integers(0, 99), st.booleans(), st.sampled_from(DECIMALS))
def test_a_number_keeps_its_value_with_either_sign_and_with_groups(
    whole: int, cents: int, grouped: bool, decimal: Decimal
) -> None:
    written = f"{whole:,}.{cents:02}" if grouped else f"{whole}.{cents:02}"
    if decimal == "comma":
        written = written.translate(str.maketrans(",.", ".,"))
    assert number_of(written, decimal) == f"{whole}.{cents:02}"


@pytest.mark.parametrize(
    ("cell", "decimal", "number"),
    [
        ("1 234,5", "comma", "1234.5"),
        ("1.234", "comma", "1234"),
        ("1.234", "point", "1.234"),
        ("1'234.5", "point", "1234.5"),
        ("+007", "point", "7"),
        ("1,23", "point", None),
        ("1.2.3", "comma", None),
        ("NaN", "point", None),
        ("1e5", "point", None),
        ("", "point", None),
        ("٣", "point", None),
    ],
)
def test_a_number_is_read_by_the_sign_that_was_chosen(
    cell: str, decimal: Decimal, number: str | None
) -> None:
    assert number_of(cell, decimal) == number


@pytest.mark.parametrize(
    ("cell", "whole"), [("9", 9), ("9,0", 9), ("9,5", None), ("10", 10), ("9" * 40, None)]
)
def test_a_score_may_be_written_with_a_decimal_comma(cell: str, whole: int | None) -> None:
    assert whole_of(cell, "comma") == whole
