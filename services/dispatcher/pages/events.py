"""What became of each event: the list, and the one page that tells everything of one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Row

from services.dispatcher.context import OwnContext
from services.dispatcher.grounds import read_facts, read_grounds
from services.dispatcher.pages.house import Reader, page, surround_of
from services.dispatcher.pages.story import Story, differing, left_out, tell
from services.dispatcher.repository import decisions, invitations, stories
from services.dispatcher.repository.surveys import of_tenants
from services.dispatcher.words import OUTCOME_IN_FEW, WHY, in_words, known_as
from shared.db import UnitOfWork
from shared.events import WHOLE_COMPANY, Tenant, may_see, may_see_score
from shared.events.segments import chain_of
from shared.http.cursors import decode_cursor, encode_cursor
from shared.http.live import MAX_CHANGES, LiveChange, LiveFeed
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff
from shared.service import Context
from shared.values.zones import zone_of

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
A_PAGE = 50
LATELY = timedelta(seconds=10)
MOST_TODAY = 5_000
"""Of today's events so many, the newest, are counted."""


@dataclass(frozen=True)
class Today:
    """What became of today's events."""

    n: int
    asked: int
    others: list[tuple[str, int]]
    """Why the others were not asked, the most frequent first."""
    all_counted: bool


def live_feed(context: Context) -> LiveFeed:
    """The feed of this process: one loop asks what changed on any event's story."""
    database = context.database

    async def read(tenants: Collection[str]) -> list[LiveChange]:
        async with database.reading() as uow:
            found = await stories.changed_since(uow, tenants, uow.now - LATELY, MAX_CHANGES)
        return [
            LiveChange(row.tenant, str(row.event_id), int(row.at.timestamp() * 1_000_000), row.segments)
            for row in found
        ]

    return LiveFeed(read, context.stopping)


@router.get("/events")
async def list_events(
    request: Request,
    staff: Reader,
    context: OwnContext,
    q: Annotated[str, Query(max_length=200)] = "",
    before: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Newest first."""
    search, place = q.strip() or None, decode_cursor(before, "before")
    async with context.database.reading() as uow:
        surround = await surround_of(uow, staff)
        rows = await stories.page(
            uow,
            staff.tenant,
            staff.segments,
            search=search,
            by_customer=staff.sees_names,
            before=place,
            most=A_PAGE + 1,
        )
        since = midnight(uow.now, surround.tenant.time_zone)
        today = (
            await stories.outcomes_since(uow, staff.tenant, staff.segments, since=since, most=MOST_TODAY)
            if search is None and place is None
            else {}
        )
        names = {row.id: row.name for row in await of_tenants(uow, [staff.tenant])}
    shown = rows[:A_PAGE]
    more = encode_cursor(shown[-1].decided_at, shown[-1].event_id) if len(rows) > A_PAGE else None
    return page(
        context,
        request,
        "events.html",
        staff,
        surround,
        here="events",
        live="/events/live" if not before else None,
        events=[(row, read_facts(row.facts), in_words(row, with_case=staff.works_on_cases)) for row in shown],
        names=names,
        known_as=known_as,
        today=_today(today),
        sought=known_as(q.strip()),
        q=q.strip(),
        before=before,
        more=more,
        staff_url=context.staff_url,
    )


@router.get("/events/live")
async def follow_events(staff: Reader, request: Request, context: OwnContext) -> Response:
    """Says when any event's story goes on."""
    return context.feed.response(request, staff)


@router.get("/events/{event_id}")
async def show_event(event_id: str, request: Request, staff: Reader, context: OwnContext) -> Response:
    """Everything of one event, step by step."""
    async with context.database.reading() as uow:
        row = await _found(uow, staff, event_id)
        identity = row.event_id
        story = Story(
            decision=row,
            facts=read_facts(row.facts),
            grounds=read_grounds(row.grounds),
            invitation=await _invitation(uow, staff.tenant, row),
            answers=await stories.answers(uow, staff.tenant, identity),
            cases=await stories.cases(uow, staff.tenant, identity) if staff.works_on_cases else [],
        )
        surround = await surround_of(uow, staff)
    return page(
        context,
        request,
        "event.html",
        staff,
        surround,
        here="events",
        live="/events/live",
        live_only=str(identity),
        story=story,
        steps=tell(story),
        differing=differing(row),
        left_out=left_out(story.facts),
        why=WHY,
        known_as=known_as,
        segments=_counted_for(surround.tenant, staff, row.segments),
    )


def midnight(now: datetime, zone: str) -> datetime:
    """When the company's day began."""
    here = now.astimezone(zone_of(zone))
    return here.replace(hour=0, minute=0, second=0, microsecond=0)


def _today(outcomes: Mapping[str, int]) -> Today:
    n = sum(outcomes.values())
    others = [(OUTCOME_IN_FEW[outcome], count) for outcome, count in outcomes.items() if outcome != "invited"]
    return Today(n, outcomes.get("invited", 0), others, n < MOST_TODAY)


async def _found(uow: UnitOfWork, staff: Staff, event_id: str) -> Row[Any]:
    """The decision of an event that this reader may see.

    :raises Problem: 404 when there is none.
    """
    try:
        row = await decisions.find(uow, staff.tenant, UUID(event_id))
    except ValueError:
        row = None
    if row is None or not may_see(staff.segments, row.segments):
        raise Problem(404)
    return row


async def _invitation(uow: Any, tenant: str, row: Row[Any]) -> Row[Any] | None:
    return await invitations.find(uow, tenant, row.invitation_id) if row.invitation_id is not None else None


def _counted_for(tenant: Tenant, staff: Staff, names: Sequence[str]) -> list[str]:
    """Those whose scores the reader may see; the company first, which counts everything."""
    return [
        name
        for name in (WHOLE_COMPANY, *names)
        if may_see(staff.segments, chain_of(name))
        and may_see_score(tenant.people, name, staff.role, staff.segments)
    ]
