"""Cases for programs: read them by page, read one with all that happened, do something to it."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Header, Path, Query, Request

from services.alerts import actions
from services.alerts.actions import Reader
from services.alerts.context import own_context
from services.alerts.domain import NotDone, NotPossible
from services.alerts.repository import reading
from services.alerts.schemas import Action, CaseDetail, CaseOut, CasePage, ContactOut, EntryOut
from services.alerts.visible import VisibleCase, visible_case
from shared.db.database import UnitOfWork
from shared.events.segments import normalized_segment
from shared.http.auth import Caller, staff_or_key
from shared.http.cursors import cursor_of, place_of
from shared.http.numbers import MAX_INTEGER
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.validation_errors import FieldFault
from shared.permissions import CASE_ROLES

router = APIRouter(prefix="/v1/cases", tags=["cases"], route_class=CheckedRoute)
ReadsCases = Annotated[Caller, Depends(staff_or_key("cases:read", *CASE_ROLES))]
WritesCases = Annotated[Caller, Depends(staff_or_key("cases:write", *CASE_ROLES))]
LINES = 50
"""Of what happened so many lines are told at once."""
CaseId = Annotated[UUID, Path(description="The case's id.")]


@router.get("", summary="List cases by due time")
async def list_cases(
    request: Request,
    caller: ReadsCases,
    state: Annotated[
        Literal["open", "assigned", "closed"] | None, Query(description="Only cases in this state.")
    ] = None,
    owner: Annotated[str | None, Query(description="A person's id, or “nobody”.", max_length=36)] = None,
    segment: Annotated[str | None, Query(description="dimension:value", max_length=500)] = None,
    after: Annotated[str | None, Query(description="“next” of the page before.", max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 50,
) -> CasePage:
    reader = Reader.of(caller)
    within = normalized_segment(segment) if segment else segment
    wanted = reading.Wanted(segments=reader.segments, state=state, owner=_owner(owner), segment=within)
    async with own_context(request).database.reading() as uow:
        found = await reading.page_of_cases(
            uow, reader.tenant, wanted, after=place_of(after) if after else None, most=limit + 1
        )
    more = found[limit - 1] if len(found) > limit else None
    return CasePage(
        cases=[CaseOut(**_told(request, visible_case(row))) for row in found[:limit]],
        next=cursor_of(more.due_at, more.id) if more is not None else None,
    )


@router.get("/{case}", summary="Read a case with all that happened")
async def read_case(
    request: Request,
    caller: ReadsCases,
    case: CaseId,
    before: Annotated[
        int | None,
        Query(ge=1, le=MAX_INTEGER, description="“earlier” of the answer before, for older lines."),
    ] = None,
) -> CaseDetail:
    async with own_context(request).database.reading() as uow:
        return await _detail(request, uow, Reader.of(caller), case, before=before)


@router.post(
    "/{case}/actions",
    summary="Do something to a case",
    description="Takes, assigns, puts back, logs a contact, notes, closes, opens again, or shows the "
    "address. The same request with the same Idempotency-Key changes nothing again for 30 days; with another "
    "request the key is refused (422). With `version`, nothing is done (409) when somebody has taken, "
    "assigned, put back, closed or opened it since.",
)
async def act(
    request: Request,
    caller: WritesCases,
    case: CaseId,
    action: Annotated[Action, Body()],
    idempotency_key: Annotated[
        str | None,
        Header(
            max_length=200, description="A key of this request's own: sent again it changes nothing again."
        ),
    ] = None,
) -> CaseDetail:
    reader = Reader.of(caller)
    async with own_context(request).database.transaction() as uow:
        try:
            contact = await actions.act(uow, reader, case, action, idempotency_key)
        except (NotDone, NotPossible) as why:
            raise Problem(409, str(why), "Read the case again and decide anew.") from None
        return await _detail(request, uow, reader, case, contact)


async def _detail(
    request: Request,
    uow: UnitOfWork,
    reader: Reader,
    case: UUID,
    contact: ContactOut | None = None,
    *,
    before: int | None = None,
) -> CaseDetail:
    row = await reading.one_case(uow, reader.tenant, case, reader.segments)
    if row is None:
        raise Problem(404)
    seen = visible_case(row)
    entries = await reading.timeline(uow, reader.tenant, case, seen.ids, before=before, most=LINES + 1)
    lines = entries[-LINES:]
    return CaseDetail(
        **_told(request, seen),
        timeline=[
            EntryOut(at=entry.at, kind=entry.kind, by=entry.by_name, facts=entry.facts) for entry in lines
        ],
        earlier=lines[0].seq if len(entries) > LINES else None,
        contact=contact,
    )


def _told(request: Request, seen: VisibleCase) -> dict[str, Any]:
    case = seen.case
    known = {name: getattr(case, name) for name in CaseOut.model_fields if hasattr(case, name)}
    return {
        **known,
        "contact_due_at": None if case.may_contact is False else case.contact_due_at,
        "first_score": seen.first_score,
        "comment": seen.answer.comment,
        "still_writing": seen.writing,
        "owner": case.owner_id,
        "owner_name": seen.owner_name,
        "see": f"{own_context(request).staff_url}/cases/{case.id}",
    }


def _owner(text: str | None) -> UUID | Literal["nobody"] | None:
    if text is None or text == "nobody":
        return "nobody" if text else None
    try:
        return UUID(text)
    except ValueError:
        fault = FieldFault(field="query/owner", detail="Must be a person's id, or nobody.")
        raise Problem(422, errors=[fault]) from None
