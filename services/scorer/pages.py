"""The HTML routes: the scores of a company and of its segments, and the answers that they are made of."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from services.scorer.access import SegmentAccess
from services.scorer.amendments.reading import ChoiceParameters, choice_parameters
from services.scorer.asked_days import GivenDays
from services.scorer.context import OwnContext, ScorerContext
from services.scorer.domain import Groups
from services.scorer.frame import company_of, staff_frame
from services.scorer.parameters import MAX_SELECTED_SEGMENTS, read_segment
from services.scorer.repository.recent_changes import list_recent_changes
from services.scorer.repository.selection import AnswerChannel, AnswerGroup
from services.scorer.repository.sending_state import SendingState, read_sending_state
from services.scorer.score_page import LabelledPage
from services.scorer.score_page_loader import load_score_page
from services.scorer.score_query import ComparedWith, ScoreQuery, query_days
from services.scorer.segments_page import (
    SegmentListAsked,
    SegmentOrder,
    load_ranking_page,
    load_segments_page,
)
from services.scorer.views import drawing_of
from shared.db.database import Database
from shared.db.notifications import ChangeListener
from shared.events import WHOLE_COMPANY
from shared.events.surveys import NpsMeasurement
from shared.http.live import MAX_CHANGES, LiveChange, LiveFeed
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.pages.svg.primitives import ChartScore

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
ScoreReader = Annotated[Staff, Depends(signed_in())]
SelectedSegments = Annotated[list[str] | None, Query(max_length=MAX_SELECTED_SEGMENTS)]
Choices = Annotated[ChoiceParameters, Depends(choice_parameters)]
ShortText = Annotated[str, Query(max_length=200)]
Cursor = Annotated[str, Query(max_length=2_000)]

RECENT_CHANGES_PERIOD = timedelta(seconds=10)
EXAMPLE_COUNTS = (10, 30, 100, 400, 1600)
"""The page without answers shows how the margin shrinks with so many answers."""


@dataclass(frozen=True, kw_only=True)
class EmptyPage(LabelledPage):
    """The first steps, before any answer counts."""

    template: ClassVar[str] = "empty.html"

    state: SendingState
    origin: str
    """Of the address to send events to."""
    now: datetime
    examples: list[tuple[int, ChartScore | None]]


@dataclass(frozen=True, kw_only=True)
class HiddenPage(LabelledPage):
    """For a reader who is limited to single employees, whose scores are not shown."""

    template: ClassVar[str] = "hidden.html"


def live_feed(database: Database, stopping: asyncio.Event, changes: ChangeListener) -> LiveFeed:
    """The feed that tells open pages of new answers and cases."""

    async def read(tenants: Collection[str]) -> Sequence[LiveChange]:
        async with database.reading() as uow:
            changes = await list_recent_changes(uow, tenants, uow.now - RECENT_CHANGES_PERIOD, MAX_CHANGES)
        return [LiveChange(*change) for change in changes]

    return LiveFeed(read, stopping, changes)


@router.get("/segments/live")
async def live(request: Request, staff: ScoreReader, context: OwnContext) -> Response:
    """The stream of changes."""
    return context.feed.response(request, staff)


def dashboard_query(
    choices: Choices,
    days: GivenDays,
    path: str = WHOLE_COMPANY,
    touchpoint: str = WHOLE_COMPANY,
    against: ComparedWith = "before",
    by: ShortText = "",
) -> ScoreQuery:
    """What the address of the dashboard asks for."""
    return ScoreQuery(
        path=read_segment(path),
        touchpoint=read_segment(touchpoint),
        **query_days(days.of_form),
        choices=choices,
        against=against,
        by=by,
    )


AskedDashboard = Annotated[ScoreQuery, Depends(dashboard_query)]


@router.get("/")
async def dashboard(
    request: Request, staff: ScoreReader, context: OwnContext, query: AskedDashboard
) -> Response:
    """The scores of the company; for a reader limited to segments, of the first of theirs."""
    return await _score_page(context, request, staff, query)


def segments_query(
    choices: Choices,
    days: GivenDays,
    segment: SelectedSegments = None,
    measurement: NpsMeasurement | None = None,
    against: ComparedWith = "before",
    by: ShortText = "",
    kind: AnswerGroup = "",
    words: ShortText = "",
    theme: ShortText = "",
    channel: AnswerChannel = "",
    q: ShortText = "",
    dimension: ShortText = "",
    sort: SegmentOrder = "score",
    after: Cursor = "",
) -> ScoreQuery | SegmentListAsked:
    """What the address of segments asks for."""
    if segment is None:
        return SegmentListAsked(
            days=days.of_form,
            measurement=measurement or "transactional",
            dimension=dimension,
            q=q,
            sort=sort,
            after=after,
        )
    return ScoreQuery(
        segments=tuple(filter(None, map(read_segment, segment))),
        measurement=measurement,
        **query_days(days.of_form),
        choices=choices,
        against=against,
        by=by,
        kind=kind,
        words=words.strip(),
        theme=theme,
        channel=channel,
    )


AskedSegments = Annotated[ScoreQuery | SegmentListAsked, Depends(segments_query)]


@router.get("/segments")
async def segments(
    request: Request, staff: ScoreReader, context: OwnContext, asked: AskedSegments, after: Cursor = ""
) -> Response:
    """The segments by score or by name; or the scores and answers of what lies in all segments named (an
    empty one is the company).
    """
    if isinstance(asked, SegmentListAsked):
        return await _segments_page(context, request, staff, asked)
    return await _score_page(context, request, staff, asked, after)


def needs_own_segment(query: ScoreQuery, staff: Staff) -> bool:
    """Whether a reader who is limited to segments asks for a page that names none."""
    return bool(staff.segments) and not query.path and not query.lists_answers


def with_own_segment(query: ScoreQuery, staff: Staff, access: SegmentAccess) -> ScoreQuery:
    """What a page shows a reader who is limited: where it names no segment, the first of theirs."""
    if not needs_own_segment(query, staff):
        return query
    return replace(query, path=next(filter(access.allows, staff.segments), WHOLE_COMPANY))


async def _score_page(
    context: ScorerContext, request: Request, staff: Staff, query: ScoreQuery, after: str = ""
) -> Response:
    page: LabelledPage
    async with context.database.reading() as uow:
        tenant = await company_of(uow, staff)
        state = await read_sending_state(uow, tenant.id)
        frame = await staff_frame(uow, staff, tenant, state)
        access = SegmentAccess.of(tenant, staff)
        query = with_own_segment(query, staff, access)
        if not state.counted:
            page = _empty_page(state, context.staff_url, uow.now)
        elif needs_own_segment(query, staff):
            page = HiddenPage()
        elif not access.allows_selection(query.selection):
            raise Problem(404)
        else:
            page = await load_score_page(uow, staff, tenant, query, after)
    return context.pages.page(request, page, staff=staff, frame=frame)


def _empty_page(state: SendingState, origin: str, now: datetime) -> EmptyPage:
    """With examples of a shop where half are promoters and a fifth are detractors."""
    examples = [(n, drawing_of(Groups(n // 5, n - n // 5 - n // 2, n // 2))) for n in EXAMPLE_COUNTS]
    return EmptyPage(state=state, origin=origin, now=now, examples=examples)


async def _segments_page(
    context: ScorerContext, request: Request, staff: Staff, asked: SegmentListAsked
) -> Response:
    page: LabelledPage
    async with context.database.reading() as uow:
        tenant = await company_of(uow, staff)
        frame = await staff_frame(uow, staff, tenant, await read_sending_state(uow, tenant.id))
        if asked.is_by_name:
            page = await load_segments_page(uow, staff, tenant, asked)
        else:
            page = await load_ranking_page(uow, staff, tenant, asked)
    return context.pages.page(request, page, staff=staff, frame=frame)
