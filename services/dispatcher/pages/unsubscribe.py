"""The customer's way out and back: a GET only asks, the POST acts, also without a cookie (RFC 8058)."""

from collections.abc import Awaitable, Callable
from typing import Literal

from fastapi import APIRouter, Request, Response

from services.dispatcher import invitations
from services.dispatcher.contacts import Contact, contact_of
from services.dispatcher.pages.house import House, InHouse
from services.dispatcher.repository.invitations import of_link
from services.dispatcher.sender import unheard_of
from services.dispatcher.sending import state_of
from services.dispatcher.suppression import ask_again, has_unsubscribed, unsubscribe
from shared.db import UnitOfWork
from shared.http.guesses import attempt
from shared.http.networks import network_of
from shared.http.routes import Ordered
from shared.http.tokens import LinkSigner
from shared.tenancy import find_tenant

router = APIRouter(include_in_schema=False, route_class=Ordered)
Act = Callable[[UnitOfWork, Contact], Awaitable[None]]
Shows = Literal["leave", "left", "return", "returned"]
"""What the page says: do you want to be asked no more, you are not, do you want to be again, you are."""


@router.get("/u/{token}")
async def ask(token: str, request: Request, house: InHouse) -> Response:
    """Ask whether it is meant; who has done it already is shown the way back."""
    return await _answer(token, request, house, None, yes="left", no="leave")


@router.post("/u/{token}")
async def leave(token: str, request: Request, house: InHouse) -> Response:
    """Never again: by the page's button, or by the mail program's own. The same again changes nothing."""
    return await _answer(token, request, house, unsubscribe, yes="left", no="leave")


@router.get("/u/{token}/again")
async def ask_whether_again(token: str, request: Request, house: InHouse) -> Response:
    """Ask whether the no is to be taken back: on a page of its own, as scanners press buttons."""
    return await _answer(token, request, house, None, yes="return", no="returned")


@router.post("/u/{token}/again")
async def come_back(token: str, request: Request, house: InHouse) -> Response:
    """Take the no back. The same again changes nothing."""
    return await _answer(token, request, house, ask_again, yes="return", no="returned")


async def _answer(
    token: str, request: Request, house: House, act: Act | None, *, yes: Shows, no: Shows
) -> Response:
    """Do it; then show ``yes`` to who has unsubscribed, ``no`` to who has not.

    :raises Problem: 429 to who asks faster than people do.
    """
    attempt((house.per_network, network_of(request)))
    secret = house.context.secret
    invitation_id = LinkSigner(secret).read("unsubscribe", token)
    if invitation_id is None:
        return _unknown(request, house)
    attempt((house.per_link, str(invitation_id)))
    async with house.links.hold(str(invitation_id)), house.context.database.transaction() as uow:
        row = await of_link(uow, invitation_id)
        if row is None:
            return _unknown(request, house)
        invitation = invitations.of_row(row)
        tenant = await find_tenant(uow, row.tenant) or unheard_of(row.tenant)
        own = (await state_of(uow, row.tenant)).placeholder_ids
        contact = contact_of(secret, row.tenant, invitation.customer, own)
        if act is not None:
            await act(uow, contact)
        shows = yes if await has_unsubscribed(uow, contact) else no
    return house.pages.response(
        request,
        "unsubscribe.html",
        speak=invitation.language,
        company=tenant.name,
        shows=shows,
        link=f"/u/{token}",
    )


def _unknown(request: Request, house: House) -> Response:
    """One page for a wrong, a foreign and a forgotten link."""
    return house.pages.response(request, "unsubscribe_unknown.html", status_code=404)
