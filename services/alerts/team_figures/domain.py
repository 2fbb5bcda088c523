"""What is counted of the cases of some days, and of whose cases a reader is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from services.alerts.cases.domain.closing import CaseOutcome
from services.alerts.teams.domain import CaseTeam
from shared.permissions import Role


class FigurePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Of how many days figures are told, and of how many cases at least."""

    min_cases: int = 10
    """Of fewer cases no share and no time is told: it would say more of one case than of the work."""
    usual_days: int = 90
    max_days: int = 366
    max_days_ago: int = 5 * 366
    """The first day lies no further back."""


@dataclass(frozen=True, kw_only=True)
class FigureDays:
    """The days on which the cases were opened, both included, by the clock of the company."""

    first: date
    last: date

    @classmethod
    def chosen(
        cls, policy: FigurePolicy, first: date | None, last: date | None, today: date
    ) -> "FigureDays | None":
        """The days of which something is asked; what is left out is taken from the other end, or today.

        None: they leave the calendar.
        """
        more = policy.usual_days - 1
        try:
            if last is None:
                last = today
                if first is not None:
                    last = min(date.fromordinal(first.toordinal() + more), max(first, today))
            return cls(first=first or date.fromordinal(last.toordinal() - more), last=last)
        except (ValueError, OverflowError):
            return None

    def is_in_bounds(self, policy: FigurePolicy, today: date) -> bool:
        """Whether they are in order, not too many, and not too long ago."""
        in_order = self.first <= self.last <= today
        few = (self.last - self.first).days < policy.max_days
        return in_order and few and (today - self.first).days <= policy.max_days_ago

    def instants(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """From when on, and before when."""
        after = date.fromordinal(self.last.toordinal() + 1)
        since, until = (datetime.combine(one, time(), zone) for one in (self.first, after))
        return since.astimezone(UTC), until.astimezone(UTC)


@dataclass(frozen=True, kw_only=True)
class FigureScope:
    """Whose cases are counted; None: everybody's."""

    teams: tuple[UUID, ...] | None = None
    owner: UUID | None = None
    reader: UUID | None = None
    """Whose own cases are counted beside those of the teams."""
    by_team: bool = True
    """Whether the teams are told apart."""

    def counts_team(self, team: UUID | None) -> bool:
        """Whether a team has figures of its own: all of its cases are counted, not the reader's alone."""
        return self.by_team and (self.teams is None or team in self.teams)


class NotTheirs(Exception):
    """Somebody asks for figures that are for others."""


def scope_of(
    role: Role | None,
    person: UUID | None,
    teams: Mapping[UUID, CaseTeam],
    *,
    team: UUID | None = None,
    owner: UUID | None = None,
) -> FigureScope:
    """Whose cases a reader is told of.

    :param role: of a person who is signed in; None: a key, which reads all of its company.
    :param team: the only team that is asked for.
    :param owner: the only person that is asked for.
    :raises NotTheirs: for an agent another person's, for a leader another team's.
    """
    if role == "agent":
        if owner not in {None, person}:
            raise NotTheirs
        return FigureScope(teams=None if team is None else (team,), owner=person, by_team=False)
    own = teams_of_leader(person, teams) if role == "leader" else None
    if team is not None:
        if own is not None and team not in own:
            raise NotTheirs
        return FigureScope(teams=(team,), owner=owner)
    if owner is not None and owner == person:
        return FigureScope(owner=owner)
    return FigureScope(teams=own, owner=owner, reader=person if own is not None else None)


def teams_of_leader(person: UUID | None, teams: Mapping[UUID, CaseTeam]) -> tuple[UUID, ...] | None:
    """The teams that somebody leads or is in; None: the company has none, so nothing tells them apart."""
    if not teams:
        return None
    return tuple(key for key, team in teams.items() if team.has(person))


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How long something took, of so many cases."""

    n: int
    median_hours: float | None
    p90_hours: float | None

    @classmethod
    def of(cls, policy: FigurePolicy, n: int, values: list[float] | None) -> "Spread":
        """The median and the 90th percentile in seconds, of enough cases."""
        if values is None or n < policy.min_cases:
            return cls(n=n, median_hours=None, p90_hours=None)
        return cls(n=n, median_hours=values[0] / 3600, p90_hours=values[1] / 3600)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What is counted of some cases."""

    cases: int
    """That were opened."""
    due: int
    """Of which the first contact was made, or has not been made and was due."""
    in_time: int
    contactable: int
    """Whose customer could be contacted."""
    contacted: int
    ended: int
    """That were closed with an outcome, once at least; merged ones are not."""
    reopened: int
    outcomes: Mapping[CaseOutcome, int]
    """Of those that are closed and of whose closing the reader may know."""
    closed: int
    """The same without the merged ones."""
    with_cause: int
    to_contact: Spread
    to_contact_working: Spread
    """In working hours, of the cases of teams that have a calendar."""
    to_close: Spread
    to_close_working: Spread


@dataclass(frozen=True, kw_only=True)
class FiguresOf:
    """The figures of a team or person; None: of no team, or of nobody."""

    id: UUID | None
    figures: Figures


@dataclass(frozen=True, kw_only=True)
class TeamFigures:
    """All figures of some days."""

    total: Figures
    teams: list[FiguresOf]
    people: list[FiguresOf]
    causes: list[tuple[str, int]]
    """The causes of closed cases, the most frequent first."""


def share(policy: FigurePolicy, part: int, whole: int) -> float | None:
    """Per cent, of enough cases."""
    return 100 * part / whole if whole >= policy.min_cases else None


POLICY = FigurePolicy()
"""Of all companies."""
