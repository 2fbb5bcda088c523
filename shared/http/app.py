"""The factory of each service's HTTP application."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.routing import Route

from shared.http import problems
from shared.http.context import HttpContext
from shared.http.health_app import HEALTH_PATHS, HealthApp
from shared.http.middleware import RequestMiddleware
from shared.http.openapi import with_problems
from shared.http.request_limits import RequestLimits
from shared.http.routes import CheckedRoute

ServeFile = Callable[[Request], Awaitable[Response]]
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class ServiceApi(FastAPI):
    """FastAPI whose OpenAPI document describes the refusals, too."""

    def openapi(self) -> dict[str, Any]:
        if not self.openapi_schema:
            self.openapi_schema = with_problems(super().openapi())
        return self.openapi_schema


def create_app(
    http: HttpContext,
    *,
    routers: Sequence[APIRouter],
    lifespan: Lifespan | None = None,
    files: ServeFile | None = None,
    limits: RequestLimits | None = None,
) -> FastAPI:
    """The application of one service.

    :param files: answers ``/static/{owner}/{digest}/{name}``.
    :raises TypeError: when a router's routes would read a body before they check the caller.
    """
    for route in (route for router in routers for route in router.routes):
        if isinstance(route, APIRoute) and not isinstance(route, CheckedRoute):
            raise TypeError(f"{route.path}: make its router with route_class=CheckedRoute")
    app = ServiceApi(
        title=f"Afterword {http.service}",
        version="1",
        openapi_url=f"/openapi/{http.service}.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        middleware=[Middleware(RequestMiddleware, limits=limits)],
        redirect_slashes=False,
        # We have our own metrics and log. Looking for a telemetry library costs each request some
        # microseconds.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.http = http
    problems.install_error_handlers(app)
    if files is not None:
        app.add_route("/static/{owner}/{digest}/{name}", files, include_in_schema=False)
    # The routes themselves, not the routers: an included router matches each path twice. The health routes
    # come last, since each route that is tried before the right one costs a request some microseconds.
    for router in routers:
        app.router.routes.extend(router.routes)
    health = HealthApp({"": http.health})
    app.router.routes.extend(Route(path, health, methods=["GET"]) for path in HEALTH_PATHS)
    return app
