from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from support.scorer_builders import DAY, an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant

from shared.db.database import Database

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    async with a_scorer_client(
        database, a_tenant("acme"), a_tenant("other", "UTC", "events:write")
    ) as client:
        yield client


async def test_a_score_comes_with_its_counts_its_window_and_its_margin(
    database: Database, client: ScorerClient
) -> None:
    scores = [3] * 20 + [7] * 30 + [10] * 50
    await count(database, *(an_answer(f"a{i}", score=score) for i, score in enumerate(scores)))
    answer = await client.get("/v1/scores", segment="touchpoint:checkout", until="2026-11-22")
    assert answer.status_code == 200
    body = answer.json()
    assert body.pop("margin") == pytest.approx({"level": 0.95, "low": 14.0511, "high": 44.2013}, abs=5e-5)
    assert body == {
        "segment": "touchpoint:checkout",
        "segments": ["touchpoint:checkout"],
        "measurement": "transactional",
        "window": {
            "days": 30,
            "from": "2026-10-24",
            "until": "2026-11-22",
            "time_zone": "Europe/Copenhagen",
        },
        "amended": "latest",
        "per": "answer",
        "as_of": None,
        "n": 100,
        "counts": [0, 0, 0, 20, 0, 0, 0, 30, 0, 0, 50],
        "detractors": 20,
        "passives": 30,
        "promoters": 50,
        "nps": 30.0,
        "wanted": None,
        "more_needed": None,
        "reason": None,
    }


async def test_without_until_the_window_ends_today_in_the_companys_zone(client: ScorerClient) -> None:
    body = (await client.get("/v1/scores", window="1d")).json()
    assert body["window"] == {
        "days": 1,
        "from": "2026-11-23",
        "until": "2026-11-23",
        "time_zone": "Europe/Copenhagen",
    }


async def test_nothing_counted_has_neither_score_nor_margin(client: ScorerClient) -> None:
    body = (await client.get("/v1/scores", segment="touchpoint:nowhere")).json()
    assert (body["n"], body["nps"], body["margin"]) == (0, None, None)
    assert body["reason"] == "Nobody answered in this window."


@pytest.mark.parametrize(("n", "nps"), [(1, None), (9, None), (10, 100.0)])
async def test_below_ten_answers_there_are_counts_and_a_reason_but_no_score(
    database: Database, client: ScorerClient, n: int, nps: float | None
) -> None:
    await count(database, *(an_answer(f"a{i}") for i in range(n)))
    readers: list[dict[str, Any]] = [{}, {"role": "admin"}]
    for reader in readers:
        body = (await client.get("/v1/scores", segment="touchpoint:checkout", **reader)).json()
        listed = (await client.get("/v1/segments", dimension="touchpoint", **reader)).json()["segments"]
        assert (body["n"], body["counts"][9], body["nps"], body["margin"] is None) == (n, n, nps, nps is None)
        assert [(each["n"], each["nps"]) for each in listed] == [(n, nps)]
        reason = f"A score takes 10 answers; there are {n}." if nps is None else None
        assert body["reason"] == reason == listed[0]["reason"]


async def test_a_path_counts_at_its_level_and_a_measurement_by_itself(
    database: Database, client: ScorerClient
) -> None:
    await count(database, an_answer("a"), an_answer("b", organisation=("north",)))
    await count(database, an_answer("r", measurement="relational"))
    queries: list[dict[str, Any]] = [
        {},
        {"segment": "organisation:north"},
        {"segment": "organisation:north/sales"},
        {"measurement": "relational"},
    ]
    ns = [(await client.get("/v1/scores", **query)).json()["n"] for query in queries]
    assert ns == [2, 2, 1, 1]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"window": "0d"}, "window"),
        ({"window": "3651d"}, "window"),
        ({"window": "a month"}, "window"),
        ({"until": "2026-02-30"}, "until"),
        ({"until": "2027-01-01"}, "until"),
        ({"until": "0001-01-01", "window": "3650d"}, "until"),
        ({"level": "0.5"}, "level"),
        ({"measurement": "both"}, "measurement"),
        ({"segment": "checkout"}, "segment"),
        ({"segment": "store:50%"}, "segment"),
        ({"segment": [f"store:{n}" for n in range(9)]}, "segment"),
        ({"window": "7d", "from": "2026-11-01", "to": "2026-11-02"}, "window"),
        ({"until": "2026-11-02", "from": "2026-11-01", "to": "2026-11-02"}, "until"),
        ({"from": "2026-11-01"}, "to"),
        ({"from": "2026-11-02", "to": "2026-11-01"}, "from"),
        ({"as_of": "2026-11-22T05:00:00"}, "as_of"),
        ({"as_of": "2026-11-22T23:30:01Z"}, "as_of"),
        ({"as_of": "2026-11-22T05:00:00 01:00"}, "as_of"),
        ({"as_of": "yesterday"}, "as_of"),
        ({"as_of": "0001-01-01T00:00:00+14:00"}, "as_of"),
        ({"amended": "second"}, "amended"),
        ({"per": "person"}, "per"),
        ({"wanted": "0"}, "wanted"),
        ({"wanted": "101"}, "wanted"),
    ],
)
async def test_what_cannot_be_right_is_named_with_its_remedy(
    client: ScorerClient, query: dict[str, Any], field: str
) -> None:
    answer = await client.get("/v1/scores", **query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    (fault,) = answer.json()["errors"]
    assert field in fault["field"]
    assert fault["detail"]


async def test_levels_are_those_three(database: Database, client: ScorerClient) -> None:
    await count(database, *(an_answer(f"a{i}") for i in range(10)))
    widths = []
    for level in ("0.90", "0.95", "0.99"):
        margin = (await client.get("/v1/scores", level=level)).json()["margin"]
        assert margin["level"] == float(level)
        widths.append(margin["low"])
    assert widths == sorted(widths, reverse=True)


async def test_nobody_comes_in_without_a_key_that_may(client: ScorerClient) -> None:
    assert (await client.get("/v1/scores", key="")).status_code == 401
    assert (await client.get("/v1/scores", key="aw_wrong")).status_code == 401
    assert (await client.get("/v1/scores", tenant="other")).status_code == 403
    assert (await client.get("/v1/segments", tenant="other")).status_code == 403


async def test_who_is_limited_to_segments_gets_404_for_all_others(
    database: Database, client: ScorerClient
) -> None:
    await count(database, an_answer())
    own: dict[str, Any] = {"role": "leader", "segments": ("organisation:north",)}
    for theirs in ("organisation:north", "organisation:north/sales"):
        assert (await client.get("/v1/scores", segment=theirs, **own)).json()["n"] == 1
    for foreign in ("", "touchpoint:checkout", "organisation:south", "organisation:northern"):
        assert (await client.get("/v1/scores", segment=foreign, **own)).status_code == 404
    listed = (await client.get("/v1/segments", **own)).json()["segments"]
    assert [each["segment"] for each in listed] == ["organisation:north", "organisation:north/sales"]


async def test_segments_come_by_name_a_page_at_a_time(database: Database, client: ScorerClient) -> None:
    stores = [f"s{i}" for i in range(7)]
    await count(
        database, *(an_answer(name, segments={"store": name}, organisation=(), day=DAY) for name in stores)
    )
    found, after, pages = [], "", 0
    while after is not None:
        body = (await client.get("/v1/segments", dimension="store", limit=3, after=after)).json()
        found += [(each["segment"], each["value"], each["n"], each["nps"]) for each in body["segments"]]
        after, pages = body["next"], pages + 1
    assert found == [(f"store:{name}", name, 1, None) for name in stores]
    assert pages == 3


async def test_each_refusal_and_each_answer_is_in_the_openapi_document(client: ScorerClient) -> None:
    document = (await client.get("/openapi/scorer.json")).json()
    for path in ("/v1/scores", "/v1/segments"):
        operation = document["paths"][path]["get"]
        assert operation["summary"]
        assert {"200", "400", "401", "404", "422", "429", "503"} <= set(operation["responses"])
    window = document["components"]["schemas"]["WindowBody"]["properties"]
    assert set(window) == {"days", "from", "until", "time_zone"}
