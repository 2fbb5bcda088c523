"""``/marks``: the marks on the trend, which leaders and administrators add, change and remove."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.scorer.context import OwnContext, ScorerContext
from services.scorer.improvements.api import decode_place, encode_place
from services.scorer.marks import views
from services.scorer.marks.domain import Mark
from services.scorer.marks.forms import EMPTY_FORM, body_of, faults_by_field
from services.scorer.marks.mark_commands import (
    MarkDraft,
    MarkFaulty,
    MarkForeign,
    MarkKeyReused,
    add_mark,
    change_mark,
    remove_mark,
)
from services.scorer.marks.page_context import frame_of, segments_offered
from services.scorer.marks.reading import (
    find_readable,
    list_readable,
    reader_of,
    with_comparisons,
)
from services.scorer.parameters import read_segment
from shared.events.surveys import NpsMeasurement
from shared.http.csrf import CsrfChecked
from shared.http.cursors import MAX_CURSOR_LENGTH
from shared.http.form_texts import read_texts, uuid_of
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.http.validation_errors import faults_of_body
from shared.ids import uuid7
from shared.pages.language import counted, spoken, translated
from shared.permissions import ASSIGNING_ROLES
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(prefix="/marks", include_in_schema=False, route_class=CheckedRoute)
MarkPageReader = Annotated[Staff, Depends(signed_in())]
MarkPageWriter = Annotated[Staff, Depends(signed_in(*ASSIGNING_ROLES))]
PAGE_SIZE = 50
CONFIRMATIONS = {
    "added": message("The mark stands on the trend."),
    "saved": message("Saved."),
    "removed": message("The mark is removed."),
}
ADDED_ALREADY = message("Another mark was added by this form already. Add this one once more.")


@router.get("")
async def show_marks(
    request: Request,
    staff: MarkPageReader,
    context: OwnContext,
    measurement: NpsMeasurement = "transactional",
    after: Annotated[str, Query(max_length=MAX_CURSOR_LENGTH)] = "",
    did: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Those that the reader may see, the latest day first."""
    return await _list_page(request, staff, context, measurement=measurement, after=after, did=did)


@router.post("")
async def add_to_trend(
    request: Request, staff: MarkPageWriter, _: CsrfChecked, context: OwnContext
) -> Response:
    """Add a mark; the form carries its id, so that it is added once."""
    form = await read_texts(request)
    key = uuid_of(form.get("new_id", ""))
    try:
        body = body_of(form)
        async with context.database.transaction() as uow:
            reader, who = await reader_of(uow, staff.tenant, staff), AuditActor.of_staff(staff)
            segment = read_segment(body.segment)
            await add_mark(
                uow, reader.tenant, reader.access, who, key, day=body.day, text=body.text, segment=segment
            )
    except ValidationError as error:
        faults = faults_by_field(faults_of_body(error))
        return await _list_page(request, staff, context, form=form, faults=faults, status_code=422)
    except MarkFaulty as faulty:
        faults = faults_by_field(faulty.faults)
        return await _list_page(request, staff, context, form=form, faults=faults, status_code=422)
    except MarkKeyReused:
        again, faults = {**form, "new_id": ""}, {"text": spoken(ADDED_ALREADY)}
        return await _list_page(request, staff, context, form=again, faults=faults, status_code=409)
    return RedirectResponse("/marks?did=added", 303)


@router.get("/{mark}")
async def show_mark(
    mark: UUID,
    request: Request,
    staff: MarkPageReader,
    context: OwnContext,
    did: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """One mark."""
    return await _mark_page(request, staff, context, mark, did=did)


@router.post("/{mark}")
async def change_on_trend(
    mark: UUID, request: Request, staff: MarkPageWriter, _: CsrfChecked, context: OwnContext
) -> Response:
    """Change a mark, or remove it."""
    form = await read_texts(request)
    act = form.get("act", "")
    try:
        if act == "save":
            await _save(context, staff, mark, form)
        elif act == "remove":
            await _remove(context, staff, mark)
            return RedirectResponse("/marks?did=removed", 303)
        else:
            raise Problem(422)
    except ValidationError as error:
        faults = faults_by_field(faults_of_body(error))
        return await _mark_page(request, staff, context, mark, form=form, faults=faults, status_code=422)
    except MarkFaulty as faulty:
        faults = faults_by_field(faulty.faults)
        return await _mark_page(request, staff, context, mark, form=form, faults=faults, status_code=422)
    except MarkForeign:
        raise Problem(403) from None
    return RedirectResponse(f"/marks/{mark}?did=saved", 303)


async def _save(context: ScorerContext, staff: Staff, key: UUID, form: dict[str, str]) -> None:
    body = body_of(form)
    draft = MarkDraft(day=body.day, text=body.text, segment=read_segment(body.segment))
    async with context.database.transaction() as uow:
        reader = await reader_of(uow, staff.tenant, staff)
        who = AuditActor.of_staff(staff)
        if await change_mark(uow, reader.tenant, reader.access, who, key, draft) is None:
            raise Problem(404)


async def _remove(context: ScorerContext, staff: Staff, key: UUID) -> None:
    async with context.database.transaction() as uow:
        reader = await reader_of(uow, staff.tenant, staff)
        if not await remove_mark(uow, reader.tenant, reader.access, AuditActor.of_staff(staff), key):
            raise Problem(404)


async def _list_page(
    request: Request,
    staff: Staff,
    context: ScorerContext,
    *,
    measurement: NpsMeasurement = "transactional",
    after: str = "",
    did: str = "",
    form: dict[str, str] | None = None,
    faults: dict[str, str] | None = None,
    status_code: int = 200,
) -> Response:
    form, may_write = form or {}, staff.role in ASSIGNING_ROLES
    async with context.database.reading() as uow:
        frame = await frame_of(uow, staff)
        reader = await reader_of(uow, staff.tenant, staff)
        found, place = await list_readable(uow, reader, decode_place(after), PAGE_SIZE)
        read = await with_comparisons(uow, reader, measurement, found)
        offered = await segments_offered(uow, reader, form.get("segment", "")) if may_write else []
    following = {"measurement": measurement, "after": encode_place(place) or ""}
    page = views.MarksPage(
        lines=[views.line_of(each) for each in read],
        heading=_heading(len(read), is_part=place is not None or bool(after)),
        measurement=measurement,
        may_write=may_write,
        new_id=form.get("new_id") or str(uuid7()),
        form={**EMPTY_FORM, "day": reader.today.isoformat(), **form},
        faults=faults or {},
        segment_options=offered,
        next_href=f"/marks?{urlencode(following)}" if place is not None else "",
        confirmation=spoken(CONFIRMATIONS.get(did, "")),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


async def _mark_page(
    request: Request,
    staff: Staff,
    context: ScorerContext,
    key: UUID,
    *,
    did: str = "",
    form: dict[str, str] | None = None,
    faults: dict[str, str] | None = None,
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        frame = await frame_of(uow, staff)
        reader = await reader_of(uow, staff.tenant, staff)
        mark = await find_readable(uow, reader, key)
        (read,) = await with_comparisons(uow, reader, "transactional", [mark])
        may_write = staff.role in ASSIGNING_ROLES and reader.access.allows(mark.segment)
        offered = await segments_offered(uow, reader, mark.segment) if may_write else []
    page = views.MarkPage(
        line=views.line_of(read),
        may_write=may_write,
        form=_form_of(mark) if form is None else {**EMPTY_FORM, **form},
        faults=faults or {},
        segment_options=offered,
        confirmation=spoken(CONFIRMATIONS.get(did, "")),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


def _form_of(mark: Mark) -> dict[str, str]:
    return {"day": mark.day.isoformat(), "text": mark.text, "segment": mark.segment}


def _heading(n: int, *, is_part: bool) -> str:
    if not n:
        return translated("No mark stands on the trend yet.")
    if is_part:
        return translated("What happened, the latest first.")
    return counted("%(n)s mark stands on the trend.", "%(n)s marks stand on the trend.", n) % {"n": n}
