"""The trigger's door: what its API process builds."""

from fastapi import FastAPI

from services.trigger import api
from shared.events import TRANSACTIONS
from shared.http.app import create_app
from shared.kafka import Publisher
from shared.runtime import after
from shared.service import Context, Loops


def build_api(context: Context) -> tuple[FastAPI, Loops]:
    """``POST /v1/events`` writes to the broker itself; everything else is a transaction."""
    app = create_app(service="trigger", routers=[api.router])
    publisher = Publisher(context.afterword.kafka, "trigger", context.health)
    app.state.door = api.Door.of(context, publisher)
    probe = context.probe([TRANSACTIONS.name])
    return app, {"publisher": after(probe.right, publisher.run), "probe": probe.run}
