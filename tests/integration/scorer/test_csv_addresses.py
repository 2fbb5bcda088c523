"""Each address whose figures are a file answers it by ``.csv`` and by ``Accept: text/csv``, too. The routes are found."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from fastapi.routing import APIRoute
from support.http_clients import SECRET
from support.improvements import PATH, an_improvement_body
from support.scorer_builders import an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant

from services.scorer.app import SERVICE
from services.scorer.csv_addresses import FILE_ENDINGS, wants_csv
from shared.db.database import Database
from shared.privacy.service_client import ServiceClient
from shared.privacy.service_tokens import ServiceTokens

NOW = datetime(2026, 11, 20, 13, tzinfo=UTC)
DAYS = {"from": "2026-11-01", "to": "2026-11-15"}
HTML = "text/html,application/xhtml+xml,*/*;q=0.8"


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    scopes = ("scores:read", "cases:write", "cases:read", "answers:read")
    async with a_scorer_client(database, a_tenant("acme", "Europe/Copenhagen", *scopes)) as client:
        context = client.app.state.context
        body = json.dumps({"organisation:north": [40, 30, 1, 1, 1]})
        transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
        tokens = ServiceTokens(SECRET, clock=lambda: NOW)
        services = ServiceClient("http://internal.example", tokens, transport=transport)
        client.app.state.context = replace(context, services=services)
        answers = [
            an_answer(f"{n}", day=date(2026, 11, 19) - timedelta(days=n % 40), score=(10, 9, 2)[n % 3])
            for n in range(160)
        ]
        await count(database, *answers)
        assert (await client.send("PUT", PATH, an_improvement_body())).status_code == 200
        mark = {"day": "2026-11-02", "text": "København"}
        assert (await client.send("POST", "/v1/marks", mark)).status_code == 201
        yield client


def addresses_with_files(client: ScorerClient) -> dict[str, str]:
    """The path of the file of each path."""
    paths = [
        route.path
        for route in client.app.routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ())
    ]
    found = {}
    for path in paths:
        own, _, ending = path.rpartition("/")
        if ending in FILE_ENDINGS and (own or "/") in paths:
            found[own or "/"] = path
    return found


async def fetch(client: ScorerClient, path: str, accept: str, **query: Any) -> httpx.Response:
    """As a leader."""
    return await client.get(path, role="leader", accept=accept, **query)


async def test_each_address_with_a_file_answers_it_by_its_ending_and_by_what_is_accepted(
    client: ScorerClient,
) -> None:
    mark = (await client.get("/v1/marks")).json()["marks"][0]["id"]
    ids = {"mark": mark, "action": PATH.rpartition("/")[2]}
    found = addresses_with_files(client)
    assert {"/", "/segments", "/themes", "/marks/{mark}", "/actions", "/drivers", "/benchmarks"} <= set(found)
    assert {"/v1/trends", "/v1/scores", "/v1/marks/{mark}", "/v1/actions/causes"} <= set(found)
    for pattern, file_pattern in found.items():
        path, file = pattern.format(**ids), file_pattern.format(**ids)
        wanted = await fetch(client, file, HTML, **DAYS)
        assert wanted.status_code == 200, (file, wanted.text)
        assert wanted.headers["content-type"] == "text/csv; charset=utf-8", file
        assert wanted.text.startswith("\ufeff"), file
        assert wanted.text.count("\ufeff") == 1, file
        accepted = await fetch(client, path, "text/csv", **DAYS)
        for answer in (accepted, await fetch(client, f"{path}.csv", HTML, **DAYS)):
            assert answer.status_code == 200, (path, answer.text)
            assert answer.content == wanted.content, path
            assert answer.headers["content-type"] == wanted.headers["content-type"], path
            assert answer.headers["content-disposition"] == wanted.headers["content-disposition"], path
        usual = await fetch(client, path, HTML if not path.startswith("/v1/") else "*/*", **DAYS)
        assert not usual.headers["content-type"].startswith("text/csv"), path
        for answer in (accepted, usual):
            assert "accept" in answer.headers["vary"].lower().replace(" ", "").split(","), path


@pytest.mark.parametrize(
    ("page", "document", "query"),
    [
        ("/.csv", "/v1/scores/overview/export", {"by": "touchpoint", **DAYS}),
        ("/segments.csv", "/v1/scores/overview/export", {"segment": "organisation:north", **DAYS}),
        ("/segments.csv", "/v1/ranking/export", {"dimension": "touchpoint", **DAYS}),
        ("/themes.csv", "/v1/themes/figures/export", {"segment": "organisation:north", **DAYS}),
        ("/marks.csv", "/v1/marks/export", {"measurement": "relational"}),
        ("/actions.csv", "/v1/actions/causes/export", {}),
    ],
)
async def test_the_file_of_a_page_is_that_of_its_document(
    client: ScorerClient, page: str, document: str, query: dict[str, str]
) -> None:
    own, wanted = await fetch(client, page, HTML, **query), await fetch(client, document, HTML, **query)
    assert own.status_code == wanted.status_code == 200
    assert own.content == wanted.content
    assert own.headers["content-disposition"] == wanted.headers["content-disposition"]


async def test_the_file_of_a_page_has_the_usual_window_and_the_order_of_the_page(
    client: ScorerClient,
) -> None:
    themes = await fetch(client, "/themes.csv", HTML)
    assert themes.content == (await fetch(client, "/v1/themes/figures/export", HTML, window="90d")).content
    by_name = await fetch(client, "/segments.csv", HTML, sort="name", q="check")
    assert by_name.content == (await fetch(client, "/v1/segments/export", HTML, q="check")).content


async def test_what_has_no_file_is_answered_as_ever(client: ScorerClient) -> None:
    for path in ("/views", "/v1/actions", "/v1/themes"):
        usual, accepted = await fetch(client, path, HTML), await fetch(client, path, "text/csv")
        assert accepted.status_code == usual.status_code == 200
        assert not accepted.headers["content-type"].startswith("text/csv"), path
    for path in ("/views.csv", "/v1/actions.csv", "/nothing.csv"):
        assert (await fetch(client, path, HTML)).status_code == 404, path
    file = await fetch(client, "/v1/marks/export", "text/csv")
    assert file.content == (await fetch(client, "/v1/marks.csv", HTML)).content


async def test_who_may_not_read_figures_does_not_read_their_file(client: ScorerClient) -> None:
    south: dict[str, Any] = {"role": "leader", "segments": ("organisation:south",)}
    for path in ("/segments.csv?segment=organisation:north", "/v1/scores.csv", "/v1/trends.csv"):
        assert (await client.get(path, **south)).status_code == 404, path
    assert (await client.get("/v1/trends.csv", key="")).status_code == 401
    own = await client.get("/themes.csv", role="leader", segments=("organisation:north",))
    all_of_it = await client.get(f"/themes.csv?{urlencode({'segment': 'organisation:north'})}", role="leader")
    assert own.text == all_of_it.text
    refused = await fetch(client, "/v1/trends", "text/csv", **{"from": "x"})
    assert refused.status_code == 422
    assert "accept" in refused.headers["vary"].lower()


async def test_the_document_of_the_api_tells_of_these_files(client: ScorerClient) -> None:
    document = client.app.openapi()["paths"]
    for path in filter(lambda path: path.startswith("/v1/"), addresses_with_files(client)):
        assert set(document[path]["get"]["responses"]["200"]["content"]) == {
            "application/json",
            "text/csv",
        }, path


def test_the_paths_of_files_are_the_scorers_where_one_process_runs_all_services(client: ScorerClient) -> None:
    claims = [f"{path}/" for path in SERVICE.paths if path != "/"]
    for path, file in addresses_with_files(client).items():
        for address in (f"{path}.csv/", f"{file}/"):
            assert any(address.startswith(claim) for claim in claims), address


@pytest.mark.parametrize(
    ("accept", "is_wanted"),
    [
        ("text/csv", True),
        ("TEXT/CSV; header=present", True),
        ("text/csv, */*", True),
        ("text/csv, application/json;q=0.9", True),
        ("application/json;q=0.9, text/csv;q=0.95, text/html;q=0.1", True),
        ("text/csv;q=0.5, */*;q=0.1", True),
        ("text/csv;q=0.5, */*;q=0.8", False),
        ("text/csv;q=0.5, text/html", False),
        ("text/csv, text/html", False),
        ("text/csv, application/json", False),
        ("text/csv;q=0", False),
        ("text/csv;q=0.000, */*", False),
        (HTML, False),
        ("*/*", False),
        ("text/*", False),
        ("", False),
        (",;q=,text/csvx", False),
    ],
)
def test_a_file_is_wanted_where_it_is_named_and_preferred(accept: str, is_wanted: bool) -> None:
    assert wants_csv(accept) is is_wanted
