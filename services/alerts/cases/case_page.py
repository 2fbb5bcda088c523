"""The page of a case: the customer, what happened, and everything that can be done."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.alerts.cases import case_commands
from services.alerts.cases.case_detail import load_case_page
from services.alerts.cases.case_user import CaseUser
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.refusals import ActRefused, NotDone, NotPossible
from services.alerts.cases.forms import MAX_LIST_QUERY, CaseForm, InboxFilter, is_uuid
from services.alerts.cases.inbox_page import CaseWorker
from services.alerts.cases.repository import lists
from services.alerts.cases.repository.search import number_of
from services.alerts.context import OwnContext
from shared.db.database import UnitOfWork
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import uuid_of
from shared.http.numbers import MAX_INTEGER
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff
from shared.pages.language import spoken, translated
from shared.tenancy.tenants import find_zone
from shared.values.messages import message

Within = Annotated[str, Query(alias="in", max_length=MAX_LIST_QUERY)]
"""The query of the list from which the case was opened."""
router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
CONFIRMATIONS = {
    "take": message("Case %(number)s is yours."),
    "assign": message("Case %(number)s has its owner."),
    "hand_over": message("Case %(number)s is handed over."),
    "ask": message("Your colleague is asked."),
    "wait": message("Case %(number)s waits. Its deadlines stand still."),
    "resume": message("Case %(number)s goes on."),
    "merge": message("Case %(number)s is a duplicate now."),
    "release": message("Case %(number)s is put back. Anybody can take it."),
    "contact": message("The contact is saved."),
    "note": message("The note is saved."),
    "reply": message(
        "The mail is written. It leaves in a moment; its line under “What happened?” says what became of it."
    ),
    "close": message("Case %(number)s is closed."),
    "reopen": message("Case %(number)s is open again."),
    "reveal": message("You can read it for an hour. That you asked is written down."),
}
_HOLDS: dict[str, Callable[[CaseFile, Staff], bool]] = {
    "take": lambda case, staff: case.owner_id == staff.id,
    "assign": lambda case, _: case.owner_id is not None,
    "hand_over": lambda case, _: case.owner_id is not None,
    "wait": lambda case, _: case.wake_at is not None,
    "resume": lambda case, _: case.wake_at is None,
    "merge": lambda case, _: case.merged_into is not None,
    "release": lambda case, _: case.owner_id is None,
    "close": lambda case, _: case.state == "closed",
    "reopen": lambda case, _: case.state != "closed",
}
"""Whether what was done is still so: the page may be loaded by the same address when it is over."""
_PREFILLED: dict[str, Callable[[str], CaseForm]] = {
    "note": lambda text: CaseForm(act="note", text=text),
    "contact": lambda text: CaseForm(act="contact", text=text),
    "close": lambda text: CaseForm(act="close", action=text),
    "reply": lambda text: CaseForm(act="reply", text=text),
}
"""The forms into which a text block is inserted."""
ANCHORS = {
    "reveal": "contact",
    "note": "happened",
    "contact": "happened",
    "ask": "happened",
    "reply": "happened",
}
"""Where on the page the result of an act is seen; of the others at the acts."""


@router.get("/cases/{case}")
async def show(
    request: Request,
    staff: CaseWorker,
    context: OwnContext,
    case: str,
    did: str = "",
    do: str = "",
    block: str = "",
    before: Annotated[int | None, Query(ge=1, le=MAX_INTEGER)] = None,
    within: Within = "",
) -> Response:
    """The page, perhaps with a confirmation, or with the form of an act open, which a text block fills."""
    async with context.database.reading() as uow:
        setup = await context.setups.one(uow, staff.tenant)
        frame, page = await load_case_page(
            *(uow, context.policy, setup, staff, uuid_of(case), before, InboxFilter.of_query(within)),
            mails_come_back=context.afterword.reply_host is not None,
        )
    if did in CONFIRMATIONS and (did not in _HOLDS or _HOLDS[did](page.case, staff)):
        page = replace(page, did=did, done=spoken(CONFIRMATIONS[did]) % {"number": page.case.number})
    typed = next((one.text for one in page.blocks if str(one.id) == block), "")
    if typed and do in _PREFILLED:
        page = replace(page, form=_PREFILLED[do](typed))
    return context.pages.page(request, replace(page, acting=do), staff=staff, frame=frame)


@router.post("/cases/{case}")
async def do(
    request: Request,
    staff: CaseWorker,
    context: OwnContext,
    _: CsrfChecked,
    case: str,
    form: Annotated[CaseForm, Form()],
    within: Within = "",
) -> Response:
    """Do it and come back, or say why not, with everything that was typed."""
    refused, status = "", 422
    faults = [(field, spoken(remedy)) for field, remedy in form.faults()]
    if not faults:
        try:
            async with context.database.transaction() as uow:
                key = form.key if is_uuid(form.key) else None
                user = CaseUser.of_staff(staff)
                zone = await find_zone(uow, staff.tenant)
                action = form.read(zone, await _other_case(uow, user, form))
                await case_commands.act(
                    *(uow, context.secret, context.policy, context.setups),
                    *(user, uuid_of(case), action, key),
                )
            query = urlencode({"did": form.act} | ({"in": within} if within else {}))
            return RedirectResponse(f"/cases/{case}?{query}#{ANCHORS.get(form.act, 'now')}", 303)
        except ActRefused as refusal:
            refused, status = spoken(refusal.reason), 409
            if form.act == "close" and isinstance(refusal, NotDone):
                refused += " " + translated("Your text is still here.")
    async with context.database.reading() as uow:
        setup = await context.setups.one(uow, staff.tenant)
        frame, page = await load_case_page(
            *(uow, context.policy, setup, staff, uuid_of(case)),
            chosen=InboxFilter.of_query(within),
            mails_come_back=context.afterword.reply_host is not None,
        )
    page = replace(page, form=form, acting=form.act, faults=faults, wrongs=dict(faults), refused=refused)
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status)


async def _other_case(uow: UnitOfWork, user: CaseUser, form: CaseForm) -> UUID | None:
    """The case whose number the form has.

    :raises NotPossible: when there is none for this person.
    """
    if form.act != "merge":
        return None
    number = number_of(form.into)
    found = (
        await lists.case_of_number(uow, user.tenant, number, user.segments) if number is not None else None
    )
    if found is None:
        raise NotPossible(message("There is no case %(number)s. Choose another one.", number=form.into))
    return found
