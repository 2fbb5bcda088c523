"""A time zone that this machine does not know becomes UTC and never stops a process."""

import pytest

from services.scorer.windows import today_in
from shared.clock import system_clock
from shared.values.zones import known_zone, zone_of

ODD = [
    "Mars/Olympus",
    "",
    "Europe",
    "../etc/passwd",
    "/etc/localtime",
    "localtime",
    "posixrules",
    "Factory",
    "Europe/Copenhagen\0",
    "x" * 5_000,
    None,
]


@pytest.mark.parametrize("name", ODD)
def test_an_unknown_zone_is_utc(name: str | None) -> None:
    assert str(zone_of(name)) == "UTC"


@pytest.mark.parametrize("name", ODD)
def test_the_next_name_counts_where_the_first_is_unknown(name: str | None) -> None:
    assert known_zone(name, "Europe/Copenhagen") == "Europe/Copenhagen"
    assert str(zone_of("America/New_York", name)) == "America/New_York"


@pytest.mark.parametrize("name", [name for name in ODD if name is not None])
def test_a_day_begins_in_an_unknown_zone(name: str) -> None:
    now = system_clock()
    assert today_in(name, now) == today_in("UTC", now)
