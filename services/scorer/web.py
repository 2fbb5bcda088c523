"""Builds the scorer's API; imported only where one runs, so that workers stay light."""

from fastapi import FastAPI

from services.scorer import api, pages
from services.scorer.auditing import api as audit_api
from services.scorer.benchmarks import api as benchmarks_api
from services.scorer.benchmarks import pages as benchmarks_pages
from services.scorer.comparisons import api as comparison_api
from services.scorer.comparisons import pages as comparison_pages
from services.scorer.context import ScorerContext
from services.scorer.csv_addresses import add_csv_addresses
from services.scorer.drivers import api as driver_api
from services.scorer.drivers import pages as driver_pages
from services.scorer.exports import api as export_routes
from services.scorer.exports import pages as export_pages
from services.scorer.exports import ranking_api
from services.scorer.gap import api as gap_api
from services.scorer.gap import pages as gap_pages
from services.scorer.improvements import api as improvement_api
from services.scorer.improvements import opening_pages
from services.scorer.improvements import pages as improvement_pages
from services.scorer.marks import api as marks_api
from services.scorer.marks import pages as marks_pages
from services.scorer.models import PERSONAL_TABLES, metadata
from services.scorer.months_api import months_router
from services.scorer.pairs import api as pairs_api
from services.scorer.pairs import pages as pairs_pages
from services.scorer.repository.export import read_export
from services.scorer.repository.retention import RETENTION
from services.scorer.responses import api as responses_api
from services.scorer.responses import pages as responses_pages
from services.scorer.saved_views import api as view_api
from services.scorer.saved_views import mail_api, mail_pages, wall_pages
from services.scorer.saved_views import pages as view_pages
from services.scorer.saved_views.mail_service_api import view_mail_router
from services.scorer.saved_views.screen_uses import LOOP_NAME as SCREEN_USES_LOOP
from services.scorer.saved_views.screen_uses import ScreenUses
from services.scorer.themes import api as theme_api
from services.scorer.themes import found_api, found_pages, model_api, model_pages
from services.scorer.themes import pages as theme_pages
from services.scorer.unbegged import api as unbegged_api
from services.scorer.unbegged import pages as unbegged_pages
from shared.privacy.company_routes import company_router
from shared.privacy.export_api import export_router
from shared.privacy.present_access import PeopleAccess
from shared.privacy.retention_api import retention_router
from shared.privacy.service_client import ServiceClient
from shared.privacy.service_tokens import ServiceTokens
from shared.service import Context, Loops
from shared.web import pages_of, service_app


def build_api(context: Context) -> tuple[FastAPI, Loops]:
    """The application; one loop notes open screens, one closes connections to other services."""
    tokens = ServiceTokens(context.secret, clock=context.database.clock)
    services = ServiceClient(context.afterword.internal_url or context.staff_url, tokens)
    uses = ScreenUses(context.database, context.health)
    own = context.extended(
        ScorerContext,
        pages=pages_of(context),
        services=services,
        feed=pages.live_feed(context.database, context.stopping, context.changes),
        people=PeopleAccess(services),
        note_screen=uses.note,
    )
    export = export_router(context.service, PERSONAL_TABLES, read_export, context.database, context.secret)
    retention = retention_router(context.service, RETENTION, context.database, context.secret)
    months = months_router(context.database, context.secret)
    company = company_router(context.service, metadata, context.database, context.secret)
    # /v1/marks/export before /v1/marks/{mark}, /marks/download before /marks/{mark}.
    routers = [api.router, pages.router, export_routes.router, ranking_api.router, export_pages.router]
    routers.append(improvement_api.router)
    # /actions/new before /actions/{action}.
    routers += [opening_pages.router, improvement_pages.router]
    routers += [pairs_api.router, pairs_pages.router]
    routers += [marks_api.router, marks_pages.router, responses_api.router, responses_pages.router]
    routers += [benchmarks_api.router, benchmarks_pages.router]
    routers += [unbegged_api.router, unbegged_pages.router]
    routers += [comparison_api.router, comparison_pages.router]
    routers += [driver_api.router, driver_pages.router, gap_api.router, gap_pages.router]
    routers += [theme_api.router, found_api.router, theme_pages.router, found_pages.router, audit_api.router]
    routers += [model_api.router, model_pages.router]
    routers += [view_api.router, view_pages.router, wall_pages.router]
    routers += [mail_api.router, mail_pages.router, view_mail_router(context.database, context.secret)]
    routers += [export, retention, months, company]
    app = service_app(own, routers=routers, pages=own.pages)
    add_csv_addresses(app)
    return app, {
        SCREEN_USES_LOOP: uses.loop,
        "services": services.run,
    }
