"""Loads a page of scores: where the selection stands, whether and where it moved, who waits for us."""

from dataclasses import replace
from datetime import date
from urllib.parse import urlencode

from services.scorer.access import SegmentAccess
from services.scorer.amendments.repository import chosen_days
from services.scorer.auditing.labels import audit_words
from services.scorer.auditing.reading import read_state
from services.scorer.benchmarks.reading import beside
from services.scorer.benchmarks.views import BesideScores, beside_scores
from services.scorer.dashboard.reading import list_open_actions, read_asked, read_cases
from services.scorer.dashboard.views import AskedSection, asked_section, work_section
from services.scorer.marks.reading import marks_on_trend
from services.scorer.marks.views import MarksOnTrend, on_trend
from services.scorer.part_rows import load_part_rows, split_of
from services.scorer.repository.answers import (
    count_listed_answers,
    latest_comments,
    list_answers,
)
from services.scorer.repository.cases import list_open_cases
from services.scorer.repository.counts import Counts, segment_parts, use_custom_plans
from services.scorer.repository.falls import find_fallen
from services.scorer.repository.pairs import selection_of
from services.scorer.repository.segments import list_segments_within, list_values
from services.scorer.repository.selection import AnswerFilter, Selection
from services.scorer.score_page import (
    AnswerList,
    Breakdown,
    Mover,
    QueryOptions,
    ScorePage,
    Standing,
)
from services.scorer.score_query import ScoreQuery
from services.scorer.standing_loader import load_standing
from services.scorer.themes.domain import ThemeSet
from services.scorer.themes.reading import read_unhappy
from services.scorer.themes.repository import find_themes
from services.scorer.themes.why import Why, names_of, why_of
from services.scorer.trends import trend_of, trend_range
from services.scorer.visible_parts import with_shown_touchpoints
from services.scorer.windows import Window
from shared.db.database import UnitOfWork
from shared.events import WHOLE_COMPANY, SegmentFall, Tenant
from shared.events.segments import ORGANISATION, TOUCHPOINT, dimension_of
from shared.http.cursors import cut_page, decode_cursor
from shared.http.staff_auth import Staff
from shared.ids import uuid7
from shared.pages.filters import segment_name

WINDOW_OPTIONS_DAYS = (7, 30, 90, 365)
PAGE_SIZE = 50
MAX_OPTIONS = 60
MAX_OPTION_LEVELS = 2
"""Levels of the organisation that the sentence offers."""
MAX_SEGMENT_ROWS = 12
MAX_MOVERS = 2
MAX_COMMENTS = 6
MAX_CASES = 4


async def load_score_page(
    uow: UnitOfWork, staff: Staff | None, tenant: Tenant, query: ScoreQuery, after: str
) -> ScorePage:
    """Everything on the page of a selection; ``after`` is the place in the list of answers.

    :param staff: None: a program.
    """
    await use_custom_plans(uow)
    access, selection = SegmentAccess.of(tenant, staff), await selection_of(uow, tenant.id, query.selection)
    standing = await load_standing(uow, tenant, query, selection)
    measurement, window = standing.measurement, standing.now.window
    themes = await find_themes(uow, tenant.id)
    # What is known of all answers as they are now only is not shown of others.
    is_usual = standing.choice.is_usual
    breakdown = await _load_breakdown(uow, access, query, selection, standing)
    cases = await read_cases(uow, tenant, selection, window, tells_causes=is_usual)
    shows_cases = staff is not None and staff.works_on_cases
    shows_answers = is_usual and staff is not None and staff.reads_answers
    actions = await list_open_actions(uow, tenant, access, selection, standing.today)
    comments = (
        await latest_comments(uow, selection, measurement, window, MAX_COMMENTS) if shows_answers else []
    )
    open_cases = await list_open_cases(uow, selection, MAX_CASES) if shows_cases else []
    return ScorePage(
        query=query,
        name=", ".join(map(segment_name, query.selection)) or tenant.name,
        now=uow.now,
        standing=standing,
        benchmarks=await _load_beside(uow, access, tenant, selection, standing)
        if is_usual
        else BesideScores(),
        marks=await _load_marks(uow, selection, standing) if is_usual else MarksOnTrend(),
        breakdown=breakdown,
        options=await _load_options(uow, access, tenant, query, standing),
        why=await _load_why(uow, themes, selection, standing) if is_usual else None,
        comments=with_shown_touchpoints(comments, access),
        asked=await _load_asked(uow, access, tenant, query, standing, breakdown.by) if is_usual else None,
        work=work_section(cases, actions, standing.today),
        cases=with_shown_touchpoints(open_cases, access),
        fall=await _load_fall(uow, selection, standing) if is_usual else None,
        case_counts=cases.counts,
        listing=await _load_answers(uow, access, query, selection, standing, themes, after)
        if query.lists_answers and shows_answers
        else None,
        audit=audit_words(await read_state(uow, tenant.id)),
        new_view_id=str(uuid7()),
    )


async def _load_marks(uow: UnitOfWork, selection: Selection, standing: Standing) -> MarksOnTrend:
    """Those of the days that the trend shows."""
    points = standing.trend.points
    if not points:
        return MarksOnTrend()
    days = Window(points[0].first, points[-1].last)
    return on_trend(await marks_on_trend(uow, selection, standing.measurement, standing.today, days))


async def _load_beside(
    uow: UnitOfWork, access: SegmentAccess, tenant: Tenant, selection: Selection, standing: Standing
) -> BesideScores:
    if len(selection.segments) > 1:
        return BesideScores()
    (segment,) = selection.segments or (WHOLE_COMPANY,)
    read = await beside(
        uow,
        tenant,
        access,
        segment,
        measurement=standing.measurement,
        window=standing.now.window,
        asked=standing.now.groups,
    )
    return beside_scores(read)


async def _load_asked(
    uow: UnitOfWork,
    access: SegmentAccess,
    tenant: Tenant,
    query: ScoreQuery,
    standing: Standing,
    by: str,
) -> AskedSection | None:
    """Who did not answer, by the dimension of the parts."""
    if len(query.selection) > 1:
        return None
    (segment,) = query.selection or (WHOLE_COMPANY,)
    measurement, window = standing.measurement, standing.now.window
    read = await read_asked(uow, tenant, access, segment, measurement, window, by)
    if read is None:
        return None
    return asked_section(
        read,
        segment=segment,
        measurement=measurement,
        window=window,
        part_href=lambda name: (
            query.part_href(name) if access.allows_selection((*query.selection, name)) else ""
        ),
    )


async def _load_why(
    uow: UnitOfWork, themes: ThemeSet, selection: Selection, standing: Standing
) -> Why | None:
    return why_of(
        await read_unhappy(uow, themes, selection, standing.measurement, standing.now.window), themes
    )


async def _load_fall(uow: UnitOfWork, selection: Selection, standing: Standing) -> SegmentFall | None:
    """Falls are judged of single segments, and of the days until now."""
    if len(selection.segments) > 1 or standing.now.window.last < standing.today:
        return None
    (segment,) = selection.segments or (WHOLE_COMPANY,)
    return await find_fallen(uow, selection.tenant, standing.measurement, segment)


async def _load_breakdown(
    uow: UnitOfWork, access: SegmentAccess, query: ScoreQuery, selection: Selection, standing: Standing
) -> Breakdown:
    measurement, now, before = standing.measurement, standing.now.window, standing.before.window
    found = await load_part_rows(uow, access, query.by, selection, standing)
    rows, choice = found.rows, standing.choice
    first_rows = [
        replace(row, href=query.part_href(row.segment))
        if access.allows_selection((*selection.segments, row.segment))
        else row
        for row in rows[:MAX_SEGMENT_ROWS]
    ]
    shown = trend_range(now, before)
    movers = []
    for row in [row for row in first_rows if row.moved][:MAX_MOVERS]:
        within = selection.narrowed(row.segment)
        days: dict[date, Counts] = {}
        if choice.has_periods:
            days = await chosen_days(uow, within, measurement, shown, choice)
        movers.append(Mover(row=row, points=trend_of(days, shown, now, before).points))
    return Breakdown(
        by=found.by,
        dimensions=found.dimensions,
        left_out=[] if access.limited_to else [each for each in found.dimensions if each.left_out],
        rows=first_rows,
        all_rows=rows,
        split=split_of(found, selection, standing),
        row_count=len(rows),
        compared_count=sum(row.change is not None for row in rows),
        moved_count=sum(row.moved for row in rows),
        movers=movers,
        people_hidden=found.people_hidden,
    )


async def _load_options(
    uow: UnitOfWork, access: SegmentAccess, tenant: Tenant, query: ScoreQuery, standing: Standing
) -> QueryOptions:
    """What has answers beside the other choice; to a reader who is limited, their own segments."""
    paths = list(access.limited_to) or await _values(uow, tenant, ORGANISATION, query.touchpoint, standing)
    touchpoints = await _values(uow, tenant, TOUCHPOINT, query.path, standing)
    # What is shown now is always among them.
    paths += [query.path] if query.path and query.path not in paths else []
    touchpoints += [query.touchpoint] if query.touchpoint and query.touchpoint not in touchpoints else []
    touchpoints = list(filter(access.allows_as_part, touchpoints))
    return QueryOptions(
        paths=list(filter(access.allows_as_part, paths)),
        touchpoints=touchpoints if len(touchpoints) > 1 or query.touchpoint else [],
        window_days=sorted({*WINDOW_OPTIONS_DAYS, standing.now.window.days}),
        whole_company=not access.limited_to,
    )


async def _values(
    uow: UnitOfWork, tenant: Tenant, dimension: str, beside: str, standing: Standing
) -> list[str]:
    """Segments of a dimension, of the organisation the topmost levels: all, or those that have answers in the
    segment ``beside``.
    """
    levels = MAX_OPTION_LEVELS if dimension == ORGANISATION else None
    if not beside:
        return await list_values(uow, tenant.id, dimension, MAX_OPTIONS, levels=levels)
    selection, window = await selection_of(uow, tenant.id, (beside,)), standing.now.window
    if selection.kept_parts(dimension) is not None:
        parts = await segment_parts(uow, selection, standing.measurement, dimension, window, window)
        own = sorted(part.segment for part in parts if part.now.n)
    else:
        found = await list_segments_within(uow, selection, standing.measurement, window)
        own = [segment for segment in found if dimension_of(segment) == dimension]
    return [segment for segment in own if levels is None or segment.count("/") < levels][:MAX_OPTIONS]


async def _load_answers(
    uow: UnitOfWork,
    access: SegmentAccess,
    query: ScoreQuery,
    selection: Selection,
    standing: Standing,
    themes: ThemeSet,
    after: str,
) -> AnswerList:
    measurement, window = standing.measurement, standing.now.window
    only = AnswerFilter(query.kind, query.words, query.theme, query.channel)
    rows = await list_answers(uow, selection, measurement, window, PAGE_SIZE + 1, decode_cursor(after), only)
    answers, cursor = cut_page(rows, PAGE_SIZE, lambda row: (row.answered_at, row.id))
    next_href = f"{query.href()}&{urlencode({'after': cursor})}#answers" if cursor else None
    names = names_of(themes)
    count = standing.now.n
    if only.is_limited:
        count = await count_listed_answers(uow, selection, measurement, window, only)
    return AnswerList(
        answers=with_shown_touchpoints(answers, access),
        count=count,
        is_first_page=not after,
        next_href=next_href,
        themes=[*names.items(), *([] if query.theme in {"", *names} else [(query.theme, query.theme)])],
    )
