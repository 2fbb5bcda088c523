"""Teams and absences as the API takes and answers them."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, model_validator

from services.alerts.teams.domain import Absence, CaseTeam
from shared.events.segments import MAX_SEGMENT_BYTES, normalized_segment
from shared.http.request_body import GivenName, StrictBody
from shared.values.messages import message

MAX_MEMBERS = 500
MAX_SEGMENTS = 500


def _segment(text: str) -> str:
    dimension, colon, value = text.partition(":")
    if not (dimension.strip() and colon and value.strip()):
        raise ValueError(message("Write a segment as dimension:value, such as touchpoint:delivery."))
    return normalized_segment(text)


SegmentName = Annotated[str, Field(max_length=MAX_SEGMENT_BYTES), AfterValidator(_segment)]
PersonId = Annotated[UUID, Field(strict=False)]


class TeamBody(StrictBody):
    """People who share the cases of some segments."""

    name: GivenName
    members: Annotated[list[PersonId], Field(max_length=MAX_MEMBERS)] = Field(
        default=[], description="Ids of people who work on cases."
    )
    leader: PersonId | None = Field(
        default=None, description="Who is told of delays, and of cases that the team must not have alone."
    )
    segments: Annotated[list[SegmentName], Field(max_length=MAX_SEGMENTS)] = Field(
        default=[],
        description="Whose cases are theirs, touchpoints too (`touchpoint:delivery`). None: those that are "
        "no other team's.",
    )
    calendar: PersonId | None = Field(
        default=None, description="The calendar in whose hours deadlines count; left out: around the clock."
    )

    def team(self) -> CaseTeam:
        """The team that it states."""
        return CaseTeam(
            name=self.name,
            members=tuple(dict.fromkeys(self.members)),
            leader=self.leader,
            segments=tuple(dict.fromkeys(self.segments)),
            calendar=self.calendar,
        )


class TeamAnswer(BaseModel):
    """A team of the company."""

    id: UUID
    name: str
    members: list[UUID]
    leader: UUID | None
    segments: list[str]
    calendar: UUID | None

    @classmethod
    def of(cls, key: UUID, team: CaseTeam) -> "TeamAnswer":
        """A team as the API answers it."""
        return cls(
            id=key,
            name=team.name,
            members=list(team.members),
            leader=team.leader,
            segments=list(team.segments),
            calendar=team.calendar,
        )


class TeamList(BaseModel):
    """The teams of the company."""

    teams: list[TeamAnswer]


class AbsenceBody(StrictBody):
    """When somebody is away, and who gets their cases meanwhile."""

    since: Annotated[AwareDatetime, Field(strict=False, alias="from")]
    until: Annotated[AwareDatetime, Field(strict=False, alias="to")]
    deputy: PersonId | None = Field(default=None, description="Left out: nobody does.")

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.until <= self.since:
            raise ValueError(message("The absence must end after it begins."))
        return self

    def absence(self, person: UUID) -> Absence:
        """The absence that it states."""
        return Absence(person=person, since=self.since, until=self.until, deputy=self.deputy)


class AbsenceAnswer(BaseModel):
    """An absence of a person."""

    person: UUID
    since: datetime = Field(serialization_alias="from")
    until: datetime = Field(serialization_alias="to")
    deputy: UUID | None

    @classmethod
    def of(cls, absence: Absence) -> "AbsenceAnswer":
        """An absence as the API answers it."""
        return cls(person=absence.person, since=absence.since, until=absence.until, deputy=absence.deputy)


class AbsenceList(BaseModel):
    """The absences of the company's people."""

    absences: list[AbsenceAnswer]
