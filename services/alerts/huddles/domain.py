"""The week of a huddle, what was promised in it, and who may read and write it. Pure rules."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from services.alerts.teams.domain import CaseTeam
from shared.permissions import Role

MOST_PROMISES = 6
"""Of one team and week: they fit on the page, and a team keeps few of many."""
MAX_PROMISE_CHARS = 200
MOST_OVERDUE = 6
MOST_DAYS_AHEAD = 366
"""Until when a promise may be given."""
WEEKS_BACK = 5 * 53
"""Of the weeks whose page is there."""
_WEEK = re.compile(r"[0-9]{4}-W[0-9]{2}")


class HuddleWeek(NamedTuple):
    """A week of ISO 8601, by its Monday."""

    monday: date

    @classmethod
    def of(cls, day: date) -> "HuddleWeek":
        """The week of a day."""
        return cls(day - timedelta(days=day.weekday()))

    @classmethod
    def named(cls, name: str) -> "HuddleWeek | None":
        """The week that is called so, such as 2026-W48; None: no week is."""
        if _WEEK.fullmatch(name) is None:
            return None
        try:
            return cls(date.fromisocalendar(int(name[:4]), int(name[6:]), 1))
        except ValueError:
            return None

    @property
    def name(self) -> str:
        """2026-W48."""
        year, week, _ = self.monday.isocalendar()
        return f"{year:04}-W{week:02}"

    @property
    def number(self) -> int:
        """48."""
        return self.monday.isocalendar().week

    @property
    def before(self) -> "HuddleWeek":
        """The week before."""
        return HuddleWeek(date.fromordinal(self.monday.toordinal() - 7))

    @property
    def after(self) -> "HuddleWeek":
        """The week after."""
        return HuddleWeek(date.fromordinal(self.monday.toordinal() + 7))

    def is_in_bounds(self, today: date, weeks_back: int) -> bool:
        """Whether it is this week, or one of so many before it."""
        this = HuddleWeek.of(today).monday
        return 0 <= (this - self.monday).days <= 7 * weeks_back

    def instants(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """From midnight to midnight on the clocks of a zone."""
        since, until = (datetime.combine(day, time(), zone) for day in (self.monday, self.after.monday))
        return since.astimezone(UTC), until.astimezone(UTC)


@dataclass(kw_only=True)
class TeamPromise:
    """What somebody of a team said in a week that they will do."""

    id: UUID
    team_id: UUID
    week: date
    """Its Monday."""
    text: str
    person_id: UUID
    due: date
    made_at: datetime
    done_at: datetime | None = None
    """When it was kept."""


def may_read(role: Role | None, person: UUID | None, team: CaseTeam) -> bool:
    """Whether somebody may read the huddles of a team: administrators, keys, and whoever is in it."""
    return role in {None, "admin"} or team.has(person)


def may_write(role: Role | None, person: UUID | None, team: CaseTeam) -> bool:
    """Whether somebody writes down what the team promises: an administrator, or a leader who is in it."""
    return may_read(role, person, team) and role != "agent"


def teams_of_reader(
    role: Role | None, person: UUID | None, teams: Mapping[UUID, CaseTeam]
) -> dict[UUID, CaseTeam]:
    """The teams whose huddles somebody may read, those that they are in first, then by name."""
    readable = {key: team for key, team in teams.items() if may_read(role, person, team)}

    def place(one: tuple[UUID, CaseTeam]) -> tuple[bool, str, UUID]:
        return (not one[1].has(person), one[1].name.casefold(), one[0])

    return dict(sorted(readable.items(), key=place))
