"""Marks as the API takes and answers them."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from services.scorer.access import MAX_SEGMENT_LENGTH
from services.scorer.domain import MIN_ANSWERS_SHOWN, Groups, score_interval
from services.scorer.marks.domain import MAX_MARK_CHARS, MarkReason
from services.scorer.marks.reading import ReadMark
from services.scorer.windows import Window
from shared.http.request_body import StrictBody
from shared.values.messages import message
from shared.values.text import normalized_text


def _text(given: str) -> str:
    if not (text := normalized_text(given)):
        raise ValueError(message("Is blank. Fill it."))
    return text


MarkText = Annotated[str, Field(min_length=1, max_length=MAX_MARK_CHARS), AfterValidator(_text)]
MarkDay = Annotated[date, Field(strict=False)]
MarkSegment = Annotated[str, Field(max_length=MAX_SEGMENT_LENGTH)]


class MarkBody(StrictBody):
    """A new mark."""

    day: MarkDay = Field(description="On which it happened, or is to happen.")
    text: MarkText = Field(examples=["New prices"], description="What happened. Name nobody.")
    segment: MarkSegment = Field(default="", description="dimension:value; left out: the whole company.")


class MarkChange(StrictBody):
    """What is to change of a mark; what is left out stays."""

    day: MarkDay | None = None
    text: MarkText | None = None
    segment: MarkSegment | None = Field(default=None, description="Empty: the whole company.")


class MarkWindowOut(BaseModel):
    """The answers of 30 days, and their score."""

    first: date
    last: date
    n: int | None = Field(description="Null where the reader may not see the segment.")
    nps: float | None = Field(
        description="Null below ten answers, and of the days after the mark until they are over."
    )
    low: float | None = Field(description="Of the 95 % interval (adjusted Wald).")
    high: float | None

    @classmethod
    def of(cls, window: Window, groups: Groups, *, counted: bool, scored: bool) -> Self:
        """As it is answered."""
        interval = score_interval(groups) if scored and groups.n >= MIN_ANSWERS_SHOWN else None
        return cls(
            first=window.first,
            last=window.last,
            n=groups.n if counted else None,
            nps=groups.points if interval else None,
            low=interval[0] if interval else None,
            high=interval[1] if interval else None,
        )


class MarkChangeOut(BaseModel):
    """The score after the mark less that before it: the two-sample z test with adjusted means."""

    points: float = Field(description="The difference of the two scores as they are shown.")
    low: float = Field(description="Of the 95 % interval of the difference.")
    high: float
    p: float


class MarkOut(BaseModel):
    """A mark on the trend, and how its segment stood before and after its day, which is in neither."""

    id: UUID
    day: date
    text: str
    segment: str | None = Field(description="Null: the whole company.")
    before: MarkWindowOut
    after: MarkWindowOut
    change: MarkChangeOut | None
    reason: MarkReason | None = Field(
        description="Why there is no change: `running`: the days after it are not over; `too_few`: there are "
        "fewer than 30 answers before or after it; `not_shown`: the caller may not see this segment's scores."
    )
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, read: ReadMark) -> Self:
        """As it is answered."""
        mark, compared = read.mark, read.comparison
        counted, change = compared.reason != "not_shown", compared.change
        return cls(
            id=mark.id,
            day=mark.day,
            text=mark.text,
            segment=mark.segment or None,
            before=MarkWindowOut.of(compared.before, compared.groups_before, counted=counted, scored=True),
            after=MarkWindowOut.of(
                compared.after, compared.groups_after, counted=counted, scored=not compared.running
            ),
            change=None
            if change is None
            else MarkChangeOut(points=change.points, low=change.low, high=change.high, p=change.p),
            reason=compared.reason,
            created_at=mark.created_at,
            changed_at=mark.changed_at,
        )


class MarkList(BaseModel):
    """Marks, the latest day first."""

    marks: list[MarkOut]
    next: str | None = Field(description="Send it as `after` for the next ones; null at the end.")
