"""The customer's way out and back: a GET only asks, the POST acts, also without a cookie (RFC 8058)."""

from collections.abc import Awaitable, Callable
from typing import Literal

from fastapi import APIRouter, Request, Response

from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.decisions.contacts import ContactKey, contact_key_of
from services.dispatcher.invitations.queue import placeholder_tenant
from services.dispatcher.invitations.repository import find_by_id
from services.dispatcher.invitations.states import states
from services.dispatcher.sending.sending_commands import find_sending
from services.dispatcher.suppressions.suppression_commands import ask_again, has_unsubscribed, unsubscribe
from shared.db import UnitOfWork
from shared.http.client_networks import network_of
from shared.http.rate_limit import attempt
from shared.http.routes import CheckedRoute
from shared.link_tokens import LinkSigner
from shared.tenancy import find_tenant

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
Act = Callable[[UnitOfWork, ContactKey], Awaitable[None]]
Shows = Literal["leave", "left", "return", "returned"]
"""What the page says: do you want to be asked no more, you are not, do you want to be again, you are."""


@router.get("/u/{token}")
async def ask(token: str, request: Request, context: OwnContext) -> Response:
    """Ask whether it is meant; who has done it already is shown the way back."""
    return await _answer(token, request, context, None, yes="left", no="leave")


@router.post("/u/{token}")
async def leave(token: str, request: Request, context: OwnContext) -> Response:
    """Never again: by the page's button, or by the mail program's own. The same again changes nothing."""
    return await _answer(token, request, context, unsubscribe, yes="left", no="leave")


@router.get("/u/{token}/again")
async def ask_whether_again(token: str, request: Request, context: OwnContext) -> Response:
    """Ask whether the no is to be taken back: on a page of its own, as scanners press buttons."""
    return await _answer(token, request, context, None, yes="return", no="returned")


@router.post("/u/{token}/again")
async def come_back(token: str, request: Request, context: OwnContext) -> Response:
    """Take the no back. The same again changes nothing."""
    return await _answer(token, request, context, ask_again, yes="return", no="returned")


async def _answer(
    token: str, request: Request, context: DispatcherContext, act: Act | None, *, yes: Shows, no: Shows
) -> Response:
    """Do it; then show ``yes`` to who has unsubscribed, ``no`` to who has not.

    :raises Problem: 429 to who asks faster than people do.
    """
    attempt((context.per_network, network_of(request)))
    secret = context.secret
    invitation_id = LinkSigner(secret).read("unsubscribe", token)
    if invitation_id is None:
        return _unknown(request, context)
    attempt((context.per_link, str(invitation_id)))
    async with context.invitation_locks.hold(str(invitation_id)), context.database.transaction() as uow:
        row = await find_by_id(uow, invitation_id)
        if row is None:
            return _unknown(request, context)
        invitation = states.read_invitation(row)
        tenant = await find_tenant(uow, row.tenant) or placeholder_tenant(row.tenant)
        own = (await find_sending(uow, row.tenant)).placeholder_ids
        contact = contact_key_of(secret, row.tenant, invitation.customer, own)
        if act is not None:
            await act(uow, contact)
        shows = yes if await has_unsubscribed(uow, contact) else no
    return context.pages.response(
        request,
        "unsubscribe.html",
        speak=invitation.language,
        company=tenant.name,
        shows=shows,
        link=f"/u/{token}",
    )


def _unknown(request: Request, context: DispatcherContext) -> Response:
    """One page for a wrong, a foreign and a forgotten link."""
    return context.pages.response(request, "unsubscribe_unknown.html", status_code=404)
