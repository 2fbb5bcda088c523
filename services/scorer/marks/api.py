"""``/v1/marks``: marks on the trend for programs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Query, Response

from services.scorer.context import OwnContext
from services.scorer.improvements.api import decode_place, encode_place
from services.scorer.marks.domain import Mark
from services.scorer.marks.mark_commands import (
    MarkDraft,
    MarkFaulty,
    MarkForeign,
    MarkKeyReused,
    add_mark,
    change_mark,
    remove_mark,
)
from services.scorer.marks.reading import (
    MarkReader,
    find_readable,
    list_readable,
    reader_of,
    with_comparisons,
)
from services.scorer.marks.schemas import MarkBody, MarkChange, MarkList, MarkOut
from services.scorer.parameters import read_segment
from shared.db.database import UnitOfWork
from shared.events.surveys import NpsMeasurement
from shared.http.auth import Caller, staff_or_key
from shared.http.cursors import MAX_CURSOR_LENGTH
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.ids import derived, uuid7
from shared.permissions import ASSIGNING_ROLES
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(prefix="/v1/marks", tags=["scores"], route_class=CheckedRoute)
ReadsMarks = Annotated[Caller, Depends(staff_or_key("scores:read"))]
WritesMarks = Annotated[Caller, Depends(staff_or_key("cases:write", *ASSIGNING_ROLES))]
MarkId = Annotated[UUID, Path(description="The mark's id.")]
MeasurementParameter = Annotated[
    NpsMeasurement, Query(description="Which answers are compared: after a contact, or at any time.")
]
KEY_REUSED = message("This Idempotency-Key was used for another mark.")


@router.get("", summary="Marks on the trend")
async def list_marks(
    context: OwnContext,
    caller: ReadsMarks,
    measurement: MeasurementParameter = "transactional",
    after: Annotated[str, Query(description="“next” of the page before.", max_length=MAX_CURSOR_LENGTH)] = "",
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 50,
) -> MarkList:
    """Those of the whole company and of segments that the caller may see, the latest day first. A page may
    have fewer than `limit` before the end.
    """
    async with context.database.reading() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        found, place = await list_readable(uow, reader, decode_place(after), limit)
        read = await with_comparisons(uow, reader, measurement, found)
    return MarkList(marks=[MarkOut.of(each) for each in read], next=encode_place(place))


@router.post("", status_code=201, summary="Add a mark to the trend")
async def post_mark(
    context: OwnContext,
    caller: WritesMarks,
    body: MarkBody,
    idempotency_key: Annotated[
        str | None, Header(max_length=200, description="The same key again adds nothing again.")
    ] = None,
) -> MarkOut:
    """What happened on a day: it stands on the trend's drawing, with the score of the 30 days before it and
    of the 30 after it.
    """
    key = derived("mark", caller.tenant, idempotency_key) if idempotency_key else uuid7()
    segment = read_segment(body.segment)
    async with context.database.transaction() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        try:
            mark = await add_mark(
                uow,
                reader.tenant,
                reader.access,
                AuditActor.of(caller),
                key,
                day=body.day,
                text=body.text,
                segment=segment,
            )
        except MarkFaulty as faulty:
            raise Problem(422, errors=faulty.faults) from None
        except MarkKeyReused:
            raise Problem(409, KEY_REUSED) from None
        return await _answer(uow, reader, mark)


@router.get("/{mark}", summary="A mark on the trend")
async def read_mark(
    context: OwnContext, caller: ReadsMarks, mark: MarkId, measurement: MeasurementParameter = "transactional"
) -> MarkOut:
    """With the score of the 30 days before its day, and of the 30 after it."""
    async with context.database.reading() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        return await _answer(uow, reader, await find_readable(uow, reader, mark), measurement)


@router.patch("/{mark}", summary="Change a mark on the trend")
async def patch_mark(context: OwnContext, caller: WritesMarks, mark: MarkId, body: MarkChange) -> MarkOut:
    """What is left out stays. Who is limited to segments may not change marks of the whole company (403)."""
    draft = MarkDraft(
        day=body.day, text=body.text, segment=None if body.segment is None else read_segment(body.segment)
    )
    async with context.database.transaction() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        try:
            changed = await change_mark(uow, reader.tenant, reader.access, AuditActor.of(caller), mark, draft)
        except MarkFaulty as faulty:
            raise Problem(422, errors=faulty.faults) from None
        except MarkForeign:
            raise Problem(403) from None
        if changed is None:
            raise Problem(404)
        return await _answer(uow, reader, changed)


@router.delete("/{mark}", status_code=204, summary="Remove a mark from the trend", response_class=Response)
async def delete_mark(context: OwnContext, caller: WritesMarks, mark: MarkId) -> Response:
    """For ever. Who is limited to segments may not remove marks of the whole company (403)."""
    async with context.database.transaction() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        try:
            removed = await remove_mark(uow, reader.tenant, reader.access, AuditActor.of(caller), mark)
        except MarkForeign:
            raise Problem(403) from None
    if not removed:
        raise Problem(404)
    return Response(status_code=204)


async def _answer(
    uow: UnitOfWork, reader: MarkReader, mark: Mark, measurement: NpsMeasurement = "transactional"
) -> MarkOut:
    (read,) = await with_comparisons(uow, reader, measurement, [mark])
    return MarkOut.of(read)
