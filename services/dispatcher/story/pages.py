"""Pages of what became of each event: the list, the page of one event, and their live feed."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Row

from services.dispatcher.bounces import repository as bounce_rows
from services.dispatcher.context import OwnContext
from services.dispatcher.decisions.event_names import shown_event_id
from services.dispatcher.decisions.explanation import decode_explanation, decode_facts
from services.dispatcher.decisions.repository import decisions as decision_rows
from services.dispatcher.frame import StaffReader, frame_of
from services.dispatcher.invitations import repository as invitation_rows
from services.dispatcher.invitations.changes import MailChange, are_all_kept, list_changes
from services.dispatcher.invitations.states import read_invitation
from services.dispatcher.mail_reasons import mail_reason
from services.dispatcher.repository.reminders import list_reminders
from services.dispatcher.story import repository
from services.dispatcher.story.basis import basis_lines
from services.dispatcher.story.countering import find_countered
from services.dispatcher.story.failures import failure_lines
from services.dispatcher.story.history import link_history, load_changes, mail_history
from services.dispatcher.story.labels import (
    CHANNEL_LABELS,
    HOLD_RULES,
    LOAD_IT_AGAIN,
    NO_SUCH_EVENT,
    SURVEY_OUTCOMES,
    decision_customer_label,
    hold_label,
    profile_label,
)
from services.dispatcher.story.replaced import find_replaced
from services.dispatcher.story.returned import came_back, returned_steps
from services.dispatcher.story.search import EventSearch, filter_words, in_one_line, search_filter
from services.dispatcher.story.steps import (
    EventStory,
    StoryStep,
    differing_fields,
    left_out_fields,
    story_steps,
)
from services.dispatcher.story.views import (
    EventLine,
    EventOutcomes,
    EventPage,
    EventsPage,
    SearchForm,
    WiderSearch,
)
from services.dispatcher.surveys import repository as survey_rows
from services.dispatcher.tenants import tenant_or_placeholder
from shared.db import UnitOfWork
from shared.events import WHOLE_COMPANY, Tenant, may_see, may_see_score
from shared.events.segments import chain_of
from shared.events.transactions import LINK
from shared.http.cursors import MAX_CURSOR_LENGTH, cut_page, decode_cursor
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
MAX_COUNTED = 5_000
"""The newest events of a period, which the list counts by outcome."""
Typed = Annotated[str, Query(max_length=200)]


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
    q: Typed = "",
    reason: Typed = "",
    survey: Typed = "",
    channel: Typed = "",
    state: Typed = "",
    postponed_by: Typed = "",
    since: Typed = "",
    until: Typed = "",
    before: Annotated[str, Query(max_length=MAX_CURSOR_LENGTH)] = "",
) -> Response:
    """The events that a search wants, newest first; those of today, or of a period, are counted before."""
    typed = (q, reason, survey, channel, state, postponed_by, since, until)
    search, place = EventSearch(*(each.strip() for each in typed)), decode_cursor(before, "before")
    counts: dict[str, int] = {}
    async with context.database.reading() as uow:
        frame = await frame_of(uow, staff, "events", live=LIVE_URL if not before else None)
        zone = zone_of(frame.time_zone)
        country = (await tenant_or_placeholder(uow, staff.tenant)).country or None
        wanted = search_filter(search, staff, context.secret, zone, country)
        surveys = {str(row.id): row.name for row in await survey_rows.list_of_tenants(uow, [staff.tenant])}
        rows = await repository.list_events(
            uow, staff.tenant, wanted, before=place, limit=EVENTS_PER_PAGE + 1
        )
        today = uow.now.astimezone(zone).date().isoformat()
        period = search if search.given else EventSearch(since=today, until=today)
        if search.is_counted and place is None:
            counted = search_filter(period, staff, context.secret, zone)
            counts = await repository.count_outcomes(uow, staff.tenant, counted, limit=MAX_COUNTED)
    shown, more = cut_page(rows, EVENTS_PER_PAGE, lambda row: (row.decided_at, row.event_id))
    words = filter_words(search, surveys)
    page = EventsPage(
        events=[
            EventLine.of(row, with_case=staff.works_on_cases, sees_names=staff.sees_names) for row in shown
        ],
        outcomes=EventOutcomes.of(counts, MAX_COUNTED, period),
        search=search,
        form=SearchForm.of(surveys),
        searched_for=in_one_line(search, words),
        wider=[WiderSearch(text, search.link(**{name: ""})) for name, text in words.items()],
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
        facts = decode_facts(decision.facts)
        noted = [
            *await find_countered(uow, staff.tenant, decision, facts, staff),
            *await find_replaced(uow, staff.tenant, decision.event_id, staff),
        ]
        changes = await _mail_changes(uow, staff.tenant, invitation, noted)
        bounces = (
            await bounce_rows.list_of(uow, staff.tenant, invitation.id) if invitation is not None else []
        )
        story = EventStory(
            decision=decision,
            facts=facts,
            explanation=decode_explanation(decision.grounds),
            invitation=invitation,
            reminders=await list_reminders(uow, staff.tenant, invitation.id)
            if invitation is not None
            else [],
            answers=await repository.list_answers(uow, staff.tenant, decision.event_id),
            cases=await repository.list_cases(uow, staff.tenant, decision.event_id)
            if staff.works_on_cases
            else [],
            mail=await _mail_steps(uow, staff.tenant, decision, invitation, changes, bounces)
            if invitation is not None
            else (),
            changes=changes,
            returned=returned_steps(bounces),
            countered=noted,
        )
        tenant = await tenant_or_placeholder(uow, staff.tenant)
        frame = await frame_of(
            uow, staff, "events", tenant=tenant, live=LIVE_URL, live_only=str(decision.event_id)
        )
    page = EventPage(
        name=shown_event_id(decision.source, decision.source_id, sees_names=staff.sees_names),
        story=story,
        steps=story_steps(story),
        differing=differing_fields(decision),
        left_out=left_out_fields(story.facts),
        mail_reason=mail_reason(invitation.reason) if invitation is not None else "",
        held_by=hold_label(story.explanation.held_by),
        postponed_by=hold_label([invitation.reason])
        if invitation is not None and invitation.state == "waiting" and invitation.reason and not changes
        else "",
        changes_cut=not are_all_kept(changes),
        from_profile=profile_label(story.explanation.from_profile),
        asked_at=read_invitation(invitation).asked_at if invitation is not None else None,
        outcomes=SURVEY_OUTCOMES,
        hold_rules=HOLD_RULES,
        sees_cases=staff.works_on_cases and not staff.segments,
        channels=CHANNEL_LABELS,
        by_sms=invitation is not None and read_invitation(invitation).channel == "sms",
        failures={
            one.survey_id: failure_lines(
                one, story.facts, is_kept=decision.person != NOBODY, sees_names=staff.sees_names
            )
            for one in (*story.explanation.considered, *story.explanation.rehearsed)
            if one.failed
        },
        basis_lines={
            one.survey_id: basis_lines(one.basis)
            for one in (*story.explanation.considered, *story.explanation.rehearsed)
            if one.basis is not None
        },
        customer=decision_customer_label(decision.customer_id, decision.person),
        customer_is_kept=decision.person != NOBODY,
        segments=_visible_segments(tenant, staff, decision.segments),
    )
    return context.pages.page(request, page, staff=staff, frame=frame)


async def _mail_steps(
    uow: UnitOfWork,
    tenant: str,
    decision: Row[Any],
    invitation: Row[Any],
    changes: Sequence[MailChange],
    bounces: Sequence[Row[Any]],
) -> list[StoryStep]:
    """What happened to the mail, or to the link that was handed out in its place."""
    if read_invitation(invitation).channel == LINK:
        return link_history(invitation, decode_facts(decision.facts).requested_by)
    sending_changes = await load_changes(uow, tenant, invitation)
    due_at = decode_explanation(decision.grounds).due_at
    return mail_history(invitation, sending_changes, due_at, changes, came_back=came_back(bounces))


async def _mail_changes(
    uow: UnitOfWork, tenant: str, invitation: Row[Any] | None, noted: Sequence[StoryStep]
) -> list[MailChange]:
    """What postponed or ended an event's mails, without what a step of another event's page tells already."""
    if invitation is None:
        return []
    told = {step.at for step in noted}
    return [
        change
        for change in await list_changes(uow, tenant, invitation.id)
        if change.what != "postponed" or change.at not in told
    ]


async def _found(uow: UnitOfWork, staff: Staff, event_id: str) -> Row[Any]:
    """The decision of an event that this reader may see.

    :raises Problem: 404 when there is none.
    """
    try:
        row = await decision_rows.find(uow, staff.tenant, UUID(event_id))
    except ValueError:
        row = None
    if row is None or not may_see(staff.segments, row.segments):
        raise Problem(404, NO_SUCH_EVENT, LOAD_IT_AGAIN)
    return row


def _visible_segments(tenant: Tenant, staff: Staff, segments: Sequence[str]) -> list[str]:
    """Those whose scores the reader may see; the company first, which counts everything."""
    return [
        segment
        for segment in (WHOLE_COMPANY, *segments)
        if may_see(staff.segments, chain_of(segment))
        and may_see_score(tenant.people, segment, staff.role, staff.segments)
    ]
