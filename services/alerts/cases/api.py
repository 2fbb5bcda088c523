"""Cases for programs: list them by page, read one with its timeline, act on it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Body, Depends, Header, Path, Query

from services.alerts.cases import case_commands
from services.alerts.cases.case_user import CaseUser
from services.alerts.cases.domain.refusals import ActRefused
from services.alerts.cases.domain.stage import shown_stage
from services.alerts.cases.mail_form import mail_facts
from services.alerts.cases.repository import case_mails, lists
from services.alerts.cases.repository.conditions import CaseFilter
from services.alerts.cases.repository.search import MAX_LOOKED_UP, MAX_READ, searched
from services.alerts.cases.repository.timeline import timeline
from services.alerts.cases.schemas import Action, CaseDetail, CaseList, CaseOut, ContactOut, EntryOut
from services.alerts.cases.visible import VisibleCase, visible_case
from services.alerts.cases.words import MAX_SEARCH_CHARS
from services.alerts.context import AlertsContext, OwnContext
from services.alerts.re_asks.for_cases import asked_again_of
from services.alerts.replicas import repository as replicas
from services.alerts.rules.clocks import Priority
from services.alerts.rules.setup import CompanySetup
from shared.db.database import UnitOfWork
from shared.events import CaseState
from shared.events.segments import normalized_segment
from shared.http.auth import Caller, staff_or_key
from shared.http.cursors import MAX_CURSOR_LENGTH, cut_page, decode_cursor
from shared.http.instants import Instant
from shared.http.numbers import MAX_INTEGER
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.validation_errors import FieldFault
from shared.permissions import CASE_ROLES
from shared.values.messages import message

router = APIRouter(prefix="/v1/cases", tags=["cases"], route_class=CheckedRoute)
ReadsCases = Annotated[Caller, Depends(staff_or_key("cases:read", *CASE_ROLES))]
WritesCases = Annotated[Caller, Depends(staff_or_key("cases:write", *CASE_ROLES))]
MAX_TIMELINE_LINES = 50
CaseId = Annotated[UUID, Path(description="The case's id.")]


@router.get("", summary="List cases by due time")
async def list_cases(
    context: OwnContext,
    caller: ReadsCases,
    state: Annotated[CaseState | None, Query(description="Only cases in this state.")] = None,
    owner: Annotated[str | None, Query(description="A person's id, or “nobody”.", max_length=36)] = None,
    segment: Annotated[str | None, Query(description="dimension:value", max_length=500)] = None,
    due: Annotated[Instant | None, Query(description="Only open ones that are due before this time.")] = None,
    overdue: Annotated[bool, Query(description="Only those that are late.")] = False,
    priority: Annotated[Priority | None, Query(description="Only of this priority.")] = None,
    team: Annotated[
        UUID | Literal["mine"] | None,
        Query(description="A team's id, or “mine” (people only): only cases of it, or of one's own teams."),
    ] = None,
    waiting: Annotated[bool, Query(description="Only those that wait for their customer.")] = False,
    q: Annotated[
        str,
        Query(
            description="Words of an answer, its customer's name or id, or a case's number. Of words that "
            f"more than {MAX_LOOKED_UP:,} answers have, the next {MAX_READ:,} cases are searched.",
            max_length=MAX_SEARCH_CHARS,
        ),
    ] = "",
    incident: Annotated[UUID | None, Query(description="An incident's id: only its cases.")] = None,
    after: Annotated[
        str | None, Query(description="“next” of the page before.", max_length=MAX_CURSOR_LENGTH)
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 50,
) -> CaseList:
    user = CaseUser.of(caller)
    wanted = CaseFilter(
        segments=user.segments,
        state=state,
        owner=_owner(owner),
        segment=normalized_segment(segment) if segment else segment,
        due_before=due,
        late=overdue,
        priority=priority,
        paused=waiting,
        incident=incident,
    )
    cursor = decode_cursor(after) if after else None
    async with context.database.reading() as uow:
        now = uow.now
        if team is not None:
            setup = await context.setups.one(uow, user.tenant)
            wanted = msgspec.structs.replace(wanted, teams=_teams(setup, caller, team))
        wanted, _ = await searched(uow, user.tenant, wanted, q, lists.BY_DUE_TIME, cursor)
        rows = await lists.page_of_cases(uow, user.tenant, wanted, after=cursor, limit=limit + 1)
    cases, more = cut_page(rows, limit, lambda row: (row.due_at, row.id))
    return CaseList(
        cases=[CaseOut(**_case_fields(context, visible_case(row), now)) for row in cases], next=more
    )


@router.get("/{case}", summary="Read a case with all that happened")
async def read_case(
    context: OwnContext,
    caller: ReadsCases,
    case: CaseId,
    before: Annotated[
        int | None,
        Query(ge=1, le=MAX_INTEGER, description="“earlier” of the answer before, for older lines."),
    ] = None,
) -> CaseDetail:
    async with context.database.reading() as uow:
        return await _detail(context, uow, CaseUser.of(caller), case, before=before)


@router.post(
    "/{case}/actions",
    summary="Do something to a case",
    description="Takes, assigns, hands over, asks a colleague, puts back, waits, goes on, logs a contact, "
    "notes, writes to the customer, closes, merges, opens again, or shows the address. The same request with "
    "the same Idempotency-Key changes nothing again for 30 days; with another request the key is refused "
    "(422). With `version`, nothing is done (409) when somebody has taken, assigned, handed over, put back, "
    "closed, merged or opened it since.",
)
async def act(
    context: OwnContext,
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
    user = CaseUser.of(caller)
    async with context.database.transaction() as uow:
        try:
            contact = await case_commands.act(
                uow, context.secret, context.policy, context.setups, user, case, action, idempotency_key
            )
        except ActRefused as refused:
            remedy = message("Read the case again and decide anew.")
            raise Problem(409, refused.reason, remedy) from None
        return await _detail(context, uow, user, case, contact)


async def _detail(
    context: AlertsContext,
    uow: UnitOfWork,
    user: CaseUser,
    case: UUID,
    contact: ContactOut | None = None,
    *,
    before: int | None = None,
) -> CaseDetail:
    row = await lists.one_case(uow, user.tenant, case, user.segments)
    if row is None:
        raise Problem(404)
    visible = visible_case(row)
    entries = await timeline(
        uow, user.tenant, case, visible.timeline_answers, before=before, limit=MAX_TIMELINE_LINES + 1
    )
    lines = entries[-MAX_TIMELINE_LINES:]
    mails = await case_mails.states_of(uow, user.tenant, case)
    invitations = await replicas.invitations(uow, user.tenant, [visible.answer.id])
    asked = await asked_again_of(uow, user, case, invitations.get(visible.answer.id))
    return CaseDetail(
        **_case_fields(context, visible, uow.now),
        timeline=[
            EntryOut(
                at=entry.at,
                kind=entry.kind,
                by=entry.by_name,
                facts=entry.facts | mail_facts(entry.facts.get("mail_id"), mails),
            )
            for entry in lines
        ],
        earlier=lines[0].seq if len(entries) > MAX_TIMELINE_LINES else None,
        asked_again_at=asked.re_ask.asked_at if asked.re_ask is not None else None,
        asked_again_score=asked.re_ask.score if asked.re_ask is not None else None,
        asks_about=asked.about_id,
        contact=contact,
    )


def _case_fields(context: AlertsContext, visible: VisibleCase, now: datetime) -> dict[str, Any]:
    case = visible.case
    # Fields that a case has by the same name are copied; the others, and those that differ, follow.
    same = {name: getattr(case, name) for name in CaseOut.model_fields if hasattr(case, name)}
    return {
        **same,
        "contact_due_at": case.contact_due_at if case.may_be_contacted else None,
        "first_score": visible.first_score,
        "comment": visible.answer.comment,
        "still_writing": visible.writing,
        "stage": shown_stage(case, now, context.policy),
        "waits_until": case.wake_at,
        "owner": case.owner_id,
        "owner_name": visible.owner_name,
        "see": f"{context.staff_url}/cases/{case.id}",
    }


def _teams(setup: CompanySetup, caller: Caller, team: UUID | Literal["mine"]) -> Sequence[UUID]:
    if team != "mine":
        return [team]
    if caller.staff is None:
        fault = FieldFault(field="query/team", detail=message("A key is in no team: give a team's id."))
        raise Problem(422, errors=[fault])
    return setup.teams_of(caller.staff.id)


def _owner(text: str | None) -> UUID | Literal["nobody"] | None:
    if text is None or text == "nobody":
        return "nobody" if text else None
    try:
        return UUID(text)
    except ValueError:
        fault = FieldFault(field="query/owner", detail=message("Must be a person's id, or nobody."))
        raise Problem(422, errors=[fault]) from None
