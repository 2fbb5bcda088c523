"""What became of each event: the list, and the one page that tells everything of one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import Row

from services.dispatcher.grounds import read_facts, read_grounds
from services.dispatcher.pages.house import House, InHouse, page, surround_of
from services.dispatcher.pages.story import Story, differing, left_out, tell
from services.dispatcher.repository import decisions, invitations, stories
from services.dispatcher.repository.surveys import of_tenants
from services.dispatcher.words import WHY, in_words
from shared.db import UnitOfWork
from shared.events import may_see
from shared.http.live import Change, LiveFeed
from shared.http.problems import Problem
from shared.http.staff import Staff, signed_in

router = APIRouter(include_in_schema=False)
Reader = Annotated[Staff, Depends(signed_in())]
A_PAGE = 50
LATELY = timedelta(seconds=10)


def live_feed(house: House) -> LiveFeed:
    """The feed of this process: one loop asks what changed on any event's story."""
    database = house.context.database

    async def read() -> list[Change]:
        async with database.reading() as uow:
            found = await stories.changed_since(uow, uow.now - LATELY)
        return [
            Change(
                row.tenant,
                str(row.event_id),
                int(row.at.timestamp() * 1_000_000),
                {"event": str(row.event_id), "segments": list(row.segments)},
            )
            for row in found
        ]

    return LiveFeed(read, house.context.stopping)


@router.get("/events")
async def list_events(
    request: Request,
    staff: Reader,
    house: InHouse,
    q: Annotated[str, Query(max_length=200)] = "",
    before: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Newest first."""
    search, place = q.strip() or None, _place(before)
    async with house.context.database.reading() as uow:
        surround = await surround_of(uow, staff.tenant)
        rows = await stories.page(
            uow,
            staff.tenant,
            staff.segments,
            search=search,
            by_customer=staff.sees_names,
            before=place,
            most=A_PAGE + 1,
        )
        names = {row.id: row.name for row in await of_tenants(uow, [staff.tenant])}
    shown = rows[:A_PAGE]
    more = f"{shown[-1].decided_at.isoformat()}_{shown[-1].event_id}" if len(rows) > A_PAGE else None
    return page(
        house,
        request,
        "events.html",
        staff,
        surround,
        here="events",
        live="/events/live" if not before else None,
        events=[(row, read_facts(row.facts), in_words(row)) for row in shown],
        names=names,
        q=q.strip(),
        before=before,
        more=more,
        staff_url=house.context.afterword.staff_url.rstrip("/"),
    )


@router.get("/events/live")
async def follow_events(staff: Reader, request: Request) -> Response:
    """Says when any event's story goes on."""
    feed: LiveFeed = request.app.state.feed
    return feed.response(
        request, staff.tenant, lambda change: may_see(staff.segments, change.data["segments"])
    )


@router.get("/events/{event_id}/live")
async def follow_event(event_id: str, staff: Reader, request: Request, house: InHouse) -> Response:
    """Says when this event's story goes on."""
    feed: LiveFeed = request.app.state.feed
    async with house.context.database.reading() as uow:
        identity = (await _found(uow, staff, event_id)).event_id
    return feed.response(
        request,
        staff.tenant,
        lambda change: change.id == str(identity) and may_see(staff.segments, change.data["segments"]),
    )


@router.get("/events/{event_id}")
async def show_event(event_id: str, request: Request, staff: Reader, house: InHouse) -> Response:
    """Everything of one event, step by step."""
    async with house.context.database.reading() as uow:
        row = await _found(uow, staff, event_id)
        identity = row.event_id
        story = Story(
            decision=row,
            facts=read_facts(row.facts),
            grounds=read_grounds(row.grounds),
            invitation=await _invitation(uow, staff.tenant, row),
            answers=await stories.answers(uow, staff.tenant, identity),
            cases=await stories.cases(uow, staff.tenant, identity),
        )
        surround = await surround_of(uow, staff.tenant)
    return page(
        house,
        request,
        "event.html",
        staff,
        surround,
        here="events",
        live=f"/events/{identity}/live",
        story=story,
        steps=tell(story),
        differing=differing(row),
        left_out=left_out(story.facts),
        why=WHY,
        segments=_segments(row.segments),
    )


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


def _segments(names: Sequence[str]) -> list[str]:
    """The company first, which counts everything."""
    return ["", *names]


def _place(before: str) -> tuple[datetime, UUID] | None:
    """Where the page before ended; anything else begins at the newest."""
    at, _, event_id = before.partition("_")
    try:
        moment = datetime.fromisoformat(at)
        return (moment, UUID(event_id)) if moment.tzinfo is not None else None
    except ValueError:
        return None
