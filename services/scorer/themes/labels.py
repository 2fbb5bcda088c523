"""Words of themes: the names of those that we ship, and what their figures say."""

from fractions import Fraction

from services.scorer.labels import one_decimal, range_of_points
from services.scorer.themes.domain import Theme, ThemeSet
from services.scorer.themes.impact import ThemeFigure, ThemeFigures, ThemeShare
from shared.pages.cause_labels import CAUSE_LABELS
from shared.pages.filters import percent, thousands
from shared.pages.language import counted, spoken, translated
from shared.values.messages import Message, message
from shared.values.rounding import half_up
from shared.values.text import normalized_text

SHIPPED_NAMES: dict[str, Message] = {
    "delivery": CAUSE_LABELS["delivery"],
    "price": CAUSE_LABELS["price"],
    "billing": CAUSE_LABELS["billing"],
    "staff": message("Staff"),
    "wait": message("Waiting time"),
    "product": CAUSE_LABELS["product"],
    "website": message("Website and app"),
    "returns": message("Returns and refunds"),
    "communication": CAUSE_LABELS["communication"],
}
"""Of the themes that we ship, by their ids."""
NOTHING = "\N{EN DASH}"
"""Where there are too few answers."""


def theme_name(theme: Theme) -> str:
    """A theme's name: the company's own, else ours in the reader's language."""
    return theme.name or (spoken(SHIPPED_NAMES[theme.id]) if theme.id in SHIPPED_NAMES else theme.id)


def tag_words(themes: ThemeSet, theme_id: str) -> str:
    """What stands beside a theme that was opened by itself; empty: it was not, or long ago and kept."""
    if theme_id in themes.new:
        return translated("new")
    return translated("found by itself") if theme_id in themes.found else ""


def kept_name(theme_id: str, typed: str) -> str:
    """A name as it is kept: empty where a theme that we ship has our name in the reader's language."""
    name = normalized_text(typed)
    shipped = SHIPPED_NAMES.get(theme_id)
    return "" if shipped is not None and name == spoken(shipped) else name


def finding(figures: ThemeFigures, names: dict[str, str]) -> str:
    """What the unhappy customers write about most."""
    wrote = figures.wrote.detractors
    if not figures.wrote.n:
        return translated("Nobody wrote a comment in these days.")
    if not wrote:
        return translated("No unhappy customer wrote a comment in these days.")
    first = figures.themes[0] if figures.themes else None
    if first is None or not first.groups.detractors:
        return translated("Nothing that unhappy customers wrote names a theme that we know.")
    words = counted(
        "%(theme)s is named most: by %(part)s of the %(whole)s unhappy customer who wrote.",
        "%(theme)s is named most: by %(part)s of the %(whole)s unhappy customers who wrote.",
        wrote,
    )
    facts = {"part": thousands(first.groups.detractors), "whole": thousands(wrote)}
    return words % {"theme": names.get(first.theme, first.theme), **facts}


def share_words(share: ThemeShare) -> str:
    """24.1 %; a dash of fewer than ten."""
    return percent(share.part, share.whole) if share.interval is not None else NOTHING


def range_words(share: ThemeShare) -> str:
    """17 % to 32 %: where the share lies 19 times in 20; a dash of fewer than ten."""
    interval = share.interval
    if interval is None:
        return NOTHING
    low, high = (half_up(100 * end) for end in interval)
    return translated("%(low)s to %(high)s %%") % {"low": low, "high": high}


def impact_words(impact: Fraction | None) -> str:
    """So many points, with their sign; a dash where there are too few answers."""
    if impact is None:
        return NOTHING
    return translated("%(points)s points") % {"points": one_decimal(impact)}


def impact_range_words(figure: ThemeFigure) -> str:
    """Where the points lie 19 times in 20; empty where there are too few answers."""
    if figure.impact is None or figure.reach is None:
        return ""
    return range_of_points(float(figure.impact) - figure.reach, float(figure.impact) + figure.reach)


def uncovered_words(part: int) -> str:
    """How many comments of unhappy customers name no theme."""
    if not part:
        return translated("Each names a theme that we know.")
    words = counted("%(n)s names none that we know.", "%(n)s name none that we know.", part)
    return words % {"n": thousands(part)}


def waiting_words(waiting: int) -> str:
    """How many comments are still to be matched; empty: none."""
    if not waiting:
        return ""
    words = counted(
        "%(n)s comment is still to be matched with the themes as they are now.",
        "%(n)s comments are still to be matched with the themes as they are now.",
        waiting,
    )
    return words % {"n": thousands(waiting)}
