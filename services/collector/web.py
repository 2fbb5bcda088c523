"""Builds the collector's API; imported only where one runs."""

from fastapi import FastAPI

from services.collector import api, pages
from services.collector.context import CollectorContext
from services.collector.forms import PageNonce
from shared.link_tokens import LinkSigner
from shared.service import Context, Loops
from shared.web import pages_of, service_app


def build_api(context: Context) -> tuple[FastAPI, Loops]:
    """Every answer is a transaction of our own database, so none waits for Kafka."""
    drawn, secret = pages_of(context), context.secret
    own = context.extended(CollectorContext, pages=drawn, signer=LinkSigner(secret), nonce=PageNonce(secret))
    return service_app(own, routers=[api.router, pages.router], pages=drawn), {}
