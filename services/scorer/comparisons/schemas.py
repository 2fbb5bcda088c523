"""Comparisons and trends as the API answers them."""

from datetime import date
from typing import Self

from pydantic import BaseModel, Field, JsonValue

from services.scorer.api import no_score_reason
from services.scorer.comparisons.domain import ComparedSide, Comparison, ComparisonVerdict
from services.scorer.comparisons.labels import finding_of, too_few_reason
from services.scorer.comparisons.periods import CountedPeriod, PeriodUnit, RollingWindow
from services.scorer.comparisons.reading import ReadComparisons, ReadTrend
from services.scorer.domain import (
    CONFIDENCE,
    MAX_FALSE_ALARM_SHARE,
    MIN_ANSWERS_SHOWN,
    Groups,
    groups_of,
    score_interval,
)
from services.scorer.improvements.schemas import DifferenceOut, PeriodOut, difference_of
from services.scorer.schemas import MarginBody
from shared.events.surveys import NpsMeasurement

_ELEVEN: dict[str, JsonValue] = {"minItems": 11, "maxItems": 11}
_NULL_OF_FEW = "Null below ten answers."


def margin_of(groups: Groups) -> MarginBody | None:
    """The range of a score; None of too few answers."""
    interval = score_interval(groups) if groups.n >= MIN_ANSWERS_SHOWN else None
    return MarginBody(level=CONFIDENCE, low=interval[0], high=interval[1]) if interval else None


def nps_of(groups: Groups) -> float | None:
    """A score as it is told; None of too few answers."""
    return groups.points if groups.n >= MIN_ANSWERS_SHOWN else None


class ComparedSideOut(BaseModel):
    """One of two things that are compared."""

    segment: str | None = Field(description="dimension:value; null for the whole company.")
    period: PeriodOut
    running: bool = Field(description="Whether its last day is not over yet.")
    n: int
    counts: list[int] | None = Field(
        description="Answers with each score from 0 to 10; null for the values of a dimension.",
        json_schema_extra=_ELEVEN,
    )
    detractors: int
    passives: int
    promoters: int
    nps: float | None = Field(description=f"From -100 to +100. {_NULL_OF_FEW}")
    margin: MarginBody | None = Field(description=_NULL_OF_FEW)
    reason: str | None = Field(description="Why there is no score; null where there is one.")

    @classmethod
    def of(cls, side: ComparedSide, today: date) -> Self:
        """As it is answered."""
        groups = side.groups
        return cls(
            segment=side.segment or None,
            period=PeriodOut.of(side.window),
            running=side.window.last >= today,
            n=groups.n,
            counts=list(side.counts) if side.counts is not None else None,
            detractors=groups.detractors,
            passives=groups.passives,
            promoters=groups.promoters,
            nps=nps_of(groups),
            margin=margin_of(groups),
            reason=no_score_reason(groups.n),
        )


class ComparisonOut(BaseModel):
    """Two sides and their difference: `asked` minus `against`."""

    asked: ComparedSideOut
    against: ComparedSideOut
    difference: DifferenceOut | None = Field(
        description="Of the scores as they are shown, with the interval and p of the adjusted two-sample z "
        "test. Null with fewer than 30 answers on a side."
    )
    verdict: ComparisonVerdict = Field(
        description="`higher` and `lower` are beyond chance: p < 0.05, so that the interval does not hold "
        "zero, and of several those that Benjamini and Hochberg accept."
    )
    marked: bool = Field(description="Beyond chance, and of five points at least: pages mark it.")
    reason: str | None = Field(description="Why there is no difference; null where there is one.")

    @classmethod
    def of(cls, compared: Comparison, today: date) -> Self:
        """As it is answered."""
        return cls(
            asked=ComparedSideOut.of(compared.asked, today),
            against=ComparedSideOut.of(compared.against, today),
            difference=difference_of(compared.change),
            verdict=compared.verdict,
            marked=compared.is_marked,
            reason=too_few_reason(compared),
        )


class ComparisonsOut(BaseModel):
    """What is compared, and each difference. It is no experiment: other things may differ, too."""

    measurement: NpsMeasurement
    time_zone: str
    finding: str = Field(description="What the figures say, in words.")
    tests: int = Field(description="How many differences were tested at once.")
    false_alarm_share: float | None = Field(
        description="Of the differences that are called beyond chance, the share that may be expected to be "
        "chance (Benjamini-Hochberg); null where one alone is asked for."
    )
    left_out: int = Field(
        description="Values of the dimension beyond the first thousand, which were tested as well."
    )
    comparisons: list[ComparisonOut] = Field(description="Those that are marked first, then by p.")

    @classmethod
    def of(cls, read: ReadComparisons) -> Self:
        """As it is answered."""
        return cls(
            measurement=read.query.measurement,
            time_zone=read.tenant.time_zone,
            finding=finding_of(read),
            tests=read.tests,
            false_alarm_share=MAX_FALSE_ALARM_SHARE if read.query.has_several else None,
            left_out=read.left_out,
            comparisons=[ComparisonOut.of(each, read.today) for each in read.comparisons],
        )


class RollingOut(BaseModel):
    """The score of the window that ends with a period. Windows that overlap cannot be compared."""

    period: PeriodOut
    n: int
    nps: float | None = Field(description=_NULL_OF_FEW)
    margin: MarginBody | None = Field(description=_NULL_OF_FEW)

    @classmethod
    def of(cls, rolling: RollingWindow) -> Self:
        """As it is answered."""
        groups = groups_of(rolling.counts)
        return cls(
            period=PeriodOut.of(rolling.window), n=groups.n, nps=nps_of(groups), margin=margin_of(groups)
        )


class TrendPeriodOut(BaseModel):
    """A day, week or month, as far as it lies within the days that are asked for."""

    period: PeriodOut
    partial: bool = Field(description="Whether days of it were not asked for, or are not over yet.")
    n: int
    counts: list[int] = Field(description="Answers with each score from 0 to 10.", json_schema_extra=_ELEVEN)
    nps: float | None = Field(description=f"From -100 to +100. {_NULL_OF_FEW}")
    margin: MarginBody | None = Field(description=_NULL_OF_FEW)
    rolling: RollingOut | None = Field(description="Null unless `rolling` is asked for.")

    @classmethod
    def of(cls, counted: CountedPeriod) -> Self:
        """As it is answered."""
        groups = groups_of(counted.counts)
        return cls(
            period=PeriodOut.of(counted.period.window),
            partial=counted.period.partial,
            n=groups.n,
            counts=list(counted.counts),
            nps=nps_of(groups),
            margin=margin_of(groups),
            rolling=RollingOut.of(counted.rolling) if counted.rolling is not None else None,
        )


class TrendOut(BaseModel):
    """The score of a segment over time."""

    segment: str | None = Field(description="dimension:value; null for the whole company.")
    measurement: NpsMeasurement
    time_zone: str
    by: PeriodUnit
    period: PeriodOut
    rolling_days: int | None
    periods: list[TrendPeriodOut]

    @classmethod
    def of(cls, read: ReadTrend) -> Self:
        """As it is answered."""
        query = read.query
        return cls(
            segment=query.segment or None,
            measurement=query.measurement,
            time_zone=read.tenant.time_zone,
            by=query.by,
            period=PeriodOut.of(query.asked),
            rolling_days=query.rolling_days,
            periods=[TrendPeriodOut.of(each) for each in read.periods],
        )
