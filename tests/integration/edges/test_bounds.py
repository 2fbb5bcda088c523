"""No caller without a key can make an API slow or large: every route, with whatever costs time or memory."""

import asyncio
import encodings
import http.client
import pkgutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from support.examples import one_in
from support.processes import ApiProcess
from support.raw_http import RawConnection, RawRequest
from support.routes import Route

from shared.http.bounded_request import MAX_JSON_DEPTH
from shared.http.request_limits import RequestLimits

pytestmark = pytest.mark.timeout(240)
LIMITS = RequestLimits()
CODECS = [module.name for module in pkgutil.iter_modules(encodings.__path__)]
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
BODIES = {
    JSON: b'{"name": "' + b"b" * 3_000 + b'"}',
    FORM: b"name=" + b"b" * 3_000,
    "multipart/form-data; boundary=b": b'--b\r\nContent-Disposition: form-data; name="address"\r\n\r\n'
    + b"b" * 3_000
    + b"\r\n--b--\r\n",
}
SLOW = ("punycode", "idna", "utf-7", "unicode_escape", "utf-16", "utf-8")
MEGABYTE = 1_000_000
DOCUMENTS = {
    "deep": b"[" * 200_000 + b"]" * 200_000,
    "deep objects": b'{"a":' * 150_000 + b"1" + b"}" * 150_000,
    "deep, then wide": b"[" * 800 + b"0," * 44_999 + b"0" + b"]" * 800,
    "as deep as may be, then wide": b"[" * MAX_JSON_DEPTH + b"0," * 400_000 + b"0" + b"]" * MAX_JSON_DEPTH,
    "wide": b"[" + b"[]," * 300_000 + b"[]]",
    "wide object": b"{" + b",".join(b'"%d":0' % n for n in range(70_000)) + b"}",
    "quotes": b'"' * MEGABYTE,
    "escaped quotes": b'\\"' * (MEGABYTE // 2),
    "a text of escapes": b'"' + b"\\u0041" * 160_000 + b'"',
    "digits": b'{"position":' + b"9" * MEGABYTE + b"}",
    "an exponent": b'{"position":1e999999999}',
    "blanks": b" " * MEGABYTE,
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "UTF-32": '{"name": "x"}'.encode("utf-32"),
    "half": b'{"name": "x"',
}
FIELDS = {
    "fields": b"a&" * (MEGABYTE // 2),
    "one field": b"address=" + b"a" * MEGABYTE,
    "percent signs": b"address=" + b"%41" * (MEGABYTE // 3),
    "pluses": b"address=" + b"+" * MEGABYTE,
    "semicolons": b"a;" * (MEGABYTE // 2),
    "half a percent sign": b"%%%&&==\xff\xfe",
}
HEADS = {
    "a cookie of backslashes": {"cookie": 'aw_access="' + "\\" * (LIMITS.header_bytes - 20) + '"'},
    "a cookie of octals": {"cookie": 'aw_session="' + "\\101" * (LIMITS.header_bytes // 4 - 20) + '"'},
    "cookies": {"cookie": "aw_access=b;" * (LIMITS.header_bytes // 12)},
    "a session of dots": {"cookie": "aw_session=" + "a." * (LIMITS.header_bytes // 2 - 20)},
    "a pass of dots": {"cookie": "aw_access=" + "a." * (LIMITS.header_bytes // 2 - 20)},
    "a packed pass": {"cookie": "aw_access=." + "eJw" * 5_000 + ".a.b"},
    "languages": {"accept-language": "e-a;q=0.1," * (LIMITS.header_bytes // 11), "accept": "text/html"},
    "a language of many parts": {"accept-language": "e-" * (LIMITS.header_bytes // 2), "accept": "text/html"},
    "kinds": {"accept": "text/htm," * (LIMITS.header_bytes // 10)},
    "a key": {"authorization": "Bearer " + "a" * (LIMITS.header_bytes - 10)},
    "an id": {"x-request-id": "a" * LIMITS.header_bytes},
    "proxies": {"x-forwarded-for": "1.1.1.1," * (LIMITS.header_bytes // 8)},
    "an agent": {"user-agent": "Bot " * (LIMITS.header_bytes // 4)},
    "a content type": {"content-type": "a/b;" + "charset=utf-8;" * 1_000},
    "a large header": {"x-a": "a" * (LIMITS.header_bytes + 1)},
    "many headers": {f"h{n}": "x" for n in range(LIMITS.header_count + 1)},
    "as many headers as may be": {f"h{n}": "x" for n in range(LIMITS.header_count - 3)},
    "headers of 40 kB": {f"h{n}": "x" * 1_000 for n in range(40)},
    "headers of 60 kB": {f"h{n}": "x" * 15_000 for n in range(4)},
    "headers of 1 MB": {f"h{n}": "x" * 10_000 for n in range(100)},
    "an odd host": {"host": "http://["},
    "a host without an end": {"host": "a" * 5_000},
}


def ends_of(route: Route) -> Iterator[str]:
    """Addresses of a route as long as they may be, and longer."""
    for length in (LIMITS.path_bytes, 32_000, 64_000):
        yield (route.path.rstrip("/") + "/" + "a/" * length)[:length]
        yield "/" * (length // 2) + "a" * (length // 2)
    yield route.path + "?" + "a=1&" * (LIMITS.query_parameters - 1)
    yield route.path + "?" + ("q=" + "%C3%A9" * LIMITS.query_bytes)[: LIMITS.query_bytes - 1]
    yield route.path + "?" + "a=1&" * 20_000


class Neighbour(threading.Thread):
    """Somebody else, who asks for /healthz all the time, and notes how much the server computed before it answered.

    That is processor time of the server alone: a clock on the wall would count what else the machine does.
    """

    def __init__(self, server: ApiProcess) -> None:
        super().__init__(daemon=True)
        self._server, self._over, self.worst, self.asked = server, threading.Event(), 0.0, 0

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=120)
        while not self._over.wait(0.02):
            began = self._server.cpu_seconds
            connection.request("GET", "/healthz")
            assert connection.getresponse().read()
            self.worst, self.asked = max(self.worst, self._server.cpu_seconds - began), self.asked + 1
        connection.close()

    def end(self) -> None:
        self._over.set()
        self.join()


COMPUTED_MEANWHILE = 1.0
"""Seconds of processor time before a neighbour's answer: for them and for the four who ask beside them. On a
busy machine the same work is counted at two to three times its usual 0.2 seconds."""
GROWTH = 128
"""Megabytes: four bodies at a time with what they are parsed into, as the allocator holds on to them. What a
test sends is several hundred megabytes, of which none may stay."""


@contextmanager
def unharmed(server: ApiProcess) -> Iterator[None]:
    """A neighbour is answered before the server has computed for long, and the process stays small."""
    before, neighbour = server.megabytes, Neighbour(server)
    neighbour.start()
    try:
        yield
    finally:
        neighbour.end()
    assert neighbour.asked
    assert neighbour.worst < COMPUTED_MEANWHILE, neighbour.worst
    assert server.megabytes - before < GROWTH, (before, server.megabytes)


async def refusals(server: ApiProcess, requests: Sequence[tuple[Route, RawRequest]]) -> list[str]:
    """What was answered otherwise than with a refusal."""
    waiting, faults = list(reversed(requests)), []

    async def ask() -> None:
        wire = RawConnection(server.port)
        while waiting:
            route, request = waiting.pop()
            began = server.cpu_seconds
            status = await wire.status(request)
            # With what it computed for the others who asked meanwhile.
            computed = server.cpu_seconds - began
            # A head that is too large is read no further: who goes on sending may not hear why.
            # A browser is sent to sign in.
            refused = status in {0, 303, 307} or 400 <= status < 500
            if not (refused or (route.is_public and 200 <= status < 400)) or computed > 2:
                faults.append(f"{request.name} at {route.name}: {status} after {computed:.1f} s of computing")
        wire.close()

    await asyncio.gather(*(ask() for _ in range(4)))
    return faults


def taking_bodies(routes: list[Route]) -> list[Route]:
    return [route for route in routes if route.method in {"POST", "PUT", "PATCH", "DELETE"}]


async def test_a_body_in_whatever_codec_is_refused_at_every_route(
    server: ApiProcess, routes: list[Route]
) -> None:
    requests = [
        (
            route,
            RawRequest(route.method, route.path, {"content-type": f"{kind}; charset={codec}"}, body, codec),
        )
        for route in taking_bodies(routes)
        for kind, body in BODIES.items()
        for codec in CODECS
    ][:: one_in(19)]
    requests += [
        (
            route,
            RawRequest(
                route.method, route.path, {"content-type": f"{kind}; charset={codec}"}, body * 80, codec
            ),
        )
        for route in taking_bodies(routes)
        for kind, body in BODIES.items()
        for codec in SLOW
    ]
    with unharmed(server):
        assert await refusals(server, requests) == []


@pytest.mark.parametrize(("kind", "bodies"), [(JSON, DOCUMENTS), (FORM, FIELDS)])
async def test_a_body_that_costs_much_to_read_is_not_read_for_nobody(
    server: ApiProcess, routes: list[Route], kind: str, bodies: dict[str, bytes]
) -> None:
    requests = [
        (route, RawRequest(route.method, route.path, {"content-type": kind}, body, name))
        for route in taking_bodies(routes)
        for name, body in bodies.items()
    ]
    with unharmed(server):
        assert await refusals(server, requests) == []


async def test_heads_at_and_beyond_the_limits_harm_nobody(server: ApiProcess, routes: list[Route]) -> None:
    requests = [
        (route, RawRequest(route.method, route.path, headers, name=name))
        for route in routes
        for name, headers in HEADS.items()
    ][:: one_in(5)]
    with unharmed(server):
        assert await refusals(server, requests) == []


async def test_addresses_at_and_beyond_the_limits_harm_nobody(
    server: ApiProcess, routes: list[Route]
) -> None:
    requests = [
        (route, RawRequest(route.method, target, name=f"{len(target)} characters"))
        for route in routes
        for target in ends_of(route)
    ][:: one_in(4)]
    with unharmed(server):
        assert await refusals(server, requests) == []


@pytest.mark.parametrize("kind", [JSON, FORM, ""])
async def test_nobody_hears_whether_their_body_is_right(
    server: ApiProcess, routes: list[Route], kind: str
) -> None:
    guarded = [route for route in taking_bodies(routes) if not route.is_public]
    assert len(guarded) > 15
    wire, heard = RawConnection(server.port), {}
    for route in guarded:
        for body in (b"{", b"\xff", b"a=\x00", b"{}", b"[" * 1_000):
            headers = {"content-type": kind} if kind else {}
            status = await wire.status(RawRequest(route.method, route.path, headers, body))
            if status not in {401, 415}:
                heard[route.name, body] = status
    wire.close()
    assert heard == {}
