"""The scorer's whole truth: what it hears, serves and says."""

from fastapi import FastAPI

from services.scorer import api, pages
from services.scorer.handlers import SUBSCRIPTIONS
from services.scorer.models import metadata
from services.scorer.schedule import Announcer
from services.scorer.settings import Settings
from shared.http.app import create_app
from shared.http.csrf import CsrfGuard
from shared.http.staff import AccessPass
from shared.pages.environment import Pages
from shared.service import Context, Loops, Service


def build_api(context: Context) -> tuple[FastAPI, Loops]:
    """Everything is read from our own counts."""
    drawn = Pages(
        "services.scorer",
        local=context.afterword.local,
        mailbox_url=context.afterword.mailbox_url,
        clock=context.database.clock,
    )
    app = create_app(service="scorer", routers=[api.router, pages.router], pages=drawn)
    app.state.access = AccessPass(context.secret, clock=context.database.clock)
    app.state.csrf = CsrfGuard(context.secret)
    app.state.scores = api.Scores(context.database)
    app.state.desk = pages.Desk(
        context.database,
        drawn,
        pages.live_feed(context.database, context.stopping),
        context.afterword.staff_url.rstrip("/"),
    )
    return app, {}


def build_loops(context: Context) -> Loops:
    """Changed scores are said once a second, all of them when a day begins."""
    return {"scores": Announcer(context.database, context.health).run}


SERVICE = Service(
    name="scorer",
    settings=Settings,
    metadata=metadata,
    paths=("/", "/segments", "/v1/scores", "/v1/segments"),
    api=build_api,
    subscriptions=SUBSCRIPTIONS,
    worker_loops=build_loops,
)
