"""The figures as the API answers them."""

from datetime import date
from typing import Self

from pydantic import BaseModel, Field

from services.scorer.dashboard.domain import ComparedGroups, LeastAnswered, WeekStandingOut
from services.scorer.dashboard.reading import CaseFigures, RankingRead
from services.scorer.domain import MIN_ANSWERS_SHOWN, ScoreChange, score_interval
from services.scorer.responses.schemas import ResponseCountsOut
from services.scorer.schemas import WindowBody
from services.scorer.windows import Window
from shared.events import Tenant
from shared.events.surveys import NpsMeasurement

_OF_FEW = "Null below ten."


class RestDifferenceOut(BaseModel):
    """A score less that of the rest, by the two-sample test of the pages."""

    points: float = Field(description="Of the two scores as they are shown, in whole points.")
    low: float
    high: float
    p: float

    @classmethod
    def of(cls, change: ScoreChange | None) -> Self | None:
        """As it is answered."""
        if change is None:
            return None
        return cls(points=change.points, low=change.low, high=change.high, p=change.p)


class BesideRestOut(BaseModel):
    """A score beside that of the rest."""

    n: int
    nps: float | None = Field(description=_OF_FEW)
    low: float | None = Field(description="The end of the 95 % interval.")
    high: float | None
    rest_n: int
    rest_nps: float | None = Field(description="Of all others together. Null below ten.")
    difference: RestDifferenceOut | None = Field(description="Null with fewer than 30 on one side.")
    is_lower: bool = Field(
        description="Whether it is lower than the rest by more than chance (p < 0.05, and accepted by "
        "Benjamini-Hochberg)."
    )


class FoundWeekOut(BesideRestOut):
    """The week that is lower than the other weeks of the window and the one before."""

    first: date
    last: date
    tests: int = Field(description="How many weeks were compared.")


class RankedSegmentOut(BesideRestOut):
    """A segment beside the others of its dimension."""

    segment: str


class RankingOut(BaseModel):
    """The segments of a dimension, of the organisation those of one level."""

    dimension: str | None = Field(description="Null: there is none that can be told.")
    measurement: NpsMeasurement
    window: WindowBody
    lowest: str | None = Field(description="The lowest of those that are lower than the others.")
    tests: int = Field(description="How many were compared with the others.")
    ranked: list[RankedSegmentOut] = Field(description="With 30 answers or more, the lowest first.")
    few: list[RankedSegmentOut] = Field(description="With fewer answers, by name: they have no rank.")

    @classmethod
    def of(cls, read: RankingRead, tenant: Tenant) -> Self:
        """As it is answered."""
        ranking = read.ranking
        lowest = ranking.lowest
        rows = [
            [RankedSegmentOut(segment=row.segment, **_beside(row.compared)) for row in rows]
            for rows in (ranking.ranked, ranking.few)
        ]
        return cls(
            dimension=read.dimension or None,
            measurement=read.measurement,
            window=window_body(read.window, tenant),
            lowest=lowest.segment if lowest else None,
            tests=ranking.tests,
            ranked=rows[0],
            few=rows[1],
        )


class LeastAnsweredOut(ResponseCountsOut):
    """The part of which the lowest share answered, where it is below that of the others beyond chance."""

    segment: str
    rest_asked: int
    rest_answered: int
    points: float = Field(description="Its share less that of the others, in points of a per cent.")
    low: float
    high: float
    p: float
    tests: int = Field(description="How many parts were compared.")


class FoundCauseOut(BaseModel):
    """A cause with which staff closed cases."""

    cause: str
    cases: int
    with_cause: int = Field(description="How many cases were closed with a cause.")
    share: float = Field(description="Of these, from 0 to 1.")


def window_body(window: Window, tenant: Tenant) -> WindowBody:
    """The days, as they are answered."""
    return WindowBody(days=window.days, from_=window.first, until=window.last, time_zone=tenant.time_zone)


def week_out(week: WeekStandingOut | None) -> FoundWeekOut | None:
    """As it is answered."""
    if week is None:
        return None
    days = {"first": week.window.first, "last": week.window.last}
    return FoundWeekOut(**days, tests=week.tests, **_beside(week.compared))


def causes_out(cases: CaseFigures) -> list[FoundCauseOut]:
    """As they are answered."""
    return [
        FoundCauseOut(
            cause=each.cause, cases=each.cases.with_cause, with_cause=each.cases.cases, share=each.cases.share
        )
        for each in cases.causes
    ]


def least_out(least: LeastAnswered | None) -> LeastAnsweredOut | None:
    if least is None:
        return None
    return LeastAnsweredOut(
        **ResponseCountsOut.of(least.counts).model_dump(),
        segment=least.segment,
        rest_asked=least.rest.asked,
        rest_answered=least.rest.answered,
        **least.difference._asdict(),
        tests=least.tests,
    )


def _beside(each: ComparedGroups) -> dict[str, object]:
    interval = score_interval(each.groups) if each.groups.n >= MIN_ANSWERS_SHOWN else None
    return {
        "n": each.groups.n,
        "nps": each.groups.points if interval else None,
        "low": interval[0] if interval else None,
        "high": interval[1] if interval else None,
        "rest_n": each.rest.n,
        "rest_nps": each.rest.points if each.rest.n >= MIN_ANSWERS_SHOWN else None,
        "difference": RestDifferenceOut.of(each.change),
        "is_lower": each.is_lower,
    }
