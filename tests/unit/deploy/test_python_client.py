"""The package for client back-ends: what it sends again, when, and what it says of what is wrong."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.clients.python.afterword_client import Afterword, AfterwordAway, EventRefused, RetryPolicy
from deploy.clients.python.afterword_client.client import MAX_BATCH_BYTES, MAX_EVENTS, MAX_LINKS
from deploy.clients.python.afterword_client.retrying import retry_after_of
from services.dispatcher.invitations.schemas import MAX_LINKS as LINKS_OF_A_REQUEST
from shared.http.json_items import MAX_ITEMS
from shared.http.request_limits import RequestLimits

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
Scripted = tuple[int, dict[str, str], Any]


class Server(HTTPServer):
    """Answers by a script, then accepts everything; notes what came."""

    def __init__(self, script: list[Scripted]) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.script, self.bodies, self.heads = script, list[bytes](), list[dict[str, str]]()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answering(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.bodies.append(body)
        server.heads.append({"path": self.path, **dict(self.headers.items())})
        status, headers, answer = (
            server.script.pop(0) if server.script else (202, {}, taken(json.loads(body)))
        )
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


def taken(sent: Any) -> Any:
    """What the API says of events that it takes."""
    if isinstance(sent, list):
        return {"accepted": len(sent), "refused": 0, "results": [taken(event) for event in sent]}
    return {"id": sent["id"], "status": "accepted", "see": "https://afterword.example/events/1"}


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server([])
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def an_event(**more: Any) -> dict[str, Any]:
    return {"id": "order-1", "type": "order.delivered", "occurred_at": NOW.isoformat(), **more}


def client(url: str, waits: list[float] | None = None, **more: Any) -> Afterword:
    return Afterword(url, "aw_key", sleep=(waits if waits is not None else []).append, **more)


def test_what_may_pass_is_sent_again_as_it_was_until_it_is_taken(server: Server) -> None:
    server.script = [
        (503, {"Retry-After": "7"}, {"title": "Not now"}),
        (429, {}, {}),
        (502, {}, b"<html>"),
        (202, {}, b"<html>a page of a proxy"),
    ]
    waits: list[float] = []
    sent = client(server.url, waits, chance=lambda: 0.5).send(an_event(customer={"name": "Åse"}))
    assert (sent.id, sent.accepted, sent.see) == ("order-1", True, "https://afterword.example/events/1")
    assert len(set(server.bodies)) == 1
    assert len(server.bodies) == 5
    assert waits == [7.0, 0.5, 1.0, 2.0]
    assert server.heads[0]["Authorization"] == "Bearer aw_key"


def test_it_gives_up_after_some_tries_or_when_its_patience_is_over(server: Server) -> None:
    server.script = [(500, {}, {})] * 3
    with pytest.raises(AfterwordAway, match="after 3 tries: HTTP 500") as away:
        client(server.url, retry=RetryPolicy(tries=3)).send(an_event())
    assert away.value.__cause__ is not None
    server.script = [(503, {"Retry-After": "9999"}, {})]
    waits: list[float] = []
    with pytest.raises(AfterwordAway, match="after 1 tries"):
        client(server.url, waits).send(an_event())
    assert waits == []
    with pytest.raises(AfterwordAway, match=r"ConnectionRefusedError|URLError"):
        client("http://127.0.0.1:1", retry=RetryPolicy(tries=2)).send(an_event())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_what_is_wrong_for_good_is_told_at_once_with_its_remedy(server: Server, status: int) -> None:
    fault = {"field": "/occurred_at", "detail": "Give a time zone."}
    problem = {"title": "Wrong.", "detail": "Mend it.", "errors": [fault], "request_id": "r-1"}
    server.script = [(status, {}, problem)]
    with pytest.raises(EventRefused, match=r"/occurred_at: Give a time zone\.") as refused:
        client(server.url).send(an_event())
    assert (refused.value.status, refused.value.title, refused.value.request_id) == (status, "Wrong.", "r-1")
    assert [(each.field, each.detail) for each in refused.value.faults] == [tuple(fault.values())]
    assert len(server.bodies) == 1


def test_a_batch_is_cut_by_number_and_size_and_a_bad_event_refuses_itself_alone(server: Server) -> None:
    assert (MAX_EVENTS, MAX_LINKS) == (MAX_ITEMS, LINKS_OF_A_REQUEST)
    assert RequestLimits().body_bytes > MAX_BATCH_BYTES
    small = [an_event(id=f"e{number}") for number in range(MAX_EVENTS + 1)]
    assert [sent.id for sent in client(server.url).send_all(small)] == [event["id"] for event in small]
    assert [len(json.loads(body)) for body in server.bodies] == [MAX_EVENTS, 1]
    server.bodies.clear()
    large = [an_event(id=f"e{number}", attributes={"x": "x" * 400_000}) for number in range(3)]
    assert len(list(client(server.url).send_all(large))) == 3
    assert [len(json.loads(body)) for body in server.bodies] == [2, 1]
    bad = {"id": "bad", "status": "refused", "errors": [{"field": "/type", "detail": "Name it."}]}
    for status, good in ((207, [taken(an_event())]), (422, [])):
        server.script = [(status, {}, {"title": "", "results": [*good, bad]})]
        *_, last = client(server.url).send_all([an_event(), an_event(id="bad")][-1 - len(good) :])
        assert (last.id, last.accepted, last.faults[0].detail) == ("bad", False, "Name it.")


def test_a_link_or_the_reason_why_nobody_is_asked(server: Server) -> None:
    server.script = [
        (200, {}, {"id": "order-1", "status": "asked", "link": "https://ask.example/s/x", "language": "da"}),
        (
            200,
            {},
            {"id": "order-1", "status": "not_asked", "reason": "quarantine", "detail": "Asked lately."},
        ),
    ]
    asked, not_asked = (
        client(server.url).ask_for_link(an_event()),
        client(server.url).ask_for_link(an_event()),
    )
    assert (asked.link, asked.language, asked.reason) == ("https://ask.example/s/x", "da", None)
    assert (not_asked.link, not_asked.reason, not_asked.detail) == (None, "quarantine", "Asked lately.")
    assert {head["path"] for head in server.heads} == {"/v1/invitations"}
    links = list(
        client(server.url).ask_for_links(an_event(id=f"e{number}") for number in range(MAX_LINKS + 1))
    )
    assert len(links) == MAX_LINKS + 1
    assert [len(json.loads(body)) for body in server.bodies[2:]] == [MAX_LINKS, 1]


def test_a_key_is_sent_to_the_given_address_alone_and_never_in_the_clear(server: Server) -> None:
    server.script = [(307, {"Location": "http://127.0.0.1:1/"}, {}), (302, {"Location": "/"}, {})]
    for _ in range(2):
        with pytest.raises(EventRefused):
            client(server.url).send(an_event())
    assert len(server.bodies) == 2
    for url in ("http://afterword.example.com", "ftp://x", "afterword.example.com", "https://x/?a=b", ""):
        with pytest.raises(ValueError, match=r"https"):
            Afterword(url, "aw_key")


def test_an_event_without_an_id_of_its_own_is_not_sent(server: Server) -> None:
    for event in ({"type": "x"}, an_event(id="")):
        with pytest.raises(ValueError, match="id of your own"):
            client(server.url).send(event)
    with pytest.raises(ValueError, match="JSON"):
        client(server.url).send(an_event(attributes={"total": float("nan")}))
    assert server.bodies == []


@given(
    failed=st.integers(1, 200),
    asked=st.none() | st.floats(0, 1e6),
    chance=st.floats(0, 1),
    longest=st.floats(0, 1e4),
)
def test_a_wait_is_bounded_and_never_shorter_than_asked_for(
    failed: int, asked: float | None, chance: float, longest: float
) -> None:
    policy = RetryPolicy(longest_wait_s=longest)
    wait = policy.wait_s(failed, asked, lambda: chance)
    assert (asked or 0.0) <= wait <= max(asked or 0.0, longest)
    assert wait <= max(asked or 0.0, policy.wait_s(failed + 1, asked, lambda: chance))


def test_retry_after_is_read_as_seconds_and_as_a_date() -> None:
    assert retry_after_of("120", NOW) == 120.0
    assert retry_after_of(format_datetime(NOW + timedelta(seconds=30), usegmt=True), NOW) == 30.0
    assert retry_after_of(format_datetime(NOW - timedelta(days=1), usegmt=True), NOW) == 0.0
    for strange in (None, "", "soon", "-1", "1.5", "٣", "Mon, 99 Nov 2026 12:00:00 GMT"):
        assert retry_after_of(strange, NOW) is None
