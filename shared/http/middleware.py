"""The outermost layer of a service: every request has an id, a limit, a line in the log and safe headers."""

import asyncio
import random
import re
import time
import traceback
from functools import lru_cache

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import is_unavailable
from shared.http.context import HttpContext
from shared.http.problems import Problem, render
from shared.http.request_limits import RequestLimits, check_head, own_cookies, paced
from shared.telemetry import metrics

CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    # Customers' links are keys, and the rest is a company's own: none of it is for a search engine.
    "x-robots-tag": "noindex, nofollow",
}
ENCRYPTED = {**HEADERS, "strict-transport-security": "max-age=31536000"}
"""The same where the staff's address is https."""
_HEADERS = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
_ENCRYPTED = [(name.encode(), value.encode()) for name, value in ENCRYPTED.items()]
_SAFE = frozenset(name for name, _ in _ENCRYPTED)
LEFT = 499
"""The status under which a request is noted whose sender went before it was whole."""
_LONGEST_TOLD = 200
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_SECRET_PATH = re.compile(r"^/+(s|u|q|login/+link|v1/+suppressions)/+[^/].*", re.DOTALL)
_UNTOLD = ("/healthz", "/readyz", "/metrics", "/static/")


def masked(path: str) -> str:
    """A path as it may stand in a log: a customer's link is a key, so its token is left out; a customer's
    own id may be an address. What a terminal could take for an order is written as its number.
    """
    told = _SECRET_PATH.sub(r"/\1/…", path[:_LONGEST_TOLD])
    if told.isprintable():
        return told
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in told)


class RequestMiddleware:
    """Request id, limits, HEAD, headers, access log, and the last word on an unexpected error.

    An error's message may quote a row, so the log tells its kind and where it arose, never its text.
    """

    def __init__(self, app: ASGIApp, limits: RequestLimits | None = None) -> None:
        self._app = app
        self._limits = limits or RequestLimits()
        self._log = structlog.get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope["request_id"] = request_id
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._answer(scope, receive, send, request_id)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        began, status = time.perf_counter(), 0
        answered = began
        head = scope["method"] == "HEAD"
        # Each page that can be read can be asked for its headers; the framework would answer 405.
        # A page that notes its visitors looks for the mark: who asks for headers has not visited.
        scope["headers"] = own_cookies(scope["headers"])
        inner = {**scope, "method": "GET", "head": True} if head else scope
        http: HttpContext = scope["app"].state.http
        safe = _ENCRYPTED if http.encrypted else _HEADERS
        ended = False

        async def guarded_send(message: Message) -> None:
            nonlocal status, answered, ended
            if message["type"] == "http.response.start":
                status, answered = message["status"], time.perf_counter()
                own = {name for name, _ in message["headers"]}
                added = safe if own.isdisjoint(_SAFE) else [each for each in safe if each[0] not in own]
                request_id_header = (b"x-request-id", request_id.encode())
                message["headers"] = [*message["headers"], request_id_header, *added]
            elif head:
                if ended:
                    return
                message, ended = {"type": "http.response.body", "body": b"", "more_body": False}, True
            await send(message)

        async def guarded_receive() -> Message:
            # After the headers of an endless stream nobody listens any more.
            return {"type": "http.disconnect"} if ended else await receive()

        try:
            host = check_head(scope, self._limits)
            _check_host(http, host, scope["path"])
            _check_started(http, scope["path"])
            await self._app(inner, paced(scope, guarded_receive, self._limits), guarded_send)
        except ClientDisconnect:
            status = status or LEFT
        except (Exception, asyncio.CancelledError) as error:
            # The outermost layer: whatever it is, the sender gets an answer.
            await self._last_word(inner, receive, guarded_send, self._told(error, scope), status)
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            if not scope["path"].startswith(_UNTOLD):
                _count(inner, status, answered - began)
                self._log.info(
                    "request",
                    method=scope["method"],
                    path=masked(scope["path"]),
                    status=status,
                    ms=round((time.perf_counter() - began) * 1000, 1),
                )

    def _told(self, error: BaseException, scope: Scope) -> Problem:
        """What the sender hears of it."""
        match error:
            case Problem():
                return error
            case asyncio.CancelledError():  # the server stops, and has waited long enough for this one
                told = "The service was stopped before this was done. Send it again in a moment."
                return Problem(503, detail=told, headers={"Retry-After": "5"})
        self._log.error(
            "request_failed", error=type(error).__name__, trace=_places(error), path=masked(scope["path"])
        )
        return Problem(503, headers={"Retry-After": "5"}) if is_unavailable(error) else Problem(500)

    async def _last_word(
        self, scope: Scope, receive: Receive, send: Send, problem: Problem, status: int
    ) -> None:
        """Answer, unless an answer has begun: then the server closes the connection, and the reader sees
        that.
        """
        if status == 0:
            await render(Request(scope), problem)(scope, receive, send)


def _request_id(scope: Scope) -> str:
    """The caller's own where it is one, else a new one. It names lines of a log: no secret."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            given: bytes = value
            return given.decode()
    return f"{random.getrandbits(128):032x}"


def _count(scope: Scope, status: int, seconds: float) -> None:
    """Under the route's pattern and a known method: what a client makes up is no label."""
    service = scope["app"].state.http.service
    route = getattr(scope.get("route"), "path", "none")
    method = scope["method"] if scope["method"] in METHODS else "other"
    _responses(service, route, method, status).inc()
    _response_seconds(service, route).observe(seconds)


# The library looks each of them up under a lock. All there are is bounded by our own routes.
_responses = lru_cache(maxsize=4_096)(metrics.RESPONSES.labels)
_response_seconds = lru_cache(maxsize=1_024)(metrics.RESPONSE_SECONDS.labels)


def _check_host(http: HttpContext, host: str, path: str) -> None:
    if http.hosts is not None and not http.hosts.serves([host], path):
        raise Problem(404)


def _check_started(http: HttpContext, path: str) -> None:
    if http.started is not None and not http.started.is_set() and not path.startswith(_UNTOLD):
        raise Problem(
            503,
            detail="The service waits for its database; nothing was done. Try again in a moment.",
            headers={"Retry-After": "5"},
        )


def _places(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
