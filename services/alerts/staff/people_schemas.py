"""People as the API takes and answers them: never a password, nor a link to sign in."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, Field

from services.alerts.staff.accounts import MAX_FIELD_CHARS
from services.alerts.teams.domain import CaseTeam
from shared.http.request_body import StrictBody
from shared.permissions import Role

MAX_SEGMENTS = 100
Segments = Annotated[list[Annotated[str, Field(max_length=MAX_FIELD_CHARS)]], Field(max_length=MAX_SEGMENTS)]


class NewPersonBody(StrictBody):
    """Somebody who is invited by mail."""

    address: str = Field(min_length=3, max_length=MAX_FIELD_CHARS, description="Where the invitation goes.")
    name: str = Field(default="", max_length=MAX_FIELD_CHARS, description="Left out: made of the address.")
    role: Role
    segments: Segments = Field(
        default=[], description="The only ones that they see, as `dimension:value`; none: all that you see."
    )


class PersonChange(StrictBody):
    """What of a person is changed; what is left out stays."""

    role: Role | None = None
    segments: Segments | None = Field(default=None, description="All that they see; none: everything.")
    active: bool | None = Field(default=None, description="Whether they may sign in.")


class PersonOut(BaseModel):
    """A colleague."""

    id: UUID
    address: str
    name: str
    role: Role
    segments: list[str]
    active: Annotated[bool, Field(description="Whether they may sign in.")]
    second_factor: Annotated[bool, Field(description="Whether they have one.")]
    teams: Annotated[list[UUID], Field(description="That they are in, or lead; change it by `/v1/teams`.")]
    leads: Annotated[list[UUID], Field(description="Those of them that they lead.")]
    created_at: datetime
    seen_at: Annotated[datetime | None, Field(description="When they last did something, to five minutes.")]

    @classmethod
    def of(cls, person: Any, with_factor: Collection[UUID], teams: Mapping[UUID, CaseTeam]) -> Self:
        """A person as the API answers them."""
        return cls(
            id=person.id,
            address=person.address,
            name=person.name,
            role=person.role,
            segments=list(person.segments),
            active=person.active,
            second_factor=person.id in with_factor,
            teams=[key for key, team in teams.items() if team.has(person.id)],
            leads=[key for key, team in teams.items() if team.leader == person.id],
            created_at=person.created_at,
            seen_at=person.seen_at,
        )


class PeopleList(BaseModel):
    """Everybody whom the caller manages, those who may not sign in last."""

    people: Sequence[PersonOut]
