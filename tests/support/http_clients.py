"""Contexts and applications for tests, and httpx clients that call a service's API without a socket."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import APIRouter, FastAPI
from pydantic import SecretStr
from support.lent_databases import LentDatabases
from support.stack import Postgres

from shared.api_keys import ApiKey
from shared.db.database import Database
from shared.db.notifications import ChangeListener
from shared.events import CompanyState
from shared.health import Health
from shared.http.admission import Admission
from shared.http.app import Lifespan, create_app
from shared.http.context import HttpContext
from shared.http.csrf import CsrfGuard
from shared.http.rate_limit import RateLimit
from shared.http.request_limits import RequestLimits
from shared.http.staff_auth import AccessPass
from shared.pages.environment import Pages
from shared.runtime import run_loops
from shared.service import Context, Service, open_context
from shared.settings import Afterword
from shared.tenancy import TenantKeyRing

SignIn = Callable[..., str]
"""Signs a user in, an admin if none is given, and returns the CSRF token of the session."""

SECRET = "a secret of the tests, long enough for all"
ORIGIN = "http://afterword.example"


def afterword_settings(kafka: str, **changes: object) -> Afterword:
    """The settings that all services share; ``changes`` are further ones."""
    return Afterword.model_validate(
        {
            "kafka": kafka,
            "topic_partitions": 1,
            "topic_replication": 1,
            "public_url": ORIGIN,
            "staff_url": ORIGIN,
            "secret": SecretStr(SECRET),
            "smtp_url": "smtp://127.0.0.1:1",
            "dns": "127.0.0.1:1",
            **changes,
        }
    )


def environment_of(kafka: str = "127.0.0.1:1") -> dict[str, str]:
    """The same settings as environment variables, for code that reads them itself."""
    return {
        "AFTERWORD_KAFKA": kafka,
        "AFTERWORD_PUBLIC_URL": ORIGIN,
        "AFTERWORD_STAFF_URL": ORIGIN,
        "AFTERWORD_SECRET": SECRET,
        "AFTERWORD_SMTP_URL": "smtp://127.0.0.1:1",
        "AFTERWORD_DNS": "127.0.0.1:1",
    }


async def a_context(
    service: Service,
    postgres: Postgres,
    kafka: str = "127.0.0.1:1",
    *,
    own: Mapping[str, object] | None = None,
    **changes: object,
) -> Context:
    """A context with a new, migrated database; the caller closes the database."""
    url = await postgres.migrated_database(service.name)
    settings = service.settings.model_validate({"database_url": SecretStr(url), **(own or {})})
    return await open_context(
        service, asyncio.Event(), afterword_settings(kafka, **changes), settings, process="test"
    )


@asynccontextmanager
async def a_lent_context(
    service: Service, databases: LentDatabases, kafka: str = "127.0.0.1:1", **changes: Any
) -> AsyncIterator[Context]:
    """A context with an empty database; ``changes`` as of :func:`context_on`."""
    async with databases.lend(service.name) as database:
        yield context_on(service, database, kafka, **changes)


def context_on(
    service: Service,
    database: Database,
    kafka: str = "127.0.0.1:1",
    *,
    health: Health | None = None,
    own: Mapping[str, object] | None = None,
    **changes: object,
) -> Context:
    """A context with an existing database; ``changes`` are of ``AFTERWORD_`` settings."""
    health = health or Health(service.name)
    return Context(
        service=service.name,
        afterword=afterword_settings(kafka, **changes),
        own=service.settings.model_validate({"database_url": SecretStr(database.url), **(own or {})}),
        database=database,
        health=health,
        stopping=asyncio.Event(),
        keys=TenantKeyRing(database, health),
        changes=ChangeListener(database),
    )


def http_context(**changes: Any) -> HttpContext:
    """The context of an application without a database; ``changes`` replace parts of it."""
    parts: dict[str, Any] = {
        "service": "sample",
        "health": Health(),
        "keys": NoKeys(),
        "access": AccessPass(SECRET),
        "csrf": CsrfGuard(SECRET),
        "key_rate_limit": RateLimit(),
        "admission": Admission(),
    }
    return HttpContext(**parts | changes)


def an_app(
    routers: Sequence[APIRouter] = (),
    *,
    pages: Pages | None = None,
    lifespan: Lifespan | None = None,
    limits: RequestLimits | None = None,
    **changes: Any,
) -> FastAPI:
    """An application with these routers; ``changes`` are parts of its ``HttpContext``."""
    http = http_context(**{"pages": pages, "readers": pages} | changes)
    files = pages.assets.respond if pages is not None else None
    return create_app(http, routers=routers, files=files, lifespan=lifespan, limits=limits)


class NoKeys:
    """A key ring without keys."""

    def lookup(self, _token: str) -> ApiKey | None:
        return None

    async def lookup_fresh(self, _token: str) -> ApiKey | None:
        return None

    def note_use(self, _key: ApiKey, _route: str) -> None:
        raise AssertionError("there is no key to be used")

    def display_names(self, _tenant: str) -> Mapping[str, str]:
        return {}

    def company_state(self, _tenant: str) -> CompanyState:
        return "running"


@asynccontextmanager
async def api_client(service: Service, context: Context) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service's API. Its loops run meanwhile, and its keys are loaded."""
    app, loops = service.api(context)
    await context.keys.refresh()
    running = asyncio.create_task(
        run_loops({"keys": context.keys.run, "changes": context.changes.run, **loops}, context.stopping)
    )
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    try:
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, trust_env=False) as client:
            yield client
    finally:
        context.stopping.set()
        await running
