"""The figures as the page shows them, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, NamedTuple
from uuid import UUID

from services.alerts.cases.labels import OUTCOME_LABELS
from services.alerts.cases.times import duration
from services.alerts.team_figures.domain import POLICY, Figures, FiguresOf, Spread, share
from services.alerts.team_figures.reading import FiguresRead
from shared.pages.cause_labels import cause_label
from shared.pages.filters import day, percent, thousands
from shared.pages.language import counted, spoken, translated
from shared.pages.page import Page

NOTHING = "\N{EN DASH}"
"""Where there are too few cases."""


class FigureCell(NamedTuple):
    """A figure, and below it of how many cases it is."""

    value: str
    note: str


class FigureLine(NamedTuple):
    """A row of the table: all, a team, or a person."""

    name: str
    cases: str
    cells: list[FigureCell]
    """One for each of :func:`headings`."""


class CountLine(NamedTuple):
    """How many cases ended in some way, or have some cause."""

    label: str
    n: str
    percent: str


@dataclass(frozen=True, kw_only=True)
class TeamFiguresPage(Page):
    """How the work on cases goes."""

    template: ClassVar[str] = "team_figures.html"
    finding: str
    days: str
    first: str
    last: str
    team: str
    person: str
    """What is asked for, as the form sends it."""
    team_options: list[tuple[str, str]]
    person_options: list[tuple[str, str]]
    headings: list[str]
    total: FigureLine
    teams: list[FigureLine]
    people: list[FigureLine]
    outcomes: list[CountLine]
    causes: list[CountLine]
    query: str
    """By which the file has the same figures."""


def headings() -> list[str]:
    """What stands above the figures."""
    return [
        translated("First contact in time"),
        translated("Reached"),
        translated("Time to first contact"),
        translated("Time to close"),
        translated("Opened again"),
        translated("Recovered"),
    ]


def finding_of(figures: Figures) -> str:
    """The heading of the page."""
    if figures.due >= POLICY.min_cases:
        words = counted(
            "%(percent)s of %(n)s case had its first contact in time.",
            "%(percent)s of %(n)s cases had their first contact in time.",
            figures.due,
        )
        return words % {"percent": percent(figures.in_time, figures.due), "n": thousands(figures.due)}
    if figures.cases:
        words = counted("%(n)s case was opened.", "%(n)s cases were opened.", figures.cases)
        return words % {"n": thousands(figures.cases)}
    return translated("No case was opened on these days.")


def days_of(read: FiguresRead) -> str:
    """From when to when."""
    facts = {"first": day(read.days.first), "last": day(read.days.last)}
    return translated("Cases opened from %(first)s to %(last)s, as they are now.") % facts


def lines_of(read: FiguresRead) -> tuple[FigureLine, list[FigureLine], list[FigureLine]]:
    """The rows of all, of the teams and of the people: the most cases first."""
    found = read.figures
    teams = [_line(one, read.team_names, translated("No team")) for one in _sorted(found.teams)]
    people = [_line(one, read.people_names, translated("Nobody")) for one in _sorted(found.people)]
    return _figure_line(translated("All"), found.total), teams, people


def outcome_lines(figures: Figures) -> list[CountLine]:
    """How the closed cases ended, merged ones apart."""
    return [
        CountLine(
            spoken(OUTCOME_LABELS[outcome]),
            thousands(n),
            _percent(n, figures.closed) if outcome != "duplicate" else "",
        )
        for outcome, n in figures.outcomes.items()
    ]


def cause_lines(read: FiguresRead) -> list[CountLine]:
    """The causes of closed cases, the most frequent first."""
    whole = read.figures.total.with_cause
    return [CountLine(cause_label(code), thousands(n), _percent(n, whole)) for code, n in read.figures.causes]


def _sorted(found: list[FiguresOf]) -> list[FiguresOf]:
    return sorted(found, key=lambda one: (one.id is None, -one.figures.cases, str(one.id)))


def _line(one: FiguresOf, names: Mapping[UUID, str], nobody: str) -> FigureLine:
    gone = translated("(not there any more)")
    return _figure_line(nobody if one.id is None else names.get(one.id) or gone, one.figures)


def _figure_line(name: str, figures: Figures) -> FigureLine:
    return FigureLine(
        name=name,
        cases=thousands(figures.cases),
        cells=[
            _share(figures.in_time, figures.due),
            _share(figures.contacted, figures.contactable),
            _time(figures.to_contact, figures.to_contact_working),
            _time(figures.to_close, figures.to_close_working),
            _share(figures.reopened, figures.ended),
            _share(figures.outcomes["recovered"], figures.closed),
        ],
    )


def _share(part: int, whole: int) -> FigureCell:
    return FigureCell(_percent(part, whole), translated("of %(n)s") % {"n": thousands(whole)})


def _percent(part: int, whole: int) -> str:
    return NOTHING if share(POLICY, part, whole) is None else percent(part, whole)


def _time(around_the_clock: Spread, working: Spread) -> FigureCell:
    note = [translated("of %(n)s") % {"n": thousands(around_the_clock.n)}]
    if around_the_clock.p90_hours is not None:
        facts = {"time": _hours(around_the_clock.p90_hours)}
        note.append(translated("nine of ten within %(time)s") % facts)
    if working.median_hours is not None:
        note.append(translated("%(time)s of working time") % {"time": _hours(working.median_hours)})
    return FigureCell(_hours(around_the_clock.median_hours), ", ".join(note))


def _hours(hours: float | None) -> str:
    return NOTHING if hours is None else duration(timedelta(hours=hours))
