"""Benchmarks as the API takes and answers them."""

import re
from datetime import date, datetime
from typing import Annotated, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from services.scorer.access import MAX_SEGMENT_LENGTH
from services.scorer.benchmarks.benchmark_commands import BenchmarkDraft
from services.scorer.benchmarks.domain import (
    MAX_ANSWERS,
    MAX_LINK_CHARS,
    MAX_NAME_CHARS,
    MAX_SOURCE_CHARS,
    Benchmark,
    Beside,
    BesideKind,
    BesideReason,
    BesideVerdict,
)
from services.scorer.benchmarks.reading import BesideRead
from services.scorer.domain import MIN_ANSWERS_SHOWN, score_interval
from services.scorer.parameters import read_segment
from services.scorer.schemas import WindowBody
from shared.events.surveys import NpsMeasurement
from shared.http.request_body import StrictBody
from shared.values.messages import message
from shared.values.rounding import half_up
from shared.values.text import normalized_text

_NO_SPACE = re.compile(r"[\x21-\x7e]+")
MAX_DIMENSION_CHARS = 200


def _text(given: str) -> str:
    if not (text := normalized_text(given)):
        raise ValueError(message("Is blank. Fill it."))
    return text


def _link(given: str) -> str:
    fault = message("Write an address that begins with https://, or leave it empty.")
    if not given:
        return given
    try:
        parts = urlsplit(given)
        whole = _NO_SPACE.fullmatch(given) and parts.scheme == "https" and parts.hostname
        named = parts.username is not None or parts.password is not None
    except ValueError:
        raise ValueError(fault) from None
    if not whole or named:
        raise ValueError(fault)
    return given


def _tenths(given: float) -> float:
    return half_up(10 * given) / 10


BenchmarkDay = Annotated[date, Field(strict=False)]


class BenchmarkBody(StrictBody):
    """A published benchmark."""

    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS), AfterValidator(_text)] = Field(
        examples=["Webshops in Denmark"], description="What it is the score of."
    )
    source: Annotated[str, Field(min_length=1, max_length=MAX_SOURCE_CHARS), AfterValidator(_text)] = Field(
        examples=["Branch survey 2026, page 12"], description="Who published it, and where."
    )
    link: Annotated[str, Field(max_length=MAX_LINK_CHARS), AfterValidator(_link)] = Field(
        default="", description="An https address of the source."
    )
    score: Annotated[float, Field(ge=-100, le=100), AfterValidator(_tenths)] = Field(
        examples=[42], description="From -100 to +100; kept with one decimal."
    )
    n: Annotated[int, Field(ge=1, le=MAX_ANSWERS)] | None = Field(
        default=None, description="How many answers it is of; left out: not known, so it has no range."
    )
    first: BenchmarkDay | None = Field(default=None, description="Of the days that it is of.")
    last: BenchmarkDay = Field(description="The last of these days, or the day on which it was published.")
    measurement: NpsMeasurement = Field(
        default="transactional", description="Which of our scores it may stand beside."
    )
    segment: Annotated[str, Field(max_length=MAX_SEGMENT_LENGTH)] = Field(
        default="", description="dimension:value that it may stand beside; left out: the whole company."
    )
    dimension: Annotated[str, Field(max_length=MAX_DIMENSION_CHARS)] = Field(
        default="", description="In place of a segment: it stands beside each value of this dimension."
    )

    def draft(self) -> BenchmarkDraft:
        """What is asked for.

        :raises Problem: 422 for a segment that is none.
        """
        return BenchmarkDraft(
            name=self.name,
            source=self.source,
            link=self.link or None,
            score=self.score,
            n=self.n,
            first=self.first,
            last=self.last,
            measurement=self.measurement,
            segment=read_segment(self.segment),
            dimension=self.dimension,
        )


class BenchmarkOut(BaseModel):
    """A published benchmark. It is no goal."""

    id: UUID
    name: str
    source: str
    link: str | None
    score: float
    n: int | None = Field(description="Null: how many answers it is of is not known.")
    low: float | None = Field(
        description="Of the widest 95 % range that this score and number of answers allow (adjusted Wald, as "
        "if none of the answers were a passive's); null without the number."
    )
    high: float | None
    first: date | None
    last: date
    measurement: NpsMeasurement
    segment: str | None = Field(description="Null: the whole company, or each value of `dimension`.")
    dimension: str | None
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, benchmark: Benchmark) -> Self:
        """As it is answered."""
        low, high = benchmark.interval or (None, None)
        return cls(
            id=benchmark.id,
            name=benchmark.name,
            source=benchmark.source,
            link=benchmark.link,
            score=benchmark.score,
            n=benchmark.n,
            low=low,
            high=high,
            first=benchmark.first,
            last=benchmark.last,
            measurement=benchmark.measurement,
            segment=benchmark.segment or None,
            dimension=benchmark.dimension or None,
            created_at=benchmark.created_at,
            changed_at=benchmark.changed_at,
        )


class BenchmarkList(BaseModel):
    """All published benchmarks that the caller may see, by name."""

    benchmarks: list[BenchmarkOut]


class BesideDifference(BaseModel):
    """The score less the one beside it: the two-sample z test with adjusted means."""

    points: float = Field(description="The difference of the two scores as they are shown.")
    low: float = Field(description="Of the 95 % interval of the difference.")
    high: float
    p: float


class BesideRow(BaseModel):
    """A score that stands beside the one asked for."""

    kind: BesideKind = Field(
        description="`last_year`: the same days last year; `others`: the other values of its dimension "
        "together; `published`: a benchmark that somebody entered."
    )
    benchmark: BenchmarkOut | None = Field(description="The published one.")
    first: date | None = Field(description="Of its days.")
    last: date
    score: float | None = Field(description="Null below ten answers.")
    n: int | None = Field(description="Null: not known, of a published one.")
    low: float | None = Field(description="Of its 95 % range; of a published one the widest there can be.")
    high: float | None
    difference: BesideDifference | None
    verdict: BesideVerdict | None = Field(
        description="`higher` or `lower`: the score is so beyond chance, among all differences that are told "
        "here at once (Benjamini-Hochberg at 10 %), with p < 0.05."
    )
    reason: BesideReason | None = Field(
        description="Why there is no difference: `no_number`: how many answers the published score is of is "
        "not known; `few_answers`: the score asked for has fewer than 30; `few_published`: the other one has."
    )

    @classmethod
    def of(cls, row: Beside) -> Self:
        """As it is answered."""
        published, change = row.benchmark, row.change
        low, high = row.interval or (None, None)
        if published is not None:
            first, last = published.first, published.last
        elif row.window is not None:
            first, last = row.window.first, row.window.last
        else:
            raise ValueError("a score is of a benchmark, or of days of the company")
        return cls(
            kind=row.kind,
            benchmark=None if published is None else BenchmarkOut.of(published),
            first=first,
            last=last,
            score=row.score,
            n=row.n,
            low=low,
            high=high,
            difference=None
            if change is None
            else BesideDifference(points=change.points, low=change.low, high=change.high, p=change.p),
            verdict=row.verdict,
            reason=row.reason,
        )


class BesideOut(BaseModel):
    """A score, and what stands beside it to be seen with it. None of these is a goal."""

    segment: str | None = Field(description="dimension:value; null for the whole company.")
    measurement: NpsMeasurement
    window: WindowBody
    n: int
    score: float | None = Field(description="Null below ten answers.")
    low: float | None
    high: float | None
    beside: list[BesideRow]
    tests: int = Field(description="How many differences are told at once.")

    @classmethod
    def of(cls, read: BesideRead) -> Self:
        """As it is answered."""
        window, groups = read.window, read.groups
        interval = score_interval(groups) if groups.n >= MIN_ANSWERS_SHOWN else None
        return cls(
            segment=read.segment or None,
            measurement=read.measurement,
            window=WindowBody(
                days=window.days, from_=window.first, until=window.last, time_zone=read.time_zone
            ),
            n=groups.n,
            score=groups.points if interval else None,
            low=interval[0] if interval else None,
            high=interval[1] if interval else None,
            beside=[BesideRow.of(row) for row in read.rows],
            tests=read.tests,
        )
