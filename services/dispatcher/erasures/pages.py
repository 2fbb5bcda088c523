"""The page by which administrators erase customers, and follow how far it has come."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.erasures import repository
from services.dispatcher.erasures.erasure_commands import request_erasure
from services.dispatcher.erasures.forms import ErasureForm
from services.dispatcher.erasures.requests import ErasureRefused
from services.dispatcher.erasures.schemas import MAX_REASON_CHARS
from services.dispatcher.erasures.views import CustomerChoice, ErasureLine, ErasuresPage
from services.dispatcher.frame import frame_of
from services.dispatcher.repository.erased_addresses import find_customer_id, find_others
from services.dispatcher.story.pages import LIVE_URL
from shared.http.csrf import CsrfChecked
from shared.http.cursors import MAX_CURSOR_LENGTH, cut_page, decode_cursor
from shared.http.problems import Problem, problem_texts
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import CompanyAdmin, Staff
from shared.http.text_safety import text_faults
from shared.pages.language import spoken, translated
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
ERASURES_PER_PAGE = 50
ASKED = message("It has begun. Below you see what has been erased.")
NOT_CONFIRMED = message("Tick the box to confirm that it cannot be undone. Nothing was erased.")
NO_REASON = message("Write why, without anything that names the customer. It is kept.")
LONG_REASON = message("Write at most %(n)s characters.", n=MAX_REASON_CHARS)


@router.get("/erasures")
async def show_erasures(
    request: Request,
    staff: CompanyAdmin,
    context: OwnContext,
    before: Annotated[str, Query(max_length=MAX_CURSOR_LENGTH)] = "",
    did: str = "",
    other: Annotated[str, Query(pattern=r"^([0-9a-f]{64})?$")] = "",
) -> Response:
    """The form, filled with the customer of the pseudonym ``other``, and the erasures that were asked for."""
    form = None
    if other:
        async with context.database.reading() as uow:
            form = ErasureForm(customer_id=await find_customer_id(uow, staff.tenant, other))
    return await _page(request, staff, context, before=before, form=form, done=did == "asked")


@router.post("/erasures")
async def ask_for_erasure(
    request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Erase whom the form names, or say what is missing."""
    form = ErasureForm.of(await request.form())
    if faults := text_faults(form.texts):
        raise Problem(400, errors=faults)
    try:
        _check(form)
        async with context.database.transaction() as uow:
            await request_erasure(
                uow, context.secret, staff.tenant, form.request(), who=AuditActor.of_staff(staff)
            )
    except ErasureRefused as refused:
        return await _page(request, staff, context, form=form, refused=refused)
    return RedirectResponse("/erasures?did=asked", 303)


def _check(form: ErasureForm) -> None:
    """Check what only the form asks for.

    :raises ErasureRefused: naming the field.
    """
    if not form.reason.strip():
        raise ErasureRefused(422, None, NO_REASON, field="/reason")
    if len(form.reason.strip()) > MAX_REASON_CHARS:
        raise ErasureRefused(422, None, LONG_REASON, field="/reason")
    if not form.confirmed:
        raise ErasureRefused(422, None, NOT_CONFIRMED, field="/confirmed-on")


async def _page(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    *,
    before: str = "",
    form: ErasureForm | None = None,
    refused: ErasureRefused | None = None,
    done: bool = False,
) -> Response:
    place = decode_cursor(before, "before")
    async with context.database.reading() as uow:
        rows = await repository.list_page(uow, staff.tenant, place, ERASURES_PER_PAGE + 1)
        others = await find_others(uow, staff.tenant, [row.id for row in rows])
        frame = await frame_of(uow, staff, "", live=LIVE_URL if not before else None)
    shown, more = cut_page(rows, ERASURES_PER_PAGE, lambda row: (row.asked_at, row.id))
    lines = [ErasureLine.of(row, others[row.id]) for row in shown]
    choices = [CustomerChoice.of(each) for each in refused.customers] if refused else []
    several = [("", translated("Choose one"))] if len(choices) > 1 else []
    page = ErasuresPage(
        erasures=lines,
        under_way=sum(bool(line.waiting) for line in lines),
        more=more,
        before=before,
        form=form or ErasureForm(),
        fault=_fault(refused),
        refusal=_refusal(refused),
        choices=choices,
        choice_options=[*several, *((each.customer_id, each.label) for each in choices)],
        done=spoken(ASKED) if done else "",
    )
    status_code = refused.status if refused else 200
    response = context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)
    if refused is not None and refused.retry_s:
        response.headers["Retry-After"] = str(refused.retry_s)
    return response


def _fault(refused: ErasureRefused | None) -> tuple[str, str] | None:
    if refused is None or refused.title is not None or not refused.field:
        return None
    return refused.field.strip("/") or "customer_id", spoken(refused.remedy)


def _refusal(refused: ErasureRefused | None) -> str:
    if refused is None or _fault(refused) is not None:
        return ""
    title = refused.title or problem_texts(refused.status)[0]
    return f"{spoken(title)} {spoken(refused.remedy)}"
