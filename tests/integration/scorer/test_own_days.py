"""Own days at every door: each route of figures that takes ``window`` takes ``from`` and ``to``, and tells of exactly
these days; what names days twice or by half is refused. The routes are found, not listed.
"""

import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from support.http_clients import SECRET
from support.invitations import an_answer_to, an_invitation, invite
from support.routes import query_names
from support.scorer_builders import an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant
from support.themes import match_all

from services.scorer.saved_views.addresses import SAVABLE_PAGES, NotSavable, normalized_address
from shared.db.database import Database
from shared.events import Answer, Invitation
from shared.http.routes import CheckedRoute
from shared.privacy.service_client import ServiceClient
from shared.privacy.service_tokens import ServiceTokens

NOW = datetime(2026, 11, 20, 13, tzinfo=UTC)
TODAY = date(2026, 11, 20)
FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)
OWN = {"from": str(FIRST), "to": str(LAST)}
SAME = {"window": "31d", "until": str(LAST)}
HALF_OR_BACKWARDS: tuple[dict[str, str], ...] = (
    {"from": str(FIRST)},
    {"to": str(LAST)},
    {"from": str(LAST), "to": str(FIRST)},
    {"from": "in October", "to": str(LAST)},
    {"until": str(LAST), **OWN},
)
FORMS: Mapping[str, tuple[dict[str, str], ...]] = {
    "/segments": ({}, {"dimension": "store"}, {"sort": "name"}, {"segment": "organisation:north"}),
    "/compare": ({}, {"dimension": "touchpoint"}),
}
"""What a page shows besides what it shows without any parameter."""


def answers() -> list[Answer]:
    """Of each day some, fewer and happier in October."""
    found = []
    for days in range(120):
        day = TODAY - timedelta(days=days)
        for n in range(3 if FIRST <= day <= LAST else 5):
            which = days * 5 + n
            found.append(
                an_answer(
                    f"{days}-{n}",
                    day=day,
                    score=(10, 9, 3)[which % 3] if FIRST <= day <= LAST else (0, 8, 10, 5)[which % 4],
                    organisation=(("north", "sales"), ("south",))[which % 2],
                    segments={"touchpoint": ("checkout", "desk")[which % 2], "store": ("x", "y")[which % 2]},
                    touchpoint=("checkout", "desk")[which % 2],
                    measurement="relational" if which % 3 == 0 else "transactional",
                    comment=("The delivery came late", "Nice", None)[which % 3],
                    language="en",
                )
            )
    return found


def invitations() -> list[Invitation]:
    """Sent on each of the last days, more of late."""
    return [an_invitation(f"i{n}", sent_at=NOW - timedelta(days=n % 55, hours=2)) for n in range(150)]


def decided(request: httpx.Request) -> httpx.Response:
    """What the dispatcher says of the days that it is asked about."""
    claims = ServiceTokens(SECRET, clock=lambda: NOW).verify(
        "asked", request.headers["authorization"].split()[1]
    )
    assert claims is not None
    matched = 40 + datetime.fromisoformat(claims.claims["first"]).month
    return httpx.Response(200, content=json.dumps({"organisation:north": [matched, 30, 1, 1, 1]}))


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    tenant = a_tenant("acme", "Europe/Copenhagen", "scores:read", "answers:read", "cases:read")
    async with a_scorer_client(database, tenant) as client:
        tokens = ServiceTokens(SECRET, clock=lambda: NOW)
        services = ServiceClient("http://internal.example", tokens, transport=httpx.MockTransport(decided))
        client.app.state.context = replace(client.app.state.context, services=services)
        sent = invitations()
        await invite(database, *sent)
        await count(database, *(an_answer_to(one, f"i{n}") for n, one in enumerate(sent) if n % 3))
        history = answers()
        for first in range(0, len(history), 100):
            await count(database, *history[first : first + 100])
        await match_all(database)
        yield client


def documents(client: ScorerClient) -> list[str]:
    """The routes of the API that take a window, by its document."""
    return [
        path
        for path, methods in client.app.openapi()["paths"].items()
        for parameter in methods.get("get", {}).get("parameters", ())
        if parameter["name"] == "window"
    ]


def pages(client: ScorerClient) -> list[str]:
    """The routes of pages that take a window, and of their files."""
    return [
        route.path
        for route in client.app.routes
        if isinstance(route, CheckedRoute)
        and "GET" in (route.methods or ())
        and not route.include_in_schema
        and "window" in query_names(route.dependant)
    ]


def addresses(paths: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    for path in paths:
        for form in FORMS.get(path, ({},)):
            yield path, form


async def told(client: ScorerClient, path: str, query: Mapping[str, str]) -> str:
    """What a route says of figures; of a page its sections, without the addresses in them."""
    role: dict[str, Any] = {} if path.startswith("/v1/") else {"role": "leader"}
    answer = await client.get(f"{path}?{urlencode(query)}", **role)
    assert answer.status_code == 200, (path, query, answer.text)
    if not answer.headers["content-type"].startswith("text/html"):
        return answer.text
    sections = re.findall(r"<section.*?</section>", answer.text, re.DOTALL)
    assert sections, (path, query)
    return " ".join(re.sub(r"<[^>]*>", " ", section) for section in sections)


def days_in(body: Any) -> Iterator[tuple[str, str]]:
    """The windows that a document names, those of the score that was asked for first."""
    if isinstance(body, dict):
        if "from" in body and "until" in body:
            yield body["from"], body["until"]
        for part in body.values():
            yield from days_in(part)
    if isinstance(body, list):
        for part in body:
            yield from days_in(part)


async def test_each_door_that_takes_a_window_tells_of_exactly_the_days_that_are_named(
    client: ScorerClient,
) -> None:
    doors = [*documents(client), *pages(client)]
    assert {"/v1/ranking", "/v1/unbegged/export", "/segments", "/themes", "/gap/download"} <= set(doors)
    faults = []
    for path, form in addresses(doors):
        own = await told(client, path, {**form, **OWN})
        if own != await told(client, path, {**form, **SAME}):
            faults.append(f"{path} {form}: other days than those that are named")
        if own == await told(client, path, form):
            faults.append(f"{path} {form}: the usual days")
        if path.startswith("/v1/") and own.startswith("{") and "answers/export" not in path:
            named = list(days_in(json.loads(own)))
            if named and (str(FIRST), str(LAST)) not in named:
                faults.append(f"{path} {form}: {named}")
    assert not faults, "\n".join(faults)


async def test_days_that_are_named_twice_or_by_half_are_refused(client: ScorerClient) -> None:
    faults = []
    for path, form in addresses([*documents(client), *pages(client)]):
        role: dict[str, Any] = {} if path.startswith("/v1/") else {"role": "leader"}
        for query in HALF_OR_BACKWARDS:
            answer = await client.get(f"{path}?{urlencode({**form, **query})}", **role)
            if answer.status_code != 422:
                faults.append(f"{path} {form} {query}: {answer.status_code}")
    assert not faults, "\n".join(faults)


async def test_beside_a_window_own_days_are_refused_or_are_those_that_a_form_had_shown(
    client: ScorerClient,
) -> None:
    """Programs are refused. The form of a page sends what was shown beside the window that somebody chose."""
    both = {"window": "7d", **OWN}
    for path in documents(client):
        answer = await client.get(f"{path}?{urlencode(both)}")
        assert answer.status_code == 422, path
        assert answer.json()["errors"][0]["field"] == "window", path
    for path, form in addresses(pages(client)):
        answer = await client.get(f"{path}?{urlencode({**form, **both})}", role="leader")
        if answer.status_code != 422:
            week = {**form, "window": "7d"}
            assert await told(client, path, {**form, **both}) == await told(client, path, week), path


async def test_own_days_are_counted_as_one_by_one(client: ScorerClient) -> None:
    relational = [one for one in answers() if one.measurement == "relational"]
    own = [one for one in relational if one.day is not None and FIRST <= one.day <= LAST]
    query = urlencode({"measurement": "relational", **OWN})
    by_score = Counter(one.score for one in own)
    score = (await client.get(f"/v1/scores?{query}")).json()
    assert score["counts"] == [by_score[n] for n in range(11)]
    by_touchpoint = Counter(f"touchpoint:{one.touchpoint}" for one in own)
    ranked = (await client.get(f"/v1/ranking?{query}")).json()
    assert {one["segment"]: one["n"] for one in (*ranked["ranked"], *ranked["few"])} == by_touchpoint
    listed = (await client.get(f"/v1/segments?dimension=touchpoint&{query}")).json()["segments"]
    assert {one["segment"]: one["n"] for one in listed} == by_touchpoint
    sent = [one for one in invitations() if one.sent_at and FIRST <= one.sent_at.date() <= LAST]
    asked = (await client.get(f"/v1/responses?{urlencode(OWN)}")).json()["total"]
    assert asked["asked"] == len(sent)


async def test_the_forms_and_links_of_a_page_keep_its_own_days(client: ScorerClient) -> None:
    own = urlencode(OWN)
    for path, form in addresses([path for path in pages(client) if not path.endswith("/download")]):
        page = (await client.get(f"{path}?{urlencode({**form, **OWN})}", role="leader")).text
        inputs = re.findall(r'<input[^>]*name="(from|to)"[^>]*value="([^"]*)"', page)
        assert set(OWN.items()) <= set(inputs), path
        hrefs = [unescape(href) for href in re.findall(r'<a download href="([^"]*)"', page)]
        # The trend of a comparison begins earlier.
        kept = (own, f"until={LAST}", f"to={LAST}")
        assert hrefs, path
        assert all(any(days in href for days in kept) for href in hrefs), (path, hrefs)


def test_a_saved_view_keeps_own_days_and_the_last_day_of_a_window() -> None:
    for path, page in SAVABLE_PAGES.items():
        for days in (OWN, SAME, {"until": str(LAST)}):
            kept = normalized_address(f"{path}?{urlencode(days)}", TODAY)
            assert kept == f"{path}?{urlencode(days)}"
        for wrong in HALF_OR_BACKWARDS:
            with pytest.raises(NotSavable):
                normalized_address(f"{path}?{urlencode(wrong)}", TODAY)
        assert {"window", "until", "from", "to"} <= set(page.names), path


async def test_a_window_without_answers_says_so_and_not_that_nothing_was_counted(
    client: ScorerClient,
) -> None:
    empty = {"from": "2026-01-01", "to": "2026-01-31"}
    for form in ({}, {"sort": "name"}):
        page = (await client.get(f"/segments?{urlencode({**form, **empty})}", role="leader")).text
        assert "No answers on these days." in page
        assert "Nothing is counted yet" not in page
