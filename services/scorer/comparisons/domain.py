"""What may be compared with what, and what a difference is called. Pure.

Every difference is that of the two-sample z test of the pages (:func:`compare_groups`), and which are beyond
chance, alone or among several, is the rule of all pages (:func:`beyond_chance`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from services.scorer.domain import (
    MIN_MOVE_POINTS,
    Groups,
    ScoreChange,
    compare_groups,
    is_comparable,
)
from services.scorer.verdicts import Direction, beyond_chance
from services.scorer.windows import Window
from shared.events import WHOLE_COMPANY
from shared.events.segments import chain_of
from shared.values.messages import Message, message

ComparisonVerdict = Literal["too_few", "chance", "higher", "lower"]
MAX_SEGMENTS_COMPARED = 80
"""That may be named in one request, each by a parameter of a query, which has a hundred at most."""
MAX_ROWS_COMPARED = 1_000
"""Of the values of a dimension those are told of that stand first; all of them are tested."""


class NotComparable(Exception):
    """Two things whose difference would mean nothing: the parameter, and the reason."""

    def __init__(self, field: str, reason: Message) -> None:
        super().__init__(str(reason))
        self.field = field
        self.reason = reason


def check_windows(asked: Window, against: Window) -> None:
    """Windows that share days hold the same answers in part.

    :raises NotComparable: where they do.
    """
    if shared := asked.shared_days(against):
        raise NotComparable(
            "before_from",
            message(
                "The two windows share %(n)s day: what both have in them cannot differ. Choose windows that "
                "do not touch.",
                "The two windows share %(n)s days: what both have in them cannot differ. Choose windows that "
                "do not touch.",
                n=shared,
            ),
        )


def check_segments(asked: str, against: str) -> None:
    """A segment is part of the company, and a path part of each level above it.

    :raises NotComparable: where one of the two contains the other.
    """
    if asked == against:
        raise NotComparable("with", message("Both are the same segment. Choose another one."))
    if WHOLE_COMPANY in (asked, against):
        raise NotComparable(
            "with",
            message(
                "A segment is part of the whole company: what both have in them cannot differ. Name two "
                "segments."
            ),
        )
    if asked in chain_of(against) or against in chain_of(asked):
        raise NotComparable(
            "with",
            message(
                "One of the two segments contains the other: what both have in them cannot differ. Choose "
                "two that stand beside each other."
            ),
        )


def check_shared_answers(n: int) -> None:
    """Segments of different dimensions may have answers in common.

    :param n: how many answers lie in both.
    :raises NotComparable: where there are any.
    """
    if n:
        raise NotComparable(
            "with",
            message(
                "%(n)s answer lies in both segments: what both have in them cannot differ. Choose two of one "
                "kind.",
                "%(n)s answers lie in both segments: what both have in them cannot differ. Choose two of one "
                "kind.",
                n=n,
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedSide:
    """One of two things that are compared: a segment in a window."""

    segment: str
    window: Window
    groups: Groups
    counts: tuple[int, ...] | None
    """Answers with each score from 0 to 10; None: only the three groups are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two sides, and what can be said of their difference."""

    asked: ComparedSide
    against: ComparedSide
    change: ScoreChange | None
    """From ``against`` to ``asked``; None where one of them has too few answers."""
    verdict: ComparisonVerdict

    @property
    def is_marked(self) -> bool:
        """Whether it is beyond chance, and large enough to matter."""
        return (
            self.verdict in {"higher", "lower"}
            and self.change is not None
            and abs(self.change.points) >= MIN_MOVE_POINTS
        )


def compare_sides(asked: ComparedSide, against: ComparedSide) -> Comparison:
    """One difference, by itself."""
    (compared,) = compare_pairs([(asked, against)])
    return compared


def compare_pairs(pairs: Iterable[tuple[ComparedSide, ComparedSide]]) -> list[Comparison]:
    """Several differences at once: those beyond chance first, then by p, those with too few answers last."""
    found = [(asked, against, _change(asked, against)) for asked, against in pairs]
    called = beyond_chance([change for _, _, change in found])
    compared = [
        Comparison(asked=asked, against=against, change=change, verdict=_verdict_of(change, direction))
        for (asked, against, change), direction in zip(found, called, strict=True)
    ]
    return sorted(compared, key=_order)


def _verdict_of(change: ScoreChange | None, direction: Direction | None) -> ComparisonVerdict:
    if change is None:
        return "too_few"
    return direction or "chance"


def _change(asked: ComparedSide, against: ComparedSide) -> ScoreChange | None:
    if not is_comparable(against.groups, asked.groups):
        return None
    return compare_groups(against.groups, asked.groups)


def _order(compared: Comparison) -> tuple[bool, bool, float, str]:
    p = compared.change.p if compared.change is not None else 1.0
    return (not compared.is_marked, compared.change is None, p, compared.asked.segment)
