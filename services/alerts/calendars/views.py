"""What the pages of calendars show."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from services.alerts.calendars.domain import MINUTES_PER_DAY, WEEKDAYS, Calendar
from services.alerts.calendars.schemas import MINUTES_PER_HOUR
from shared.pages.filters import decimal
from shared.pages.language import reader_locale, translated
from shared.pages.page import Page
from shared.values.public_holidays import countries_with_holidays
from shared.values.zones import zone_names


@dataclass(frozen=True, kw_only=True)
class CalendarLine:
    """A calendar in the list."""

    id: UUID
    name: str
    zone: str
    hours: str
    """How long it is open in a week without holidays."""
    country: str
    """The name of the country of its holidays; empty: none."""
    teams: tuple[str, ...]

    @classmethod
    def of(cls, key: UUID, calendar: Calendar, teams: list[str]) -> "CalendarLine":
        """The line of a calendar that these teams have."""
        return cls(
            id=key,
            name=calendar.name,
            zone=calendar.zone,
            hours=hours_of_week(calendar),
            country=country_name(calendar.country),
            teams=tuple(teams),
        )


@dataclass(frozen=True, kw_only=True)
class CalendarsPage(Page):
    """All calendars of a company, and the form of another one."""

    template: ClassVar[str] = "calendars.html"
    calendars: list[CalendarLine]
    new_id: str
    form: Mapping[str, str]
    faults: Mapping[str, str]
    zones: list[tuple[str, str]]
    countries: list[tuple[str, str]]
    days: list[tuple[str, str]]
    slots_of: Callable[[Mapping[str, str], str], range]
    done: str


@dataclass(frozen=True, kw_only=True)
class CalendarPage(Page):
    """One calendar."""

    template: ClassVar[str] = "calendar.html"
    id: UUID
    name: str
    teams: list[str]
    """The names of the teams that have it."""
    drawn: str
    """The fingerprint of what the form is rendered from."""
    refusal: str
    """Why nothing was done, if it is no fault of a field."""
    form: Mapping[str, str]
    faults: Mapping[str, str]
    zones: list[tuple[str, str]]
    countries: list[tuple[str, str]]
    days: list[tuple[str, str]]
    slots_of: Callable[[Mapping[str, str], str], range]
    done: str


def zone_options() -> list[tuple[str, str]]:
    """The zones by name."""
    return [(name, name) for name in sorted(zone_names())]


def country_options() -> list[tuple[str, str]]:
    """No country, then those whose holidays are known, by their names in the reader's language."""
    named = [(code, country_name(code)) for code in countries_with_holidays()]
    return [("", translated("No public holidays")), *sorted(named, key=lambda one: one[1].casefold())]


def country_name(code: str) -> str:
    """The name of a country in the reader's language; empty for none."""
    return str(reader_locale().locale.territories.get(code, code)) if code else ""


def day_options() -> list[tuple[str, str]]:
    """The days of the week with their names in the reader's language."""
    names = reader_locale().locale.days["stand-alone"]["wide"]
    return [(day, names[number][:1].upper() + names[number][1:]) for number, day in enumerate(WEEKDAYS)]


def hours_of_week(calendar: Calendar) -> str:
    """The hours of a week, with a decimal where they are not whole: 37.5."""
    minutes = sum(min(each.end, MINUTES_PER_DAY) - each.start for day in calendar.week for each in day)
    return decimal(f"{minutes / MINUTES_PER_HOUR:.1f}".removesuffix(".0"))
