"""Bodies and answers of ``/v1/waves``."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, Field, StrictInt, field_validator, model_validator

from services.dispatcher.waves.drawing import (
    DEFAULT_SPREAD_HOURS,
    MAX_MARGIN,
    MAX_SIZE,
    MAX_SPREAD_HOURS,
    MIN_MARGIN,
    Wave,
    WaveState,
)
from services.dispatcher.waves.wave_commands import WaveRequest
from shared.events.segments import BadSegment, clean_segments
from shared.http.instants import Instant
from shared.http.request_body import StrictBody
from shared.values.messages import message

ONE_OF_TWO = message("Give “size” or “margin”, one of the two.")


class WaveBody(StrictBody):
    """A random group of the known customers, asked once by a relational survey."""

    survey_id: Annotated[UUID, Field(strict=False)]
    size: StrictInt | None = Field(default=None, ge=1, le=MAX_SIZE, description="How many customers.")
    margin: StrictInt | None = Field(
        default=None,
        ge=MIN_MARGIN,
        le=MAX_MARGIN,
        description="In place of `size`: half the width of the score's 95 % interval, in points. As many "
        "customers are chosen as the answers for it take, by the survey's response rate of the last year "
        "(20 % until 100 mails were sent) and its shares (the worst until 100 answers came).",
    )
    segments: dict[str, Any] = Field(default={}, description="Customers of all of these alone.")
    start_at: Annotated[Instant | None, Field(strict=False, description="Not past; now, if left out.")] = None
    spread_hours: StrictInt = Field(
        default=DEFAULT_SPREAD_HOURS,
        ge=0,
        le=MAX_SPREAD_HOURS,
        description="Over how many hours they are asked, evenly; 0: as fast as it goes. A survey's first day "
        "lets only so many mails leave in an hour.",
    )

    @field_validator("segments")
    @classmethod
    def _clean(cls, sent: dict[str, Any]) -> dict[str, str]:
        try:
            return clean_segments(sent)
        except BadSegment as bad:
            raise ValueError(bad.remedy) from None

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if (self.size is None) == (self.margin is None):
            raise ValueError(ONE_OF_TWO)
        return self

    def request(self) -> WaveRequest:
        """What is wanted."""
        return WaveRequest(
            self.survey_id, self.size, self.margin, self.segments, self.start_at, self.spread_hours
        )


class WaveSummary(BaseModel):
    """A wave in the list of all."""

    id: UUID
    survey_id: UUID
    state: WaveState
    size: int = Field(
        description="How many customers it is to choose; by a margin, until it begins, of those known when "
        "it was made."
    )
    margin: int | None
    segments: dict[str, str]
    start_at: datetime
    spread_hours: int
    created_at: datetime
    chosen: int | None = Field(description="How many were chosen; null until it begins.")
    published: int = Field(description="For how many of them an event was published.")
    decided: dict[str, int] = Field(
        description="What was decided about them: `invited`, or why they are not asked."
    )
    ended_at: datetime | None = Field(description="When its last customer was reached, or it was stopped.")

    @classmethod
    def of(cls, wave: Wave, decided: dict[str, int], **more: object) -> Self:
        """The answer about a wave."""
        fields = {name: getattr(wave, name) for name in cls.model_fields if hasattr(wave, name)}
        return cls(**fields, decided=decided, **more)


class WaveAnswer(WaveSummary):
    """A wave as it is."""

    last_mail_at: datetime | None = Field(
        description="When the last mail is expected to leave: by `spread_hours`, the survey's delay and "
        "first day, and the hours at which the company writes. Customers' own hours, other mails of the "
        "survey and the rules that let a single mail wait may make it later. Null where no mail leaves: the "
        "wave has nobody, its survey is not live, or the company is in test mode."
    )


class WaveList(BaseModel):
    """A page of waves."""

    waves: list[WaveSummary]
    next: str | None = Field(default=None, description="Give it as `after` to get the next page.")
