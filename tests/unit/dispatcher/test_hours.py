"""At which times a mail may leave: vectors through both changes of the clock, and a brute-force model."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from babel.core import get_global
from hypothesis import given
from hypothesis import strategies as st

from services.dispatcher.decisions.hours import ContactHours, Hold, forbidding_rule, hold, next_allowed
from services.dispatcher.decisions.places import ONE_CLOCK, Place, place_of, zones_of_country
from shared.events import ContactRules, Customer, QuietHours, Tenant
from shared.values.public_holidays import is_public_holiday

NIGHT = QuietHours(start="21:00", end="07:00")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def hours(start: str = "21:00", end: str = "07:00", **changes: object) -> ContactHours:
    known = {"zone": "Europe/Copenhagen", "country": "DK", "quiet": QuietHours(start=start, end=end)}
    return ContactHours(**{**known, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("due", "leaves", "quiet"),
    [
        # The night of the change to summer time: it ends an hour earlier.
        ("2026-03-28T22:30+00:00", "2026-03-29T06:00+00:00", ("21:00", "08:00")),
        # The night of the change to winter time: it ends an hour later.
        ("2026-10-24T21:30+00:00", "2026-10-25T07:00+00:00", ("21:00", "08:00")),
        # The hour from 02:00 does not come: the first minute after it is allowed.
        ("2026-03-29T00:30+00:00", "2026-03-29T01:00+00:00", ("21:00", "02:30")),
        # The hour from 02:00 comes twice: allowed from 02:30, quiet again from the second 02:00 on.
        ("2026-10-24T23:00+00:00", "2026-10-25T00:30+00:00", ("21:00", "02:30")),
        ("2026-10-25T01:10+00:00", "2026-10-25T01:30+00:00", ("21:00", "02:30")),
        # Any other night, over midnight and after it; quiet hours within a day.
        ("2026-11-20T20:00+00:00", "2026-11-21T06:00+00:00", ("21:00", "07:00")),
        ("2026-11-21T05:59:59+00:00", "2026-11-21T06:00+00:00", ("21:00", "07:00")),
        ("2026-11-21T06:00+00:00", "2026-11-21T06:00+00:00", ("21:00", "07:00")),
        ("2026-11-20T19:59:59+00:00", "2026-11-20T19:59:59+00:00", ("21:00", "07:00")),
        ("2026-11-20T11:30+00:00", "2026-11-20T13:00+00:00", ("12:00", "14:00")),
    ],
)
def test_b13_a_mail_that_is_due_at_a_quiet_hour_leaves_when_it_ends(
    due: str, leaves: str, quiet: tuple[str, str]
) -> None:
    held = hold(at(due), hours(*quiet))
    assert held.until == at(leaves)
    assert held.by == (("quiet_hours",) if due != leaves else ())


def test_sundays_and_public_holidays_are_whole_days_by_the_customers_clock() -> None:
    no_sunday = hours(sundays=False)
    # Saturday 22:10 in Copenhagen: quiet, then a Sunday, then quiet until Monday 07:00.
    assert hold(at("2026-11-21T22:10+01:00"), no_sunday) == Hold(
        until=at("2026-11-23T07:00+01:00"), by=("quiet_hours", "sunday")
    )
    assert hold(at("2026-11-21T22:10+01:00"), hours()).until == at("2026-11-22T07:00+01:00")
    # Christmas Day and the day after it, a Friday and a Saturday, and then a Sunday.
    closed = hours(sundays=False, holidays=False)
    assert hold(at("2026-12-25T10:00+01:00"), closed) == Hold(
        until=at("2026-12-28T07:00+01:00"), by=("holiday", "sunday", "quiet_hours")
    )
    # Where no quiet hours hold, the day begins at midnight of that place.
    assert next_allowed(at("2026-12-25T10:00+01:00"), hours(quiet=None, sundays=False, holidays=False)) == at(
        "2026-12-28T00:00+01:00"
    )
    # King's Day is a holiday in the Netherlands alone.
    assert next_allowed(
        at("2026-04-27T10:00+02:00"), hours(zone="Europe/Amsterdam", country="NL", holidays=False)
    ) == at("2026-04-28T07:00+02:00")
    assert next_allowed(at("2026-04-27T10:00+02:00"), hours(holidays=False)) == at("2026-04-27T10:00+02:00")


def test_a_day_whose_midnight_is_left_out_begins_with_its_first_minute() -> None:
    # In Beirut the clock goes from 00:00 to 01:00 on Sunday 29 March 2026.
    beirut = ContactHours(zone="Asia/Beirut", country="LB", quiet=QuietHours(start="21:00", end="00:00"))
    assert next_allowed(at("2026-03-28T23:30+02:00"), beirut) == at("2026-03-29T01:00+03:00")


def test_a_country_that_is_not_known_has_no_holidays() -> None:
    christmas = at("2026-12-25T10:00+01:00")
    for country in ("", "XX", "dk"):
        assert next_allowed(christmas, hours(country=country, holidays=False)) == christmas
    assert is_public_holiday(christmas.date(), "DK")


def test_quiet_hours_that_begin_when_they_end_are_none() -> None:
    assert forbidding_rule(at("2026-11-20T23:00+01:00"), hours("21:00", "21:00")) is None


HAVNBO = Tenant(id="havnbo", version=1, name="Havnbo", time_zone="Europe/Copenhagen", country="DK")


@pytest.mark.parametrize(
    ("customer", "tenant", "place"),
    [
        ({"time_zone": "America/New_York", "country": "US"}, HAVNBO, Place("America/New_York", "US")),
        ({"time_zone": "Europe/Amsterdam"}, HAVNBO, Place("Europe/Amsterdam", "NL")),
        ({"time_zone": "UTC"}, HAVNBO, Place("UTC", "DK")),
        ({"time_zone": "Mars/Olympus", "country": "NL"}, HAVNBO, Place("Europe/Amsterdam", "NL")),
        ({"country": "DE"}, HAVNBO, Place("Europe/Berlin", "DE")),
        # Nearly all people of Spain have one clock; of Indonesia nobody knows which of three it is.
        ({"country": "ES"}, HAVNBO, Place("Europe/Madrid", "ES")),
        (
            {"country": "ID"},
            HAVNBO,
            Place("Asia/Jakarta", "ID", ("Asia/Jayapura", "Asia/Makassar")),
        ),
        ({"country": "ID", "time_zone": "Asia/Makassar"}, HAVNBO, Place("Asia/Makassar", "ID")),
        ({"country": "XX"}, HAVNBO, Place("Europe/Copenhagen", "XX")),
        ({}, HAVNBO, Place("Europe/Copenhagen", "DK")),
        ({}, None, Place("UTC", "")),
    ],
)
def test_b13_an_unknown_zone_is_that_of_the_country_then_the_companys(
    customer: dict[str, str], tenant: Tenant | None, place: Place
) -> None:
    assert place_of(msgspec.convert({"id": "c-1", **customer}, Customer), tenant) == place


def test_a_country_has_one_zone_of_each_clock_or_that_of_nearly_all_people() -> None:
    assert zones_of_country("DK") == ("Europe/Copenhagen",)
    assert zones_of_country("PT") == ("Europe/Lisbon",)
    assert {"America/New_York", "America/Phoenix", "Pacific/Honolulu"} < set(zones_of_country("US"))
    assert zones_of_country("nowhere") == zones_of_country("ZZ") == ()


def zones_by_name(country: str) -> list[str]:
    return list(get_global("territory_zones")[country])


WIDE = sorted(
    country
    for country in get_global("territory_zones")
    if country.isalpha() and len(zones_by_name(country)) > 1 and country not in {*ONE_CLOCK, "AQ", "ZZ"}
)
"""Without Antarctica, whose clocks have no common day, and without what is no country."""


@given(
    country=st.sampled_from(WIDE),
    moment=st.datetimes(datetime(2026, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    quiet=st.sampled_from([NIGHT, QuietHours(start="20:00", end="09:00")]),
    sundays=st.booleans(),
    holidays=st.booleans(),
)
def test_where_no_zone_is_known_nothing_leaves_at_a_forbidden_time_of_any_zone_of_the_country(
    country: str, moment: datetime, quiet: QuietHours, sundays: bool, holidays: bool
) -> None:
    place = place_of(Customer(id="c-1", country=country), HAVNBO)
    rules = ContactRules(quiet_hours={"mail": quiet}, sundays=sundays, holidays=holidays)
    found = hold(moment, ContactHours.of(rules, place))
    for zone in zones_by_name(country):
        there = ContactHours.of(rules, Place(zone, country))
        assert forbidding_rule(found.until, there) is None, zone
    # And it is the first such minute: just before it one of them forbids it.
    if found.by:
        before = found.until - timedelta(minutes=1)
        assert any(
            forbidding_rule(before, ContactHours.of(rules, Place(zone, country)))
            for zone in zones_by_name(country)
        )


def test_clocks_that_leave_no_common_time_hold_a_mail_for_weeks() -> None:
    rules = ContactRules(quiet_hours={"mail": QuietHours(start="12:00", end="11:00")})
    held = hold(
        at("2026-11-20T10:00+01:00"), ContactHours.of(rules, place_of(Customer(id="c", country="US"), None))
    )
    assert held.by == ("quiet_hours",)
    assert held.until > at("2026-11-27T10:00+01:00")


def test_the_defaults_are_quiet_nights_and_longer_ones_for_texts() -> None:
    known = ContactHours.of(ContactRules(), Place("Europe/Copenhagen", "DK"))
    assert (known.quiet, known.sundays, known.holidays) == (NIGHT, True, True)
    texts = ContactHours.of(ContactRules(), Place("Europe/Copenhagen", "DK"), "sms").quiet
    assert texts == QuietHours(start="20:00", end="09:00")


def test_no_text_leaves_on_a_sunday_or_a_holiday_unless_the_company_says_so_whatever_it_says_of_mail() -> (
    None
):
    copenhagen, sunday = Place("Europe/Copenhagen", "DK"), at("2026-11-22T12:00+01:00")
    christmas = at("2026-12-25T12:00+01:00")
    by_mail = ContactHours.of(ContactRules(), copenhagen)
    assert [next_allowed(moment, by_mail) for moment in (sunday, christmas)] == [sunday, christmas]
    for rules in (ContactRules(), ContactRules(quiet_hours={})):
        texts = ContactHours.of(rules, copenhagen, "sms")
        assert {hold(moment, texts).by[0] for moment in (sunday, christmas)} == {"sunday", "holiday"}
    open_ = ContactHours.of(
        ContactRules(sundays=False, sms_sundays=True, sms_holidays=True), copenhagen, "sms"
    )
    assert [next_allowed(moment, open_) for moment in (sunday, christmas)] == [sunday, christmas]


ZONES = (
    "Europe/Copenhagen",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Asia/Beirut",
    "UTC",
)
CHANGES = tuple(
    at(text)
    for text in (
        *(
            "2026-03-29T01:00+00:00",
            "2026-10-25T01:00+00:00",
            "2026-03-08T07:00+00:00",
            "2026-11-01T06:00+00:00",
        ),
        *(
            "2026-04-04T15:00+00:00",
            "2026-10-03T15:30+00:00",
            "2026-03-28T22:00+00:00",
            "2026-10-24T21:00+00:00",
        ),
    )
)
CLOCK_TIMES = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))


def is_allowed(instant: datetime, known: ContactHours) -> bool:
    """The rules in other words: what a clock on the wall there shows at this instant."""
    local = instant.astimezone(ZoneInfo(known.zone))
    shown = local.strftime("%H:%M")
    if not known.sundays and local.strftime("%A") == "Sunday":
        return False
    if known.quiet is None or known.quiet.start == known.quiet.end:
        return True
    start, end = known.quiet.start, known.quiet.end
    return not (start <= shown < end) if start < end else end <= shown < start


@given(
    near=st.sampled_from(CHANGES),
    minutes=st.integers(-2 * 1440, 1440),
    seconds=st.integers(0, 59),
    zone=st.sampled_from(ZONES),
    start=CLOCK_TIMES,
    end=CLOCK_TIMES,
    sundays=st.booleans(),
)
def test_the_result_is_the_first_allowed_minute_from_then_on(
    near: datetime, minutes: int, seconds: int, zone: str, start: str, end: str, sundays: bool
) -> None:
    due = near + timedelta(minutes=minutes, seconds=seconds)
    known = ContactHours(zone=zone, quiet=QuietHours(start=start, end=end), sundays=sundays)
    found = next_allowed(due, known)
    assert found >= due
    assert is_allowed(found, known)
    assert next_allowed(found, known) == found
    if is_allowed(due, known):
        assert found == due
        return
    minute = due.replace(second=0, microsecond=0)
    while not is_allowed(minute, known):
        minute += timedelta(minutes=1)
    assert found == minute
