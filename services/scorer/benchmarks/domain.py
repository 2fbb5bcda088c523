"""Published benchmarks, and how a score stands beside others. Pure.

Of a published score mostly nothing but the score and the number of answers is known. An answer's variance
is p + d - s², for the shares p and d of promoters and detractors and the score s = p - d from -1 to +1. It is
largest where there are no passives: then p + d = 1. So the range of a published score is the adjusted
Wald interval with this variance, the widest that a score and a number of answers allow: with n answers,
(n + 1.5) / (n + 3) - (n s / (n + 3))², the three pseudo answers included. The true range is no wider, and a
difference that the test calls beyond chance is so whatever the shares were.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.scorer.domain import (
    CONFIDENCE,
    INNER_CONFIDENCE,
    INNER_PSEUDO_ANSWERS,
    MIN_ANSWERS_COMPARED,
    MIN_ANSWERS_SHOWN,
    Groups,
    ScoreChange,
    clamped_interval,
    compare_estimates,
    compare_groups,
    estimate,
    is_comparable,
    score_interval,
)
from services.scorer.verdicts import beyond_chance
from services.scorer.windows import Window
from shared.events.surveys import NpsMeasurement
from shared.values.rounding import half_up
from shared.values.score_estimates import PSEUDO_ANSWERS, estimate_of_sums

MAX_BENCHMARKS_PER_COMPANY = 200
MAX_NAME_CHARS = 80
MAX_SOURCE_CHARS = 200
MAX_LINK_CHARS = 500
MAX_ANSWERS = 10**9

BesideKind = Literal["last_year", "others", "published"]
"""The same days last year; the other values of the segment's dimension; entered by somebody."""
BesideVerdict = Literal["higher", "lower", "chance"]
BesideReason = Literal["no_number", "few_answers", "few_published"]
"""Why nothing is told of a difference: how many answers a published score has is not known; the company's own
side has fewer than 30; the other one has."""


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """A score that somebody else published, or that the company has from elsewhere."""

    id: UUID
    name: str
    source: str
    link: str | None
    """An https address of the source."""
    score: float
    """From -100 to +100."""
    n: int | None
    """How many answers it is of; None: not known."""
    first: date | None
    """Of the days that it is of; None: only the last one is known."""
    last: date
    measurement: NpsMeasurement
    segment: str
    """What it may stand beside; empty: the whole company, or each value of ``dimension``."""
    dimension: str
    """Empty: it is about ``segment``."""
    created_at: datetime
    changed_at: datetime

    @property
    def interval(self) -> tuple[float, float] | None:
        """The widest 95 % range; None where the number of answers is not known."""
        return None if self.n is None else widest_interval(self.score, self.n)


def widest_estimate(score: float, n: int, pseudo: float = PSEUDO_ANSWERS) -> tuple[float, float]:
    """Mean and standard error from -1 to +1 of a score in points, as if no answer were a passive's."""
    return estimate_of_sums(n, n * score / 100, n, pseudo)


def widest_interval(score: float, n: int) -> tuple[float, float]:
    """The widest range that a score and its number of answers allow, in points."""
    return clamped_interval(score, widest_estimate(score, n), CONFIDENCE)


def widest_inner_interval(score: float, n: int) -> tuple[float, float]:
    """The same of half the time, as it is drawn."""
    return clamped_interval(score, widest_estimate(score, n, INNER_PSEUDO_ANSWERS), INNER_CONFIDENCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A score that stands beside the score of a segment or the company."""

    kind: BesideKind
    score: float | None
    """None: fewer than ten answers."""
    n: int | None
    interval: tuple[float, float] | None
    window: Window | None = None
    """Of the company's own answers."""
    groups: Groups | None = None
    """Of the company's own answers."""
    benchmark: Benchmark | None = None
    """The published one."""
    change: ScoreChange | None = None
    """From it to the score; None: it is not told."""
    verdict: BesideVerdict | None = None
    reason: BesideReason | None = None


def own_beside(kind: BesideKind, window: Window, asked: Groups, own: Groups) -> Beside:
    """Other answers of the company beside those that are asked for; none is in both."""
    shown = own.n >= MIN_ANSWERS_SHOWN
    change = compare_groups(own, asked) if is_comparable(own, asked) else None
    return Beside(
        kind=kind,
        score=own.points if shown else None,
        n=own.n,
        interval=score_interval(own) if shown else None,
        window=window,
        groups=own,
        change=change,
        reason=None if change is not None else _too_few(asked),
    )


def published_beside(asked: Groups, benchmark: Benchmark) -> Beside:
    """A published score beside the answers that are asked for."""
    n = benchmark.n
    change: ScoreChange | None = None
    reason: BesideReason | None = None
    if n is None:
        reason = "no_number"
    elif min(n, asked.n) < MIN_ANSWERS_COMPARED:
        reason = _too_few(asked)
    else:
        points = half_up(asked.points) - half_up(benchmark.score)
        change = compare_estimates(points, widest_estimate(benchmark.score, n), estimate(asked))
    return Beside(
        kind="published",
        score=benchmark.score,
        n=n,
        interval=benchmark.interval,
        benchmark=benchmark,
        change=change,
        reason=reason,
    )


def _too_few(asked: Groups) -> BesideReason:
    return "few_answers" if asked.n < MIN_ANSWERS_COMPARED else "few_published"


def verdicts_of(changes: Sequence[ScoreChange]) -> list[BesideVerdict]:
    """What differences are called that are told at once."""
    return [direction or "chance" for direction in beyond_chance(changes)]
