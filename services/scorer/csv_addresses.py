"""``.csv`` at the end of an address, and ``Accept: text/csv``: both answer the file that ``…/export`` or
``…/download`` of the same address answers. Which addresses have one is read from the routes.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.scorer.csv_files import CSV_CONTENT

FILE_ENDINGS = ("export", "download")
EXTENSION = ".csv"
DESCRIPTION = (
    "Where an answer can be `text/csv`, a request with `Accept: text/csv`, or with `.csv` behind the path, "
    "gets the file that `…/export` answers."
)
_OTHERS = ("text/html", "application/json")
_QUALITY = re.compile(r"q\s*=\s*([01](?:\.\d{0,3})?)", re.IGNORECASE | re.ASCII)


def add_csv_addresses(app: FastAPI) -> None:
    """Answer files by these addresses, too, and say so in the document of the API.

    :param app: with all of its routes.
    """
    routes = [route for route in app.routes if isinstance(route, APIRoute) and "GET" in (route.methods or ())]
    # Inside the outermost layer, which checks the request and writes the line of the log.
    app.user_middleware.append(Middleware(CsvAddresses, routes=routes))
    files = _files_by_path(routes)
    for route in routes:
        if route.path in files and route.include_in_schema:
            told = route.responses.get(200, {})
            told = {**told, "content": {**told.get("content", {}), **CSV_CONTENT}}
            route.responses = {**route.responses, 200: told}
    app.description = DESCRIPTION


class CsvAddresses:
    """Leads a request for the file of an address to the route that answers it."""

    def __init__(self, app: ASGIApp, routes: Iterable[APIRoute]) -> None:
        self._app = app
        routes = list(routes)
        files = _files_by_path(routes)
        self._plain = {route.path: files.get(route.path, "") for route in routes if "{" not in route.path}
        parted = [route for route in routes if "{" in route.path and route.path in files]
        self._patterns = [(route.path_regex, files[route.path]) for route in parted]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        named = self._file_of(path.removesuffix(EXTENSION)) if path.endswith(EXTENSION) else ""
        if named:
            await self._app(_led_to(scope, named), receive, send)
            return
        file = self._file_of(path)
        if not file:
            await self._app(scope, receive, send)
            return

        async def send_varying(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).add_vary_header("Accept")
            await send(message)

        wanted = wants_csv(", ".join(Headers(scope=scope).getlist("accept")))
        await self._app(_led_to(scope, file) if wanted else scope, receive, send_varying)

    def _file_of(self, path: str) -> str:
        """The path of the file; empty: there is none."""
        ending = self._plain.get(path)
        if ending is None:
            ending = next((ending for pattern, ending in self._patterns if pattern.match(path)), "")
        return f"{path.removesuffix('/')}/{ending}" if ending else ""


def wants_csv(accept: str) -> bool:
    """Whether an ``Accept`` header names ``text/csv`` and prefers it to a page and to JSON: by quality, and
    with equal ones where these two are only meant by a wildcard (RFC 9110, 12.5.1).
    """
    ranges = dict(_ranges_of(accept))
    wanted = ranges.get("text/csv", 0.0)
    return wanted > 0 and all((wanted, 2) > _rank(ranges, other) for other in _OTHERS)


def _rank(ranges: dict[str, float], media: str) -> tuple[float, int]:
    """The quality of a media type, and how closely it is named."""
    for closeness, name in ((2, media), (1, f"{media.partition('/')[0]}/*"), (0, "*/*")):
        if name in ranges:
            return ranges[name], closeness
    return 0.0, 0


def _ranges_of(accept: str) -> Iterator[tuple[str, float]]:
    for part in accept.lower().split(","):
        media, *parameters = (each.strip() for each in part.split(";"))
        qualities = [match[1] for each in parameters if (match := _QUALITY.fullmatch(each))]
        yield media, min(float(qualities[0]), 1.0) if qualities else 1.0


def _files_by_path(routes: Iterable[APIRoute]) -> dict[str, str]:
    """The last segment of the address of each path's file."""
    paths = {route.path for route in routes}
    named = ((path, ending) for path in paths for ending in FILE_ENDINGS)
    return {path: ending for path, ending in named if f"{path.removesuffix('/')}/{ending}" in paths}


def _led_to(scope: Scope, path: str) -> Scope:
    """The same request for another path. It is changed in place: the log and the counts look at it later."""
    scope["path"], scope["raw_path"] = path, quote(path).encode()
    return scope
