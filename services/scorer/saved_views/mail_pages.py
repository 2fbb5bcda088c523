"""``/views/{view}/mail``: the tick by which somebody gets a view every Monday; ``/views/stop/{token}``: the
link in the mail, for whoever has it. A GET stops nothing: mail scanners open every link.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from services.scorer.context import OwnContext
from services.scorer.saved_views import mail_repository, repository
from services.scorer.saved_views.mail_commands import MailRefused, set_view_mail, stop_view_mail
from services.scorer.saved_views.mail_tokens import StopLink, read_stop_token
from services.scorer.saved_views.reading import reader_of
from shared.db.database import UnitOfWork
from shared.events import CLOSED_STATES
from shared.http.client_networks import network_of
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import read_texts
from shared.http.problems import Problem
from shared.http.rate_limit import attempt
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.pages.page import Page
from shared.privacy.audit import LINK_HOLDER, AuditActor

router = APIRouter(prefix="/views", include_in_schema=False, route_class=CheckedRoute)
MailReader = Annotated[Staff, Depends(signed_in())]


@dataclass(frozen=True, kw_only=True)
class StopPage(Page):
    """Asks whether a mail is to stop, or says that it did."""

    template: ClassVar[str] = "view_mail_stop.html"

    name: str
    """Of the view; empty: it is removed."""
    stopped: bool
    path: str


@router.post("/{view}/mail")
async def change_mail(
    view: UUID, request: Request, staff: MailReader, context: OwnContext, _: CsrfChecked
) -> Response:
    """Get the view every Monday, or not any more."""
    act = (await read_texts(request)).get("act", "")
    if act not in {"start", "stop"}:
        raise Problem(422)
    try:
        async with context.database.transaction() as uow:
            reader = await reader_of(uow, staff.tenant, staff)
            await set_view_mail(uow, reader, AuditActor.of_staff(staff), view, wanted=act == "start")
    except MailRefused as refused:
        raise Problem(422, refused.remedy) from None
    return RedirectResponse(f"/views/{view}?did={'mailed' if act == 'start' else 'unmailed'}", 303)


@router.get("/stop/{token}")
async def ask_to_stop(token: str, request: Request, context: OwnContext) -> Response:
    """Ask whether the mail is to stop."""
    link = _link(token, request, context)
    async with context.database.reading() as uow:
        name = await _name(uow, link)
        wanted = await mail_repository.is_wanted(uow, link.tenant, link.view, link.staff)
    page = StopPage(name=name, stopped=not wanted, path=request.url.path)
    return context.pages.page(request, page)


@router.post("/stop/{token}")
async def stop(token: str, request: Request, context: OwnContext) -> Response:
    """Stop it: by the page's button, or by the mail program's own. The same again changes nothing."""
    link = _link(token, request, context)
    async with context.database.transaction() as uow:
        name = await _name(uow, link)
        await stop_view_mail(uow, link, LINK_HOLDER)
    return context.pages.page(request, StopPage(name=name, stopped=True, path=request.url.path))


def _link(token: str, request: Request, context: OwnContext) -> StopLink:
    attempt((context.wall_per_network, network_of(request)))
    link = read_stop_token(context.secret, token)
    if link is None or context.keys.company_state(link.tenant) in CLOSED_STATES:
        raise Problem(404)
    return link


async def _name(uow: UnitOfWork, link: StopLink) -> str:
    view = await repository.find_view(uow, link.tenant, link.view)
    return view.name if view is not None else ""
