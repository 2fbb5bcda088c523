"""Builds the trigger's API; imported only by processes that run it."""

from fastapi import FastAPI

from services.trigger import api, company_api, company_export_api, company_pages, operator_api
from services.trigger.company_links import CompanyExportLinks
from services.trigger.context import TriggerContext
from services.trigger.sources import api as sources_api
from services.trigger.sources import pages as sources_pages
from shared.events import TRANSACTIONS
from shared.kafka.kernel import Publisher
from shared.privacy.service_client import ServiceClient
from shared.privacy.service_tokens import ServiceTokens
from shared.runtime import after
from shared.service import Context, Loops
from shared.web import pages_of, service_app


def build_api(context: Context) -> tuple[FastAPI, Loops]:
    """``POST /v1/events`` publishes straight to the broker, by a producer that runs beside the API."""
    publisher = Publisher(context.afterword.kafka, "trigger", context.health)
    pages = pages_of(context)
    clock, url = context.database.clock, context.afterword.internal_url or context.staff_url
    services = ServiceClient(url, ServiceTokens(context.secret, clock=clock))
    own = context.extended(
        TriggerContext,
        publisher=publisher,
        pages=pages,
        services=services,
        company_links=CompanyExportLinks(context.secret, clock),
    )
    probe = context.probe([TRANSACTIONS.name])
    app = service_app(
        own,
        routers=[
            api.router,
            sources_api.router,
            sources_pages.router,
            company_api.router,
            company_pages.router,
            operator_api.router,
            company_export_api.router,
        ],
        pages=pages,
    )
    return app, {"publisher": after(probe.ready, publisher.run), "probe": probe.run, "services": services.run}
