"""One act on the cases that somebody has chosen in the inbox."""

from dataclasses import replace
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.alerts.cases.bulk_commands import CaseResult, act_on_each
from services.alerts.cases.bulk_forms import BulkForm, done_sentence
from services.alerts.cases.case_user import CaseUser
from services.alerts.cases.forms import InboxFilter, is_uuid
from services.alerts.cases.inbox_page import CaseWorker, load_inbox
from services.alerts.cases.repository.lists import numbers_of
from services.alerts.context import OwnContext
from shared.db.database import UnitOfWork
from shared.http.csrf import CsrfChecked
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff
from shared.pages.language import spoken
from shared.tenancy.tenants import find_zone

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)


@router.post("/inbox")
async def act_on_chosen(
    request: Request,
    staff: CaseWorker,
    context: OwnContext,
    _: CsrfChecked,
    chosen: Annotated[InboxFilter, Query()],
    form: Annotated[BulkForm, Form()],
) -> Response:
    """Do it to each and come back to the list; or say to which nothing was done, and why."""
    faults = [(field, spoken(remedy)) for field, remedy in form.faults()]
    results: list[CaseResult] = []
    if not faults:
        async with context.database.reading() as uow:
            zone = await find_zone(uow, staff.tenant)
        key = form.key if is_uuid(form.key) else None
        results = await act_on_each(
            *(context.database, context.secret, context.policy, context.setups),
            *(CaseUser.of_staff(staff), form.cases, form.bulk_action(zone)),
            key,
        )
        if all(one.refused is None for one in results):
            address = chosen.address()
            did = urlencode({"did": form.act, "n": len(results)})
            return RedirectResponse(f"{address}{'&' if '?' in address else '?'}{did}", 303)
    async with context.database.reading() as uow:
        frame, page = await load_inbox(uow, context, staff, chosen)
        refused = await _refused(uow, staff, results)
    done = sum(one.refused is None for one in results)
    if results:  # what is done is not chosen any more
        form = form.model_copy(update={"case": [str(one.case) for one in results if one.refused is not None]})
    page = replace(
        page,
        form=form,
        faults=faults,
        wrongs=dict(faults),
        refused=refused,
        done=done_sentence(form.act, done) if done else "",
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=422 if faults else 409)


async def _refused(
    uow: UnitOfWork, staff: Staff, results: list[CaseResult]
) -> list[tuple[UUID, int | None, str]]:
    """The cases to which nothing was done, each with its number, where this person may see it, and why."""
    refused = [one for one in results if one.refused is not None]
    numbers = await numbers_of(uow, staff.tenant, [one.case for one in refused], staff.segments)
    return [(one.case, numbers.get(one.case), spoken(one.refused)) for one in refused if one.refused]
