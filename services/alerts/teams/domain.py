"""Who works on cases: people, their teams, and when somebody is away."""

from datetime import datetime
from uuid import UUID

from shared.events import may_see
from shared.events.envelope import Data, Name, Text
from shared.permissions import CASE_ROLES


class Colleague(Data, frozen=True, kw_only=True):
    """A person of the company."""

    id: UUID
    name: str
    address: str
    role: str
    segments: tuple[str, ...] = ()
    """The segments that they are limited to; none: not limited."""

    @property
    def works_on_cases(self) -> bool:
        """Whether their role does."""
        return self.role in CASE_ROLES

    def may_work_on(self, belongs: list[str]) -> bool:
        """Whether they work on cases, and may see one of these segments."""
        return self.works_on_cases and may_see(self.segments, belongs)


class CaseTeam(Data, frozen=True, kw_only=True):
    """People who share the cases of some segments."""

    name: Name
    members: tuple[UUID, ...] = ()
    leader: UUID | None = None
    segments: tuple[Text, ...] = ()
    """Whose cases are theirs; none: those that are no other team's."""
    calendar: UUID | None = None
    """By whose hours their deadlines count; None: around the clock."""

    def has(self, person: UUID | None) -> bool:
        """Whether somebody is in the team, or leads it; nobody is in none."""
        return person is not None and (person == self.leader or person in self.members)


class Absence(Data, frozen=True, kw_only=True):
    """A time in which somebody is away."""

    person: UUID
    since: datetime
    until: datetime
    deputy: UUID | None = None
    """Who gets their cases meanwhile."""

    def is_of(self, person: UUID, now: datetime) -> bool:
        """Whether it is this person's, and they are away now."""
        return self.person == person and self.since <= now < self.until
