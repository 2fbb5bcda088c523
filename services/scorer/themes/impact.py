"""The figures of the themes: how many of the unhappy name each, and the score with and without it. Pure.

What a theme is linked with is not what it causes: who names it may be unhappy for another reason.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, NamedTuple

from services.scorer.domain import MIN_ANSWERS_SHOWN, NO_GROUPS, Groups, impact_of, impact_reach
from shared.values.proportions import Interval, wilson

ThemeOrder = Literal["frequency", "impact"]
"""Those first that most of the unhappy name, or with which the lowest scores are linked."""


class MatchedAnswers(NamedTuple):
    """Answers that are alike in what is counted of themes."""

    themes: tuple[str, ...]
    wrote: bool
    """Whether they have a comment."""
    is_matched: bool
    """Whether it was matched by the present themes."""
    groups: Groups


@dataclass(frozen=True, kw_only=True)
class ThemeSums:
    """The answers of a window, summed by theme."""

    answers: Groups
    wrote: Groups
    """Those with a comment."""
    named: Groups
    """Those whose comment named a theme when it was matched."""
    by_theme: Mapping[str, Groups]
    """Those whose comment names each theme."""
    waiting: Sequence[MatchedAnswers] = ()
    """Those with a comment that was not matched by the present themes yet; they are in all of the above."""


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
    reach: float | None
    """Half the width of the 95 % range of the impact, in points; None without an impact."""


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
    ids = set(known)
    own = (each._replace(themes=tuple(filter(ids.__contains__, each.themes))) for each in counted)
    return figures_of_sums(sums_of(own), known)


def sums_of(counted: Iterable[MatchedAnswers]) -> ThemeSums:
    """The sums of answers that were counted by their themes."""
    answers = wrote = named = NO_GROUPS
    waiting: list[MatchedAnswers] = []
    by_theme: defaultdict[str, Groups] = defaultdict(lambda: NO_GROUPS)
    for each in counted:
        answers = answers + each.groups
        if not each.wrote:
            continue
        wrote = wrote + each.groups
        named = named + each.groups if each.themes else named
        for theme in each.themes:
            by_theme[theme] = by_theme[theme] + each.groups
        if not each.is_matched:
            waiting.append(each)
    return ThemeSums(answers=answers, wrote=wrote, named=named, by_theme=by_theme, waiting=waiting)


def figures_of_sums(sums: ThemeSums, known: Sequence[str]) -> ThemeFigures:
    """The figures of answers that were summed by theme.

    :param known: as in :func:`figures_of`.
    """
    by_theme = {theme: sums.by_theme.get(theme, NO_GROUPS) for theme in known}
    covered = sums.named
    for each in sums.waiting:
        # What waits may name themes of before alone.
        if each.themes and not set(each.themes) & by_theme.keys():
            covered = covered - each.groups
    figures = [_figure(theme, by_theme[theme], sums) for theme in known]
    figures.sort(key=lambda each: (-each.groups.detractors, -each.groups.n))
    return ThemeFigures(
        answers=sums.answers,
        wrote=sums.wrote,
        covered=covered,
        waiting=sum(each.groups.n for each in sums.waiting),
        themes=tuple(figures),
    )


def _figure(theme: str, groups: Groups, sums: ThemeSums) -> ThemeFigure:
    impact = impact_of(groups, sums.answers)
    return ThemeFigure(
        theme=theme,
        groups=groups,
        share=ThemeShare(groups.detractors, sums.wrote.detractors),
        impact=impact,
        reach=impact_reach(groups, sums.answers) if impact is not None else None,
    )


def ordered(figures: ThemeFigures, order: ThemeOrder) -> ThemeFigures:
    """The same in an order. By impact those that take the most from the score come first, those without an
    impact last.
    """
    if order == "frequency":
        return figures
    found = sorted(figures.themes, key=lambda each: (each.impact is None, each.impact or 0))
    return replace(figures, themes=tuple(found))


def unhappy_only(sums: ThemeSums) -> ThemeSums:
    """The detractors with a comment alone."""
    wrote = Groups(sums.wrote.detractors, 0, 0)
    return ThemeSums(
        answers=wrote,
        wrote=wrote,
        named=Groups(sums.named.detractors, 0, 0),
        by_theme={theme: Groups(groups.detractors, 0, 0) for theme, groups in sums.by_theme.items()},
        waiting=[each._replace(groups=Groups(each.groups.detractors, 0, 0)) for each in sums.waiting],
    )
