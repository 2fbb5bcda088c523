"""``/pairs``: which pairs of dimensions are counted; leaders and administrators declare and remove them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.scorer.context import OwnContext, ScorerContext
from services.scorer.frame import company_of, staff_frame
from services.scorer.pairs import views
from services.scorer.pairs.files import pairs_file
from services.scorer.pairs.pair_commands import (
    PairFaulty,
    PairForeign,
    PairKeyReused,
    declare_pair,
    remove_pair,
)
from services.scorer.pairs.reading import dimensions_offered, read_pairs, reader_of
from services.scorer.pairs.schemas import PairBody
from services.scorer.repository.sending_state import read_sending_state
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import read_texts, uuid_of
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.http.validation_errors import FieldFault, faults_of_body
from shared.ids import uuid7
from shared.pages.filters import dimension_name
from shared.pages.language import spoken
from shared.permissions import ASSIGNING_ROLES
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(prefix="/pairs", include_in_schema=False, route_class=CheckedRoute)
PairPageReader = Annotated[Staff, Depends(signed_in())]
PairPageWriter = Annotated[Staff, Depends(signed_in(*ASSIGNING_ROLES))]
CONFIRMATIONS = {
    "declared": message("Declared. What is there already is being counted in the background."),
    "removed": message("Removed. It is being taken out of the counts in the background."),
}
DECLARED_ALREADY = message("Another pair was declared by this form already. Declare this one once more.")


@router.get("")
async def show_pairs(
    request: Request,
    staff: PairPageReader,
    context: OwnContext,
    did: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """All of the company, by name, with how far the work on each is."""
    return await _page(request, staff, context, did=did)


@router.get("/download")
async def download_pairs(staff: PairPageReader, context: OwnContext) -> Response:
    """The same as a file."""
    async with context.database.reading() as uow:
        found = await read_pairs(uow, await reader_of(uow, staff.tenant, staff))
    return pairs_file(found)


@router.post("")
async def declare(request: Request, staff: PairPageWriter, _: CsrfChecked, context: OwnContext) -> Response:
    """Declare a pair; the form carries its id, so that it is declared once."""
    form = await read_texts(request)
    key = uuid_of(form.get("new_id", ""))
    try:
        body = PairBody.model_validate({name: form.get(name, "") for name in ("first", "second")})
        async with context.database.transaction() as uow:
            reader, who = await reader_of(uow, staff.tenant, staff), AuditActor.of_staff(staff)
            await declare_pair(
                uow, reader.tenant, reader.access, who, key, first=body.first, second=body.second
            )
    except ValidationError as error:
        return await _page(request, staff, context, form=form, faults=faults_of_body(error))
    except PairFaulty as faulty:
        return await _page(request, staff, context, form=form, faults=faulty.faults)
    except PairForeign:
        raise Problem(403) from None
    except PairKeyReused:
        faults = [FieldFault(field="/first", detail=DECLARED_ALREADY)]
        again = {**form, "new_id": ""}
        return await _page(request, staff, context, form=again, faults=faults, status_code=409)
    return RedirectResponse("/pairs?did=declared", 303)


@router.post("/{pair}")
async def remove(
    pair: UUID, request: Request, staff: PairPageWriter, _: CsrfChecked, context: OwnContext
) -> Response:
    """Remove a pair."""
    form = await read_texts(request)
    if form.get("act", "") != "remove":
        raise Problem(422)
    async with context.database.transaction() as uow:
        reader, who = await reader_of(uow, staff.tenant, staff), AuditActor.of_staff(staff)
        try:
            removed = await remove_pair(uow, reader.tenant, reader.access, who, pair)
        except PairForeign:
            raise Problem(403) from None
    if not removed:
        raise Problem(404)
    return RedirectResponse("/pairs?did=removed", 303)


async def _page(
    request: Request,
    staff: Staff,
    context: ScorerContext,
    *,
    did: str = "",
    form: dict[str, str] | None = None,
    faults: list[FieldFault] | None = None,
    status_code: int | None = None,
) -> Response:
    form, faults = form or {}, faults or []
    async with context.database.reading() as uow:
        tenant = await company_of(uow, staff)
        frame = await staff_frame(uow, staff, tenant, await read_sending_state(uow, tenant.id), live=None)
        reader = await reader_of(uow, staff.tenant, staff)
        found = await read_pairs(uow, reader)
        offered = await dimensions_offered(uow, reader)
    page = views.PairsPage(
        lines=[views.line_of(each) for each in found],
        heading=views.heading_of(len(found)),
        may_write=staff.role in ASSIGNING_ROLES and not staff.segments,
        new_id=form.get("new_id") or str(uuid7()),
        first=form.get("first", ""),
        second=form.get("second", ""),
        faults={fault["field"].strip("/"): spoken(fault["detail"]) for fault in faults},
        dimension_options=[(name, dimension_name(name)) for name in offered],
        confirmation=spoken(CONFIRMATIONS.get(did, "")),
    )
    status_code = status_code or (422 if faults else 200)
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)
