"""Limits of a request's size and of the time in which it must arrive, checked before anything else."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from starlette.types import Message, Receive, Scope

from shared.http.numbers import whole_number
from shared.http.problems import Problem
from shared.values.messages import message

OWN_COOKIE_PREFIXES = (b"aw_", b"__Host-aw_")
ARRIVAL_KEY = "afterword.arrival"
"""The key of the scope under which a server puts an ``Arrival``."""
_COOKIE_VALUE = re.compile(rb"[A-Za-z0-9._~%+/=:-]*")
_HOST = re.compile(rb"[A-Za-z0-9._~%-]{0,255}(?::[0-9]{0,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{0,5})?")
_CHARSET = re.compile(rb";\s*charset\s*=\s*\"?([^\";]*)", re.IGNORECASE)
_UTF_8_NAMES = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})
"""Of UTF-8 and of its subset."""
_SINGLE_HEADERS = frozenset({b"host", b"content-type", b"content-length", b"authorization"})


@dataclass(slots=True)
class Arrival:
    """Whether the server has the whole body of a request.

    Server and request share it; it refers to neither, so that both are freed without the garbage collector.
    """

    complete: bool = False


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """What a request may have at most."""

    path_bytes: int = 8 * 1024
    query_bytes: int = 16 * 1024
    query_parameters: int = 100
    headers_bytes: int = 32 * 1024
    """All headers together."""
    header_bytes: int = 16 * 1024
    header_count: int = 100
    body_bytes: int = 1024 * 1024
    body_grace_s: float = 10.0
    """A body may take so long in any case, and longer while it keeps ``body_bytes_per_s``."""
    body_bytes_per_s: int = 8 * 1024
    larger_bodies: Mapping[str, int] = field(default_factory=dict)
    """What a body may have on these paths, whose routes read it as it comes: files."""

    def body_bytes_of(self, path: str) -> int:
        """What a body may have on a path."""
        return self.larger_bodies.get(path, self.body_bytes)


def check_head(scope: Scope, limits: RequestLimits) -> str:
    """Refuse a request for its address or its headers. The body is not read. Takes linear time.

    :returns: the Host header.
    :raises Problem: 414, 431, 400, 413 or 415.
    """
    _check_address(scope, limits)
    single = _check_headers(scope["headers"], limits)
    host = single.get(b"host", b"")
    if not _HOST.fullmatch(host):
        raise Problem(400, detail=message("The Host header names no host."))
    length = whole_number(single.get(b"content-length", b"0").decode("latin-1"))
    if length is None or length > limits.body_bytes_of(scope["path"]):
        raise Problem(413)
    for charset in _CHARSET.findall(single.get(b"content-type", b"")):
        if charset.strip().lower() not in _UTF_8_NAMES:
            raise Problem(
                415,
                message("Only UTF-8 is read here."),
                message("Send it in UTF-8, as “charset=utf-8” says."),
            )
    return host.decode()


def _check_address(scope: Scope, limits: RequestLimits) -> None:
    query = scope["query_string"]
    if len(scope["path"]) > limits.path_bytes or len(query) > limits.query_bytes:
        raise Problem(414)
    if query.count(b"&") >= limits.query_parameters or not query.isascii():
        most = limits.query_parameters
        raise Problem(
            400, detail=message("A query has at most %(most)s parameters, percent-encoded.", most=most)
        )


def _check_headers(headers: list[tuple[bytes, bytes]], limits: RequestLimits) -> dict[bytes, bytes]:
    """The headers that a request has at most once."""
    single: dict[bytes, bytes] = {}
    total = 0
    for name, value in headers:
        total += len(name) + len(value)
        if len(value) > limits.header_bytes or len(name) > limits.header_bytes:
            raise Problem(431)
        if name in _SINGLE_HEADERS and single.setdefault(name, value) is not value:
            raise Problem(400, detail=message("Send the header %(name)s once.", name=name.decode()))
    if total > limits.headers_bytes or len(headers) > limits.header_count:
        raise Problem(431)
    return single


def own_cookies(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers without foreign cookies, and without values that we never write.

    Python before 3.11.10 and 3.12.6 parses a quoted cookie in quadratic time (CVE-2024-7592); ours are not
    quoted.
    """
    if not any(name == b"cookie" for name, _ in headers):
        return headers
    return [(name, b"; ".join(_own(value)) if name == b"cookie" else value) for name, value in headers]


def _own(cookies: bytes) -> Iterator[bytes]:
    for cookie in cookies.split(b";"):
        name, _, value = cookie.strip().partition(b"=")
        if name.startswith(OWN_COOKIE_PREFIXES) and _COOKIE_VALUE.fullmatch(value):
            yield cookie.strip()


def paced(scope: Scope, receive: Receive, limits: RequestLimits) -> Receive:
    """``receive``, as long as the body keeps within its size and its pace.

    :raises Problem: when the result is called: 413 or 408.
    """
    total, complete, began = 0, False, 0.0
    most = limits.body_bytes_of(scope["path"])
    arrival: Arrival | None = scope.get(ARRIVAL_KEY)

    async def receive_in_time() -> Message:
        nonlocal total, complete, began
        if complete:
            return await receive()
        if arrival is not None and arrival.complete:
            message = await receive()  # returns at once: a time limit would cost more than all else here
        else:
            began = began or asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout_at(began + limits.body_grace_s + total / limits.body_bytes_per_s):
                    message = await receive()
            except TimeoutError:
                raise Problem(408, headers={"Connection": "close"}) from None
        total += len(message.get("body", b""))
        if total > most:
            raise Problem(413)
        complete = not message.get("more_body", False)
        return message

    return receive_in_time
