"""Several services' applications behind one port, told apart by path."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http import problems
from shared.http.edge import Edge
from shared.http.health import NotStarted, answer, metrics_page
from shared.http.limits import RequestLimits


def combine(apps: Mapping[str, FastAPI], paths: Mapping[str, Sequence[str]]) -> ASGIApp:
    """One application of several. ``paths`` names each service's path prefixes; the longest whole-segment
    match wins.

    `/` alone is a prefix too, of that one page. Probes speak for all services; files under
    `/static/<service>/` and the document under `/openapi/` go to their service, the shared files to any.
    """
    return _Combined(apps, paths)


class _Combined:
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
        drawing = (app for app in self._apps.values() if app.state.pages is not None)
        self._own.state = next(drawing, first).state
        problems.install(self._own)
        for path, endpoint in (
            ("/healthz", self._healthz),
            ("/readyz", self._readyz),
            ("/metrics", self._metrics),
        ):
            self._own.add_route(path, endpoint, methods=["GET"])
        self._own.add_middleware(Edge, limits=self._limits)
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

    def _faults(self, question: str) -> list[str]:
        told: list[str] = []
        for name, app in self._apps.items():
            health: Any = getattr(app.state, "health", None) or NotStarted()
            told += [f"{name}: {fault}" for fault in getattr(health, question)()]
        return told

    async def _healthz(self, _request: Request) -> JSONResponse:
        return answer(self._faults("alive"), "alive")

    async def _readyz(self, _request: Request) -> JSONResponse:
        return answer(self._faults("ready"), "ready", self._faults("noted"))

    async def _metrics(self, _request: Request) -> Response:
        return metrics_page()


def _segments(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part)
