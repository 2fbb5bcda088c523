"""The examples for BI tools: each statement runs as a company's role, and each file is there with its columns."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from support.figures import csv_rows
from support.invitations import an_answer_to, an_invitation, invite
from support.scorer_builders import an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant
from support.source_code import ROOT
from support.stack import Postgres
from support.themes import match_all

from services.scorer.bi.granting import grant, revoke
from services.scorer.domain import Groups, score_interval
from shared.db.database import Database

FOLDER = ROOT / "deploy" / "examples" / "bi"
NOW = datetime(2026, 11, 20, 13, tzinfo=UTC)
FIRST, LAST = date(2026, 8, 23), date(2026, 11, 20)
VALUES = {"first": f"DATE '{FIRST}'", "last": f"DATE '{LAST}'", "dimension": "'touchpoint'"}


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    tenant = a_tenant("acme", "Europe/Copenhagen", "scores:read", "answers:read", "cases:write")
    async with a_scorer_client(database, tenant) as client:
        invitations = [an_invitation(f"i{n}", sent_at=NOW - timedelta(days=n % 9)) for n in range(20)]
        await invite(database, *invitations)
        await count(database, *(an_answer_to(each, f"i{n}") for n, each in enumerate(invitations[:12])))
        await count(
            database,
            *(
                an_answer(
                    f"a{n}",
                    day=LAST - timedelta(days=n % 60),
                    score=(n * 7) % 11,
                    segments={"touchpoint": ("checkout", "desk")[n % 2]},
                    touchpoint=("checkout", "desk")[n % 2],
                    comment="The delivery came late" if n % 2 else None,
                    language="en",
                )
                for n in range(900)
            ),
        )
        await match_all(database)
        mark = await client.send("POST", "/v1/marks", {"day": str(LAST), "text": "New prices"})
        assert mark.status_code == 201
        yield client


@pytest.fixture
async def bi(
    database: Database, client: ScorerClient, postgres: Postgres
) -> AsyncIterator[asyncpg.Connection]:
    address = urlsplit(database.url)
    admin_url = postgres.state.admin_url(address.path.lstrip("/"))
    made = await grant(database, admin_url, "acme", reads_answers=True)
    connection = await asyncpg.connect(
        host=address.hostname,
        port=address.port,
        database=address.path.lstrip("/"),
        user=made.role,
        password=made.password,
        ssl=False,
    )
    try:
        yield connection
    finally:
        await connection.close()
        await revoke(database, admin_url, "acme")


def metabase(path: Path) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda found: VALUES[found[1]], text_of(path))


def text_of(path: Path) -> str:
    return path.read_text()


def grafana_statements() -> Iterator[tuple[str, str]]:
    """The name and the statement of each panel, variable and annotation, as Grafana fills them in."""
    dashboard = json.loads((FOLDER / "grafana" / "dashboard.json").read_text())
    statements = {
        each["name"]: each["query"] for each in dashboard["templating"]["list"] if each["type"] == "query"
    }
    statements |= {each["name"]: each["target"]["rawSql"] for each in dashboard["annotations"]["list"]}
    statements |= {panel["title"]: panel["targets"][0]["rawSql"] for panel in dashboard["panels"]}
    for name, sql in statements.items():
        filled = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 BETWEEN DATE '{FIRST}' AND DATE '{LAST}'", sql)
        filled = filled.replace("$measurement", "transactional").replace("$segment", "")
        yield name, filled.replace("$dimension", "touchpoint")


SQL_FILES = sorted((FOLDER / "metabase").glob("*.sql"))
POWER_QUERIES = sorted((FOLDER / "powerbi").glob("*.pq"))


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda path: path.name)
async def test_each_question_of_metabase_has_rows(bi: asyncpg.Connection, path: Path) -> None:
    assert await bi.fetch(metabase(path))


async def test_each_statement_of_the_grafana_dashboard_has_rows(bi: asyncpg.Connection) -> None:
    for name, sql in grafana_statements():
        assert "$" not in sql, name
        rows = await bi.fetch(sql)
        assert rows, name


async def test_the_scores_of_the_examples_are_those_of_the_api(
    client: ScorerClient, bi: asyncpg.Connection
) -> None:
    body = (await client.get("/v1/scores", window="90d")).json()
    (shown,) = await bi.fetch(dict(grafana_statements())["NPS of these days"])
    margin = score_interval(Groups(body["detractors"], body["passives"], body["promoters"]))
    assert margin is not None
    assert margin == (body["margin"]["low"], body["margin"]["high"])
    assert dict(shown) == pytest.approx(
        {"NPS": body["nps"], "from": margin[0], "to": margin[1], "answers": body["n"]}
    )
    month = (await client.get("/v1/scores", window="30d")).json()
    (*_, latest) = await bi.fetch(metabase(FOLDER / "metabase" / "nps_by_day.sql"))
    assert (latest["nps"], latest["answers"]) == (pytest.approx(month["nps"]), month["n"])
    by_segment = await bi.fetch(metabase(FOLDER / "metabase" / "nps_by_segment.sql"))
    listed = (await client.get("/v1/segments", dimension="touchpoint", window="90d")).json()["segments"]
    assert {row["value"]: row["answers"] for row in by_segment} == {
        each["value"]: each["n"] for each in listed
    }


@pytest.mark.parametrize("path", POWER_QUERIES, ids=lambda path: path.name)
async def test_each_query_of_power_bi_fetches_a_file_with_its_columns(
    client: ScorerClient, path: Path
) -> None:
    text = text_of(path)
    (address,) = re.findall(r'RelativePath = "([^"]+)"', text)
    (query,) = re.findall(r"Query = \[([^\]]+)\]", text)
    asked: dict[str, Any] = dict(re.findall(r'(\w+) = "([^"]*)"', query))
    answer = await client.get(f"/{address}", **asked)
    assert answer.status_code == 200, answer.text
    rows = csv_rows(answer.text)
    typed = re.findall(r'\{"(\w+)", (?:type|Int64)', text)
    assert rows
    assert set(typed) <= set(rows[0])
    for name in re.findall(r'\{"(\w+)", (?:type number|Int64\.Type)', text):
        assert [float(row[name]) for row in rows if row[name]], name
