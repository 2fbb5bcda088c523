"""Cases for programs: read them by page, read one with all that happened, do something to it."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Header, Path, Query, Request

from services.alerts import actions, views
from services.alerts.actions import Reader
from services.alerts.domain import NotDone, NotPossible
from services.alerts.repository import reading
from services.alerts.repository.cases import case_of
from services.alerts.schemas import Action, CaseDetail, CaseOut, CasePage, ContactOut, EntryOut
from shared.db.database import Database, UnitOfWork
from shared.events.segments import typed
from shared.http.callers import Caller, staff_or_key
from shared.http.faults import Fault
from shared.http.problems import Problem

router = APIRouter(prefix="/v1/cases", tags=["cases"])
ReadsCases = Annotated[Caller, Depends(staff_or_key("cases:read", "admin", "leader", "agent"))]
WritesCases = Annotated[Caller, Depends(staff_or_key("cases:write", "admin", "leader", "agent"))]
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
    within = typed(segment) if segment else segment
    wanted = reading.Wanted(segments=reader.segments, state=state, owner=_owner(owner), segment=within)
    async with _database(request).reading() as uow:
        found = await reading.page_of_cases(
            uow, reader.tenant, wanted, after=_place(after) if after else None, most=limit + 1
        )
    more = found[limit - 1] if len(found) > limit else None
    return CasePage(
        cases=[CaseOut(**_told(request, row)) for row in found[:limit]],
        next=_cursor(more.due_at, more.id) if more is not None else None,
    )


@router.get("/{case}", summary="Read a case with all that happened")
async def read_case(request: Request, caller: ReadsCases, case: CaseId) -> CaseDetail:
    async with _database(request).reading() as uow:
        return await _detail(request, uow, Reader.of(caller), case, None)


@router.post(
    "/{case}/actions",
    summary="Do something to a case",
    description="Takes, assigns, logs a contact, notes, closes, opens again, or shows the address. "
    "The same Idempotency-Key again changes nothing again. With `version`, nothing is done (409) "
    "when somebody has "
    "taken, assigned, closed or opened it since.",
)
async def act(
    request: Request,
    caller: WritesCases,
    case: CaseId,
    action: Annotated[Action, Body()],
    idempotency_key: Annotated[
        str | None, Header(max_length=200, description="The same key again changes nothing again.")
    ] = None,
) -> CaseDetail:
    reader = Reader.of(caller)
    async with _database(request).transaction() as uow:
        try:
            contact = await actions.act(uow, reader, case, action, idempotency_key)
        except (NotDone, NotPossible) as why:
            raise Problem(409, str(why), "Read the case again and decide anew.") from None
        return await _detail(request, uow, reader, case, contact)


async def _detail(
    request: Request, uow: UnitOfWork, reader: Reader, case: UUID, contact: ContactOut | None
) -> CaseDetail:
    row = await reading.one_case(uow, reader.tenant, case, reader.segments)
    if row is None:
        raise Problem(404)
    entries = await reading.timeline(uow, reader.tenant, case)
    return CaseDetail(
        **_told(request, row),
        timeline=[
            EntryOut(at=entry.at, kind=entry.kind, by=entry.by_name, facts=entry.facts) for entry in entries
        ],
        contact=contact,
    )


def _told(request: Request, row: Any) -> dict[str, Any]:
    case, answer = case_of(row), views.answer_decoder.decode(row.answer)
    known = {name: getattr(case, name) for name in CaseOut.model_fields if hasattr(case, name)}
    return {
        **known,
        "first_score": row.first_score,
        "comment": answer.comment,
        "still_writing": row.writing,
        "may_contact": views.may_contact(row),
        "owner": case.owner_id,
        "owner_name": row.owner_name,
        "see": f"{request.app.state.staff_url}/cases/{case.id}",
    }


def _owner(text: str | None) -> UUID | Literal["nobody"] | None:
    if text is None or text == "nobody":
        return "nobody" if text else None
    try:
        return UUID(text)
    except ValueError:
        fault = Fault(field="query/owner", detail="Must be a person's id, or nobody.")
        raise Problem(422, errors=[fault]) from None


def _cursor(due_at: datetime, case: UUID) -> str:
    return base64.urlsafe_b64encode(f"{due_at.isoformat()} {case}".encode()).decode()


def _place(cursor: str) -> tuple[datetime, UUID]:
    try:
        at, _, case = base64.urlsafe_b64decode(cursor).decode().partition(" ")
        place = datetime.fromisoformat(at), UUID(case)
    except (binascii.Error, ValueError):
        place = None
    if place is None or place[0].tzinfo is None:
        fault = Fault(field="query/after", detail="Give “next” of a page as it stood there.")
        raise Problem(422, errors=[fault])
    return place


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database
