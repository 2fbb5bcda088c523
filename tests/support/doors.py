"""A service's API in this process, with its loops, on a database of its own; asked by httpx without a socket."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx
from pydantic import SecretStr
from support.stack import Postgres

from shared.db.migrations import migrate
from shared.runtime import run_loops
from shared.service import Context, Service, open_context
from shared.settings import Afterword

SECRET = "a secret of the tests, long enough for all"
ORIGIN = "http://afterword.example"


def afterword_settings(kafka: str, **changes: object) -> Afterword:
    return Afterword.model_validate(
        {
            "kafka": kafka,
            "topic_partitions": 1,
            "topic_replication": 1,
            "public_url": ORIGIN,
            "staff_url": ORIGIN,
            "secret": SecretStr(SECRET),
            "smtp_url": "smtp://127.0.0.1:1",
            **changes,
        }
    )


def environment_of(kafka: str = "127.0.0.1:1") -> dict[str, str]:
    """The same as variables, for what reads its settings itself."""
    return {
        "AFTERWORD_KAFKA": kafka,
        "AFTERWORD_PUBLIC_URL": ORIGIN,
        "AFTERWORD_STAFF_URL": ORIGIN,
        "AFTERWORD_SECRET": SECRET,
        "AFTERWORD_SMTP_URL": "smtp://127.0.0.1:1",
    }


async def a_context(
    service: Service,
    postgres: Postgres,
    kafka: str = "127.0.0.1:1",
    *,
    own: Mapping[str, object] | None = None,
    **changes: object,
) -> Context:
    """A context on a fresh, migrated database; close its database when done."""
    url = await postgres.create_database(service.name)
    await migrate(service.name, url)
    settings = service.settings.model_validate({"database_url": SecretStr(url), **(own or {})})
    return await open_context(
        service, asyncio.Event(), afterword_settings(kafka, **changes), settings, process="test"
    )


@asynccontextmanager
async def a_door(service: Service, context: Context) -> AsyncIterator[httpx.AsyncClient]:
    """Its API, with the loops that run beside it; keys are known from the start."""
    app, loops = service.api(context)
    await context.keys.refresh()
    running = asyncio.create_task(run_loops({"keys": context.keys.run, **loops}, context.stopping))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    try:
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, trust_env=False) as client:
            yield client
    finally:
        context.stopping.set()
        await running
