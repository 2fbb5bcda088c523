"""The trigger's door: what its API process builds."""

from fastapi import FastAPI

from services.trigger import api
from shared.http.app import create_app
from shared.kafka import Probe, Publisher
from shared.service import Context, Loops


def build_api(context: Context) -> tuple[FastAPI, Loops]:
    """``POST /v1/events`` writes to the broker itself; everything else is a transaction."""
    app = create_app(service="trigger", routers=[api.router])
    publisher = Publisher(context.afterword.kafka, "trigger", context.health)
    app.state.door = api.Door.of(context, publisher)
    probe = Probe(context.afterword.kafka, context.health)
    return app, {"publisher": publisher.run, "probe": probe.run}
