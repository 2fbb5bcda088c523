"""The customer's way out: a GET only asks, the POST acts, also without a cookie (RFC 8058)."""

from fastapi import APIRouter, Request, Response

from services.dispatcher import invitations
from services.dispatcher.pages.house import House, InHouse
from services.dispatcher.repository.invitations import of_link
from services.dispatcher.sender import unheard_of
from services.dispatcher.suppression import entries_of, suppress
from shared.events import Invitation
from shared.http.routes import Ordered
from shared.http.tokens import LinkSigner
from shared.tenancy import find_tenant

router = APIRouter(include_in_schema=False, route_class=Ordered)


@router.get("/u/{token}")
async def ask(token: str, request: Request, house: InHouse) -> Response:
    """Ask whether it is meant."""
    return await _answer(token, request, house, act=False)


@router.post("/u/{token}")
async def unsubscribe(token: str, request: Request, house: InHouse) -> Response:
    """Never again: by the page's button, or by the mail program's own. The same again changes nothing."""
    return await _answer(token, request, house, act=True)


async def _answer(token: str, request: Request, house: House, *, act: bool) -> Response:
    invitation_id = LinkSigner(house.context.secret).read("unsubscribe", token)
    if invitation_id is None:
        return _unknown(request, house)
    async with house.context.database.transaction() as uow:
        row = await of_link(uow, invitation_id)
        if row is None:
            return _unknown(request, house)
        invitation: Invitation = invitations.of_row(row)
        tenant = await find_tenant(uow, row.tenant) or unheard_of(row.tenant)
        if act:
            customer = invitation.customer
            entries = entries_of(
                house.context.secret, row.tenant, address=customer.email, customer_id=customer.id
            )
            await suppress(uow, row.tenant, entries, reason="unsubscribed", who="the customer")
    return house.pages.response(
        request, "unsubscribe.html", speak=invitation.language, company=tenant.name, done=act
    )


def _unknown(request: Request, house: House) -> Response:
    """One page for a wrong, a foreign and a forgotten link."""
    return house.pages.response(request, "unsubscribe_unknown.html", status_code=404)
