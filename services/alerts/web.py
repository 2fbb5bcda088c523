"""Builds the API of alerts; imported only where one runs."""

from functools import partial

from fastapi import FastAPI

from services.alerts.calendars import api as calendars_api
from services.alerts.cases import api, case_page, inbox_page
from services.alerts.cases.domain.policy import current_policy
from services.alerts.cases.live import live_feed
from services.alerts.cases.repository.export import read_export
from services.alerts.context import AlertsContext
from services.alerts.models import PERSONAL_TABLES
from services.alerts.retention.repository import RETENTION
from services.alerts.rules import api as rules_api
from services.alerts.rules import pages as rules_pages
from services.alerts.rules.setup_cache import CompanySetups
from services.alerts.staff import link_pages, settings_page, sign_in_pages
from services.alerts.staff.sessions import session_is_live
from services.alerts.staff.sign_in import SignIn
from services.alerts.teams import api as teams_api
from shared.privacy.export_api import export_router
from shared.privacy.retention_api import retention_router
from shared.service import Context, Loops
from shared.web import pages_of, service_app


def build_api(context: Context) -> tuple[FastAPI, Loops]:
    """The inbox, the cases, sign-in and settings."""
    pages, database = pages_of(context), context.database
    secure = context.staff_url.startswith("https:")
    own = context.extended(
        AlertsContext,
        pages=pages,
        feed=live_feed(database, context.stopping, context.changes),
        sign_in=SignIn.with_secret(context.secret, database, secure=secure),
        policy=current_policy(),
        setups=CompanySetups(),
    )
    app = service_app(
        own,
        routers=[
            api.router,
            inbox_page.router,
            case_page.router,
            rules_api.router,
            rules_pages.router,
            teams_api.router,
            calendars_api.router,
            sign_in_pages.router,
            link_pages.router,
            settings_page.router,
            export_router(context.service, PERSONAL_TABLES, read_export, database, context.secret),
            retention_router(context.service, RETENTION, database, context.secret),
        ],
        pages=pages,
        session_is_live=partial(session_is_live, database),
    )
    return app, {}
