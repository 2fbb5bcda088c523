"""The figures of the themes: how many of the unhappy name each, and the score with and without it. Pure.

What a theme is linked with is not what it causes: who names it may be unhappy for another reason.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from services.scorer.domain import MIN_ANSWERS_SHOWN, Groups, impact_of
from shared.values.proportions import Interval, wilson

NO_ANSWERS = Groups(0, 0, 0)


class MatchedAnswers(NamedTuple):
    """Answers that are alike in what is counted of themes."""

    themes: tuple[str, ...]
    wrote: bool
    """Whether they have a comment."""
    is_matched: bool
    """Whether it was matched by the present themes."""
    groups: Groups


class ThemeShare(NamedTuple):
    """How many of the unhappy customers who wrote name a theme."""

    part: int
    whole: int

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval of the share; None of fewer than ten."""
        return wilson(self.part, self.whole) if self.whole >= MIN_ANSWERS_SHOWN else None


@dataclass(frozen=True, kw_only=True)
class ThemeFigure:
    """One theme in the comments of a window."""

    theme: str
    groups: Groups
    """The answers whose comment names it."""
    share: ThemeShare
    impact: Fraction | None
    """The score of all answers less that of those that do not name it, in points; None where one of the two
    has fewer than ten answers, or too few name it."""


@dataclass(frozen=True, kw_only=True)
class ThemeFigures:
    """All themes in the comments of a window; those that most of the unhappy name first."""

    answers: Groups
    wrote: Groups
    """Those with a comment."""
    covered: Groups
    """Those whose comment names a theme."""
    waiting: int
    """Comments that were not matched by the present themes yet."""
    themes: tuple[ThemeFigure, ...]

    @property
    def uncovered(self) -> int:
        """How many comments name no theme."""
        return self.wrote.n - self.covered.n

    @property
    def uncovered_unhappy(self) -> int:
        """How many comments of unhappy customers name no theme."""
        return self.wrote.detractors - self.covered.detractors


def figures_of(counted: Iterable[MatchedAnswers], known: Sequence[str]) -> ThemeFigures:
    """The figures of answers that were counted by their themes.

    :param known: the ids of the present themes, in their order; what is matched by others names nothing.
    """
    answers = wrote = covered = NO_ANSWERS
    waiting = 0
    by_theme: defaultdict[str, Groups] = defaultdict(lambda: NO_ANSWERS)
    for each in counted:
        answers = _sum(answers, each.groups)
        if not each.wrote:
            continue
        wrote = _sum(wrote, each.groups)
        waiting += 0 if each.is_matched else each.groups.n
        named = [theme for theme in known if theme in each.themes]
        covered = _sum(covered, each.groups) if named else covered
        for theme in named:
            by_theme[theme] = _sum(by_theme[theme], each.groups)
    figures = [
        ThemeFigure(
            theme=theme,
            groups=by_theme[theme],
            share=ThemeShare(by_theme[theme].detractors, wrote.detractors),
            impact=impact_of(by_theme[theme], answers),
        )
        for theme in known
    ]
    figures.sort(key=lambda each: (-each.groups.detractors, -each.groups.n))
    return ThemeFigures(answers=answers, wrote=wrote, covered=covered, waiting=waiting, themes=tuple(figures))


def _sum(one: Groups, other: Groups) -> Groups:
    return Groups(
        one.detractors + other.detractors, one.passives + other.passives, one.promoters + other.promoters
    )
