"""The page of the two scores, and what it shows of the figures; the template only writes it down."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from services.scorer.comparisons.addresses import address_of
from services.scorer.comparisons.domain import ComparedSide, Comparison
from services.scorer.comparisons.labels import days_of, name_of
from services.scorer.domain import MIN_ANSWERS_SHOWN, ScoreChange
from services.scorer.gap import labels as words
from services.scorer.gap.domain import TouchpointImpact
from services.scorer.gap.reading import ReadGap
from services.scorer.labels import margin, missing_answers, p_value
from services.scorer.score_page import LabelledPage
from services.scorer.views import drawing_of
from shared.pages.filters import dimension_name, signed, thousands, value_name
from shared.pages.language import counted, translated
from shared.pages.svg.primitives import ChartScore

MAX_ROWS_ON_PAGE = 100
NOTHING = "\N{EN DASH}"


class QuestionSide(NamedTuple):
    """The answers to one of the two questions."""

    name: str
    answers: str
    score: ChartScore | None
    """None below ten answers."""
    margin: str
    missing: str
    """In place of a score; empty where nobody answered."""


class GapLine(NamedTuple):
    """A part with its two scores."""

    name: str
    segment: str
    href: str
    """Empty: it leads nowhere."""
    transactional: ChartScore | None
    score: str
    range: str
    relational: str
    relational_range: str
    relational_nps: float | None
    """As it is drawn; None below ten answers."""
    change: ScoreChange | None
    p: str
    marked: bool
    n: str
    n_relational: str


class TouchpointLine(NamedTuple):
    """A touchpoint, and what it adds."""

    name: str
    segment: str
    href: str
    """Empty: it leads nowhere."""
    score: str
    range: str
    impact: str
    impact_range: str
    n: str


@dataclass(frozen=True, kw_only=True)
class GapPage(LabelledPage):
    """The page ``/gap``."""

    template: ClassVar[str] = "gap.html"

    segment: str
    first: str
    last: str
    by: str
    segment_options: list[tuple[str, str]]
    dimension_options: list[tuple[str, str]]
    finding: str
    days: str
    sides: list[QuestionSide]
    change: ScoreChange | None
    p: str
    dimension: str
    """Its name; empty: there is none."""
    parts_finding: str
    lines: list[GapLine]
    line_count: int
    tests: int
    marked: int
    """Of these."""
    touchpoints: list[TouchpointLine]
    touchpoint_count: int
    people_hidden: bool
    file_href: str
    document_href: str


def gap_page(read: ReadGap, segments: list[tuple[str, str]], href: Callable[[str], str]) -> GapPage:
    """The page of the two scores.

    :param href: the address of a part's page; empty: the reader may not open it.
    """
    query, total = read.query, read.total
    names = [*read.dimensions]
    if read.dimension and read.dimension not in names:
        names.append(read.dimension)
    return GapPage(
        segment=query.segment,
        first=query.window.first.isoformat(),
        last=query.window.last.isoformat(),
        by=read.dimension,
        segment_options=segments,
        dimension_options=[(name, value_name(dimension_name(name))) for name in names],
        finding=words.finding_of(read),
        days=translated("%(name)s: %(days)s.")
        % {"name": name_of(query.segment), "days": days_of(query.window, read.today)},
        sides=[
            _side(translated("After a contact"), total.asked),
            _side(translated("At any time"), total.against),
        ],
        change=total.change,
        p=p_value(total.change) if total.change is not None else "",
        dimension=value_name(dimension_name(read.dimension)) if read.dimension else "",
        parts_finding=words.parts_finding_of(read) if read.dimension else "",
        lines=[_line(each, href) for each in read.parts[:MAX_ROWS_ON_PAGE]],
        line_count=len(read.parts) + read.left_out,
        tests=read.tests,
        marked=read.marked,
        touchpoints=[_touchpoint(each, href) for each in read.touchpoints[:MAX_ROWS_ON_PAGE]],
        touchpoint_count=len(read.touchpoints) + read.touchpoints_left_out,
        people_hidden=read.people_hidden,
        file_href=address_of("/gap/download", query.parameters(read.dimension)),
        document_href=address_of("/v1/gap", query.parameters(read.dimension)),
    )


def _side(name: str, side: ComparedSide) -> QuestionSide:
    drawing = drawing_of(side.groups) if side.groups.n >= MIN_ANSWERS_SHOWN else None
    answers = counted("%(n)s answer", "%(n)s answers", side.groups.n) % {"n": thousands(side.groups.n)}
    return QuestionSide(
        name=name,
        answers=answers,
        score=drawing,
        margin=margin(drawing) if drawing is not None and drawing.margin is not None else "",
        missing=missing_answers(side.groups) if drawing is None and side.groups.n else "",
    )


def _line(compared: Comparison, href: Callable[[str], str]) -> GapLine:
    own, other = (_shown(side) for side in (compared.asked, compared.against))
    change = compared.change
    return GapLine(
        name=name_of(compared.asked.segment),
        segment=compared.asked.segment,
        href=href(compared.asked.segment),
        transactional=own,
        score=_score(own),
        range=_range(own),
        relational=_score(other),
        relational_range=_range(other),
        relational_nps=other.nps if other is not None else None,
        change=change,
        p=p_value(change) if change is not None else "",
        marked=compared.is_marked,
        n=thousands(compared.asked.groups.n),
        n_relational=thousands(compared.against.groups.n),
    )


def _touchpoint(found: TouchpointImpact, href: Callable[[str], str]) -> TouchpointLine:
    drawing = drawing_of(found.groups) if found.groups.n >= MIN_ANSWERS_SHOWN else None
    return TouchpointLine(
        name=name_of(found.segment),
        segment=found.segment,
        href=href(found.segment),
        score=_score(drawing),
        range=_range(drawing),
        impact=words.impact_words(found),
        impact_range=words.impact_range_words(found),
        n=thousands(found.groups.n),
    )


def _shown(side: ComparedSide) -> ChartScore | None:
    return drawing_of(side.groups) if side.groups.n >= MIN_ANSWERS_SHOWN else None


def _score(drawing: ChartScore | None) -> str:
    return signed(drawing.nps) if drawing is not None else NOTHING


def _range(drawing: ChartScore | None) -> str:
    if drawing is None:
        return ""
    return translated("%(low)s to %(high)s") % {
        "low": signed(drawing.low95),
        "high": signed(drawing.high95),
    }
