"""The API for decisions: what became of an event."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query
from sqlalchemy import Row

from services.dispatcher.callers import DecisionReader, Limit
from services.dispatcher.context import OwnContext
from services.dispatcher.decisions.explanation import decode_explanation
from services.dispatcher.decisions.repository import decisions as rows
from services.dispatcher.decisions.schemas import (
    ConsideredAnswer,
    DecisionAnswer,
    DecisionList,
    InvitationAnswer,
)
from shared.http.routes import CheckedRoute

router = APIRouter(prefix="/v1", route_class=CheckedRoute)


@router.get("/decisions", summary="What became of an event")
async def read_decisions(
    caller: DecisionReader,
    context: OwnContext,
    event_id: Annotated[str, Query(min_length=1, max_length=200, description="The back-end's own id.")],
    source: Annotated[
        str | None, Query(max_length=200, description="Only of this source; of all, when it is left out.")
    ] = None,
    after: Annotated[UUID | None, Query(description="`next` of the page before.")] = None,
    limit: Limit = 100,
) -> DecisionList:
    """One decision for each source that has used this id."""
    allowed = caller.staff.segments if caller.staff is not None else ()
    async with context.database.reading() as uow:
        found = await rows.list_by_source_id(
            uow, caller.tenant, event_id, source=source, allowed=allowed, after=after, limit=limit + 1
        )
    sees_names = caller.staff is None or caller.staff.sees_names
    decisions = [_answer(row, context.staff_url, sees_names=sees_names) for row in found[:limit]]
    return DecisionList(decisions=decisions, next=found[limit - 1].event_id if len(found) > limit else None)


def _answer(row: Row[Any], staff_url: str, *, sees_names: bool) -> DecisionAnswer:
    values = msgspec.to_builtins(decode_explanation(row.grounds))
    considered = values.pop("considered", ())
    return DecisionAnswer(
        id=row.event_id,
        event_id=row.source_id,
        source=row.source,
        customer_id=row.customer_id or None if sees_names else None,
        decided_at=row.decided_at,
        reason=row.reason,
        survey_id=row.survey_id,
        considered=[ConsideredAnswer(**each) for each in considered],
        values=values,
        invitation=InvitationAnswer(id=row.invitation_id, state=row.state) if row.invitation_id else None,
        differs_at=row.difference_at,
        see=f"{staff_url}/events/{row.event_id}",
    )
