"""Builds the scorer's API; imported only where one runs."""

from fastapi import FastAPI

from services.scorer import api, pages
from services.scorer.context import ScorerContext
from shared.service import Context, Loops
from shared.web import pages_of, service_app


def build_api(context: Context) -> tuple[FastAPI, Loops]:
    """Everything is read from our own counts."""
    drawn, feed = pages_of(context), pages.live_feed(context.database, context.stopping)
    own = context.extended(ScorerContext, pages=drawn, feed=feed)
    return service_app(own, routers=[api.router, pages.router], pages=drawn), {}
