"""The outermost layer of a service: each request gets an id, limits, a log line and security headers."""

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
from shared.http.problems import Problem, problem_response
from shared.http.request_limits import RequestLimits, check_head, own_cookies, paced
from shared.telemetry import metrics
from shared.values.messages import message

CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    # Customers' links are secrets, and all other pages belong to one company: search engines get none of
    # them.
    "x-robots-tag": "noindex, nofollow",
}
HTTPS_SECURITY_HEADERS = {**SECURITY_HEADERS, "strict-transport-security": "max-age=31536000"}
"""Where staff use https."""
_RAW_HEADERS = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
_RAW_HTTPS_HEADERS = [(name.encode(), value.encode()) for name, value in HTTPS_SECURITY_HEADERS.items()]
_HEADER_NAMES = frozenset(name for name, _ in _RAW_HTTPS_HEADERS)
CLIENT_CLOSED_REQUEST = 499
"""The logged status of a request whose client left before it was complete."""
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_MAX_LOGGED_PATH_LENGTH = 200
_MAX_LOGGED_FRAMES = 8
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_SECRET_PATH = re.compile(
    r"^/+(s|u|q|x|wall|views/+stop|login/+link|customers|v1/+suppressions|v1/+customers|v1/+companies/+exports)/+[^/].*",
    re.DOTALL,
)
_UNLOGGED_PATHS = ("/healthz", "/readyz", "/metrics", "/static/")


def masked(path: str) -> str:
    """A path for the log, without secrets.

    Left out are the tokens of customers' links, and customer ids, which may be addresses. A character that
    could control a terminal is written as its number.
    """
    shown = _SECRET_PATH.sub(r"/\1/…", path[:_MAX_LOGGED_PATH_LENGTH])
    if shown.isprintable():
        return shown
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in shown)


class RequestMiddleware:
    """Request id, limits, HEAD, security headers, access log, and the response to an unexpected error.

    The message of an error may quote a row, so the log has its type and its stack, never its text.
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
            await self._respond(scope, receive, send, request_id)

    async def _respond(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        began, status = time.perf_counter(), 0
        responded = began
        head = scope["method"] == "HEAD"
        # HEAD is served as GET, for which the framework would answer 405. Pages that record visits look for
        # the "head" entry: a request for the headers alone is not a visit.
        scope["headers"] = own_cookies(scope["headers"])
        inner = {**scope, "method": "GET", "head": True} if head else scope
        http: HttpContext = scope["app"].state.http
        security_headers = _RAW_HTTPS_HEADERS if http.encrypted else _RAW_HEADERS
        ended = False

        async def guarded_send(message: Message) -> None:
            nonlocal status, responded, ended
            if message["type"] == "http.response.start":
                status, responded = message["status"], time.perf_counter()
                own = {name for name, _ in message["headers"]}
                added = (
                    security_headers
                    if own.isdisjoint(_HEADER_NAMES)
                    else [each for each in security_headers if each[0] not in own]
                )
                request_id_header = (b"x-request-id", request_id.encode())
                message["headers"] = [*message["headers"], request_id_header, *added]
            elif head:
                if ended:
                    return
                message, ended = {"type": "http.response.body", "body": b"", "more_body": False}, True
            await send(message)

        async def guarded_receive() -> Message:
            # An endless stream that was requested with HEAD ends here.
            return {"type": "http.disconnect"} if ended else await receive()

        try:
            host = check_head(scope, self._limits)
            _check_host(http, host, scope["path"])
            _check_started(http, scope["path"])
            await self._app(inner, paced(scope, guarded_receive, self._limits), guarded_send)
        except ClientDisconnect:
            status = status or CLIENT_CLOSED_REQUEST
        except (Exception, asyncio.CancelledError) as error:
            # Kept in no variable: the error's traceback refers to this frame, so both, with the whole body,
            # would stay until the garbage collector runs.
            await _send_unless_begun(status, self._problem_of(error, scope), inner, receive, guarded_send)
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            if not scope["path"].startswith(_UNLOGGED_PATHS):
                _count(inner, status, responded - began)
                self._log.info(
                    "request",
                    method=scope["method"],
                    path=masked(scope["path"]),
                    status=status,
                    ms=round((time.perf_counter() - began) * 1000, 1),
                )

    def _problem_of(self, error: BaseException, scope: Scope) -> Problem:
        """The response to an error, which is logged unless it is expected."""
        match error:
            case Problem():
                return error
            case asyncio.CancelledError():  # the server stops, and its grace period is over
                detail = message("The service was stopped before this was done. Send it again in a moment.")
                return Problem(503, detail=detail, headers={"Retry-After": "5"})
        self._log.error(
            "request_failed", error=type(error).__name__, trace=_stack(error), path=masked(scope["path"])
        )
        return Problem(503, headers={"Retry-After": "5"}) if is_unavailable(error) else Problem(500)


async def _send_unless_begun(
    status: int, problem: Problem, scope: Scope, receive: Receive, send: Send
) -> None:
    """Send the response to an error. Where one has begun, the server closes the connection instead."""
    if status == 0:
        await problem_response(Request(scope), problem)(scope, receive, send)


def _request_id(scope: Scope) -> str:
    """The client's own id if it is a valid one, else a new one. It marks log lines and is no secret."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            given: bytes = value
            return given.decode()
    return f"{random.getrandbits(128):032x}"


def _count(scope: Scope, status: int, seconds: float) -> None:
    """Count a response by the route's pattern and a known method: clients cannot make up new labels."""
    service = scope["app"].state.http.service
    route = getattr(scope.get("route"), "path", "none")
    method = scope["method"] if scope["method"] in METHODS else "other"
    _responses(service, route, method, status).inc()
    _response_seconds(service, route).observe(seconds)


# Cached, since the library looks each of them up under a lock. Our own routes bound their number.
_responses = lru_cache(maxsize=4_096)(metrics.RESPONSES.labels)
_response_seconds = lru_cache(maxsize=1_024)(metrics.RESPONSE_SECONDS.labels)


def _check_host(http: HttpContext, host: str, path: str) -> None:
    if http.hosts is not None and not http.hosts.serves([host], path):
        raise Problem(404)


def _check_started(http: HttpContext, path: str) -> None:
    if http.started is not None and not http.started.is_set() and not path.startswith(_UNLOGGED_PATHS):
        raise Problem(
            503,
            detail=message("The service waits for its database; nothing was done. Try again in a moment."),
            headers={"Retry-After": "5"},
        )


def _stack(error: BaseException) -> list[str]:
    """File, line and function of the innermost frames."""
    frames = traceback.extract_tb(error.__traceback__)[-_MAX_LOGGED_FRAMES:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
