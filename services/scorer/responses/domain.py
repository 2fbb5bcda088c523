"""Of customers who were asked, how many answered, and what the silence of the others could mean. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Literal, Self

from services.scorer.asked.domain import AskedCounts
from services.scorer.domain import MIN_ANSWERS_SHOWN, NO_GROUPS, Groups, sum_of_groups
from shared.values.proportions import wilson

MIN_ASKED = 10
"""Of fewer customers no share is told, as with scores."""
MAX_WINDOW_DAYS = 366
MAX_PARTS = 200
"""Values of a dimension that are listed."""
UNHAPPIEST_SHARE = 0.1
MIN_UNITS = 2
"""With fewer parts or days none is unhappier than another."""

SilenceReason = Literal["few_answers", "few_parts"]
UnitKind = Literal["segment", "day"]


@dataclass(frozen=True, slots=True)
class ResponseCounts:
    """What was counted of invitations; each figure is of the same ones."""

    asked: int = 0
    delivered: int = 0
    """Those of which nobody has said that they did not arrive."""
    opened: int = 0
    """Those whose link was followed, answered ones among them."""
    answered: int = 0
    groups: Groups = NO_GROUPS
    """Of those that were answered."""
    open_until: datetime | None = None
    """When the last of their links ends; None: there are none."""

    @classmethod
    def of(cls, counts: AskedCounts, open_until: datetime | None = None) -> Self:
        """What was counted."""
        return cls(*counts, open_until=open_until)

    def __add__(self, other: "ResponseCounts") -> "ResponseCounts":
        ends = [end for end in (self.open_until, other.open_until) if end is not None]
        return ResponseCounts(
            asked=self.asked + other.asked,
            delivered=self.delivered + other.delivered,
            opened=self.opened + other.opened,
            answered=self.answered + other.answered,
            groups=self.groups + other.groups,
            open_until=max(ends, default=None),
        )

    @property
    def silent(self) -> int:
        """How many have not answered."""
        return self.asked - self.answered

    def share(self, part: int) -> "AskedShare | None":
        """How many per cent of those asked a part of them is; None of too few."""
        return AskedShare.of(part, self.asked) if self.asked >= MIN_ASKED else None


def sum_of(counts: Iterable[ResponseCounts]) -> ResponseCounts:
    """All of them together."""
    return sum(counts, ResponseCounts())


@dataclass(frozen=True, slots=True)
class AskedShare:
    """A share of those who were asked in per cent, with its 95 % interval (Wilson's)."""

    percent: float
    low: float
    high: float

    @classmethod
    def of(cls, part: int, whole: int) -> Self:
        """The share of a part; ``whole`` is at least 1."""
        low, high = wilson(part, whole)
        return cls(100 * part / whole, 100 * low, 100 * high)


@dataclass(frozen=True, slots=True)
class Silence:
    """Where the score could stand if all had answered. Not a correction of the score: nobody knows."""

    score: float
    """Of those who answered."""
    unhappiest: float
    """The score of the unhappiest tenth."""
    if_unhappy: float
    """The score of all who were asked, if those who did not answer were like the unhappiest tenth."""
    units: int
    """Of how many parts or days the unhappiest tenth was taken."""

    @property
    def low(self) -> float:
        return min(self.score, self.if_unhappy)

    @property
    def high(self) -> float:
        return max(self.score, self.if_unhappy)


def silence_of(
    answered: Groups, silent: int, groups_by_unit: Mapping[str, Groups]
) -> Silence | SilenceReason:
    """The range of the score, if those who did not answer were like the unhappiest tenth, or like the others.

    With n answers whose score is s, and m customers who did not answer:

    - The units are the parts (segments of one dimension that do not contain each other) or days with at least
      10 answers; there are k of them. The unhappiest tenth are the ceil(k / 10) with the lowest scores, of
      equal ones the first by name. Their answers together have the score u.
    - If the silent ones were like these, the score of all who were asked would be (n s + m u) / (n + m).
    - If they were like those who answered, it would be s.

    The range lies between the two. It is wider than what chance makes likely: the lowest of several parts is
    low by chance, too. So it warns of what the silence may hide, and estimates nothing.

    :param silent: m.
    :returns: why there is none, where fewer than 10 answered or fewer than two units have 10 answers.
    """
    if answered.n < MIN_ANSWERS_SHOWN:
        return "few_answers"
    enough = {name: groups for name, groups in groups_by_unit.items() if groups.n >= MIN_ANSWERS_SHOWN}
    if len(enough) < MIN_UNITS:
        return "few_parts"
    by_score = sorted(enough.items(), key=lambda unit: (unit[1].points, unit[0]))
    lowest = [groups for _, groups in by_score[: ceil(UNHAPPIEST_SHARE * len(enough))]]
    unhappiest = sum_of_groups(lowest).points
    score = answered.points
    return Silence(
        score=score,
        unhappiest=unhappiest,
        if_unhappy=(answered.n * score + silent * unhappiest) / (answered.n + silent),
        units=len(enough),
    )


def without_containers(segments: Iterable[str]) -> set[str]:
    """Those segments that contain no other one of them: of ``x:north`` and ``x:north/sales`` the second."""
    names = set(segments)
    above = {
        "/".join(parts[:level])
        for name in names
        for parts in [name.split("/")]
        for level in range(1, len(parts))
    }
    return names - above
