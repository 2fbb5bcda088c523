"""Makes the page of comparisons of the figures; the template only writes it down."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from services.scorer.comparisons import labels
from services.scorer.comparisons.addresses import address_of
from services.scorer.comparisons.compare_page import (
    ComparedLine,
    ComparedSideRow,
    CompareForm,
    CompareOptions,
    ComparePage,
)
from services.scorer.comparisons.comparison_query import ComparisonQuery
from services.scorer.comparisons.domain import ComparedSide, Comparison
from services.scorer.comparisons.periods import PeriodUnit
from services.scorer.comparisons.reading import ReadComparisons, ReadTrend
from services.scorer.comparisons.trend_query import TrendQuery
from services.scorer.domain import MIN_ANSWERS_SHOWN, answers_for_change, groups_of
from services.scorer.labels import margin, missing_answers, p_value
from services.scorer.score_page import CHANGE_GOAL_POINTS
from services.scorer.trends import MAX_TREND_POINTS, Trend, trend_range
from services.scorer.views import drawing_of
from services.scorer.windows import DAYS_PER_WEEK
from shared.events.nps import SCALE
from shared.pages.filters import signed, thousands
from shared.pages.language import counted, translated
from shared.pages.svg.primitives import ChartScore
from shared.pages.svg.trends import Point

MAX_ROWS_ON_PAGE = 100
NOTHING = "\N{EN DASH}"
"""Where there is no score."""


def measurement_options() -> list[tuple[str, str]]:
    """The two kinds of answers, which are never added up."""
    return [
        ("transactional", translated("after a purchase or a contact")),
        ("relational", translated("asked at any time")),
    ]


def trend_query_of(query: ComparisonQuery) -> TrendQuery | None:
    """The trend that the page draws, of one segment in two windows: by week, or by month over years."""
    if query.has_several or query.other:
        return None
    (segment,) = query.segments
    shown = trend_range(query.asked, query.against)
    unit: PeriodUnit = "week" if shown.days <= MAX_TREND_POINTS * DAYS_PER_WEEK else "month"
    return TrendQuery(segment=segment, measurement=query.measurement, by=unit, asked=shown, rolling_days=None)


def refused_page(
    form: CompareForm, options: CompareOptions, query: ComparisonQuery, today: date, why: str
) -> ComparePage:
    """The page of what cannot differ, with the reason as its finding."""
    return ComparePage(
        form=form,
        options=options,
        measurement_options=measurement_options(),
        finding=why,
        compared=_compared(query, today),
        rows=[],
        change=None,
        p="",
        answers_needed="",
        counts=[],
        lines=[],
        line_count=0,
        tests=0,
        trend=None,
        boxes=[],
        trend_unit="",
        trend_lines=[],
        caution="",
        file_href="",
        trend_href="",
        document_href="",
        trend_document_href="",
    )


def compare_page(
    form: CompareForm, options: CompareOptions, read: ReadComparisons, trend: ReadTrend | None
) -> ComparePage:
    """The page of what was compared."""
    query = read.query
    page = replace(
        refused_page(form, options, query, read.today, labels.finding_of(read)),
        caution=labels.caution_of(query),
        file_href=address_of("/compare/download", query.parameters),
        document_href=address_of("/v1/comparisons", query.parameters),
        tests=read.tests,
    )
    if query.has_several:
        lines = [_line(query, each) for each in read.comparisons[:MAX_ROWS_ON_PAGE]]
        return replace(page, lines=lines, line_count=len(read.comparisons) + read.left_out)
    (compared,) = read.comparisons
    change = compared.change
    page = replace(
        page,
        rows=[_row(query, side, read.today) for side in (compared.against, compared.asked)],
        change=change,
        p=p_value(change) if change is not None else "",
        answers_needed=_answers_needed(compared),
        counts=_counts(compared),
    )
    return _with_trend(page, compared, trend) if trend is not None else page


def _with_trend(page: ComparePage, compared: Comparison, read: ReadTrend) -> ComparePage:
    points = [
        Point(each.period.window.first, each.period.window.last, drawing_of(groups_of(each.counts)))
        for each in read.periods
    ]
    answered = next((number for number, point in enumerate(points) if point.score is not None), len(points))
    trend = Trend(points[answered:], by_day=False)
    if not trend.is_drawable:
        return page
    boxes = [
        Point(side.window.first, side.window.last, drawing_of(side.groups))
        for side in (compared.against, compared.asked)
        if compared.change is not None
    ]
    unit = read.query.by
    lines = []
    for each, point in zip(read.periods[answered:], trend.points, strict=True):
        shown = point.score if point.score is not None and point.score.n >= MIN_ANSWERS_SHOWN else None
        n = thousands(sum(each.counts))
        lines.append((labels.period_name(each.period, unit), *_score_and_range(shown), n))
    return replace(
        page,
        trend=trend,
        boxes=boxes,
        trend_unit=labels.unit_label(unit),
        trend_lines=lines[::-1],
        trend_href=address_of("/compare/trend/download", read.query.parameters),
        trend_document_href=address_of("/v1/trends", read.query.parameters),
    )


def _score_and_range(score: ChartScore | None) -> tuple[str, str]:
    if score is None:
        return NOTHING, NOTHING
    ends = {"low": signed(score.low95), "high": signed(score.high95)}
    return signed(score.nps), translated("%(low)s to %(high)s") % ends


def _compared(query: ComparisonQuery, today: date) -> str:
    facts = {"days": labels.days_of(query.asked, today), "before": labels.days_of(query.against, today)}
    if query.other:
        names = {"name": labels.name_of(query.segments[0]), "other": labels.name_of(query.other)}
        return translated("%(name)s against %(other)s, both %(days)s.") % {**facts, **names}
    if query.has_several:
        return translated("Each by itself: %(days)s against %(before)s.") % facts
    name = labels.name_of(query.segments[0])
    return translated("%(name)s: %(days)s against %(before)s.") % {**facts, "name": name}


def _row(query: ComparisonQuery, side: ComparedSide, today: date) -> ComparedSideRow:
    drawing = drawing_of(side.groups) if side.groups.n >= MIN_ANSWERS_SHOWN else None
    answers = counted("%(n)s answer", "%(n)s answers", side.groups.n) % {"n": thousands(side.groups.n)}
    words = labels.name_of(side.segment) if query.other else labels.days_of(side.window, today)
    has_margin = drawing is not None and drawing.margin is not None
    return ComparedSideRow(
        name=words,
        answers=answers,
        groups=side.groups,
        score=drawing,
        margin=margin(drawing) if drawing and has_margin else "",
        missing=missing_answers(side.groups) if drawing is None and side.groups.n else "",
    )


def _line(query: ComparisonQuery, compared: Comparison) -> ComparedLine:
    now, before, change = compared.asked, compared.against, compared.change
    alone = replace(query, segments=(now.segment,), dimension="")
    has_score = now.groups.n >= MIN_ANSWERS_SHOWN
    return ComparedLine(
        segment=now.segment,
        name=labels.name_of(now.segment),
        href=address_of("/compare", alone.parameters),
        now=drawing_of(now.groups) if has_score else None,
        before=drawing_of(before.groups) if before.groups.n >= MIN_ANSWERS_SHOWN else None,
        groups=now.groups,
        n_before=before.groups.n,
        missing="" if has_score else missing_answers(now.groups),
        change=change,
        p=p_value(change) if change is not None else "",
        marked=compared.is_marked,
    )


def _counts(compared: Comparison) -> list[tuple[str, str, str]]:
    """Answers per score on both sides."""
    asked, against = compared.asked.counts, compared.against.counts
    if asked is None or against is None:
        return []
    return [(str(score), thousands(against[score]), thousands(asked[score])) for score in SCALE]


def _answers_needed(compared: Comparison) -> str:
    change, variance = compared.change, compared.asked.groups.variance
    if change is None or change.is_significant or variance is None:
        return ""
    n = answers_for_change(CHANGE_GOAL_POINTS, float(variance))
    words = translated("To see a difference of %(points)s points takes %(n)s answers on each side.")
    return words % {"points": CHANGE_GOAL_POINTS, "n": thousands(n)}


def segment_options(found: Sequence[str], chosen: str, *, whole_company: bool) -> list[tuple[str, str]]:
    """The segments to choose from; what is chosen is always among them."""
    whole = [("", translated("The whole company"))] if whole_company else []
    more = [chosen] if chosen and chosen not in found else []
    return [*whole, *((segment, labels.name_of(segment)) for segment in [*found, *more])]
