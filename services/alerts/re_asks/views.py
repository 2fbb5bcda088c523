"""The figures as the page shows them, in the reader's language."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from services.alerts.cases.labels import OUTCOME_LABELS
from services.alerts.re_asks.domain import GroupFigures, RecoveryFigures, ShareDifference, ShareFigure
from services.alerts.re_asks.reading import RecoveryRead
from shared.pages.filters import bound, day, decimal, percent, signed, thousands
from shared.pages.language import counted, spoken, translated
from shared.pages.page import Page

NOTHING = "\N{EN DASH}"
"""Where there are too few answers."""
LEAST_P = 0.001
SIGNIFICANT_P = 0.05


class RecoveryCell(NamedTuple):
    """A figure, and below it its interval and of how many customers it is."""

    value: str
    note: str


class RecoveryLine(NamedTuple):
    """A row of the table: a group of customers."""

    name: str
    is_part: bool
    """Whether it is a part of the row above."""
    cells: list[RecoveryCell]
    """One for each of :func:`headings`."""


@dataclass(frozen=True, kw_only=True)
class RecoveryPage(Page):
    """What customers of cases say when they are asked again."""

    template: ClassVar[str] = "recovery.html"
    finding: str
    days: str
    comparison: str
    first: str
    last: str
    headings: list[str]
    lines: list[RecoveryLine]
    asked: bool
    """Whether anybody was asked."""


def headings() -> list[str]:
    """What stands above the figures."""
    return [
        translated("Answered"),
        translated("Now 7 to 10"),
        translated("Now 9 or 10"),
        translated("Mean change"),
    ]


def finding_of(figures: RecoveryFigures) -> str:
    """The heading of the page."""
    reached, others = figures.reached, figures.not_reached
    if figures.better is not None:
        facts = {"reached": _percent(reached.better), "others": _percent(others.better)}
        return (
            translated(
                "%(reached)s of those we reached give 7 to 10 now, %(others)s of those nobody reached."
            )
            % facts
        )
    if reached.better.percent is not None:
        facts = {"reached": _percent(reached.better)}
        return translated("%(reached)s of those we reached give 7 to 10 now.") % facts
    asked = reached.counts.asked + others.counts.asked
    if asked:
        words = counted(
            "%(n)s customer of a case was asked again.", "%(n)s customers of cases were asked again.", asked
        )
        return words % {"n": thousands(asked)}
    return translated("No customer of a case was asked again on these days.")


def days_of(read: RecoveryRead) -> str:
    """From when to when."""
    facts = {"first": day(read.days.first), "last": day(read.days.last)}
    return (
        translated("Customers who had given 0 to 6 and were asked again from %(first)s to %(last)s.") % facts
    )


def comparison_of(figures: RecoveryFigures) -> str:
    """How the two groups differ, and whether that may be chance."""
    found = figures.better
    if found is None:
        return translated(
            "With fewer than ten answers of either group there is nothing to compare: how much of a change "
            "came by itself cannot be told."
        )
    facts = {
        "points": signed(found.points),
        "low": bound(found.low),
        "high": bound(found.high),
        "p": _p(found),
    }
    if found.p >= SIGNIFICANT_P:
        return (
            translated(
                "A difference of %(points)s points "
                "(95 %% interval %(low)s to %(high)s, %(p)s): it may be chance."
            )
            % facts
        )
    return (
        translated(
            "A difference of %(points)s points (95 %% interval %(low)s to %(high)s, %(p)s): more than chance."
        )
        % facts
    )


def lines_of(figures: RecoveryFigures) -> list[RecoveryLine]:
    """The rows: those we reached, of these by outcome whoever was asked, and the others."""
    parts = [
        _line(spoken(OUTCOME_LABELS[outcome]), group, is_part=True)
        for outcome, group in figures.outcomes.items()
        if group.counts.asked
    ]
    return [
        _line(translated("Reached"), figures.reached),
        *parts,
        _line(translated("Not reached"), figures.not_reached),
    ]


def _line(name: str, group: GroupFigures, *, is_part: bool = False) -> RecoveryLine:
    change = NOTHING if group.mean_change is None else _change(group.mean_change)
    return RecoveryLine(
        name,
        is_part,
        [
            _cell(group.response),
            _cell(group.better),
            _cell(group.promoters),
            RecoveryCell(change, _of(group.counts.answered)),
        ],
    )


def _cell(share: ShareFigure) -> RecoveryCell:
    if share.low is None or share.high is None:
        return RecoveryCell(NOTHING, _of(share.whole))
    facts = {"low": round(share.low), "high": round(share.high), "n": thousands(share.whole)}
    return RecoveryCell(_percent(share), translated("%(low)s to %(high)s, of %(n)s") % facts)


def _of(whole: int) -> str:
    return translated("of %(n)s") % {"n": thousands(whole)}


def _percent(share: ShareFigure) -> str:
    return percent(share.part, share.whole)


def _change(points: float) -> str:
    sign = "+" if points > 0 else "\N{MINUS SIGN}" if points < 0 else ""
    return decimal(f"{sign}{abs(points):.1f}")


def _p(found: ShareDifference) -> str:
    return decimal(f"p < {LEAST_P}") if found.p < LEAST_P else decimal(f"p = {found.p:.3f}")
