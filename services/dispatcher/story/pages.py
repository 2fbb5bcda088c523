"""Pages of what became of each event: the list, the page of one event, and their live feed."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Row

from services.dispatcher.context import OwnContext
from services.dispatcher.decisions.explanation import decode_explanation, decode_facts
from services.dispatcher.decisions.repository import decisions as decision_rows
from services.dispatcher.frame import StaffReader, frame_of
from services.dispatcher.invitations import repository as invitation_rows
from services.dispatcher.mail_reasons import mail_reason
from services.dispatcher.story import repository
from services.dispatcher.story.failures import failure_lines
from services.dispatcher.story.labels import SURVEY_OUTCOMES, customer_label, decision_customer_label
from services.dispatcher.story.steps import EventStory, differing_fields, left_out_fields, story_steps
from services.dispatcher.story.views import EventLine, EventPage, EventsPage, TodaysOutcomes
from services.dispatcher.tenants import tenant_or_placeholder
from shared.db import UnitOfWork
from shared.events import WHOLE_COMPANY, Tenant, may_see, may_see_score
from shared.events.segments import chain_of
from shared.http.cursors import cut_page, decode_cursor
from shared.http.live import MAX_CHANGES, LiveChange, LiveFeed
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff
from shared.privacy.persons import NOBODY
from shared.service import Context
from shared.values.zones import zone_of

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
EVENTS_PER_PAGE = 50
LIVE_URL = "/events/live"
RECENT_CHANGE = timedelta(seconds=10)
MAX_TODAY_COUNTED = 5_000
"""The newest of today's events, which the list counts by outcome."""


def live_feed(context: Context) -> LiveFeed:
    """The feed of this process: one loop looks for changes of any event's story."""
    database = context.database

    async def read(tenants: Collection[str]) -> list[LiveChange]:
        async with database.reading() as uow:
            changes = await repository.find_changes(uow, tenants, uow.now - RECENT_CHANGE, MAX_CHANGES)
        return [
            LiveChange(row.tenant, str(row.event_id), int(row.at.timestamp() * 1_000_000), row.segments)
            for row in changes
        ]

    return LiveFeed(read, context.stopping, context.changes)


@router.get("/events")
async def list_events(
    request: Request,
    staff: StaffReader,
    context: OwnContext,
    q: Annotated[str, Query(max_length=200)] = "",
    before: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """The list, newest first; the events of today are counted on its first page."""
    q, place = q.strip(), decode_cursor(before, "before")
    counts: dict[str, int] = {}
    async with context.database.reading() as uow:
        frame = await frame_of(uow, staff, "events", live=LIVE_URL if not before else None)
        rows = await repository.list_events(
            uow,
            staff.tenant,
            staff.segments,
            search=q or None,
            by_customer=staff.sees_names,
            before=place,
            limit=EVENTS_PER_PAGE + 1,
        )
        if not q and place is None:
            since = midnight(uow.now, frame.time_zone)
            counts = await repository.count_outcomes(
                uow, staff.tenant, staff.segments, since=since, limit=MAX_TODAY_COUNTED
            )
    shown, more = cut_page(rows, EVENTS_PER_PAGE, lambda row: (row.decided_at, row.event_id))
    page = EventsPage(
        events=[EventLine.of(row, with_case=staff.works_on_cases) for row in shown],
        today=TodaysOutcomes.of(counts, MAX_TODAY_COUNTED),
        q=q,
        sought=customer_label(q) if q else "",
        before=before,
        more=more,
        staff_url=context.staff_url,
    )
    return context.pages.page(request, page, staff=staff, frame=frame)


@router.get(LIVE_URL)
async def follow_events(staff: StaffReader, request: Request, context: OwnContext) -> Response:
    """The stream of changes of any event's story."""
    return context.feed.response(request, staff)


@router.get("/events/{event_id}")
async def show_event(event_id: str, request: Request, staff: StaffReader, context: OwnContext) -> Response:
    """Everything of one event, step by step."""
    async with context.database.reading() as uow:
        decision = await _found(uow, staff, event_id)
        invitation = (
            await invitation_rows.find(uow, staff.tenant, decision.invitation_id)
            if decision.invitation_id is not None
            else None
        )
        story = EventStory(
            decision=decision,
            facts=decode_facts(decision.facts),
            explanation=decode_explanation(decision.grounds),
            invitation=invitation,
            answers=await repository.list_answers(uow, staff.tenant, decision.event_id),
            cases=await repository.list_cases(uow, staff.tenant, decision.event_id)
            if staff.works_on_cases
            else [],
        )
        tenant = await tenant_or_placeholder(uow, staff.tenant)
        frame = await frame_of(
            uow, staff, "events", tenant=tenant, live=LIVE_URL, live_only=str(decision.event_id)
        )
    page = EventPage(
        story=story,
        steps=story_steps(story),
        differing=differing_fields(decision),
        left_out=left_out_fields(story.facts),
        mail_reason=mail_reason(invitation.reason) if invitation is not None else "",
        outcomes=SURVEY_OUTCOMES,
        failures={
            one.survey_id: failure_lines(
                one, story.facts, is_kept=decision.person != NOBODY, sees_names=staff.sees_names
            )
            for one in story.explanation.considered
            if one.failed
        },
        customer=decision_customer_label(decision.customer_id, decision.person),
        customer_is_kept=decision.person != NOBODY,
        segments=_visible_segments(tenant, staff, decision.segments),
    )
    return context.pages.page(request, page, staff=staff, frame=frame)


def midnight(now: datetime, zone: str | None) -> datetime:
    """When the company's day began."""
    return now.astimezone(zone_of(zone)).replace(hour=0, minute=0, second=0, microsecond=0)


async def _found(uow: UnitOfWork, staff: Staff, event_id: str) -> Row[Any]:
    """The decision of an event that this reader may see.

    :raises Problem: 404 when there is none.
    """
    try:
        row = await decision_rows.find(uow, staff.tenant, UUID(event_id))
    except ValueError:
        row = None
    if row is None or not may_see(staff.segments, row.segments):
        raise Problem(404)
    return row


def _visible_segments(tenant: Tenant, staff: Staff, segments: Sequence[str]) -> list[str]:
    """Those whose scores the reader may see; the company first, which counts everything."""
    return [
        segment
        for segment in (WHOLE_COMPANY, *segments)
        if may_see(staff.segments, chain_of(segment))
        and may_see_score(tenant.people, segment, staff.role, staff.segments)
    ]
