"""What is told of customers of cases who were asked again. Pure.

Who gave 0 to 6 tends to give more the next time, whatever is done (regression to the mean). So those whom we
reached are compared with those whom nobody reached, who were asked in the same way; and since colleagues
choose whom they reach, even that difference is no proof of a cause.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from services.alerts.cases.domain.closing import ClosingOutcome
from services.alerts.team_figures.domain import FigurePolicy
from shared.values.proportions import fisher, newcombe, wilson

RE_ASK_POLICY = FigurePolicy(usual_days=366, max_days=3 * 366)
"""Of how many days figures are told, and of how many customers at least."""


@dataclass(frozen=True, kw_only=True)
class ReAskCounts:
    """What was counted of some customers who had given 0 to 6 and were asked again."""

    asked: int = 0
    answered: int = 0
    better: int = 0
    """Who now gave 7 to 10."""
    promoters: int = 0
    """Of these, who gave 9 or 10."""
    change: int = 0
    """The points that the answers are higher than the first ones, in all."""

    def __add__(self, other: "ReAskCounts") -> "ReAskCounts":
        return ReAskCounts(
            asked=self.asked + other.asked,
            answered=self.answered + other.answered,
            better=self.better + other.better,
            promoters=self.promoters + other.promoters,
            change=self.change + other.change,
        )


@dataclass(frozen=True, kw_only=True)
class ShareFigure:
    """A share with its 95 % interval, in per cent; None of too few."""

    part: int
    whole: int
    percent: float | None = None
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, part: int, whole: int) -> Self:
        """Of enough customers."""
        if whole < RE_ASK_POLICY.min_cases:
            return cls(part=part, whole=whole)
        low, high = wilson(part, whole)
        return cls(part=part, whole=whole, percent=100 * part / whole, low=100 * low, high=100 * high)


@dataclass(frozen=True, kw_only=True)
class ShareDifference:
    """By how many points of a per cent the share of those we reached is higher, with its 95 % interval."""

    points: float
    low: float
    high: float
    p: float
    """Of Fisher's exact test."""

    @classmethod
    def of(cls, reached: ShareFigure, others: ShareFigure) -> "ShareDifference | None":
        """None: one of the shares is of too few."""
        if reached.percent is None or others.percent is None:
            return None
        counts = reached.part, reached.whole, others.part, others.whole
        low, high = newcombe(*counts)
        points = reached.percent - others.percent
        return cls(points=points, low=100 * low, high=100 * high, p=fisher(*counts))


@dataclass(frozen=True, kw_only=True)
class GroupFigures:
    """What is told of a group."""

    counts: ReAskCounts
    response: ShareFigure
    better: ShareFigure
    promoters: ShareFigure
    mean_change: float | None
    """Points; None of too few answers."""

    @classmethod
    def of(cls, counts: ReAskCounts) -> Self:
        """As it is told."""
        enough = counts.answered >= RE_ASK_POLICY.min_cases
        return cls(
            counts=counts,
            response=ShareFigure.of(counts.answered, counts.asked),
            better=ShareFigure.of(counts.better, counts.answered),
            promoters=ShareFigure.of(counts.promoters, counts.answered),
            mean_change=counts.change / counts.answered if enough else None,
        )


@dataclass(frozen=True, kw_only=True)
class RecoveryFigures:
    """All that is told of the customers who were asked again on some days."""

    reached: GroupFigures
    outcomes: Mapping[ClosingOutcome, GroupFigures]
    """Of those whom we reached, by how their case was closed; of a reader who may know it."""
    not_reached: GroupFigures
    better: ShareDifference | None
    promoters: ShareDifference | None

    @classmethod
    def of(
        cls,
        reached: ReAskCounts,
        not_reached: ReAskCounts,
        outcomes: Mapping[ClosingOutcome, ReAskCounts],
    ) -> Self:
        """As they are told."""
        ours, others = GroupFigures.of(reached), GroupFigures.of(not_reached)
        return cls(
            reached=ours,
            outcomes={outcome: GroupFigures.of(counts) for outcome, counts in outcomes.items()},
            not_reached=others,
            better=ShareDifference.of(ours.better, others.better),
            promoters=ShareDifference.of(ours.promoters, others.promoters),
        )
