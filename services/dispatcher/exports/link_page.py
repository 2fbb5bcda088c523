"""The customer's own link to what is kept about them: for seven days, and not once they are erased."""

from fastapi import APIRouter, Request, Response

from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.exports.access_log import record_access
from services.dispatcher.exports.export_commands import export_of
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
    subject = context.export_links.read(token)
    if subject is None:
        return _ended(request, context)
    attempt((context.per_link, subject.person))
    try:
        export = await export_of(context, subject)
    except Problem as refusal:
        if refusal.status != 404:  # noqa: PLR2004  (a status)
            raise
        return _ended(request, context)
    await record_access(context, "link_opened", subject, None)
    async with context.database.reading() as uow:
        tenant = await tenant_or_placeholder(uow, subject.tenant)
    page = OwnDataPage(export=ShownExport.of(export), time_zone=known_zone(tenant.time_zone))
    return context.pages.page(request, page)


def _ended(request: Request, context: DispatcherContext) -> Response:
    return context.pages.page(request, EndedLinkPage(), status_code=404)
