"""Several services' applications behind one port, told apart by path."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http import problems
from shared.http.health_app import HEALTH_PATHS, HealthApp
from shared.http.middleware import RequestMiddleware
from shared.http.request_limits import RequestLimits


def route_by_path(apps: Mapping[str, FastAPI], paths: Mapping[str, Sequence[str]]) -> ASGIApp:
    """One application of several. ``paths`` names each service's path prefixes; the longest whole-segment
    match wins.

    `/` alone is a prefix too, of that one page. Probes speak for all services; files under
    `/static/<service>/` and the document under `/openapi/` go to their service, the shared files to any.
    """
    return _PathRouter(apps, paths)


class _PathRouter:
    def __init__(self, apps: Mapping[str, FastAPI], paths: Mapping[str, Sequence[str]]) -> None:
        self._apps = dict(apps)
        self._limits = RequestLimits()
        self._routes: dict[tuple[str, ...], FastAPI] = {}
        for name, app in apps.items():
            own = (f"/static/{name}", f"/openapi/{name}.json")
            for path in (*paths.get(name, ()), *own):
                if (taken := self._routes.setdefault(_segments(path), app)) is not app:
                    raise ValueError(f"{path} belongs to two services: {taken.title} and {app.title}")
        self._longest = max(len(path) for path in self._routes)
        first = next(iter(self._apps.values()))
        self._routes.setdefault(("static",), first)
        self._own = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
        # What belongs to nobody is refused in the look of any service that draws.
        drawing = (app for app in self._apps.values() if app.state.http.pages is not None)
        self._own.state.http = next(drawing, first).state.http
        problems.install(self._own)
        health = HealthApp({name: app.state.http.health for name, app in apps.items()})
        self._own.router.routes.extend(Route(path, health, methods=["GET"]) for path in HEALTH_PATHS)
        self._own.add_middleware(RequestMiddleware, limits=self._limits)
        self._own.router.lifespan_context = self._lifespan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._chosen(scope["path"]) if scope["type"] == "http" else self._own
        await app(scope, receive, send)

    def _chosen(self, path: str) -> FastAPI:
        if len(path) > self._limits.path:
            return self._own
        parts = _segments(path)
        if not parts:
            return self._routes.get((), self._own)
        for length in range(min(len(parts), self._longest), 0, -1):
            if (app := self._routes.get(parts[:length])) is not None:
                return app
        return self._own

    @asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for app in self._apps.values():
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield


def _segments(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part)
