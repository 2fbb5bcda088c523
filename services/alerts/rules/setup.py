"""All that a company has set up for its cases, as one value that deciding functions are given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from uuid import UUID

from services.alerts.calendars.domain import Calendar
from services.alerts.rules.domain import DEFAULT_RULES, CaseRules
from services.alerts.teams.domain import Absence, CaseTeam, Colleague


@dataclass(frozen=True, kw_only=True)
class CompanySetup:
    """The newest rules of a company, its teams, calendars, absences and active people."""

    rules: CaseRules = DEFAULT_RULES
    rules_version: int = 0
    """0: it has set none, and has the defaults."""
    teams: Mapping[UUID, CaseTeam] = field(default_factory=dict)
    calendars: Mapping[UUID, Calendar] = field(default_factory=dict)
    absences: tuple[Absence, ...] = ()
    people: Mapping[UUID, Colleague] = field(default_factory=dict)

    @property
    def needs_event(self) -> bool:
        """Whether the event counts: for the rules, or for whom a team must not leave alone with a case."""
        return self.rules.need_event or bool(self.teams)

    @property
    def routes(self) -> bool:
        """Whether a case without a recipient of its own may be for less than everybody who may see it."""
        return bool(self.teams) or self.rules.account_manager is not None or self.rules.handler is not None

    def calendar_of(self, team: UUID | None) -> Calendar | None:
        """The calendar of a team; None: its deadlines run around the clock."""
        found = self.teams.get(team) if team is not None else None
        return (
            self.calendars.get(found.calendar) if found is not None and found.calendar is not None else None
        )

    def team_name(self, team: UUID | None) -> str:
        """What a team is called; empty: it is none, or is not there any more."""
        found = self.teams.get(team) if team is not None else None
        return found.name if found is not None else ""

    def teams_of(self, person: UUID) -> list[UUID]:
        """The teams that a person is in, or leads."""
        return [key for key, team in self.teams.items() if team.has(person)]

    def person_named(self, text: str) -> UUID | None:
        """Whom a system names by id, mail address or name; a name that several people have names nobody."""
        wanted = text.strip().casefold()
        return self._by_name.get(wanted)

    def absence_of(self, person: UUID) -> Absence | None:
        """The absence of a person, which may be over."""
        return next((one for one in self.absences if one.person == person), None)

    def coming_absence_of(self, person: UUID, now: datetime) -> Absence | None:
        """The absence of a person unless it is over."""
        found = self.absence_of(person)
        return found if found is not None and found.until > now else None

    def stand_in(self, person: UUID, now: datetime) -> UUID | None:
        """The person, or who stands in for them now, or for that one; None: nobody does."""
        passed: set[UUID] = set()
        current: UUID | None = person
        while current is not None and current not in passed:
            passed.add(current)
            away = next(
                (one for one in self.absences if one.person == current and one.since <= now < one.until), None
            )
            if away is None:
                return current if current in self.people else None
            current = away.deputy
        return None

    @cached_property
    def _by_name(self) -> dict[str, UUID | None]:
        found: dict[str, UUID | None] = {}
        for one in self.people.values():
            name = one.name.casefold()
            found[name] = None if name in found else one.id
        for one in self.people.values():
            found |= {str(one.id): one.id, one.address.casefold(): one.id}
        return found


DEFAULT_SETUP = CompanySetup()
"""Of a company that has set up nothing."""
