"""Bodies of the JSON responses."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from shared.events.surveys import NpsMeasurement

Confidence = Literal["0.90", "0.9", "0.95", "0.99"]


class WindowBody(BaseModel):
    """The days that were counted, both ends included."""

    days: int
    from_: date = Field(serialization_alias="from")
    until: date
    time_zone: str


class MarginBody(BaseModel):
    """The adjusted Wald interval, in points."""

    level: float
    low: float
    high: float


class ScoreBody(BaseModel):
    """How a segment stands."""

    segment: str | None = Field(
        description="dimension:value; null for the whole company, and where `segments` names several."
    )
    segments: list[str] = Field(
        description="The answers lie in all of these; none: the whole company. Of a path its lowest level."
    )
    measurement: NpsMeasurement
    window: WindowBody
    amended: Literal["latest", "first"] = Field(description="Which score of an amended answer counts.")
    per: Literal["answer", "customer"] = Field(
        description="Whether every answer counts, or of each customer the latest one."
    )
    as_of: datetime | None = Field(
        description="At which moment the answers are counted; null: as they are now."
    )
    n: int
    counts: list[int] = Field(
        description="Answers with each score from 0 to 10.",
        json_schema_extra={"minItems": 11, "maxItems": 11},
    )
    detractors: int
    passives: int
    promoters: int
    nps: float | None = Field(description="From -100 to +100; null below ten answers.")
    margin: MarginBody | None = Field(description="Null where there is no score.")
    wanted: int | None = Field(description="The margin that is asked for, in points; null: none.")
    more_needed: int | None = Field(
        description="How many more answers the wanted margin takes, if they are like these; null where none "
        "is wanted, and where there is no score."
    )
    reason: str | None = Field(description="Why there is no score; null where there is one.")


class SegmentBody(BaseModel):
    """A segment, and how many answers it has in the window."""

    segment: str
    dimension: str
    value: str
    n: int
    counts: list[int] = Field(
        description="Answers with each score from 0 to 10.",
        json_schema_extra={"minItems": 11, "maxItems": 11},
    )
    detractors: int
    passives: int
    promoters: int
    nps: float | None = Field(description="From -100 to +100; null below ten answers.")
    margin: MarginBody | None = Field(description="Null where there is no score.")
    reason: str | None = Field(description="Why there is no score; null where there is one.")


class SegmentsBody(BaseModel):
    """Segments by name."""

    segments: list[SegmentBody]
    next: str | None = Field(description="Send it as `after` for the next ones; null at the end.")
