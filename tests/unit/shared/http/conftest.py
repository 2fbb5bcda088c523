"""A small service with routes of each kind, and a client that calls it over ASGI."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI, Form, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, EmailStr, Field
from starlette.types import ASGIApp
from support.http_clients import SignIn, an_app
from support.servers import RunningServer, StartServer

from shared.api_keys import ApiKey, KeysUnavailable
from shared.events import CompanyState
from shared.http.auth import Caller, staff_or_key
from shared.http.csrf import CsrfGuard, csrf_checked, own_site_checked
from shared.http.key_auth import requires
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import ACCESS_COOKIE, AccessPass, Staff, signed_in
from shared.pages.environment import Pages
from shared.permissions import Role

SECRET = "a secret of at least thirty-two characters"


class Customer(BaseModel):
    email: EmailStr | None = None


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    score: int = Field(ge=0, le=10)
    at: AwareDatetime | None = Field(default=None, strict=False)
    kind: Literal["call", "mail"] = "call"
    customer: Customer | None = None
    attributes: dict[str, Any] = {}


SharedCaller = Annotated[Caller, Depends(staff_or_key("answers:write", "admin", "leader"))]


class TwoKeys:
    """A key ring with two keys; they count as not loaded while ``loaded`` is False."""

    loaded = True

    def lookup(self, token: str) -> ApiKey | None:
        if not self.loaded:
            raise KeysUnavailable
        scopes = {"writer": frozenset({"answers:write"}), "boss": frozenset({"admin"})}
        return ApiKey("acme", "k-1", "shop", scopes[token]) if token in scopes else None

    async def lookup_fresh(self, token: str) -> ApiKey | None:
        return self.lookup(token)

    def note_use(self, key: ApiKey, route: str) -> None:
        """Nobody asks here when it was used."""

    def display_names(self, _tenant: str) -> dict[str, str]:
        return {}

    def company_state(self, _tenant: str) -> CompanyState:
        return "running"


def json_routes() -> APIRouter:
    api = APIRouter(route_class=CheckedRoute)

    @api.post("/v1/things/{thing}")
    async def write(
        thing: str, body: Body, key: Annotated[ApiKey, Depends(requires("answers:write"))]
    ) -> dict[str, Any]:
        return {"tenant": key.tenant, "score": body.score}

    @api.post("/v1/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @api.get("/v1/shared")
    async def read(caller: SharedCaller) -> dict[str, Any]:
        return {"tenant": caller.tenant, "person": caller.staff is not None}

    @api.post("/v1/shared")
    async def change(caller: SharedCaller) -> dict[str, Any]:
        return {"tenant": caller.tenant, "person": caller.staff is not None}

    return api


def page_routes() -> APIRouter:
    pages = APIRouter(include_in_schema=False, route_class=CheckedRoute)

    @pages.get("/page")
    async def page(staff: Annotated[Staff, Depends(signed_in())]) -> str:
        return staff.name

    @pages.get("/admins")
    async def admins(staff: Annotated[Staff, Depends(signed_in("admin"))]) -> str:
        return staff.name

    @pages.post("/form")
    async def form(
        staff: Annotated[Staff, Depends(signed_in())],
        _: Annotated[None, Depends(csrf_checked)],
        words: Annotated[str, Form()],
    ) -> str:
        return words

    @pages.post("/s/{token}", dependencies=[Depends(own_site_checked)])
    async def answer(token: str) -> str:
        return "thank you"

    @pages.get("/s/{token}")
    async def ask(token: str) -> str:
        raise Problem(404)

    @pages.get("/boom")
    async def boom() -> str:
        raise RuntimeError("a.hansen@example.com wrote something")

    return pages


def make_app() -> FastAPI:
    return an_app(
        [json_routes(), page_routes()],
        pages=Pages("services"),
        keys=TwoKeys(),
        access=AccessPass(SECRET),
        csrf=CsrfGuard(SECRET),
    )


def a_user(role: Role = "admin", hours: float = 1) -> Staff:
    expires = datetime.now(UTC) + timedelta(hours=hours)
    return Staff("acme", UUID(int=7), "Jonas Holt", role, ("touchpoint:checkout",), "session-1", expires)


@pytest.fixture
def staff() -> Staff:
    return a_user()


@pytest.fixture
def app() -> FastAPI:
    return make_app()


@pytest.fixture
async def web(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://afterword.example"
    ) as client:
        yield client


@pytest.fixture
def sign_in(app: FastAPI, web: httpx2.AsyncClient) -> SignIn:
    def enter(staff: Staff | None = None) -> str:
        staff = staff or a_user()
        web.cookies.set(ACCESS_COOKIE, app.state.http.access.sign(staff))
        return str(app.state.http.csrf.token(staff.session_id))

    return enter


@pytest.fixture
async def run() -> AsyncIterator[StartServer]:
    running: list[RunningServer] = []

    async def start(app: ASGIApp, stopping: asyncio.Event | None = None, **options: Any) -> RunningServer:
        running.append(RunningServer(app, stopping or asyncio.Event(), **options))
        await running[-1].started()
        return running[-1]

    yield start
    for one in running:
        one.stopping.set()
        await one.task
