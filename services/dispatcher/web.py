"""Builds the dispatcher's API; imported only where one runs."""

from fastapi import FastAPI

from services.dispatcher.audit import api as audit_api
from services.dispatcher.audit import pages as audit_pages
from services.dispatcher.bounces import api as bounces_api
from services.dispatcher.contact_policies import api as contact_policies_api
from services.dispatcher.contact_policies import pages as contact_policies_pages
from services.dispatcher.context import DispatcherContext
from services.dispatcher.customers import api as customers_api
from services.dispatcher.customers import pages as customers_pages
from services.dispatcher.decisions import api as decisions_api
from services.dispatcher.decisions.asked_api import asked_router
from services.dispatcher.dry_runs import api as dry_runs_api
from services.dispatcher.erasures import api as erasures_api
from services.dispatcher.erasures import pages as erasures_pages
from services.dispatcher.exports import api as exports_api
from services.dispatcher.exports import link_page as export_link_page
from services.dispatcher.exports import pages as exports_pages
from services.dispatcher.imports import api as imports_api
from services.dispatcher.imports import pages as imports_pages
from services.dispatcher.invitations import api as invitations_api
from services.dispatcher.invitations.survey_mail import SurveyMailRenderer
from services.dispatcher.models import metadata
from services.dispatcher.preferences import pages as preferences_pages
from services.dispatcher.programmes import api as programmes_api
from services.dispatcher.rehearsals import api as rehearsals_api
from services.dispatcher.rehearsals import pages as rehearsals_pages
from services.dispatcher.retention import api as retention_api
from services.dispatcher.retention import pages as retention_pages
from services.dispatcher.senders import api as senders_api
from services.dispatcher.senders import pages as senders_pages
from services.dispatcher.senders.checker import SenderChecker
from services.dispatcher.sending import api as sending_api
from services.dispatcher.sending import pages as sending_pages
from services.dispatcher.sms import api as sms_api
from services.dispatcher.sms.installation import sms_installation
from services.dispatcher.sms.survey_text import SurveyTextRenderer
from services.dispatcher.story import pages as story_pages
from services.dispatcher.suppressions import api as suppressions_api
from services.dispatcher.suppressions import files as suppression_files
from services.dispatcher.suppressions import pages as suppressions_pages
from services.dispatcher.suppressions.files import IMPORT_PATH, MAX_IMPORT_BYTES
from services.dispatcher.surveys import api as surveys_api
from services.dispatcher.surveys import dry_run_pages, saving_pages, state_pages, typed_pages, version_pages
from services.dispatcher.surveys import pages as surveys_pages
from services.dispatcher.surveys import preview as preview_pages
from services.dispatcher.waves import api as waves_api
from services.dispatcher.waves import pages as waves_pages
from shared.http.request_limits import RequestLimits
from shared.privacy.company_routes import company_router
from shared.privacy.export_links import ExportLinks
from shared.privacy.service_client import ServiceClient
from shared.privacy.service_tokens import ServiceTokens
from shared.service import Context, Loops
from shared.web import pages_of, service_app

ROUTERS = (
    surveys_api.router,
    decisions_api.router,
    suppression_files.router,
    invitations_api.router,
    bounces_api.router,
    imports_api.upload_router,
    imports_api.router,
    imports_pages.router,
    suppressions_api.router,
    suppressions_pages.router,
    sending_api.router,
    senders_api.router,
    senders_pages.router,
    exports_api.router,
    customers_api.router,
    # Before the pages of one customer, whose addresses hold a code.
    customers_pages.router,
    exports_pages.router,
    export_link_page.router,
    retention_api.router,
    retention_pages.router,
    contact_policies_api.router,
    contact_policies_pages.router,
    dry_runs_api.router,
    erasures_api.router,
    audit_api.router,
    # Before the surveys' own pages, whose addresses hold an id.
    sending_pages.router,
    surveys_pages.router,
    saving_pages.router,
    state_pages.router,
    dry_run_pages.router,
    preview_pages.router,
    typed_pages.router,
    version_pages.router,
    rehearsals_api.router,
    rehearsals_pages.router,
    story_pages.router,
    programmes_api.router,
    sms_api.router,
    waves_api.router,
    waves_pages.router,
    erasures_pages.router,
    audit_pages.router,
    preferences_pages.router,
)
BYTES_PER_MIB = 1024 * 1024


def larger_bodies(import_max_mib: int) -> dict[str, int]:
    """What the bodies that are files may have, in bytes, by path.

    :param import_max_mib: what the operator allows for files of imports.
    """
    return {f"/v1{IMPORT_PATH}": MAX_IMPORT_BYTES, imports_api.PATH: import_max_mib * BYTES_PER_MIB}


def build_api(context: Context) -> tuple[FastAPI, Loops]:
    """The application; its one loop closes the connections to the other services."""
    pages, afterword, clock = pages_of(context), context.afterword, context.database.clock
    tokens = ServiceTokens(context.secret, clock=clock)
    services = ServiceClient(afterword.internal_url or context.staff_url, tokens)
    renderer = SurveyMailRenderer(afterword, clock)
    sms = sms_installation(context.own, context.staff_url)
    own = context.extended(
        DispatcherContext,
        pages=pages,
        feed=story_pages.live_feed(context),
        mail_renderer=renderer,
        sms=sms,
        text_renderer=SurveyTextRenderer(afterword, sms, clock),
        sender_checker=SenderChecker(afterword, renderer, clock),
        services=services,
        export_links=ExportLinks(context.secret, clock=clock),
    )
    limits = RequestLimits(larger_bodies=larger_bodies(context.own.import_max_mib))
    company = company_router(context.service, metadata, context.database, context.secret)
    asked = asked_router(context.database, context.secret)
    routers = (*ROUTERS, company, asked)
    return service_app(own, routers=routers, pages=pages, limits=limits), {"services": services.run}
