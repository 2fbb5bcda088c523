"""``/views``: the saved views, which whoever saved them opens, changes, shares and shows on screens."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.scorer.context import OwnContext, ScorerContext
from services.scorer.frame import company_of, staff_frame
from services.scorer.repository.sending_state import read_sending_state
from services.scorer.saved_views import views
from services.scorer.saved_views.addresses import score_query_of
from services.scorer.saved_views.api import screen_address
from services.scorer.saved_views.forms import days_of, faults_of, view_of
from services.scorer.saved_views.mail_commands import gets_view_mail_since
from services.scorer.saved_views.mail_history import ask_mail_history
from services.scorer.saved_views.reading import (
    find_readable,
    list_readable,
    reader_of,
    screens_of_company,
    screens_of_view,
)
from services.scorer.saved_views.screen_commands import (
    ScreenKeyReused,
    ScreenRefused,
    make_screen,
    revoke_screen,
)
from services.scorer.saved_views.view_commands import ViewFaulty, ViewForeign, remove_view, save_view
from services.scorer.saved_views.views import TypedForms
from shared.db.database import UnitOfWork
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import read_texts, uuid_of
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.ids import uuid7
from shared.pages.language import spoken
from shared.pages.page import Frame
from shared.permissions import ASSIGNING_ROLES
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(prefix="/views", include_in_schema=False, route_class=CheckedRoute)
ViewPageReader = Annotated[Staff, Depends(signed_in())]
ScreenMaker = Annotated[Staff, Depends(signed_in(*ASSIGNING_ROLES))]
ShortText = Annotated[str, Query(max_length=40)]
CONFIRMATIONS = {
    "saved": message("Saved."),
    "removed": message("The view is removed."),
    "mailed": message("You get it every Monday."),
    "unmailed": message("You do not get this view any more."),
    "revoked": message("The link is taken back: the screen shows nothing any more."),
}
MADE_ALREADY = message("This screen was made already. Its address was shown once; make another one.")


@router.get("")
async def show_views(
    request: Request, staff: ViewPageReader, context: OwnContext, did: ShortText = ""
) -> Response:
    """One's own, and those that others share."""
    return await _list_page(request, staff, context, TypedForms(), did=did)


@router.post("")
async def add_view(request: Request, staff: ViewPageReader, context: OwnContext, _: CsrfChecked) -> Response:
    """Save a page under a name; the form carries the id, so that it is saved once."""
    form = await read_texts(request)
    key = uuid_of(form.get("new_id", ""))
    try:
        await _save(context, staff, key, form)
    except ViewFaulty as faulty:
        typed = TypedForms(view=form, faults=faults_of(faulty))
        return await _list_page(request, staff, context, typed, status_code=422)
    except ViewForeign:
        raise Problem(404) from None
    return RedirectResponse("/views?did=saved", 303)


@router.get("/{view}")
async def show_view(
    view: UUID, request: Request, staff: ViewPageReader, context: OwnContext, did: ShortText = ""
) -> Response:
    """One view, and the screens that show it."""
    return await _view_page(request, staff, context, view, TypedForms(), did=did)


@router.post("/{view}")
async def change_view(
    view: UUID, request: Request, staff: ViewPageReader, context: OwnContext, _: CsrfChecked
) -> Response:
    """Change the view, or remove it."""
    form = await read_texts(request)
    try:
        match form.get("act", ""):
            case "save":
                async with context.database.reading() as uow:
                    await find_readable(uow, await reader_of(uow, staff.tenant, staff), view)
                await _save(context, staff, view, form)
            case "remove":
                async with context.database.transaction() as uow:
                    reader = await reader_of(uow, staff.tenant, staff)
                    removed = await remove_view(uow, reader, AuditActor.of_staff(staff), view)
                if not removed:
                    raise Problem(404)
                return RedirectResponse("/views?did=removed", 303)
            case _:
                raise Problem(422)
    except ViewFaulty as faulty:
        typed = TypedForms(view=form, faults=faults_of(faulty))
        return await _view_page(request, staff, context, view, typed, status_code=422)
    except ViewForeign:
        raise Problem(403) from None
    return RedirectResponse(f"/views/{view}?did=saved", 303)


@router.post("/{view}/screens")
async def change_screens(
    view: UUID, request: Request, staff: ScreenMaker, context: OwnContext, _: CsrfChecked
) -> Response:
    """Make a link for a screen, whose address the answer shows once; or take one back."""
    form = await read_texts(request)
    key, who = uuid_of(form.get("screen", "")), AuditActor.of_staff(staff)
    if form.get("act") == "revoke":
        async with context.database.transaction() as uow:
            reader = await reader_of(uow, staff.tenant, staff)
            if not await revoke_screen(uow, reader, who, view, key):
                raise Problem(404)
        back = "/views" if form.get("from") == "list" else f"/views/{view}"
        return RedirectResponse(f"{back}?did=revoked", 303)
    if form.get("act") != "make":
        raise Problem(422)
    name = form.get("name", "")
    try:
        async with context.database.transaction() as uow:
            reader = await reader_of(uow, staff.tenant, staff)
            made = await make_screen(uow, reader, who, view, key, name=name, days=days_of(form))
    except ViewFaulty as faulty:
        typed = TypedForms(screen=form, screen_faults=faults_of(faulty))
        return await _view_page(request, staff, context, view, typed, status_code=422)
    except ScreenKeyReused:
        typed = TypedForms(screen=form, screen_faults={"name": spoken(MADE_ALREADY)})
        return await _view_page(request, staff, context, view, typed, status_code=409)
    except ScreenRefused:
        raise Problem(403) from None
    if made is None:
        raise Problem(404)
    address = screen_address(context.staff_url, made.token)
    return await _view_page(request, staff, context, view, TypedForms(), made=address)


async def _save(context: ScorerContext, staff: Staff, key: UUID, form: dict[str, str]) -> None:
    typed = view_of(form)
    async with context.database.transaction() as uow:
        reader = await reader_of(uow, staff.tenant, staff)
        await save_view(uow, reader, key, name=typed.name, address=typed.address, shared=typed.shared)


async def _frame(uow: UnitOfWork, staff: Staff) -> Frame:
    tenant = await company_of(uow, staff)
    return await staff_frame(uow, staff, tenant, await read_sending_state(uow, tenant.id), live=None)


async def _list_page(
    request: Request,
    staff: Staff,
    context: ScorerContext,
    typed: TypedForms,
    *,
    did: str = "",
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        frame = await _frame(uow, staff)
        reader = await reader_of(uow, staff.tenant, staff)
        found = await list_readable(uow, reader)
        screens = await screens_of_company(uow, reader)
        now = uow.now
    page = views.views_page(
        reader,
        found,
        screens,
        now,
        typed,
        new_id=typed.view.get("new_id") or str(uuid7()),
        confirmation=spoken(CONFIRMATIONS.get(did, "")),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


async def _view_page(
    request: Request,
    staff: Staff,
    context: ScorerContext,
    key: UUID,
    typed: TypedForms,
    *,
    did: str = "",
    made: str = "",
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        frame = await _frame(uow, staff)
        reader = await reader_of(uow, staff.tenant, staff)
        view = await find_readable(uow, reader, key)
        screens = await screens_of_view(uow, reader, view)
        mailed_since = await gets_view_mail_since(uow, reader, view.id)
        now = uow.now
    has_scores = score_query_of(view.address) is not None
    history = None
    if has_scores:
        history = await ask_mail_history(context.services, reader.tenant.id, view.id, reader.person)
    page = views.view_page(
        reader,
        view,
        screens,
        now,
        typed,
        has_scores=has_scores,
        mailed_since=mailed_since,
        history=history,
        new_id=str(uuid7()),
        made=made,
        confirmation=spoken(CONFIRMATIONS.get(did, "")),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)
