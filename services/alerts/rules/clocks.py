"""What a rule says of time: how urgent a case is, by when what is due, and who is told of a delay."""

from typing import Literal, get_args
from uuid import UUID

from services.alerts.calendars.working_time import TimeLimit
from shared.events.envelope import Data

Priority = Literal["urgent", "high", "normal", "low"]
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
"""The most urgent first."""
RecipientRole = Literal["team_leader", "leader", "agent", "admin"]
"""``team_leader``: the one of the case's team; the others are roles of people who may see the case."""
RECIPIENT_ROLES: tuple[RecipientRole, ...] = get_args(RecipientRole)


class Recipient(Data, frozen=True, kw_only=True, omit_defaults=True):
    """Whom something is for: a team, a person, or everybody of a role."""

    team: UUID | None = None
    person: UUID | None = None
    role: RecipientRole | None = None


class Escalation(Data, frozen=True, kw_only=True, omit_defaults=True):
    """One level: who is told when a deadline has been missed for so long."""

    after: TimeLimit = TimeLimit()
    to: Recipient


class Clocks(Data, frozen=True, kw_only=True):
    """The time limits of a case."""

    first_contact: TimeLimit
    closing: TimeLimit
    warn_percent: int = 75
    """After how much of a time limit whoever has the case is reminded; 0: not at all."""
    escalations: tuple[Escalation, ...] = (Escalation(to=Recipient(role="team_leader")),)
    """In order; each level is of a later time than the one before."""


def more_urgent(one: Priority, other: Priority) -> Priority:
    """The more urgent of two."""
    return min(one, other, key=PRIORITIES.index)
