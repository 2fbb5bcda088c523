"""The collector's door: what its API process builds."""

from fastapi import FastAPI

from services.collector import api, pages
from services.collector.forms import PageNonce
from shared.http.app import create_app
from shared.http.tokens import LinkSigner
from shared.pages.environment import Pages
from shared.service import Context, Loops


def build_api(context: Context) -> tuple[FastAPI, Loops]:
    """Every answer is a transaction of our own database, so none waits for Kafka."""
    drawn = Pages(
        "services.collector",
        local=context.afterword.local,
        mailbox_url=context.afterword.mailbox_url,
        clock=context.database.clock,
    )
    app = create_app(service="collector", routers=[api.router, pages.router], pages=drawn)
    app.state.desk = pages.Desk(
        context.database, drawn, LinkSigner(context.secret), PageNonce(context.secret)
    )
    app.state.answers = api.AnswerDoor(context.database, context.secret)
    return app, {}
