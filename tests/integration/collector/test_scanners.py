"""A hundred visits of scanners to each link change nothing, and each person after them counts once."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from support.examples import examples
from support.http_clients import a_context
from support.stack import Postgres

from services.alerts.app import SERVICE as ALERTS
from services.collector.domain import parse_score
from services.scorer.app import SERVICE as SCORER
from shared.db.database import Database
from shared.events import ANSWERS, Answer, Event
from shared.http.rate_limit import RateLimit
from shared.service import Context

from .conftest import MINUTE, Bench

LINKS = examples(100)
"""Ten thousand visits; with HYPOTHESIS=deep many more."""
UPWARDS, DOWNWARDS = list(range(11)), list(range(10, -1, -1))
MIXED = [(7 * score) % 11 for score in range(11)]
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"
SCANNERS = ("Barracuda Sentinel", "Mimecast", "ms-office", "Slackbot 1.0", "Proofpoint")
PREFETCHES = ("purpose", "sec-purpose")
Visit = tuple[str, int | None, dict[str, str]]
"""Method, score in the link, headers."""


def visits(link: int) -> list[Visit]:
    """One hundred of them to one link: B17's methods and eleven scores, in one of three orders, and more headers.

    Each third link has all of them with each score. What is left is asked by the method that no page is made
    for, since the pages take the time.
    """
    order = (UPWARDS, DOWNWARDS, MIXED)[link // 3 % 3]
    found: list[Visit] = [("GET", score, {"user-agent": BROWSER}) for score in order]
    if link % 3:
        agent = SCANNERS[link % len(SCANNERS)]
        found += [(method, order[0], {"user-agent": agent}) for method in ("GET", "HEAD", "POST")]
        return [*found, *[("OPTIONS", n % 11, {}) for n in range(100 - len(found))]]
    found += [("GET", score, {"user-agent": agent}) for score, agent in enumerate(SCANNERS)]
    for score in order:
        found += [("HEAD", score, {}), ("POST", score, {"user-agent": BROWSER})]
    found += [("GET", score, {name: "prefetch"}) for score, name in zip(order, PREFETCHES, strict=False)]
    return [*found, *[("OPTIONS", n % 11, {}) for n in range(100 - len(found))]]


async def status_of(
    bench: Bench, method: str, path: str, query: str, body: str, headers: dict[str, str]
) -> int:
    """The status of a request to the application itself: a client would take most of the test's time."""
    kind = (
        {"content-type": "application/x-www-form-urlencoded", "content-length": str(len(body))}
        if body
        else {}
    )
    sent = {"host": bench.client.base_url.netloc.decode(), **kind, **headers}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
        "raw_path": path.encode(), "query_string": query.encode(), "root_path": "", "client": ("127.0.0.1", 1),
        "scheme": bench.client.base_url.scheme, "server": (bench.client.base_url.host, 80),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
    }  # fmt: skip
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body.encode(), "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await bench.app(scope, receive, send)
    (status,) = statuses
    return status


async def visit_all(bench: Bench, invitation: UUID, link: int) -> None:
    address = f"/s/{bench.token(invitation)}"
    for method, score, headers in visits(link):
        query = f"v={score}" if score is not None else ""
        body = f"score={score}&action=send" if method == "POST" else ""
        status = await status_of(bench, method, address, query, body, headers)
        assert status == (409 if method == "POST" else 405 if method == "OPTIONS" else 200)


async def heard_by(context: Context, events: Sequence[Event[Answer]]) -> None:
    """Let a service consume these answers."""
    (handle,) = (each.handle for each in context_subscriptions(context) if each.topic is ANSWERS)
    async with context.database.transaction() as uow:
        await handle(uow, events)


def context_subscriptions(context: Context) -> Sequence[Any]:
    service = {"scorer": SCORER, "alerts": ALERTS}[context.service]
    return list(service.consumed(context))


async def number_of(database: Database, table: str) -> int:
    async with database.reading() as uow:
        return int((await uow.execute(f"SELECT count(*) FROM {table}")).scalar_one())


async def counted(database: Database) -> int:
    """How many answers the company's score counts."""
    async with database.reading() as uow:
        rows = await uow.execute("SELECT count(*) FROM answer WHERE score IS NOT NULL")
        return int(rows.scalar_one())


@pytest.fixture
def unlimited(bench: Bench) -> Iterator[Bench]:
    """Nobody asks too fast. Not by ``monkeypatch``, which would take the application's context away."""
    state, fast = bench.app.state, RateLimit(burst=20_000, interval_s=0.001)
    kept = state.context
    state.context = replace(kept, per_link=fast, per_network=fast)
    yield bench
    state.context = kept


async def test_b17_scanners_change_nothing_and_each_person_after_them_counts_once(
    unlimited: Bench, postgres: Postgres
) -> None:
    """B17, B18: no answer, no score, no case, one row for each link; then a person for each answers."""
    bench = unlimited
    scorer, alerts = await a_context(SCORER, postgres), await a_context(ALERTS, postgres)
    invitations = [await bench.invite() for _ in range(LINKS)]
    assert sum(len(visits(link)) for link in range(LINKS)) == 100 * LINKS
    for start in range(0, LINKS, 5):
        await asyncio.gather(*(visit_all(bench, invitations[link], link) for link in range(start, start + 5)))
    events = [ANSWERS.event("acme", answer, bench.now) for answer in await bench.published()]
    assert {(event.data.state, event.data.score) for event in events} == {("clicked", None)}
    assert len(events) <= LINKS
    intents = await bench.rows("SELECT flag FROM intent")
    assert [row.flag for row in intents] == ["scores"] * LINKS
    for service in (scorer, alerts):
        await heard_by(service, events)
    assert await counted(scorer.database) == await number_of(alerts.database, "cases") == 0

    bench.now += MINUTE + timedelta(days=3)
    for n, invitation in enumerate(invitations):
        assert (await bench.submit(invitation, n % 11)).status_code == 303
    people = [ANSWERS.event("acme", answer, bench.now) for answer in await bench.published()][len(events) :]
    assert len(people) == LINKS
    for service in (scorer, alerts):
        for _ in range(2):
            await heard_by(service, people)
    assert await counted(scorer.database) == LINKS
    detractors = sum((parse_score(str(n % 11)) or 0) <= 6 for n in range(LINKS))
    # All of them have one customer id, so their answers belong to one case.
    assert await number_of(alerts.database, "case_answer") == detractors
    assert await number_of(alerts.database, "cases") == 1
    for service in (scorer, alerts):
        await service.database.close()
