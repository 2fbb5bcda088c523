"""The customer's own page: never again and back, fewer questions, a pause, none by mail.

A GET only shows, a POST acts, also without a cookie; one to the link itself unsubscribes (RFC 8058).
"""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from services.dispatcher.contact_policies.policy_commands import find_policy
from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.decisions.contacts import ContactKey, contact_key_of
from services.dispatcher.decisions.preferences import NO_PREFERENCES, Preferences
from services.dispatcher.invitations.repository import find_by_id
from services.dispatcher.invitations.states import read_invitation, subject_of_invitation
from services.dispatcher.preferences.domain import PreferenceChoice, choices
from services.dispatcher.preferences.preference_commands import choose, find_preferences
from services.dispatcher.preferences.views import PreferencesPage, Shows, UnknownLinkPage, options_of
from services.dispatcher.sending.sending_commands import find_sending
from services.dispatcher.suppressions.suppression_commands import has_unsubscribed, resubscribe, unsubscribe
from services.dispatcher.tenants import tenant_or_placeholder
from shared.db import UnitOfWork
from shared.events.surveys import ChannelName
from shared.http.client_networks import network_of
from shared.http.form_texts import read_texts
from shared.http.rate_limit import attempt
from shared.http.routes import CheckedRoute
from shared.link_tokens import LinkSigner
from shared.privacy.erased import find_erased
from shared.privacy.persons import NOBODY
from shared.telemetry import metrics
from shared.values.addresses import masked

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
KEEP = "keep"
"""Posted by who leaves it as it is."""
USUAL = PreferenceChoice("usual")


class LinkCustomer(NamedTuple):
    """The customer whom a link was made for."""

    contact: ContactKey
    unsubscribed: bool
    """Before anything is done."""
    choices: list[PreferenceChoice]
    """All that may be chosen."""


Act = Callable[[UnitOfWork, LinkCustomer], Awaitable[Shows | None]]
"""Does what was posted; what the page says where that is not what holds by now."""


@router.get("/u/{token}")
async def show_preferences(token: str, request: Request, context: OwnContext) -> Response:
    """Ask whether the customer means it, with what else can be chosen; or show the way back to one who has
    unsubscribed.
    """
    return await _answer(token, request, context, _nothing)


@router.post("/u/{token}")
async def leave(token: str, request: Request, context: OwnContext) -> Response:
    """Unsubscribe: by the page's button, or by the mail program's own. The same again changes nothing."""
    return await _answer(token, request, context, _unsubscribe)


@router.post("/u/{token}/choice")
async def keep_choice(token: str, request: Request, context: OwnContext) -> Response:
    """Keep what was chosen. Who has unsubscribed stays so: the way back is a page of its own."""
    code = (await read_texts(request)).get("choice", "")

    async def keep(uow: UnitOfWork, customer: LinkCustomer) -> Shows | None:
        chosen = next((each for each in customer.choices if each.code == code), None)
        if customer.unsubscribed:
            return None
        if chosen is None:
            return "chosen" if code == KEEP else "missed"
        if await choose(uow, customer.contact, chosen):
            metrics.PREFERENCES.labels(chosen.kind).inc()
        return "chosen"

    return await _answer(token, request, context, keep)


@router.get("/u/{token}/again")
async def ask_to_return(token: str, request: Request, context: OwnContext) -> Response:
    """Ask whether to subscribe again: on a page of its own, since scanners press buttons."""

    async def ask(uow: UnitOfWork, customer: LinkCustomer) -> Shows | None:
        limited = customer.unsubscribed or await find_preferences(uow, customer.contact) != NO_PREFERENCES
        return "return" if limited else "returned"

    return await _answer(token, request, context, ask)


@router.post("/u/{token}/again")
async def return_(token: str, request: Request, context: OwnContext) -> Response:
    """Subscribe again, as if nothing had ever been chosen. The same again changes nothing."""

    async def back(uow: UnitOfWork, customer: LinkCustomer) -> Shows | None:
        await resubscribe(uow, customer.contact)
        if await choose(uow, customer.contact, USUAL) or customer.unsubscribed:
            metrics.PREFERENCES.labels(USUAL.kind).inc()
        return "return" if await has_unsubscribed(uow, customer.contact) else "returned"

    return await _answer(token, request, context, back)


async def _nothing(_uow: UnitOfWork, _customer: LinkCustomer) -> Shows | None:
    return None


async def _unsubscribe(uow: UnitOfWork, customer: LinkCustomer) -> Shows | None:
    await unsubscribe(uow, customer.contact)
    if not customer.unsubscribed:
        metrics.PREFERENCES.labels("never").inc()
    return None


async def _answer(token: str, request: Request, context: DispatcherContext, act: Act) -> Response:
    """Act, and show what holds then.

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
        rules = (await find_policy(uow, row.tenant)).rules
        shared = rules.ids_are_shared
        contact = contact_key_of(
            context.secret, row.tenant, invitation.customer, placeholder_ids, ids_are_shared=shared
        )
        channel: ChannelName = "sms" if invitation.channel == "sms" else "mail"
        offered = choices(rules.fewer_months, channel)
        shows: Shows = "erased"
        preferences = Preferences()
        if not invitation.erased and not await find_erased(uow, [subject_of_invitation(contact, invitation)]):
            unsubscribed = await has_unsubscribed(uow, contact)
            said = await act(uow, LinkCustomer(contact, unsubscribed, offered))
            shows = said or ("left" if await has_unsubscribed(uow, contact) else "leave")
            preferences = await find_preferences(uow, contact)
    asked_at = invitation.customer.phone if channel == "sms" else invitation.customer.email
    page = PreferencesPage(
        company=tenant.name,
        shows=shows,
        link=f"/u/{token}",
        hint=masked(asked_at or "") if shows != "erased" else "",
        channel=channel,
        chosen=preferences,
        options=options_of(offered, preferences),
    )
    status = 422 if shows == "missed" else 200
    return context.pages.page(request, page, speak=invitation.language, status_code=status)


def _unknown(request: Request, context: DispatcherContext) -> Response:
    return context.pages.page(request, UnknownLinkPage(), status_code=404)
