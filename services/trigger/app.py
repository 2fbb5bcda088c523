"""The trigger's whole truth: what it serves, says and runs."""

from fastapi import FastAPI

from services.trigger import api
from services.trigger.models import metadata
from services.trigger.settings import Settings
from shared.http.app import create_app
from shared.kafka import Publisher
from shared.service import Context, Loops, Service


def build_api(context: Context) -> tuple[FastAPI, Loops]:
    """``POST /v1/events`` writes to the broker itself; everything else is a transaction."""
    app = create_app(service="trigger", routers=[api.router])
    publisher = Publisher(context.afterword.kafka, "trigger", context.health)
    app.state.door = api.Door.of(context, publisher)
    return app, {"publisher": publisher.run}


SERVICE = Service(
    name="trigger",
    settings=Settings,
    metadata=metadata,
    paths=("/v1/events", "/v1/imports"),
    api=build_api,
)
