"""The applications of several services behind one port, chosen by path."""

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
    """One application that dispatches to the services' own.

    ``paths`` has the path prefixes of each service; the longest match of whole segments wins, and `/` stands
    for that one page alone. Probes answer for all services. `/static/<service>/` and the document under
    `/openapi/` go to their service, the shared files to the first.
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
        self._max_segments = max(len(path) for path in self._routes)
        first = next(iter(self._apps.values()))
        self._routes.setdefault(("static",), first)
        # Answers the probes, and refuses the paths of no service with the error page of any service that has
        # pages.
        self._fallback = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
        with_pages = (app for app in self._apps.values() if app.state.http.pages is not None)
        self._fallback.state.http = next(with_pages, first).state.http
        problems.install_error_handlers(self._fallback)
        health = HealthApp({name: app.state.http.health for name, app in apps.items()})
        self._fallback.router.routes.extend(Route(path, health, methods=["GET"]) for path in HEALTH_PATHS)
        self._fallback.add_middleware(RequestMiddleware, limits=self._limits)
        self._fallback.router.lifespan_context = self._lifespan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app_of(scope["path"]) if scope["type"] == "http" else self._fallback
        await app(scope, receive, send)

    def _app_of(self, path: str) -> FastAPI:
        if len(path) > self._limits.path_bytes:
            return self._fallback
        segments = _segments(path)
        if not segments:
            return self._routes.get((), self._fallback)
        for length in range(min(len(segments), self._max_segments), 0, -1):
            if (app := self._routes.get(segments[:length])) is not None:
                return app
        return self._fallback

    @asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for app in self._apps.values():
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield


def _segments(path: str) -> tuple[str, ...]:
    return tuple(segment for segment in path.split("/") if segment)
