"""The staff page of suspect answers: why each may be a machine's, and the buttons that say whose it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.collector.context import OwnContext
from services.collector.judgement_commands import judge_answer
from services.collector.labels import SIGN_LABELS
from services.collector.repository import suspects
from services.collector.suspicion import JUDGEMENTS
from shared.events import Answer
from shared.http.csrf import CsrfChecked
from shared.http.cursors import MAX_CURSOR_LENGTH, cut_page, decode_cursor
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.pages.language import spoken
from shared.pages.page import Frame, Page
from shared.permissions import JUDGING_ROLES
from shared.privacy.audit import AuditActor
from shared.tenancy.tenants import find_tenant

router = APIRouter(include_in_schema=False, prefix="/suspect-answers", route_class=CheckedRoute)
ANSWERS_PER_PAGE = 25
Shows = Literal["waiting", "judged"]
Judge = Annotated[Staff, Depends(signed_in(*JUDGING_ROLES))]


@dataclass(frozen=True)
class SuspectLine:
    """A suspect answer in the list."""

    answer: Answer
    signs: Sequence[str]
    """In words."""

    @classmethod
    def of(cls, answer: Answer) -> "SuspectLine":
        """An answer as it is kept."""
        return cls(answer, [spoken(SIGN_LABELS[sign]) for sign in answer.signs])


@dataclass(frozen=True, kw_only=True)
class SuspectAnswersPage(Page):
    """The suspect answers, newest first."""

    template: ClassVar[str] = "suspect_answers.html"
    lines: Sequence[SuspectLine]
    shows: Shows
    before: str
    more: str | None
    """The cursor of the next page."""
    done: str
    """The judgement that was just written; empty: none."""


@router.get("")
async def show_suspect_answers(
    request: Request,
    staff: Judge,
    context: OwnContext,
    show: Shows = "waiting",
    before: Annotated[str, Query(max_length=MAX_CURSOR_LENGTH)] = "",
    did: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Those that wait to be judged, or those that were."""
    async with context.database.reading() as uow:
        tenant = await find_tenant(uow, staff.tenant)
        found = await suspects.list_suspects(
            uow,
            staff.tenant,
            judged=show == "judged",
            allowed=staff.segments,
            before=decode_cursor(before, "before"),
            limit=ANSWERS_PER_PAGE + 1,
        )
    shown, more = cut_page(
        found, ANSWERS_PER_PAGE, lambda answer: (answer.answered_at or answer.changed_at, answer.id)
    )
    page = SuspectAnswersPage(
        lines=[SuspectLine.of(answer) for answer in shown],
        shows=show,
        before=before,
        more=more,
        done=did if did in JUDGEMENTS else "",
    )
    frame = Frame(
        company=tenant.name if tenant else staff.tenant,
        here="surveys",
        time_zone=tenant.time_zone if tenant else None,
    )
    return context.pages.page(request, page, staff=staff, frame=frame)


@router.post("/{answer_id}/judgement")
async def judge_suspect_answer(
    request: Request,
    answer_id: UUID,
    staff: Judge,
    _: CsrfChecked,
    context: OwnContext,
) -> Response:
    """Say whose an answer is; the same again changes nothing."""
    form = await request.form()
    judgement = next((each for each in JUDGEMENTS if each == form.get("judgement")), None)
    if judgement is None:
        raise Problem(422)
    async with context.database.transaction() as uow:
        who = AuditActor.of_staff(staff)
        if await judge_answer(uow, staff.tenant, who, answer_id, judgement, staff.segments) is None:
            raise Problem(404)
    show = "&show=judged" if form.get("show") == "judged" else ""
    return RedirectResponse(f"/suspect-answers?did={judgement}{show}", 303)
