"""How large a request may be and how long it may take to arrive: asked before all else."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass

from starlette.types import Message, Receive, Scope

from shared.http.numbers import whole_number
from shared.http.problems import Problem

COOKIES = (b"aw_", b"__Host-aw_")
"""How the names of our own cookies begin."""
_COOKIE_VALUE = re.compile(rb"[A-Za-z0-9._~%+/=:-]*")
_HOST = re.compile(rb"[A-Za-z0-9._~%-]{0,255}(?::[0-9]{0,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{0,5})?")
_CHARSET = re.compile(rb";\s*charset\s*=\s*\"?([^\";]*)", re.IGNORECASE)
ARRIVAL = "afterword.arrival"
"""Where a server leaves an ``Arrival`` in the scope."""
_UTF_8 = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})
"""The names of UTF-8 and of its subset."""
_ONCE = frozenset({b"host", b"content-type", b"content-length", b"authorization"})


@dataclass(slots=True)
class Arrival:
    """Whether the server has all of a request's body. It knows nothing of the request: what refers to it is
    freed with it.
    """

    whole: bool = False


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """Sizes in bytes, times in seconds."""

    path: int = 8 * 1024
    query: int = 16 * 1024
    parameters: int = 100
    """Of a query."""
    headers: int = 32 * 1024
    """All of them together."""
    header: int = 16 * 1024
    header_count: int = 100
    body: int = 1024 * 1024
    body_grace: float = 10.0
    """What a body may take in any case; it may take longer while it keeps the pace."""
    body_pace: int = 8 * 1024
    """Bytes per second."""


def check_head(scope: Scope, limits: RequestLimits) -> str:
    """Refuse a request for its address or its headers, without a look at its body. Costs linear time.

    :returns: the host that it names.
    :raises Problem: 414, 431, 400, 413 or 415.
    """
    _check_address(scope, limits)
    found = _check_headers(scope["headers"], limits)
    host = found.get(b"host", b"")
    if not _HOST.fullmatch(host):
        raise Problem(400, detail="The Host header names no host.")
    length = whole_number(found.get(b"content-length", b"0").decode("latin-1"))
    if length is None or length > limits.body:
        raise Problem(413)
    for charset in _CHARSET.findall(found.get(b"content-type", b"")):
        if charset.strip().lower() not in _UTF_8:
            raise Problem(415, "Only UTF-8 is read here.", "Send it in UTF-8, as “charset=utf-8” says.")
    return host.decode()


def _check_address(scope: Scope, limits: RequestLimits) -> None:
    query = scope["query_string"]
    if len(scope["path"]) > limits.path or len(query) > limits.query:
        raise Problem(414)
    if query.count(b"&") >= limits.parameters or not query.isascii():
        raise Problem(400, detail=f"A query has at most {limits.parameters} parameters, percent-encoded.")


def _check_headers(headers: list[tuple[bytes, bytes]], limits: RequestLimits) -> dict[bytes, bytes]:
    """Those that a request has at most once."""
    found: dict[bytes, bytes] = {}
    total = 0
    for name, value in headers:
        total += len(name) + len(value)
        if len(value) > limits.header or len(name) > limits.header:
            raise Problem(431)
        if name in _ONCE and found.setdefault(name, value) is not value:
            raise Problem(400, detail=f"Send the header {name.decode()} once.")
    if total > limits.headers or len(headers) > limits.header_count:
        raise Problem(431)
    return found


def own_cookies(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers with our own cookies only, and of these the ones that we could have written.

    Python before 3.11.10 and 3.12.6 reads a quoted cookie in quadratic time (CVE-2024-7592); what is quoted
    is not ours.
    """
    if not any(name == b"cookie" for name, _ in headers):
        return headers
    return [(name, b"; ".join(_ours(value)) if name == b"cookie" else value) for name, value in headers]


def _ours(cookies: bytes) -> Iterator[bytes]:
    for cookie in cookies.split(b";"):
        name, _, value = cookie.strip().partition(b"=")
        if name.startswith(COOKIES) and _COOKIE_VALUE.fullmatch(value):
            yield cookie.strip()


def paced(scope: Scope, receive: Receive, limits: RequestLimits) -> Receive:
    """The body of a request as long as it keeps its size and its pace; read only when somebody asks for it.

    :raises Problem: out of what it returns, 413 or 408.
    """
    total, whole, began = 0, False, 0.0
    arrival: Arrival | None = scope.get(ARRIVAL)

    async def receive_in_time() -> Message:
        nonlocal total, whole, began
        if whole:
            return await receive()
        if arrival is not None and arrival.whole:
            message = await receive()  # at once: a time limit would take longer than all else here
        else:
            began = began or asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout_at(began + limits.body_grace + total / limits.body_pace):
                    message = await receive()
            except TimeoutError:
                raise Problem(408, headers={"Connection": "close"}) from None
        total += len(message.get("body", b""))
        if total > limits.body:
            raise Problem(413)
        whole = not message.get("more_body", False)
        return message

    return receive_in_time
