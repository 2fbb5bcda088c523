import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from starlette.testclient import TestClient
from support.http_clients import an_app

from shared.health import Health
from shared.http.path_router import route_by_path
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import ACCESS_COOKIE, Staff
from shared.pages.environment import Pages

PATHS = {
    "scorer": ["/", "/segments", "/v1/scores"],
    "alerts": ["/inbox", "/cases", "/v1/cases", "/settings"],
    "collector": ["/s", "/v1/answers"],
}


class KnownHealth(Health):
    """A health whose faults the test sets."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.missing: list[str] = []

    def stalled(self) -> list[str]:
        return self.faults

    def unready(self) -> list[str]:
        return self.missing


def service(name: str, calls: list[str] | None = None) -> FastAPI:
    router = APIRouter(route_class=CheckedRoute)

    @router.get("/{path:path}")
    async def anything(path: str) -> str:
        return f"{name}:{path}"

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        assert calls is not None
        calls.append(f"{name} up")
        yield
        calls.append(f"{name} down")

    return an_app(
        [router],
        service=name,
        lifespan=lifespan if calls is not None else None,
        pages=Pages("services"),
        health=KnownHealth(),
    )


@pytest.fixture
def apps() -> dict[str, FastAPI]:
    return {name: service(name) for name in PATHS}


@pytest.fixture
async def web(apps: dict[str, FastAPI]) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(route_by_path(apps, PATHS)), base_url="http://t"
    ) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/", "scorer:"),
        ("/segments", "scorer:segments"),
        ("/segments/a", "scorer:segments/a"),
        ("/inbox", "alerts:inbox"),
        ("/cases/12/live", "alerts:cases/12/live"),
        ("/v1/scores", "scorer:v1/scores"),
        ("/v1/cases/1", "alerts:v1/cases/1"),
        ("/s/token", "collector:s/token"),
        ("/settings/", "alerts:settings/"),
    ],
)
async def test_a_path_goes_to_the_service_with_the_longest_prefix_of_whole_segments(
    web: httpx2.AsyncClient, path: str, answer: str
) -> None:
    assert (await web.get(path)).json() == answer


@pytest.mark.parametrize(
    "path", ["/surveys", "/inboxes", "/v1", "/v1/scores2", "/static/no-service/0/x.css", "/sx"]
)
async def test_a_path_of_no_service_is_a_404(web: httpx2.AsyncClient, path: str) -> None:
    answer = await web.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 404


async def test_a_path_of_no_service_keeps_the_frame_for_signed_in_staff(staff: Staff) -> None:
    apps = {"trigger": an_app([], service="trigger"), "alerts": service("alerts")}
    access = apps["alerts"].state.http.access
    transport = httpx2.ASGITransport(route_by_path(apps, {"trigger": ["/v1/events"], "alerts": ["/inbox"]}))
    cookies = {ACCESS_COOKIE: access.sign(staff)}
    async with httpx2.AsyncClient(transport=transport, base_url="http://t", cookies=cookies) as client:
        answer = await client.get("/nothing", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "Jonas Holt" in answer.text


async def test_the_process_is_ready_when_all_services_are_and_names_those_that_are_not(
    web: httpx2.AsyncClient, apps: dict[str, FastAPI]
) -> None:
    assert (await web.get("/readyz")).status_code == 200
    apps["alerts"].state.http.health.missing = ["kafka"]
    apps["collector"].state.http.health.missing = ["database"]
    answer = await web.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["missing"] == ["alerts: kafka", "collector: database"]


async def test_one_stalled_loop_makes_the_process_not_alive(
    web: httpx2.AsyncClient, apps: dict[str, FastAPI]
) -> None:
    assert (await web.get("/healthz")).status_code == 200
    apps["scorer"].state.http.health.faults = ["consumer"]
    answer = await web.get("/healthz")
    assert (answer.status_code, answer.json()["missing"]) == (503, ["scorer: consumer"])


async def test_the_metrics_of_the_process_are_served_once(web: httpx2.AsyncClient) -> None:
    answer = await web.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.count("# TYPE python_info") == 1
    assert not re.search(r"^\w+_created\b", answer.text, re.MULTILINE)


async def test_files_and_openapi_documents_come_from_their_service(
    web: httpx2.AsyncClient, apps: dict[str, FastAPI]
) -> None:
    assert (await web.get(apps["scorer"].state.http.pages.assets.url("afterword.css"))).status_code == 200
    assert (await web.get("/openapi/alerts.json")).json()["info"]["title"] == "Afterword alerts"


def test_a_path_of_two_services_is_refused_at_start(apps: dict[str, FastAPI]) -> None:
    with pytest.raises(ValueError, match="/inbox"):
        route_by_path(apps, {**PATHS, "collector": ["/inbox"]})


def test_all_services_start_in_order_and_stop_in_reverse() -> None:
    calls: list[str] = []
    apps = {name: service(name, calls) for name in ("scorer", "alerts")}
    with TestClient(route_by_path(apps, PATHS)) as client:
        assert client.get("/inbox").json() == "alerts:inbox"
        assert calls == ["scorer up", "alerts up"]
    assert calls == ["scorer up", "alerts up", "alerts down", "scorer down"]
