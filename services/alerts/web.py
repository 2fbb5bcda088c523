"""Builds the API of alerts; imported only where one runs."""

from functools import partial

from fastapi import FastAPI

from services.alerts.calendars import api as calendars_api
from services.alerts.calendars import pages as calendar_pages
from services.alerts.case_tools import api as case_tools_api
from services.alerts.case_tools import pages as case_tool_pages
from services.alerts.cases import (
    api,
    bulk_api,
    bulk_page,
    case_page,
    inbox_page,
    saved_filter_api,
    saved_filter_page,
    viewer_page,
)
from services.alerts.cases.domain.policy import current_policy
from services.alerts.cases.live import live_feed
from services.alerts.cases.repository.export import read_export
from services.alerts.chats import api as chats_api
from services.alerts.chats import pages as chat_pages
from services.alerts.context import AlertsContext
from services.alerts.huddles import api as huddles_api
from services.alerts.huddles import pages as huddles_pages
from services.alerts.incidents import api as incidents_api
from services.alerts.introductions import api as introductions_api
from services.alerts.introductions import pages as introduction_pages
from services.alerts.introductions import settings_page as introduction_settings
from services.alerts.models import PERSONAL_TABLES, metadata
from services.alerts.notices import api as notices_api
from services.alerts.notices import app_files as notices_files
from services.alerts.notices import pages as notices_pages
from services.alerts.re_asks import api as re_asks_api
from services.alerts.re_asks import pages as re_asks_pages
from services.alerts.retention.repository import RETENTION
from services.alerts.rules import api as rules_api
from services.alerts.rules import pages as rules_pages
from services.alerts.rules import version_pages as rules_version_pages
from services.alerts.rules.setup_cache import CompanySetups
from services.alerts.segment_alerts import api as segment_alerts_api
from services.alerts.segment_alerts import pages as segment_alert_pages
from services.alerts.staff import (
    access_api,
    link_pages,
    people_api,
    people_page,
    provider_api,
    provider_pages,
    provider_settings,
    second_factor_pages,
    second_factor_settings,
    sessions_page,
    settings_page,
    sign_in_pages,
    sign_in_rules_api,
    sign_in_rules_page,
)
from services.alerts.staff.first_admin import first_admin_router
from services.alerts.staff.own_address import own_address_router
from services.alerts.staff.present_access import present_access_router
from services.alerts.staff.provider_http import ProviderHttp
from services.alerts.staff.provider_sign_in import ProviderSignIn
from services.alerts.staff.sessions import session_is_live
from services.alerts.staff.sign_in import SignIn
from services.alerts.team_figures import api as figures_api
from services.alerts.team_figures import pages as figures_pages
from services.alerts.teams import absence_pages, team_pages
from services.alerts.teams import api as teams_api
from services.alerts.view_mails.history_api import view_mail_history_router
from services.alerts.webhooks import api as webhook_api
from services.alerts.webhooks import pages as webhook_pages
from services.alerts.webhooks.openapi import message_routes
from shared.outbound.address_guard import AddressGuard
from shared.outbound.web_push import Vapid
from shared.privacy.company_routes import company_router
from shared.privacy.export_api import export_router
from shared.privacy.retention_api import retention_router
from shared.service import Context, Loops
from shared.web import pages_of, service_app


def build_api(context: Context) -> tuple[FastAPI, Loops]:
    """The inbox, the cases, sign-in, settings and webhooks."""
    pages, database = pages_of(context), context.database
    secure = context.staff_url.startswith("https:")
    own = context.extended(
        AlertsContext,
        pages=pages,
        feed=live_feed(database, context.stopping, context.changes),
        sign_in=SignIn.with_secret(context.secret, database, secure=secure),
        provider_sign_in=ProviderSignIn(
            context.secret,
            context.staff_url,
            ProviderHttp(AddressGuard.of(context.afterword.outbound_networks)),
            database.clock,
        ),
        policy=current_policy(),
        setups=CompanySetups(),
        push_key=Vapid(context.secret, "").public_key,
    )
    app = service_app(
        own,
        routers=[
            api.router,
            bulk_api.router,
            inbox_page.router,
            bulk_page.router,
            saved_filter_api.router,
            saved_filter_page.router,
            case_page.router,
            viewer_page.router,
            webhook_api.router,
            webhook_pages.router,
            segment_alerts_api.router,
            segment_alert_pages.router,
            incidents_api.router,
            figures_api.router,
            figures_pages.router,
            re_asks_api.router,
            re_asks_pages.router,
            huddles_api.router,
            huddles_pages.router,
            introductions_api.router,
            introduction_pages.router,
            introduction_settings.router,
            chats_api.router,
            chat_pages.router,
            rules_api.router,
            rules_pages.router,
            rules_version_pages.router,
            teams_api.router,
            calendars_api.router,
            case_tools_api.router,
            team_pages.router,
            calendar_pages.router,
            *case_tool_pages.ROUTERS,
            absence_pages.router,
            notices_api.router,
            notices_pages.router,
            notices_files.router,
            link_pages.router,
            second_factor_pages.router,
            settings_page.router,
            second_factor_settings.router,
            sessions_page.router,
            people_api.router,
            access_api.router,
            sign_in_rules_api.router,
            provider_api.router,
            people_page.router,
            sign_in_rules_page.router,
            provider_pages.router,
            provider_settings.router,
            sign_in_pages.router,
            export_router(context.service, PERSONAL_TABLES, read_export, database, context.secret),
            retention_router(context.service, RETENTION, database, context.secret),
            company_router(context.service, metadata, database, context.secret),
            first_admin_router(database, context.staff_url, context.secret),
            present_access_router(database, context.secret),
            view_mail_history_router(database, context.secret),
            own_address_router(database, context.secret),
        ],
        pages=pages,
        session_is_live=partial(session_is_live, database),
    )
    app.webhooks.routes.extend(message_routes().routes)
    return app, {}
