"""The customer's way out and back: a GET only asks, the POST acts, also without a cookie (RFC 8058)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from fastapi import APIRouter, Request, Response

from services.dispatcher.contact_policies.policy_commands import find_policy
from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.decisions.contacts import ContactKey, contact_key_of
from services.dispatcher.invitations.repository import find_by_id
from services.dispatcher.invitations.states import read_invitation, subject_of_invitation
from services.dispatcher.sending.sending_commands import find_sending
from services.dispatcher.suppressions.suppression_commands import has_unsubscribed, resubscribe, unsubscribe
from services.dispatcher.tenants import tenant_or_placeholder
from shared.db import UnitOfWork
from shared.http.client_networks import network_of
from shared.http.rate_limit import attempt
from shared.http.routes import CheckedRoute
from shared.link_tokens import LinkSigner
from shared.pages.page import Page
from shared.privacy.erased import find_erased
from shared.privacy.persons import NOBODY

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
SubscriptionCommand = Callable[[UnitOfWork, ContactKey], Awaitable[None]]
Shows = Literal["leave", "left", "return", "returned", "erased"]
"""What the page says: do you want to be asked no more, you are not, do you want to be again, you are; or that
nothing is kept of you any more, so that you are never asked."""


@dataclass(frozen=True, kw_only=True)
class UnsubscribePage(Page):
    """Asks whether the customer means it, or says that it is done."""

    template: ClassVar[str] = "unsubscribe.html"
    company: str
    shows: Shows
    link: str


@dataclass(frozen=True, kw_only=True)
class UnknownLinkPage(Page):
    """One page for a wrong, a foreign and a forgotten link."""

    template: ClassVar[str] = "unsubscribe_unknown.html"


@router.get("/u/{token}")
async def ask_to_leave(token: str, request: Request, context: OwnContext) -> Response:
    """Ask whether the customer means it, or show the way back to one who has unsubscribed."""
    return await _answer(token, request, context, None, yes="left", no="leave")


@router.post("/u/{token}")
async def leave(token: str, request: Request, context: OwnContext) -> Response:
    """Unsubscribe: by the page's button, or by the mail program's own. The same again changes nothing."""
    return await _answer(token, request, context, unsubscribe, yes="left", no="leave")


@router.get("/u/{token}/again")
async def ask_to_return(token: str, request: Request, context: OwnContext) -> Response:
    """Ask whether to subscribe again: on a page of its own, since scanners press buttons."""
    return await _answer(token, request, context, None, yes="return", no="returned")


@router.post("/u/{token}/again")
async def return_(token: str, request: Request, context: OwnContext) -> Response:
    """Subscribe again. The same again changes nothing."""
    return await _answer(token, request, context, resubscribe, yes="return", no="returned")


async def _answer(
    token: str,
    request: Request,
    context: DispatcherContext,
    command: SubscriptionCommand | None,
    *,
    yes: Shows,
    no: Shows,
) -> Response:
    """Act; then show ``yes`` to a customer who has unsubscribed, ``no`` to another one.

    :raises Problem: 429 when the requests come faster than people click.
    """
    attempt((context.per_network, network_of(request)))
    invitation_id = LinkSigner(context.secret).read("unsubscribe", token)
    if invitation_id is None:
        return _unknown(request, context)
    attempt((context.per_link, str(invitation_id)))
    async with context.invitation_locks.acquire(str(invitation_id)), context.database.transaction() as uow:
        row = await find_by_id(uow, invitation_id)
        if row is None:
            return _unknown(request, context)
        invitation = read_invitation(row)
        if invitation.person == NOBODY and not invitation.erased:  # whose it was is not known any more
            return _unknown(request, context)
        tenant = await tenant_or_placeholder(uow, row.tenant)
        placeholder_ids = (await find_sending(uow, row.tenant)).placeholder_ids
        shared = (await find_policy(uow, row.tenant)).rules.ids_are_shared
        contact = contact_key_of(
            context.secret, row.tenant, invitation.customer, placeholder_ids, ids_are_shared=shared
        )
        shows: Shows = "erased"
        if not invitation.erased and not await find_erased(uow, [subject_of_invitation(contact, invitation)]):
            if command is not None:
                await command(uow, contact)
            shows = yes if await has_unsubscribed(uow, contact) else no
    page = UnsubscribePage(company=tenant.name, shows=shows, link=f"/u/{token}")
    return context.pages.page(request, page, speak=invitation.language)


def _unknown(request: Request, context: DispatcherContext) -> Response:
    return context.pages.page(request, UnknownLinkPage(), status_code=404)
