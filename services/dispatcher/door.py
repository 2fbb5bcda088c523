"""The dispatcher's door: what its API process builds."""

from fastapi import FastAPI

from services.dispatcher import api, pages, people_api
from services.dispatcher.letters import Scribe
from services.dispatcher.pages.events import live_feed
from shared.http.app import create_app
from shared.pages.environment import Pages
from shared.service import Context, Loops


def build_api(context: Context) -> tuple[FastAPI, Loops]:
    """Every change is a transaction of its own; nothing runs beside."""
    drawn = Pages(
        "services.dispatcher", local=context.afterword.local, mailbox_url=context.afterword.mailbox_url
    )
    app = create_app(
        service="dispatcher", routers=[api.router, people_api.router, *pages.routers], pages=drawn
    )
    app.state.door = api.Door(context)
    app.state.house = pages.House(context, drawn, Scribe(context.afterword, context.database.clock))
    app.state.feed = live_feed(app.state.house)
    return app, {}
