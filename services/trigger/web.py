"""Builds the trigger's API; imported only by processes that run it."""

from fastapi import FastAPI

from services.trigger import api, company_api, company_pages
from services.trigger.context import TriggerContext
from services.trigger.sources import api as sources_api
from services.trigger.sources import pages as sources_pages
from shared.events import TRANSACTIONS
from shared.kafka.kernel import Publisher
from shared.runtime import after
from shared.service import Context, Loops
from shared.web import pages_of, service_app


def build_api(context: Context) -> tuple[FastAPI, Loops]:
    """``POST /v1/events`` publishes straight to the broker, by a producer that runs beside the API."""
    publisher = Publisher(context.afterword.kafka, "trigger", context.health)
    pages = pages_of(context)
    own = context.extended(TriggerContext, publisher=publisher, pages=pages)
    probe = context.probe([TRANSACTIONS.name])
    app = service_app(
        own,
        routers=[
            api.router,
            sources_api.router,
            sources_pages.router,
            company_api.router,
            company_pages.router,
        ],
        pages=pages,
    )
    return app, {"publisher": after(probe.ready, publisher.run), "probe": probe.run}
