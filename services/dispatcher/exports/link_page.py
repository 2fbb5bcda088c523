"""The customer's own link to what is kept about them, while ``link_commands`` says that it is valid."""

from fastapi import APIRouter, Request, Response

from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.exports.access_log import record_access
from services.dispatcher.exports.export_commands import export_of
from services.dispatcher.exports.link_commands import subject_of
from services.dispatcher.exports.views import EndedLinkPage, OwnDataPage, ShownExport
from services.dispatcher.tenants import tenant_or_placeholder
from shared.http.client_networks import network_of
from shared.http.problems import Problem
from shared.http.rate_limit import attempt
from shared.http.routes import CheckedRoute
from shared.values.zones import known_zone

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)


@router.get("/x/{token}")
async def show_own_data(token: str, request: Request, context: OwnContext) -> Response:
    """The page. It is in the language of the browser: who opens the link is not who wrote the mails."""
    attempt((context.per_network, network_of(request)))
    link = context.export_links.read(token)
    if link is None:
        return _ended(request, context)
    attempt((context.per_link, link.subject.person))
    async with context.database.reading() as uow:
        subject = await subject_of(uow, link)
    if subject is None:
        return _ended(request, context)
    try:
        export = await export_of(context, subject)
    except Problem as refusal:
        if refusal.status != 404:  # noqa: PLR2004  (a status)
            raise
        return _ended(request, context)
    async with context.database.transaction() as uow:
        # What the services have answered meanwhile may be of a new address.
        if await subject_of(uow, link) != subject:
            return _ended(request, context)
        record_access(uow, "link_opened", subject, None)
        tenant = await tenant_or_placeholder(uow, subject.tenant)
    page = OwnDataPage(export=ShownExport.of(export), time_zone=known_zone(tenant.time_zone))
    return context.pages.page(request, page)


def _ended(request: Request, context: DispatcherContext) -> Response:
    return context.pages.page(request, EndedLinkPage(), status_code=404)
