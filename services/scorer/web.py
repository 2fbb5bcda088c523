"""Builds the scorer's API; imported only where one runs, so that workers stay light."""

from fastapi import FastAPI

from services.scorer import api, pages
from services.scorer.comparisons import api as comparison_api
from services.scorer.comparisons import pages as comparison_pages
from services.scorer.context import ScorerContext
from services.scorer.exports import api as export_routes
from services.scorer.improvements import api as improvement_api
from services.scorer.improvements import opening_pages
from services.scorer.improvements import pages as improvement_pages
from services.scorer.marks import api as marks_api
from services.scorer.marks import pages as marks_pages
from services.scorer.models import PERSONAL_TABLES, metadata
from services.scorer.months_api import months_router
from services.scorer.repository.export import read_export
from services.scorer.repository.retention import RETENTION
from services.scorer.responses import api as responses_api
from services.scorer.responses import pages as responses_pages
from services.scorer.themes import api as theme_api
from services.scorer.themes import pages as theme_pages
from shared.privacy.company_routes import company_router
from shared.privacy.export_api import export_router
from shared.privacy.retention_api import retention_router
from shared.service import Context, Loops
from shared.web import pages_of, service_app


def build_api(context: Context) -> tuple[FastAPI, Loops]:
    """The application; it needs no loops of its own."""
    own = context.extended(
        ScorerContext,
        pages=pages_of(context),
        feed=pages.live_feed(context.database, context.stopping, context.changes),
    )
    export = export_router(context.service, PERSONAL_TABLES, read_export, context.database, context.secret)
    retention = retention_router(context.service, RETENTION, context.database, context.secret)
    months = months_router(context.database, context.secret)
    company = company_router(context.service, metadata, context.database, context.secret)
    # /v1/marks/export before /v1/marks/{mark}.
    routers = [api.router, pages.router, export_routes.router, improvement_api.router]
    # /actions/new before /actions/{action}.
    routers += [opening_pages.router, improvement_pages.router]
    routers += [marks_api.router, marks_pages.router, responses_api.router, responses_pages.router]
    routers += [comparison_api.router, comparison_pages.router]
    routers += [theme_api.router, theme_pages.router]
    routers += [export, retention, months, company]
    return service_app(own, routers=routers, pages=own.pages), {}
