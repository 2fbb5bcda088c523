"""The page of a case: the customer, what happened, and everything that can be done."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.alerts.cases import case_commands
from services.alerts.cases.case_commands import CaseUser
from services.alerts.cases.case_detail import load_case_page
from services.alerts.cases.domain.case_file import NotDone, NotPossible
from services.alerts.cases.forms import CaseForm, is_uuid
from services.alerts.cases.inbox_page import CaseWorker
from services.alerts.context import OwnContext
from shared.http.csrf import csrf_checked
from shared.http.numbers import MAX_INTEGER
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
CONFIRMATIONS = {
    "take": "Case {number} is yours.",
    "assign": "Case {number} has its owner.",
    "release": "Case {number} is put back. Anybody can take it.",
    "contact": "The contact is saved.",
    "note": "The note is saved.",
    "close": "Case {number} is closed.",
    "reopen": "Case {number} is open again.",
    "reveal": "You can read it for an hour. That you asked is written down.",
}
ANCHORS = {"reveal": "contact", "note": "happened", "contact": "happened"}
"""Where on the page the result of an act is seen; of the others at the acts."""


@router.get("/cases/{case}")
async def show(
    request: Request,
    staff: CaseWorker,
    context: OwnContext,
    case: str,
    did: str = "",
    do: str = "",
    before: Annotated[int | None, Query(ge=1, le=MAX_INTEGER)] = None,
) -> Response:
    """The page, perhaps with a confirmation, or with the form of an act open."""
    async with context.database.reading() as uow:
        frame, page = await load_case_page(uow, context.policy, staff, _case_id(case), before)
    if did in CONFIRMATIONS:
        page = replace(page, did=did, done=CONFIRMATIONS[did].format(number=page.case.number))
    return context.pages.page(request, replace(page, acting=do), staff=staff, frame=frame)


@router.post("/cases/{case}")
async def do(
    request: Request,
    staff: CaseWorker,
    context: OwnContext,
    _: Annotated[None, Depends(csrf_checked)],
    case: str,
    form: Annotated[CaseForm, Form()],
) -> Response:
    """Do it and come back, or say why not, with everything that was typed."""
    refused, status = "", 422
    faults = form.faults()
    if not faults:
        try:
            async with context.database.transaction() as uow:
                key = form.key if is_uuid(form.key) else None
                user = CaseUser.of_staff(staff)
                await case_commands.act(uow, context.policy, user, _case_id(case), form.read(), key)
            return RedirectResponse(f"/cases/{case}?did={form.act}#{ANCHORS.get(form.act, 'now')}", 303)
        except NotDone as overtaken:
            refused, status = str(overtaken), 409
            if form.act == "close":
                refused += " Your text is still here."
        except NotPossible as refusal:
            refused, status = str(refusal), 409
    async with context.database.reading() as uow:
        frame, page = await load_case_page(uow, context.policy, staff, _case_id(case))
    page = replace(page, form=form, acting=form.act, faults=faults, wrongs=dict(faults), refused=refused)
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status)


def _case_id(text: str) -> UUID:
    if not is_uuid(text):
        raise Problem(404)
    return UUID(text)
