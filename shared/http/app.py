"""The factory of each service's HTTP application."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware

from shared.http import health, problems
from shared.http.admission import Admission
from shared.http.edge import Edge
from shared.http.guesses import Guesses
from shared.http.limits import RequestLimits
from shared.http.openapi import with_problems
from shared.http.routes import Ordered
from shared.pages.assets import SHARED, Assets
from shared.pages.environment import Pages

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class Door(FastAPI):
    """FastAPI whose OpenAPI document tells the refusals too."""

    def openapi(self) -> dict[str, Any]:
        if not self.openapi_schema:
            self.openapi_schema = with_problems(super().openapi())
        return self.openapi_schema


def create_app(
    *,
    service: str,
    routers: Sequence[APIRouter],
    lifespan: Lifespan | None = None,
    pages: Pages | None = None,
    limits: RequestLimits | None = None,
) -> FastAPI:
    """The application of one service.

    ``app.state`` is filled by the service's composition (here or in its lifespan): ``health`` for the
    probes, ``keys`` for API keys, ``access`` and ``csrf`` for people who are signed in, ``encrypted`` where
    they reach us by https.

    :raises TypeError: when a router's routes would read a body before they ask who calls.
    """
    for route in (route for router in routers for route in router.routes):
        if isinstance(route, APIRoute) and not isinstance(route, Ordered):
            raise TypeError(f"{route.path}: make its router with route_class=Ordered")
    app = Door(
        title=f"Afterword {service}",
        version="1",
        openapi_url=f"/openapi/{service}.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        middleware=[Middleware(Edge, limits=limits)],
        redirect_slashes=False,
        # We count and log by ourselves. To look whether somebody else does takes a request some microseconds.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.service = service
    app.state.pages = pages
    app.state.guesses = Guesses()
    app.state.admission = Admission()
    problems.install(app)
    assets = pages.assets if pages is not None else Assets({SHARED.name: SHARED.folder})
    app.add_route("/static/{owner}/{digest}/{name}", assets.respond, include_in_schema=False)
    # The routes themselves, since an included router looks twice for the one that it has; the probes come
    # last, since each that is passed by costs a request some microseconds.
    for router in (*routers, health.router):
        app.router.routes.extend(router.routes)
    return app
