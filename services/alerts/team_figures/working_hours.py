"""Open hours of calendars as a table in which a statement looks up how much working time has passed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.alerts.calendars.domain import Calendar
from services.alerts.calendars.open_time import open_from
from services.alerts.rules.setup import CompanySetup


class OpenHours(NamedTuple):
    """A stretch in which a calendar is open, and the open seconds before it."""

    start: datetime
    end: datetime
    before: float


def open_hours(calendar: Calendar, since: datetime, until: datetime) -> list[OpenHours]:
    """The stretches between two instants, in order."""
    found: list[OpenHours] = []
    before = 0.0
    for start, end in open_from(calendar, since):
        if start >= until:
            return found
        found.append(OpenHours(start, end, before))
        before += (end - start).total_seconds()
    raise AssertionError("a calendar never ends")


def hours_of_teams(
    setup: CompanySetup, since: datetime, last_instants: Mapping[UUID, datetime]
) -> Mapping[str, list[Any]]:
    """The open hours of the calendars that teams have, and which team has which.

    Years of several calendars take a second: it runs in a thread.

    :param last_instants: the teams that are asked for, and until when each.
    """
    calendars: dict[UUID, UUID] = {}
    ends: dict[UUID, datetime] = {}
    for key, last in last_instants.items():
        team = setup.teams.get(key)
        if team is not None and team.calendar is not None and team.calendar in setup.calendars:
            calendars[key] = team.calendar
            ends[team.calendar] = max(last, ends.get(team.calendar, last))
    rows = [
        (calendar, *stretch)
        for calendar in sorted(ends)
        for stretch in open_hours(setup.calendars[calendar], since, ends[calendar])
    ]
    return {
        "with_calendar": list(calendars),
        "calendar_of_team": list(calendars.values()),
        "open_calendars": [row[0] for row in rows],
        "open_starts": [row[1] for row in rows],
        "open_ends": [row[2] for row in rows],
        "open_before": [row[3] for row in rows],
    }
