"""Comparisons and trends by brute force: from the answers themselves, by formulas that are written down anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from statistics import NormalDist
from typing import Any
from uuid import UUID

import pytest

from shared.events import Answer
from shared.events.segments import segments_of

Z = 1.959963984540054


@dataclass(frozen=True)
class CountedAnswers:
    """The answers of a segment, a measurement and some days."""

    scores: tuple[int, ...]

    @property
    def n(self) -> int:
        return len(self.scores)

    @property
    def counts(self) -> list[int]:
        return [self.scores.count(score) for score in range(11)]

    @property
    def unhappy(self) -> int:
        return sum(score <= 6 for score in self.scores)

    @property
    def happy(self) -> int:
        return sum(score >= 9 for score in self.scores)

    @property
    def nps(self) -> float:
        return 100 * (self.happy - self.unhappy) / self.n

    @property
    def mean(self) -> float:
        """With ¾ promoter, ¾ detractor and 1½ passives more."""
        return (self.happy - self.unhappy) / (self.n + 3)

    @property
    def squared_error(self) -> float:
        return ((self.happy + self.unhappy + 1.5) / (self.n + 3) - self.mean**2) / (self.n + 3)

    @property
    def ends(self) -> tuple[float, float]:
        reach = Z * sqrt(self.squared_error)
        low, high = 100 * (self.mean - reach), 100 * (self.mean + reach)
        return min(self.nps, max(-100.0, low)), max(self.nps, min(100.0, high))


def newest(history: Sequence[Answer]) -> list[Answer]:
    """The newest version of each answer that counts."""
    found: dict[UUID, Answer] = {}
    for answer in history:
        if answer.id not in found or found[answer.id].version < answer.version:
            found[answer.id] = answer
    return [
        each
        for each in found.values()
        if not each.test and each.state != "clicked" and each.score is not None and each.day is not None
    ]


def answers_in(
    history: Sequence[Answer], measurement: str, first: date, last: date, *segments: str
) -> CountedAnswers:
    """Those that lie in all of these segments."""
    return CountedAnswers(
        tuple(
            answer.score
            for answer in newest(history)
            if answer.score is not None
            and answer.day is not None
            and answer.measurement == measurement
            and first <= answer.day <= last
            and set(segments) <= set(segments_of(answer))
        )
    )


def rounded(value: float) -> int:
    """Halves away from zero."""
    return int(value + 0.5) if value >= 0 else -int(0.5 - value)


def p_of(before: CountedAnswers, now: CountedAnswers) -> float:
    """Two-sided, of the difference of two scores."""
    error = sqrt(before.squared_error + now.squared_error)
    return 2 * NormalDist().cdf(-abs(now.mean - before.mean) / error)


def accepted(ps: Sequence[float], share: float = 0.1) -> list[bool]:
    """Benjamini-Hochberg by its definition: up to the largest p that lies below its line."""
    bound = max(
        (p for p in ps if p <= share * sum(other <= p for other in ps) / len(ps)),
        default=-1.0,
    )
    return [p <= bound for p in ps]


def check_score(body: dict[str, Any], expected: CountedAnswers) -> None:
    """Fails where the figures of a side or period are not those of the answers."""
    assert body["n"] == expected.n
    if body.get("counts") is not None:
        assert body["counts"] == expected.counts
    if "detractors" in body:
        groups = (expected.unhappy, expected.n - expected.unhappy - expected.happy, expected.happy)
        assert (body["detractors"], body["passives"], body["promoters"]) == groups
    if expected.n < 10:
        assert body["nps"] is None
        assert body["margin"] is None
        return
    assert body["nps"] == pytest.approx(expected.nps, abs=1e-9)
    assert (body["margin"]["low"], body["margin"]["high"]) == pytest.approx(expected.ends, abs=1e-9)


def check_difference(body: dict[str, Any], before: CountedAnswers, now: CountedAnswers) -> None:
    """Fails where a difference is not that of the answers, or is told of too few."""
    check_score(body["asked"], now)
    check_score(body["against"], before)
    found = body["difference"]
    if min(before.n, now.n) < 30:
        assert found is None
        assert body["verdict"] == "too_few"
        assert body["reason"]
        return
    assert body["reason"] is None
    assert found["points"] == rounded(now.nps) - rounded(before.nps)
    middle, reach = now.mean - before.mean, Z * sqrt(before.squared_error + now.squared_error)
    ends = (100 * (middle - reach), 100 * (middle + reach))
    assert (found["margin"]["low"], found["margin"]["high"]) == pytest.approx(ends, abs=1e-9)
    assert found["p"] == pytest.approx(p_of(before, now), abs=1e-9)


def verdict(before: CountedAnswers, now: CountedAnswers, *, beyond: bool) -> str:
    """What a difference of enough answers is called."""
    points = rounded(now.nps) - rounded(before.nps)
    if not beyond or points * (now.mean - before.mean) <= 0:
        return "chance"
    return "higher" if points > 0 else "lower"


def spans(first: date, last: date, by: str) -> list[tuple[date, date]]:
    """The days, weeks or months from one day to another, day by day."""
    found: dict[object, list[date]] = {}
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        keys = {"day": day, "week": day.isocalendar()[:2], "month": (day.year, day.month)}
        found.setdefault(keys[by], []).append(day)
    return [(days[0], days[-1]) for days in found.values()]
