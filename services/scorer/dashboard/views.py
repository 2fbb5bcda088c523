"""What the pages show of what the dashboard finds, in the reader's language."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from urllib.parse import urlencode

from services.scorer.dashboard import labels
from services.scorer.dashboard.domain import RankedSegment
from services.scorer.dashboard.reading import MAX_ACTIONS, AskedFigures, CaseFigures
from services.scorer.improvements.domain import KeptImprovement, is_late
from services.scorer.improvements.labels import place_of, status_label
from services.scorer.responses.domain import ResponseCounts
from services.scorer.responses.labels import interval_words, percent_words
from services.scorer.views import drawing_of
from services.scorer.windows import Window
from shared.events.surveys import NpsMeasurement
from shared.pages.cause_labels import cause_label
from shared.pages.filters import day, segment_name, thousands
from shared.pages.language import translated
from shared.pages.svg.primitives import ChartScore

MAX_PARTS_LISTED = 5
"""Parts of which the dashboard tells who answered."""
MAX_CAUSES_LISTED = 5


class AskedLine(NamedTuple):
    """How many of those that were asked got to a stage, or answered in a part."""

    key: str
    """Of the stage or part in the page's document."""
    name: str
    href: str
    """Empty: it leads nowhere."""
    number: str
    whole: str
    """Of how many."""
    share: str
    range: str
    """Empty: fewer than ten were asked."""


@dataclass(frozen=True, kw_only=True)
class AskedSection:
    """The section about who did not answer."""

    read: AskedFigures
    finding: str
    least: str
    """Empty: no part is answered less than the others beyond chance."""
    least_href: str
    tests: int
    """How many parts were compared with the others; 0 where none answers less."""
    stages: list[AskedLine]
    """Asked, delivered, opened, answered."""
    parts: list[AskedLine]
    by: str
    """The dimension of the parts."""
    href: str
    """The page of responses; empty: there is none of these days or segments."""


class CauseOnDashboard(NamedTuple):
    """A cause with which staff closed cases."""

    code: str
    label: str
    number: str
    share: str


class ActionOnDashboard(NamedTuple):
    """An action of improvement that is not done."""

    href: str
    title: str
    place: str
    status: str
    due: str
    late: bool


@dataclass(frozen=True, kw_only=True)
class WorkSection:
    """The section about what is being done, and the causes that staff chose."""

    read: CaseFigures
    finding: str
    kept: str
    causes: list[CauseOnDashboard]
    with_cause: str
    """Of how many cases; empty: nothing is told of causes."""
    actions: list[ActionOnDashboard]
    more_actions: bool


class RankedLine(NamedTuple):
    """A segment in the order of scores, or apart from it."""

    segment: str
    name: str
    n: int
    detractors: int
    passives: int
    promoters: int
    drawing: ChartScore
    difference: str
    """To the score of the others; empty: it was not compared."""
    is_lower: bool


def asked_section(
    asked: AskedFigures,
    *,
    segment: str,
    measurement: NpsMeasurement,
    window: Window,
    part_href: Callable[[str], str],
) -> AskedSection:
    """The section.

    :param part_href: the address of a part's page; empty where the reader may not open it.
    """
    total, least = asked.total, asked.least
    about = {"segment": segment, "measurement": measurement, "window": f"{window.days}d"}
    about |= {"until": window.last.isoformat(), "by": asked.by}
    named = [
        ("delivered", translated("Delivered"), total.delivered),
        ("opened", translated("Link followed"), total.opened),
        ("answered", translated("Answered"), total.answered),
    ]
    stages = [_line(key, name, "", number, total) for key, name, number in named if total.asked]
    lines = [
        _line(name, segment_name(name), part_href(name), counts.answered, counts)
        for name, counts in list(asked.parts.items())[:MAX_PARTS_LISTED]
    ]
    return AskedSection(
        read=asked,
        finding=labels.asked_finding(asked),
        least=labels.least_details(least) if least else "",
        least_href=part_href(least.segment) if least else "",
        tests=least.tests if least else 0,
        stages=stages,
        parts=lines if len(asked.parts) > 1 else [],
        by=asked.by,
        href=f"/responses?{urlencode({name: value for name, value in about.items() if value})}",
    )


def work_section(cases: CaseFigures, actions: Sequence[KeptImprovement], today: date) -> WorkSection:
    """The section."""
    return WorkSection(
        read=cases,
        finding=labels.cases_finding(cases.counts),
        kept=labels.kept_words(cases),
        causes=[
            CauseOnDashboard(
                each.cause,
                cause_label(each.cause),
                thousands(each.cases.with_cause),
                labels.cause_share(each.cases.with_cause, each.cases.cases),
            )
            for each in cases.causes[:MAX_CAUSES_LISTED]
        ],
        with_cause=thousands(cases.with_cause) if cases.with_cause else "",
        actions=[
            ActionOnDashboard(
                href=f"/actions/{each.improvement.id}",
                title=each.improvement.title,
                place=place_of(each.improvement),
                status=status_label(each.improvement.status),
                due=day(each.improvement.due),
                late=is_late(each.improvement, today),
            )
            for each in actions[:MAX_ACTIONS]
        ],
        more_actions=len(actions) > MAX_ACTIONS,
    )


def ranked_lines(rows: Sequence[RankedSegment]) -> list[RankedLine]:
    """The rows of the order of segments."""
    found = []
    for row in rows:
        own, change = row.compared.groups, row.compared.change
        drawing = drawing_of(own)
        if drawing is None:
            continue
        found.append(
            RankedLine(
                segment=row.segment,
                name=segment_name(row.segment),
                n=own.n,
                detractors=own.detractors,
                passives=own.passives,
                promoters=own.promoters,
                drawing=drawing,
                difference=labels.beside_words(change.points, change.low, change.high) if change else "",
                is_lower=row.compared.is_lower,
            )
        )
    return found


def _line(key: str, name: str, href: str, number: int, counts: ResponseCounts) -> AskedLine:
    share = counts.share(number)
    return AskedLine(
        key=key,
        name=name,
        href=href,
        number=thousands(number),
        whole=thousands(counts.asked),
        share=percent_words(share),
        range=interval_words(share),
    )
