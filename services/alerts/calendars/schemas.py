"""Calendars as the API takes and answers them."""

import re
from datetime import date
from itertools import pairwise
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from services.alerts.calendars.domain import MINUTES_PER_DAY, WEEKDAYS, Calendar, Opening
from shared.http.request_body import GivenName, StrictBody
from shared.values.messages import message
from shared.values.places import country_code
from shared.values.zones import zone_names

MAX_CLOSED_DAYS = 400
MAX_OPENINGS = 4
"""On one day."""
MINUTES_PER_HOUR = 60
END_OF_DAY = "24:00"
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def _zone(text: str) -> str:
    if text not in zone_names():
        raise ValueError(message("Write a time zone by its name, such as Europe/Copenhagen."))
    return text


def _country(text: str) -> str:
    code = country_code(text) if text else ""
    if code is None:
        raise ValueError(message("Write a country as its two letters, such as DK."))
    return code


def _time(text: str) -> str:
    if text != END_OF_DAY and not is_clock(text):
        raise ValueError(message("Write a time of day such as 08:00; 24:00 is the end of the day."))
    return text


def _in_order(openings: list["OpeningBody"]) -> list["OpeningBody"]:
    times = [at for each in openings for at in (each.minutes.start, each.minutes.end)]
    if any(later <= earlier for earlier, later in pairwise(times)):
        raise ValueError(
            message("Write the hours of a day in order: each ends after it begins, and before the next one.")
        )
    return openings


TimeOfDay = Annotated[str, Field(max_length=5), AfterValidator(_time)]


class OpeningBody(StrictBody):
    """Hours of a day in which the team works."""

    start: TimeOfDay = Field(alias="from", examples=["08:00"])
    end: TimeOfDay = Field(alias="to", examples=["16:00"])

    @property
    def minutes(self) -> Opening:
        """The same in minutes."""
        return Opening(start=minutes_of(self.start), end=minutes_of(self.end))


Day = Annotated[list[OpeningBody], Field(max_length=MAX_OPENINGS), AfterValidator(_in_order)]


class WeekBody(StrictBody):
    """The hours of each day; a day that is left out is closed."""

    monday: Day = []
    tuesday: Day = []
    wednesday: Day = []
    thursday: Day = []
    friday: Day = []
    saturday: Day = []
    sunday: Day = []


def _open_sometime(week: WeekBody) -> WeekBody:
    if not any(getattr(week, day) for day in WEEKDAYS):
        raise ValueError(message("Write hours for one day at least: what is never open has no deadlines."))
    return week


class CalendarBody(StrictBody):
    """When a team works: deadlines count these hours alone."""

    name: GivenName
    zone: Annotated[str, AfterValidator(_zone)] = Field(max_length=64, examples=["Europe/Copenhagen"])
    week: Annotated[WeekBody, AfterValidator(_open_sometime)]
    country: Annotated[str, AfterValidator(_country)] = Field(
        default="", max_length=10, description="Whose public holidays are closed; left out: none are."
    )
    closed: Annotated[list[Annotated[date, Field(strict=False)]], Field(max_length=MAX_CLOSED_DAYS)] = Field(
        default=[], description="Further days that are closed."
    )

    def calendar(self) -> Calendar:
        """The calendar that it states."""
        week = tuple(tuple(each.minutes for each in getattr(self.week, day)) for day in WEEKDAYS)
        closed = tuple(sorted(set(self.closed)))
        return Calendar(name=self.name, zone=self.zone, week=week, country=self.country, closed=closed)


class CalendarAnswer(BaseModel):
    """A calendar of the company."""

    id: UUID
    name: str
    zone: str
    week: dict[str, list[dict[str, str]]]
    country: str
    closed: list[date]

    @classmethod
    def of(cls, key: UUID, calendar: Calendar) -> "CalendarAnswer":
        """A calendar as the API answers it."""
        return cls(
            id=key,
            name=calendar.name,
            zone=calendar.zone,
            week={
                day: [{"from": clock(each.start), "to": clock(each.end)} for each in openings]
                for day, openings in zip(WEEKDAYS, calendar.week, strict=True)
                if openings
            },
            country=calendar.country,
            closed=list(calendar.closed),
        )


class CalendarList(BaseModel):
    """The calendars of the company."""

    calendars: list[CalendarAnswer]


def is_clock(text: str) -> bool:
    """Whether this is a time of day such as 08:00."""
    return _CLOCK.fullmatch(text) is not None


def minutes_of(text: str) -> int:
    """A time of day such as 08:00, or the end of the day, in minutes since midnight."""
    hours, minutes = text.split(":")
    return int(hours) * MINUTES_PER_HOUR + int(minutes)


def clock(minutes: int) -> str:
    """A time of day by its minutes since midnight."""
    hours, rest = divmod(min(minutes, MINUTES_PER_DAY), MINUTES_PER_HOUR)
    return f"{hours:02}:{rest:02}"
