"""A calendar: the hours in which a team works, by its own clock, without its holidays and closed days."""

from datetime import date, timedelta

from shared.events.envelope import Data, Name

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MINUTES_PER_DAY = 1440


class Opening(Data, frozen=True, kw_only=True):
    """A stretch of a day, in minutes since midnight by the clock on the wall; the end is not in it."""

    start: int
    end: int


class Calendar(Data, frozen=True, kw_only=True):
    """When a team works. It is open in some hour of the week."""

    name: Name
    zone: Name
    week: tuple[tuple[Opening, ...], ...]
    """The openings of each day, from Monday on: in order, and none touches the next one."""
    country: str = ""
    """Whose public holidays are closed; empty: none are."""
    closed: tuple[date, ...] = ()
    """Further days that are closed."""

    @property
    def day_length(self) -> timedelta:
        """What counts as one working day: as much as the longest day of the week."""
        longest = max(sum(opening.end - opening.start for opening in day) for day in self.week)
        return timedelta(minutes=longest)
