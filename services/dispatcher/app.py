"""The dispatcher's whole truth: what it hears, serves, says and sends."""

import asyncio

from fastapi import FastAPI

from services.dispatcher import api, pages
from services.dispatcher.handlers import SUBSCRIPTIONS
from services.dispatcher.letters import Scribe
from services.dispatcher.models import metadata
from services.dispatcher.pages.events import live_feed
from services.dispatcher.schedule import NAME, watch_leases
from services.dispatcher.sender import Sender
from services.dispatcher.settings import Settings
from shared.http.app import create_app
from shared.mail import Mailer
from shared.pages.environment import Pages
from shared.service import Context, Loops, Service


def build_api(context: Context) -> tuple[FastAPI, Loops]:
    """Every change is a transaction of its own; nothing runs beside."""
    drawn = Pages(
        "services.dispatcher", local=context.afterword.local, mailbox_url=context.afterword.mailbox_url
    )
    app = create_app(service="dispatcher", routers=[api.router, *pages.routers], pages=drawn)
    app.state.door = api.Door(context)
    app.state.house = pages.House(context, drawn, Scribe(context.afterword, context.database.clock))
    app.state.feed = live_feed(app.state.house)
    return app, {}


def worker_loops(context: Context) -> Loops:
    """The senders, each with its own connection to the mail server, and the watch over their leases."""
    scribe = Scribe(context.afterword, context.database.clock)
    senders = {}
    for number in range(1, context.own.senders + 1):
        name = f"sender {number}"
        mailer = Mailer(context.afterword.smtp_url)
        senders[name] = Sender(name, context.database, mailer, scribe, context.secret, context.health).run

    async def leases(stopping: asyncio.Event) -> None:
        await watch_leases(context.database, context.health, stopping)

    return {**senders, NAME: leases}


SERVICE = Service(
    name="dispatcher",
    settings=Settings,
    metadata=metadata,
    paths=("/v1/surveys", "/v1/decisions", "/v1/suppressions", "/v1/customers", "/surveys", "/events", "/u"),
    api=build_api,
    subscriptions=SUBSCRIPTIONS,
    worker_loops=worker_loops,
)
