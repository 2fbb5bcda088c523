"""The figures of themes as pages show them, and the section “Why?” of the scores."""

from dataclasses import dataclass
from typing import NamedTuple

from services.scorer.themes import labels
from services.scorer.themes.domain import ThemeSet
from services.scorer.themes.impact import ThemeFigures
from shared.pages.filters import thousands

MAX_THEMES_ON_SCORES = 5


class ThemeLine(NamedTuple):
    """A theme in a table."""

    id: str
    name: str
    named: str
    """How many unhappy customers name it."""
    share: str
    range: str
    n: str
    """How many comments name it at all."""
    impact: str
    impact_range: str
    tag: str
    """That it is new, or was found by itself; mostly empty."""


@dataclass(frozen=True, kw_only=True)
class Why:
    """The section of the scores about what unhappy customers write."""

    finding: str
    lines: list[ThemeLine]
    uncovered: str
    waiting: str
    has_shares: bool
    figures: ThemeFigures
    """What the lines say: of the unhappy alone."""
    themes: ThemeSet


def names_of(themes: ThemeSet) -> dict[str, str]:
    """The names of the themes by their ids."""
    return {theme.id: labels.theme_name(theme) for theme in themes.themes}


def theme_lines(figures: ThemeFigures, themes: ThemeSet, most: int | None = None) -> list[ThemeLine]:
    """The themes that somebody names, in the order of the figures."""
    names = names_of(themes)
    return [
        ThemeLine(
            id=each.theme,
            name=names.get(each.theme, each.theme),
            named=thousands(each.groups.detractors),
            share=labels.share_words(each.share),
            range=labels.range_words(each.share),
            n=thousands(each.groups.n),
            impact=labels.impact_words(each.impact),
            impact_range=labels.impact_range_words(each),
            tag=labels.tag_words(themes, each.theme),
        )
        for each in figures.themes
        if each.groups.n
    ][:most]


def why_of(figures: ThemeFigures, themes: ThemeSet) -> Why | None:
    """What the unhappy write about; None where none of them wrote."""
    if not figures.wrote.detractors:
        return None
    names = names_of(themes)
    return Why(
        finding=labels.finding(figures, names),
        lines=theme_lines(figures, themes, MAX_THEMES_ON_SCORES),
        uncovered=labels.uncovered_words(figures.uncovered_unhappy),
        waiting=labels.waiting_words(figures.waiting),
        has_shares=any(each.share.interval is not None for each in figures.themes),
        figures=figures,
        themes=themes,
    )
