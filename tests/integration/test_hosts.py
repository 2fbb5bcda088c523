"""Separate addresses of customers and staff: every route of every service, alone and in one process."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import SecretStr
from starlette.types import ASGIApp
from support.http_clients import SECRET, afterword_settings

from services import SERVICES
from services.command import service
from services.scorer.saved_views.mail_tokens import StopLink, stop_token
from shared.http.path_router import route_by_path
from shared.service import open_context

PUBLIC, STAFF = "https://ask.example", "https://afterword.example"
STOP = stop_token(SECRET, StopLink("company", UUID(int=1), UUID(int=1)))
UNREACHABLE_DATABASE = "postgresql+asyncpg://x:x@127.0.0.1:9/x"
CUSTOMER_ROUTES = {
    *(
        "/s/{token}",
        "/s/{token}/not-solved",
        "/s/{token}/question",
        "/in-page.js",
        "/s/preview/{token}",
        "/q/{code}",
    ),
    "/s/accent/{colour}.css",
    *("/u/{token}", "/u/{token}/again", "/u/{token}/choice", "/x/{token}"),
}
STATIC_ROUTES = {"/static/{owner}/{digest}/{name}"}
HEALTH_ROUTES = {"/healthz", "/readyz", "/metrics"}
INTERNAL_ROUTES = HEALTH_ROUTES - {"/healthz"}
"""Under no public host."""


@dataclass(frozen=True)
class Route:
    service: str
    method: str
    pattern: str

    @property
    def path(self) -> str:
        # Tokens of screens and mails name their company; what cannot be one is not found before the database is
        # asked.
        path = self.pattern.replace("/wall/{token}", "/wall/secret.company")
        path = path.replace("/views/stop/{token}", f"/views/stop/{STOP}")
        for part in ("survey_id", "event_id", "case"):
            path = path.replace(f"{{{part}}}", str(UUID(int=1)))
        return path.replace("{", "").replace("}", "")


@pytest.fixture(scope="module")
async def apps() -> AsyncIterator[dict[str, FastAPI]]:
    """The APIs of all services without a database: requests are refused by host before one is needed."""
    afterword = afterword_settings("127.0.0.1:9", public_url=PUBLIC, staff_url=STAFF)
    async with AsyncExitStack() as stack:
        apps = {}
        for name in SERVICES:
            own = service(name).settings.model_validate({"database_url": SecretStr(UNREACHABLE_DATABASE)})
            context = await open_context(service(name), asyncio.Event(), afterword, own, process="test")
            stack.push_async_callback(context.database.close)
            apps[name], _ = service(name).api(context)
        yield apps


def routes(apps: dict[str, FastAPI]) -> Iterator[Route]:
    for name, app in apps.items():
        for route in iter_route_contexts(app.routes):
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield Route(name, method, str(route.path))


async def answers(app: ASGIApp, route: Route, origin: str) -> tuple[int, str]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=origin, trust_env=False) as client:
        answer = await client.request(route.method, route.path, headers={"accept": "text/html"})
    return answer.status_code, answer.headers.get("location", "")


@pytest.mark.parametrize("together", [False, True])
async def test_staff_routes_are_404_on_the_customers_address_and_served_on_their_own(
    apps: dict[str, FastAPI], together: bool
) -> None:
    every = list(routes(apps))
    assert {route.pattern for route in every} >= CUSTOMER_ROUTES | STATIC_ROUTES | HEALTH_ROUTES
    combined = route_by_path(apps, {name: service(name).paths for name in SERVICES})
    faults = []
    for route in every:
        app = combined if together else apps[route.service]
        public, where = await answers(app, route, PUBLIC)
        staff, _ = await answers(app, route, STAFF)
        if route.pattern in CUSTOMER_ROUTES | STATIC_ROUTES:
            if public != staff:
                faults.append(f"{route}: customers get {public}, staff {staff}")
        elif public != 404 or where:
            faults.append(f"{route}: {public} {where} on the customers' address")
        elif (staff == 404) != (route.pattern in INTERNAL_ROUTES):
            faults.append(f"{route}: {staff} on the staff's own address")
    assert not faults, "\n".join(faults)


async def test_one_of_our_own_machines_gets_probes_and_no_page(apps: dict[str, FastAPI]) -> None:
    for name, app in apps.items():
        for path in sorted(HEALTH_ROUTES):
            status, _ = await answers(app, Route(name, "GET", path), "http://10.0.0.7:8000")
            assert status in {200, 503}, (name, path)
    assert (await answers(apps["alerts"], Route("alerts", "GET", "/inbox"), "http://10.0.0.7:8000"))[0] == 404
    assert (await answers(apps["scorer"], Route("scorer", "GET", "/"), "http://evil.example"))[0] == 404
