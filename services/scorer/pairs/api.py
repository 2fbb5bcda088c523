"""``/v1/pairs``: pairs of dimensions that are counted like segments."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Response

from services.scorer.context import OwnContext
from services.scorer.csv_files import CSV_CONTENT
from services.scorer.pairs.files import pairs_file
from services.scorer.pairs.pair_commands import (
    PairFaulty,
    PairForeign,
    PairKeyReused,
    declare_pair,
    remove_pair,
)
from services.scorer.pairs.reading import read_pairs, reader_of
from services.scorer.pairs.schemas import PairBody, PairList, PairOut
from shared.http.auth import Caller, staff_or_key
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.ids import derived, uuid7
from shared.permissions import ASSIGNING_ROLES
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(prefix="/v1/pairs", tags=["scores"], route_class=CheckedRoute)
ReadsPairs = Annotated[Caller, Depends(staff_or_key("scores:read"))]
WritesPairs = Annotated[Caller, Depends(staff_or_key("cases:write", *ASSIGNING_ROLES))]
PairId = Annotated[UUID, Path(description="The pair's id.")]
KEY_REUSED = message("This Idempotency-Key was used for another pair.")


@router.get("", summary="Declared pairs of dimensions")
async def list_declared(context: OwnContext, caller: ReadsPairs) -> PairList:
    """All of the company, by name, with how far the work on each is."""
    async with context.database.reading() as uow:
        found = await read_pairs(uow, await reader_of(uow, caller.tenant, caller.staff))
    return PairList(pairs=[PairOut.of(each) for each in found])


@router.get(
    "/export",
    summary="Declared pairs of dimensions, as a file",
    response_class=Response,
    responses={200: {"content": CSV_CONTENT, "description": "A row for each."}},
)
async def export_declared(context: OwnContext, caller: ReadsPairs) -> Response:
    """The same. A cell that begins like a formula stands behind an apostrophe."""
    async with context.database.reading() as uow:
        found = await read_pairs(uow, await reader_of(uow, caller.tenant, caller.staff))
    return pairs_file(found)


@router.post("", status_code=201, summary="Declare a pair of dimensions")
async def post_pair(
    context: OwnContext,
    caller: WritesPairs,
    body: PairBody,
    idempotency_key: Annotated[
        str | None, Header(max_length=200, description="The same key again declares nothing again.")
    ] = None,
) -> PairOut:
    """What lies in a segment of each of the two is counted like a segment from now on, so figures of both at
    once (`segment=` twice) are there as soon as those of one. What is there already is counted in the
    background; until then, and in any case, figures are the same. Who is limited to segments may not (403).
    """
    key = derived("segment pair", caller.tenant, idempotency_key) if idempotency_key else uuid7()
    async with context.database.transaction() as uow:
        reader, who = await reader_of(uow, caller.tenant, caller.staff), AuditActor.of(caller)
        try:
            declared = await declare_pair(
                uow, reader.tenant, reader.access, who, key, first=body.first, second=body.second
            )
        except PairFaulty as faulty:
            raise Problem(422, errors=faulty.faults) from None
        except PairForeign:
            raise Problem(403) from None
        except PairKeyReused:
            raise Problem(409, KEY_REUSED) from None
    return PairOut.of(declared)


@router.delete("/{pair}", status_code=204, summary="Remove a pair of dimensions", response_class=Response)
async def delete_pair(context: OwnContext, caller: WritesPairs, pair: PairId) -> Response:
    """From now on the answers are read for figures of both at once. It is taken out of the counts in the
    background, and is listed until then. Who is limited to segments may not (403).
    """
    async with context.database.transaction() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        try:
            removed = await remove_pair(uow, reader.tenant, reader.access, AuditActor.of(caller), pair)
        except PairForeign:
            raise Problem(403) from None
    if not removed:
        raise Problem(404)
    return Response(status_code=204)
