"""``/v1/actions``: actions of improvement for programs."""

from datetime import UTC, date, datetime, time
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from services.scorer.context import OwnContext
from services.scorer.improvements.acting import carry_out
from services.scorer.improvements.domain import KeptImprovement
from services.scorer.improvements.improvement_commands import (
    ImprovementFaulty,
    ImprovementRefused,
    ImprovementStale,
    save_improvement,
)
from services.scorer.improvements.reading import (
    ImprovementReader,
    ReadImprovement,
    list_readable,
    read_improvement,
    reader_of,
    with_result,
)
from services.scorer.improvements.repository import ImprovementFilter
from services.scorer.improvements.schemas import (
    ImprovementBody,
    ImprovementList,
    ImprovementMove,
    ImprovementOut,
)
from services.scorer.parameters import read_segment
from shared.db.database import UnitOfWork
from shared.events import ImprovementStatus
from shared.http.auth import Caller, staff_or_key
from shared.http.cursors import MAX_CURSOR_LENGTH, decode_cursor, encode_cursor
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.permissions import ASSIGNING_ROLES
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(prefix="/v1/actions", tags=["scores"], route_class=CheckedRoute)
ReadsImprovements = Annotated[Caller, Depends(staff_or_key("scores:read"))]
WritesImprovements = Annotated[Caller, Depends(staff_or_key("cases:write", *ASSIGNING_ROLES))]
ImprovementId = Annotated[UUID, Path(description="The action's id: a UUID of your own.")]
MAX_FILTER_CHARS = 100


def encode_place(place: tuple[date, UUID] | None) -> str | None:
    """The cursor behind an action."""
    return encode_cursor(datetime.combine(place[0], time(), UTC), place[1]) if place is not None else None


def decode_place(cursor: str) -> tuple[date, UUID] | None:
    """The place of a cursor.

    :raises Problem: 422 when it is none.
    """
    found = decode_cursor(cursor)
    return (found[0].date(), found[1]) if found is not None else None


@router.get("", summary="List actions of improvement")
async def list_actions(
    context: OwnContext,
    caller: ReadsImprovements,
    status: Annotated[ImprovementStatus | None, Query(description="Only those in this status.")] = None,
    owner: Annotated[str, Query(max_length=MAX_FILTER_CHARS, description="Only those of a colleague.")] = "",
    theme: Annotated[
        str, Query(max_length=MAX_FILTER_CHARS, description="Only those about a cause or theme.")
    ] = "",
    late: Annotated[bool, Query(description="Only those that should have been done by now.")] = False,
    after: Annotated[str, Query(description="“next” of the page before.", max_length=MAX_CURSOR_LENGTH)] = "",
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 50,
) -> ImprovementList:
    """Those of segments that the caller may see, by the day on which they are due. A page may have fewer than
    `limit` before the end.
    """
    only = ImprovementFilter(
        statuses=(status,) if status is not None else (), owner=owner.strip(), theme=theme.strip(), late=late
    )
    async with context.database.reading() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        if only.owner and not reader.shows_names:
            raise Problem(403)
        found, place = await list_readable(uow, reader, only, decode_place(after), limit)
    return ImprovementList(
        actions=[ImprovementOut.of(ReadImprovement(kept=one, result=None), reader) for one in found],
        next=encode_place(place),
    )


@router.get("/{action}", summary="One action of improvement, and whether it helped")
async def read_action(
    context: OwnContext, caller: ReadsImprovements, action: ImprovementId
) -> ImprovementOut:
    """With the comparison of the days before the work and those after it, once it is done."""
    async with context.database.reading() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        return ImprovementOut.of(await read_improvement(uow, reader, action), reader)


@router.put("/{action}", summary="Open an action of improvement, or change one")
async def write_action(
    context: OwnContext, caller: WritesImprovements, action: ImprovementId, body: ImprovementBody
) -> ImprovementOut:
    """The same again changes nothing. What it is about (cause or theme, segment, measurement) stays: of that
    the baseline was taken when it was opened. With an older `version` it is refused (409).
    """
    segment = read_segment(body.segment)
    async with context.database.transaction() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        try:
            saved = await save_improvement(
                uow,
                reader.tenant,
                reader.access,
                AuditActor.of(caller),
                action,
                body.draft(segment),
                body.version,
            )
        except (ImprovementFaulty, ImprovementStale) as refused:
            raise refusal(refused) from None
        return await _answer(uow, reader, saved)


@router.post("/{action}/actions", summary="Move an action of improvement, or tell customers of it")
async def act_on_action(
    context: OwnContext, caller: WritesImprovements, action: ImprovementId, body: ImprovementMove
) -> ImprovementOut:
    """`accept`, `begin`, `finish`, `drop` with a reason, `reopen`: what was done already changes nothing.
    `finish` fixes two windows of `days` that do not overlap: before the day on which the work began (or on
    which the action was opened), and from the day after this one. `publish` sets what customers are told, of
    an action that is done, and mails it to those whose cases were closed with its cause and who said that
    they may be contacted, once to each; `reopen` takes it back.
    """
    async with context.database.transaction() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        try:
            moved = await carry_out(uow, reader.tenant, reader.access, AuditActor.of(caller), action, body)
        except (ImprovementFaulty, ImprovementRefused, ImprovementStale) as refused:
            raise refusal(refused) from None
        return await _answer(uow, reader, moved)


def refusal(refused: ImprovementFaulty | ImprovementRefused | ImprovementStale) -> Problem:
    """How a program is refused."""
    if isinstance(refused, ImprovementFaulty):
        return Problem(422, errors=refused.faults)
    if isinstance(refused, ImprovementRefused):
        return Problem(409, refused.reason)
    return Problem(
        409,
        message("The action was changed since you read it."),
        message("Read it again, and send its version. A new action needs an id of its own."),
    )


async def _answer(uow: UnitOfWork, reader: ImprovementReader, kept: KeptImprovement | None) -> ImprovementOut:
    if kept is None:
        raise Problem(404)
    return ImprovementOut.of(await with_result(uow, reader, kept), reader)
