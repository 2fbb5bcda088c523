"""Builds the collector's API; imported only by processes that run it."""

from fastapi import FastAPI

from services.collector import (
    accents,
    api,
    in_page,
    judgement_api,
    pages,
    preview_pages,
    question_api,
    receipt_pages,
    share_api,
    share_pages,
    share_staff_pages,
    suspect_pages,
)
from services.collector.anonymous import PageSecrets
from services.collector.context import CollectorContext
from services.collector.devices import DeviceHashes
from services.collector.forms import PageNonce
from services.collector.models import PERSONAL_TABLES, metadata
from services.collector.repository.export import read_export
from services.collector.repository.retention import RETENTION
from services.collector.text_answers import text_answers_router
from shared.link_tokens import LinkSigner
from shared.privacy.company_routes import company_router
from shared.privacy.export_api import export_router
from shared.privacy.retention_api import retention_router
from shared.service import Context, Loops
from shared.web import pages_of, service_app


def build_api(context: Context) -> tuple[FastAPI, Loops]:
    """An answer is one transaction of our own database, so no request waits for Kafka."""
    renderer, secret = pages_of(context), context.secret
    own = context.extended(
        CollectorContext,
        pages=renderer,
        signer=LinkSigner(secret),
        nonce=PageNonce(secret),
        page_secrets=PageSecrets(secret),
        devices=DeviceHashes(secret),
    )
    export = export_router(context.service, PERSONAL_TABLES, read_export, context.database, secret)
    typed_preview = preview_pages.typed_preview_router(context.database, secret)
    rows = api.rows_router(context.database, secret)
    texted = text_answers_router(context.database, secret)
    retention = retention_router(context.service, RETENTION, context.database, secret)
    routers = [
        api.router,
        judgement_api.router,
        accents.router,
        pages.router,
        receipt_pages.router,
        question_api.router,
        in_page.router,
        preview_pages.router,
        suspect_pages.router,
        share_pages.router,
        share_api.router,
        share_staff_pages.router,
        export,
        retention,
        company_router(context.service, metadata, context.database, secret),
        typed_preview,
        rows,
        texted,
    ]
    return service_app(own, routers=routers, pages=renderer), {}
