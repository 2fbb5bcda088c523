"""The scorer's door: what its API process builds."""

from fastapi import FastAPI

from services.scorer import api, pages
from shared.http.app import create_app
from shared.pages.environment import Pages
from shared.service import Context, Loops


def build_api(context: Context) -> tuple[FastAPI, Loops]:
    """Everything is read from our own counts."""
    drawn = Pages(
        "services.scorer",
        local=context.afterword.local,
        mailbox_url=context.afterword.mailbox_url,
        clock=context.database.clock,
    )
    app = create_app(service="scorer", routers=[api.router, pages.router], pages=drawn)
    app.state.scores = api.Scores(context.database)
    app.state.desk = pages.Desk(
        context.database,
        drawn,
        pages.live_feed(context.database, context.stopping),
        context.afterword.staff_url.rstrip("/"),
    )
    return app, {}
