"""What the dashboard finds: the week that stands out, who answers least, which segment is lowest. Pure.

Each of several is compared with the rest: all others together, of the organisation those of its level. One is
called lower where :func:`beyond_chance` says so, among all that are compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.scorer.domain import (
    MIN_ANSWERS_COMPARED,
    MIN_MOVE_POINTS,
    Groups,
    ScoreChange,
    compare_groups,
    is_comparable,
    sum_of_groups,
)
from services.scorer.responses.domain import ResponseCounts, sum_of
from services.scorer.share_differences import PlaceShareDifference, share_difference
from services.scorer.verdicts import beyond_chance
from services.scorer.windows import Window
from shared.events.segments import ORGANISATION, dimension_of

MIN_WEEKS = 4
"""With fewer weeks of 30 answers none is said to stand out."""


@dataclass(frozen=True, slots=True)
class ComparedGroups:
    """A week or a segment beside the rest."""

    groups: Groups
    rest: Groups
    change: ScoreChange | None
    """From the score of the rest to its own; None with fewer than 30 answers on one side."""
    is_lower: bool
    """Beyond chance, among all that were compared."""


class WeekStandingOut(NamedTuple):
    """The lowest of the weeks that are lower than the other weeks beyond chance."""

    window: Window
    compared: ComparedGroups
    change: ScoreChange
    tests: int
    """How many weeks were compared."""


class RankedSegment(NamedTuple):
    """A segment beside the others of its dimension."""

    segment: str
    compared: ComparedGroups


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """The segments of a dimension by score; those with few answers apart, by name."""

    ranked: tuple[RankedSegment, ...]
    """With 30 answers or more, the lowest first."""
    few: tuple[RankedSegment, ...]
    tests: int

    @property
    def lowest(self) -> RankedSegment | None:
        """The lowest of those that are lower than the others beyond chance."""
        return next((each for each in self.ranked if each.compared.is_lower), None)


class LeastAnswered(NamedTuple):
    """The part of which the lowest share has answered, of those that are below the rest beyond chance."""

    segment: str
    counts: ResponseCounts
    rest: ResponseCounts
    difference: PlaceShareDifference
    tests: int


def beside_rest(groups: Sequence[Groups], rests: Sequence[Groups]) -> list[ComparedGroups]:
    """Each score beside that of the rest."""
    changes = [
        compare_groups(rest, own) if is_comparable(rest, own) else None
        for own, rest in zip(groups, rests, strict=True)
    ]
    called = beyond_chance(changes)
    return [
        ComparedGroups(own, rest, change, called[number] == "lower")
        for number, (own, rest, change) in enumerate(zip(groups, rests, changes, strict=True))
    ]


def week_standing_out(weeks: Sequence[tuple[Window, Groups]]) -> WeekStandingOut | None:
    """The lowest week, if it is lower than the others by five points at least, and beyond chance.

    :param weeks: such that share no day; one may be cut.
    """
    total = sum_of_groups(groups for _, groups in weeks)
    compared = beside_rest([groups for _, groups in weeks], [total - groups for _, groups in weeks])
    tests = sum(each.change is not None for each in compared)
    found = [
        WeekStandingOut(window, each, each.change, tests)
        for (window, _), each in zip(weeks, compared, strict=True)
        if each.is_lower and each.change is not None and each.change.points <= -MIN_MOVE_POINTS
    ]
    if tests < MIN_WEEKS or not found:
        return None
    return min(found, key=lambda each: (each.compared.groups.points, each.window.first))


def ranking_of(groups: Mapping[str, Groups]) -> Ranking:
    """The segments of a dimension, or of one level of the organisation, that have answers."""
    names = sorted(name for name, own in groups.items() if own.n)
    total = sum_of_groups(groups[name] for name in names)
    own = [groups[name] for name in names]
    compared = beside_rest(own, [total - each for each in own])
    rows = [RankedSegment(name, each) for name, each in zip(names, compared, strict=True)]
    enough = [row for row in rows if row.compared.groups.n >= MIN_ANSWERS_COMPARED]
    return Ranking(
        ranked=tuple(sorted(enough, key=lambda row: (row.compared.groups.points, row.segment))),
        few=tuple(row for row in rows if row.compared.groups.n < MIN_ANSWERS_COMPARED),
        tests=sum(row.compared.change is not None for row in rows),
    )


def least_answered(parts: Mapping[str, ResponseCounts]) -> LeastAnswered | None:
    """The part with the lowest share that answered, where it is below the rest beyond chance."""
    names = sorted(parts)
    whole = {
        level: sum_of(counts for name, counts in parts.items() if level_of(name) == level)
        for level in set(map(level_of, names))
    }
    rests = [_without_asked(whole[level_of(name)], parts[name]) for name in names]
    tests = [
        share_difference(parts[name].answered, parts[name].asked, rest.answered, rest.asked)
        for name, rest in zip(names, rests, strict=True)
    ]
    called = beyond_chance(tests)
    number = sum(test is not None for test in tests)
    found = [
        LeastAnswered(name, parts[name], rest, test, number)
        for place, (name, rest, test) in enumerate(zip(names, rests, tests, strict=True))
        if called[place] == "lower" and test is not None
    ]
    return min(found, key=lambda each: (each.counts.answered / each.counts.asked, each.segment), default=None)


def level_of(segment: str) -> int:
    """Of the organisation the levels lie in each other; all other values stand beside each other."""
    return segment.count("/") if dimension_of(segment) == ORGANISATION else 0


def _without_asked(whole: ResponseCounts, part: ResponseCounts) -> ResponseCounts:
    return ResponseCounts(
        asked=whole.asked - part.asked,
        delivered=whole.delivered - part.delivered,
        opened=whole.opened - part.opened,
        answered=whole.answered - part.answered,
        groups=whole.groups - part.groups,
    )
