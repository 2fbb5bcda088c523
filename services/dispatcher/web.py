"""Builds the dispatcher's API; imported only where one runs."""

from fastapi import FastAPI

from services.dispatcher import api, pages, people_api
from services.dispatcher.context import DispatcherContext
from services.dispatcher.letters import Scribe
from services.dispatcher.pages.events import live_feed
from shared.service import Context, Loops
from shared.web import pages_of, service_app


def build_api(context: Context) -> tuple[FastAPI, Loops]:
    """Every change is a transaction of its own; nothing runs beside."""
    drawn, scribe = pages_of(context), Scribe(context.afterword, context.database.clock)
    own = context.extended(DispatcherContext, pages=drawn, feed=live_feed(context), scribe=scribe)
    return service_app(own, routers=[api.router, people_api.router, *pages.routers], pages=drawn), {}
