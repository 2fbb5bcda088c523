"""``/v1/comparisons``, ``/v1/trends`` and ``/compare``: figures, refusals, files, and who may see what."""

import csv
import io
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from support.scorer_builders import add_tenant, an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant
from support.translations import ShownText

from services.scorer.domain import Groups, score_interval
from shared.db.database import Database
from shared.events import People
from shared.values.csv_cells import plain_cell

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
"""Half past midnight of the 23rd in Copenhagen."""
TODAY = date(2026, 11, 23)
ACME = a_tenant("acme")
DAYS: dict[str, Any] = {
    "from": "2026-11-01",
    "to": "2026-11-20",
    "before_from": "2026-10-01",
    "before_to": "2026-10-20",
}


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    async with a_scorer_client(database, ACME, a_tenant("other", "UTC"), a_tenant("third")) as client:
        yield client


async def answer(
    database: Database,
    name: str,
    day: date,
    groups: tuple[int, int, int],
    *,
    tenant: str = "acme",
    **given: Any,
) -> None:
    """So many detractors, passives and promoters on a day."""
    scores = [3] * groups[0] + [8] * groups[1] + [10] * groups[2]
    await count(
        database,
        *(an_answer(f"{name}{n}", day=day, score=score, **given) for n, score in enumerate(scores)),
        tenant=tenant,
    )


async def two_windows(database: Database, **given: Any) -> None:
    """The answers of the published comparison: 20, 30, 50 before, 25, 25, 50 now."""
    await answer(database, "before", date(2026, 10, 20), (20, 30, 50), **given)
    await answer(database, "now", date(2026, 11, 1), (25, 25, 50), **given)


async def body_of(client: ScorerClient, path: str, **query: Any) -> dict[str, Any]:
    answered = await client.get(path, **query)
    assert answered.status_code == 200, answered.text
    body: dict[str, Any] = answered.json()
    return body


async def test_b3_the_published_comparison_is_told_with_both_sides_and_in_words(
    database: Database, client: ScorerClient
) -> None:
    await two_windows(database)
    body = await body_of(client, "/v1/comparisons", segment="touchpoint:checkout", **DAYS)
    (found,) = body.pop("comparisons")
    assert body == {
        "measurement": "transactional",
        "time_zone": "Europe/Copenhagen",
        "finding": "It is 5 points lower. That could be chance.",
        "tests": 1,
        "false_alarm_share": None,
        "left_out": 0,
    }
    asked, difference = found["asked"], found["difference"]
    margin = asked.pop("margin")
    assert (margin["low"], margin["high"]) == score_interval(Groups(25, 25, 50))
    assert asked == {
        "segment": "touchpoint:checkout",
        "period": {"from": "2026-11-01", "until": "2026-11-20"},
        "running": False,
        "n": 100,
        "counts": [0, 0, 0, 25, 0, 0, 0, 0, 25, 0, 50],
        "detractors": 25,
        "passives": 25,
        "promoters": 50,
        "nps": 25.0,
        "reason": None,
    }
    assert (found["against"]["n"], found["against"]["nps"]) == (100, 30.0)
    assert difference["points"] == -5
    assert difference["p"] == pytest.approx(0.664841, abs=5e-7)
    ends = (difference["margin"]["low"], difference["margin"]["high"])
    assert ends == pytest.approx((-26.8154, 17.1067), abs=5e-5)
    assert (found["verdict"], found["marked"], found["reason"]) == ("chance", False, None)


async def test_b4_too_few_answers_have_no_difference_and_nobody_has_no_score(
    database: Database, client: ScorerClient
) -> None:
    (empty,) = (await body_of(client, "/v1/comparisons", **DAYS))["comparisons"]
    for side in ("asked", "against"):
        assert (empty[side]["nps"], empty[side]["margin"]) == (None, None)
        assert empty[side]["reason"] == "Nobody answered in this window."
    await answer(database, "b", date(2026, 10, 1), (0, 0, 29))
    await answer(database, "n", date(2026, 11, 1), (30, 0, 0))
    body = await body_of(client, "/v1/comparisons", **DAYS)
    (found,) = body["comparisons"]
    assert (found["difference"], found["verdict"], body["tests"]) == (None, "too_few", 0)
    assert found["reason"] == "A comparison takes 30 answers on each side; there are 30 and 29."
    assert (found["asked"]["nps"], found["against"]["nps"]) == (-100.0, 100.0)
    await answer(database, "c", date(2026, 10, 1), (0, 0, 1))
    (found,) = (await body_of(client, "/v1/comparisons", **DAYS))["comparisons"]
    assert (found["verdict"], found["difference"]["points"], found["marked"]) == ("lower", -200, True)


async def test_without_days_thirty_until_today_are_compared_with_the_thirty_before(
    client: ScorerClient,
) -> None:
    (found,) = (await body_of(client, "/v1/comparisons"))["comparisons"]
    assert found["asked"]["period"] == {"from": "2026-10-25", "until": "2026-11-23"}
    assert found["against"]["period"] == {"from": "2026-09-25", "until": "2026-10-24"}
    assert (found["asked"]["running"], found["against"]["running"]) == (True, False)


async def test_a_measurement_is_never_added_to_the_other(database: Database, client: ScorerClient) -> None:
    await two_windows(database)
    for name, measurement in (("r", "relational"), ("again", "recovery")):
        await answer(database, name, date(2026, 11, 1), (40, 0, 0), measurement=measurement)
    for measurement, n in (("transactional", 100), ("relational", 40)):
        (found,) = (await body_of(client, "/v1/comparisons", measurement=measurement, **DAYS))["comparisons"]
        assert found["asked"]["n"] == n
    assert (await client.get("/v1/comparisons", measurement="recovery")).status_code == 422


async def test_two_segments_are_compared_in_one_window(database: Database, client: ScorerClient) -> None:
    for store, groups in (("a", (0, 10, 50)), ("b", (50, 10, 0))):
        await answer(
            database, store, date(2026, 11, 1), groups, segments={"store": store}, organisation=(store,)
        )
    query: dict[str, Any] = {"segment": "store:a", "from": "2026-11-01", "to": "2026-11-20"}
    body = await body_of(client, "/v1/comparisons", **{**query, "with": "store:b"})
    (found,) = body["comparisons"]
    assert (found["asked"]["segment"], found["against"]["segment"]) == ("store:a", "store:b")
    assert found["asked"]["period"] == found["against"]["period"]
    assert found["verdict"] == "higher"
    assert "Chance would almost never do that." in body["finding"]
    shared = await client.get("/v1/comparisons", **{**query, "with": "organisation:a"})
    (fault,) = shared.json()["errors"]
    assert (shared.status_code, fault["field"]) == (422, "with")
    assert fault["detail"].startswith("60 answers lie in both segments")


async def test_of_several_segments_the_number_of_tests_is_told(
    database: Database, client: ScorerClient
) -> None:
    for number in range(12):
        own: dict[str, Any] = {"segments": {"store": f"s{number:02}"}, "organisation": ()}
        now = (40, 0, 0) if number == 0 else (10, 20, 10)
        await answer(database, f"b{number}", date(2026, 10, 1), (10, 20, 10), **own)
        await answer(database, f"n{number}", date(2026, 11, 1), now if number < 10 else (1, 1, 1), **own)
    queries: list[dict[str, Any]] = [
        {"dimension": "store"},
        {"segment": [f"store:s{number:02}" for number in range(12)]},
    ]
    for query in queries:
        body = await body_of(client, "/v1/comparisons", **query, **DAYS)
        assert (body["tests"], body["false_alarm_share"], len(body["comparisons"])) == (10, 0.1, 12)
        first, *others = body["comparisons"]
        assert (first["asked"]["segment"], first["verdict"], first["marked"]) == ("store:s00", "lower", True)
        assert [each["verdict"] for each in others] == ["chance"] * 9 + ["too_few"] * 2
        assert body["finding"] == "1 of 10 moved more than chance would move them."
    too_many = [f"store:{number}" for number in range(81)]
    assert (await client.get("/v1/comparisons", segment=too_many)).status_code == 422
    assert (await client.get("/v1/comparisons", segment=too_many[:80])).status_code == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({**DAYS, "before_to": "2026-11-01"}, "before_from"),
        ({**DAYS, "before_from": "2026-11-20", "before_to": "2026-11-20"}, "before_from"),
        ({"segment": "store:a", "with": "store:a"}, "with"),
        ({"with": "store:a"}, "with"),
        ({"segment": "organisation:north/sales", "with": "organisation:north"}, "with"),
        ({"segment": ["store:a", "store:b"], "with": "store:c"}, "with"),
        ({"segment": "store:a", "with": "store:b", "before_from": "2026-01-01"}, "before_from"),
        ({"segment": "store:a", "dimension": "store"}, "dimension"),
        ({"segment": "store"}, "segment"),
        ({"window": "a month"}, "window"),
        ({"window": "30d", "from": "2026-11-01", "to": "2026-11-02"}, "window"),
        ({"from": "2026-11-01"}, "to"),
        ({"from": "2026-11-02", "to": "2026-11-01"}, "from"),
        ({"until": "2027-11-02"}, "until"),
        ({"measurement": "both"}, "measurement"),
    ],
)
async def test_what_cannot_be_compared_is_refused_with_the_reason(
    client: ScorerClient, query: dict[str, Any], field: str
) -> None:
    for path in ("/v1/comparisons", "/v1/comparisons/export"):
        refused = await client.get(path, **query)
        assert refused.status_code == 422
        (fault,) = refused.json()["errors"]
        assert field in fault["field"]
        assert fault["detail"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"by": "year"}, "by"),
        ({"by": "day", "from": "2024-01-01"}, "from"),
        ({"by": "week", "from": "2011-01-01"}, "from"),
        ({"from": "2026-11-23", "to": "2026-11-22"}, "from"),
        ({"to": "2026-12-01"}, "to"),
        ({"rolling": "30"}, "rolling"),
        ({"rolling": "3651d"}, "rolling"),
        ({"segment": "store"}, "segment"),
    ],
)
async def test_what_is_no_trend_is_refused_with_the_reason(
    client: ScorerClient, query: dict[str, Any], field: str
) -> None:
    for path in ("/v1/trends", "/v1/trends/export"):
        refused = await client.get(path, **query)
        assert refused.status_code == 422
        (fault,) = refused.json()["errors"]
        assert field in fault["field"]
        assert fault["detail"]


async def test_weeks_begin_on_monday_and_periods_at_the_edges_say_that_they_are_partial(
    database: Database, client: ScorerClient
) -> None:
    await answer(database, "sunday", date(2026, 11, 8), (0, 0, 9))
    await answer(database, "monday", date(2026, 11, 9), (0, 0, 10))
    query = {"from": "2026-11-04", "to": "2026-11-23", "segment": "touchpoint:checkout", "rolling": "2d"}
    body = await body_of(client, "/v1/trends", by="week", **query)
    found = [
        (each["period"]["from"], each["period"]["until"], each["partial"], each["n"], each["nps"])
        for each in body["periods"]
    ]
    assert found == [
        ("2026-11-04", "2026-11-08", True, 9, None),
        ("2026-11-09", "2026-11-15", False, 10, 100.0),
        ("2026-11-16", "2026-11-22", False, 0, None),
        ("2026-11-23", "2026-11-23", True, 0, None),
    ]
    assert body["periods"][0]["rolling"]["period"] == {"from": "2026-11-07", "until": "2026-11-08"}
    assert [each["rolling"]["n"] for each in body["periods"]] == [9, 0, 0, 0]
    assert (body["by"], body["rolling_days"], body["time_zone"]) == ("week", 2, "Europe/Copenhagen")
    months = await body_of(client, "/v1/trends", by="month", **{"from": "2026-10-01", "to": "2026-11-23"})
    assert [(each["period"]["until"], each["partial"]) for each in months["periods"]] == [
        ("2026-10-31", False),
        ("2026-11-23", True),
    ]


@pytest.mark.parametrize(
    ("day", "instants"),
    [
        (date(2026, 3, 29), ("2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z")),
        (date(2026, 10, 25), ("2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z")),
        (date(2024, 2, 29), ("2024-02-28T23:00:00Z", "2024-02-29T22:59:59Z")),
    ],
)
async def test_a_day_of_23_or_25_hours_and_29_february_are_one_day(
    database: Database, client: ScorerClient, day: date, instants: tuple[str, str]
) -> None:
    at = [datetime.fromisoformat(written) for written in instants]
    await count(
        database,
        *(an_answer(f"i{n}", day=day, answered_at=moment) for n, moment in enumerate(at)),
        an_answer("before", day=day - timedelta(days=1)),
        an_answer("after", day=day + timedelta(days=1)),
    )
    around = {"from": str(day - timedelta(days=1)), "to": str(day + timedelta(days=1))}
    body = await body_of(client, "/v1/trends", by="day", rolling="1d", **around)
    assert [each["n"] for each in body["periods"]] == [1, 2, 1]
    assert [each["rolling"]["n"] for each in body["periods"]] == [1, 2, 1]
    (found,) = (await body_of(client, "/v1/comparisons", window="1d", until=str(day)))["comparisons"]
    assert (found["asked"]["n"], found["against"]["n"]) == (2, 1)


def numbers_of(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each figure of a document with its place."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from numbers_of(part, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from numbers_of(part, f"{path}.{number}")
    else:
        yield path, value


OWN_COLUMNS = {
    "difference.points": "difference",
    "difference.margin.low": "difference_low",
    "difference.margin.high": "difference_high",
    "difference.p": "p",
    "reason": "no_difference_reason",
}
ENDINGS = {
    "period.from": "from",
    "period.until": "until",
    "margin.low": "low",
    "margin.high": "high",
    **{f"counts.{score}": f"score_{score}" for score in range(11)},
}


def column_of(place: str) -> str:
    """The column of a file that has the figure of a place in the document."""
    if place in OWN_COLUMNS:
        return OWN_COLUMNS[place]
    begin, _, rest = place.partition(".")
    if begin == "asked":
        return ENDINGS.get(rest, rest)
    if begin in {"against", "rolling"}:
        return f"{begin}_{ENDINGS.get(rest, rest)}"
    return ENDINGS.get(place, place)


def as_cell(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def same_figures(rows: list[dict[str, str]], told: list[dict[str, Any]]) -> int:
    """Fails where a figure of a document is not in the file as it stands there; how many were compared."""
    compared = 0
    assert len(rows) == len(told)
    for row, each in zip(rows, told, strict=True):
        for place, value in numbers_of(each):
            column = column_of(place)
            if place.endswith("margin.level") or (value is None and column not in row):
                continue
            cell = plain_cell(row[column])
            if isinstance(value, float):
                assert float(cell) == value, place
            else:
                assert cell == as_cell(value), place
            compared += 1
    return compared


async def test_the_files_have_the_figures_of_the_documents(database: Database, client: ScorerClient) -> None:
    await two_windows(database)
    await answer(database, "x", date(2026, 11, 2), (35, 0, 0), segments={"touchpoint": "=1+1"})
    await answer(database, "y", date(2026, 10, 2), (1, 30, 0), segments={"touchpoint": "=1+1"})
    comparisons: list[dict[str, Any]] = [
        DAYS,
        {"dimension": "touchpoint", **DAYS},
        {"segment": ["touchpoint:checkout", "touchpoint:=1+1", "touchpoint:nowhere"], **DAYS},
        {
            "segment": "touchpoint:checkout",
            "with": "touchpoint:=1+1",
            "from": "2026-11-01",
            "to": "2026-11-20",
        },
    ]
    trends: list[dict[str, Any]] = [
        {"by": "day", "rolling": "7d"},
        {"by": "month", "from": "2026-09-15", "segment": "touchpoint:=1+1"},
    ]
    compared = 0
    for query in comparisons:
        told = await body_of(client, "/v1/comparisons", **query)
        for path in ("/v1/comparisons/export", "/compare/download"):
            file = await client.get(path, role="leader" if path.startswith("/compare") else None, **query)
            assert file.headers["content-type"] == "text/csv; charset=utf-8"
            assert "attachment" in file.headers["content-disposition"]
            rows = list(csv.DictReader(io.StringIO(file.text.removeprefix("\ufeff"), newline="")))
            compared += same_figures(rows, told["comparisons"])
            assert {row["tests"] for row in rows} == {str(told["tests"])}
    for query in trends:
        told = await body_of(client, "/v1/trends", **query)
        for path in ("/v1/trends/export", "/compare/trend/download"):
            file = await client.get(path, role="leader" if path.startswith("/compare") else None, **query)
            rows = list(csv.DictReader(io.StringIO(file.text.removeprefix("\ufeff"), newline="")))
            compared += same_figures(rows, told["periods"])
            assert {row["segment"] for row in rows} == {query.get("segment", "")}
    assert compared > 1_900


IDA = "organisation:service/chat/ida"
ROUTES = ("/v1/comparisons", "/v1/comparisons/export", "/v1/trends", "/v1/trends/export")
PAGES = ("/compare", "/compare/download", "/compare/trend/download")


async def test_who_is_limited_to_segments_compares_those_and_no_others(
    database: Database, client: ScorerClient
) -> None:
    await two_windows(database)
    await answer(database, "south", date(2026, 11, 1), (5, 5, 5), organisation=("south",))
    own: dict[str, Any] = {"role": "leader", "segments": ("organisation:north",)}
    for path in (*ROUTES, *PAGES):
        for theirs in ("organisation:north", "organisation:north/sales"):
            assert (await client.get(path, segment=theirs, **own)).status_code == 200, path
        for foreign in ("organisation:south", "organisation:northern", "touchpoint:checkout"):
            assert (await client.get(path, segment=foreign, **own)).status_code == 404, path
        if path != "/compare":
            assert (await client.get(path, **own)).status_code == 404, path
    several: list[dict[str, Any]] = [
        {"segment": ["organisation:north", "organisation:south"]},
        {"segment": "organisation:north", "with": "organisation:south"},
    ]
    for mixed in several:
        assert (await client.get("/v1/comparisons", **mixed, **own)).status_code == 404
    body = await body_of(client, "/v1/comparisons", dimension="organisation", **DAYS, **own)
    found = {each["asked"]["segment"] for each in body["comparisons"]}
    assert found == {"organisation:north", "organisation:north/sales"}
    page = (await client.get("/compare", **own)).text
    assert "North" in page
    assert "South" not in page
    assert "The whole company" not in page


async def test_how_single_employees_stand_is_shown_to_nobody_without_leave(
    database: Database, client: ScorerClient
) -> None:
    people = {"organisation": ("service", "chat", "ida"), "segments": {"agent": "ida"}}
    await two_windows(database, **people)
    readers: list[dict[str, Any]] = [{}, {"role": "admin"}, {"role": "leader"}, {"role": "analyst"}]
    for reader in readers:
        for segment in (IDA, "agent:ida"):
            for path in (*ROUTES, *(PAGES if reader else ())):
                assert (await client.get(path, segment=segment, **reader)).status_code == 404, path
        for dimension, left in (("agent", set()), ("organisation", {"organisation:service"})):
            body = await body_of(client, "/v1/comparisons", dimension=dimension, **DAYS, **reader)
            found = {each["asked"]["segment"] for each in body["comparisons"]}
            assert left <= found
            assert not {IDA, "agent:ida"} & found
        if reader:
            page = (await client.get("/compare", **reader)).text.casefold()
            assert "ida<" not in page
            assert "agent<" not in page
    own: dict[str, Any] = {"role": "agent", "segments": (IDA,)}
    assert "Scores of single employees are not shown." in (await client.get("/compare", **own)).text
    await add_tenant(database, replace(ACME, version=2, people=People(shown=True)))
    assert "100 answers" in (await client.get("/compare", **DAYS, **own)).text
    assert (await client.get("/v1/comparisons", segment=IDA)).status_code == 404


async def test_another_companys_answers_are_its_own(database: Database, client: ScorerClient) -> None:
    await two_windows(database)
    await two_windows(database, tenant="other")
    await answer(database, "more", date(2026, 11, 2), (0, 0, 50), tenant="other")
    for tenant, n in (("acme", 100), ("other", 150), ("third", 0)):
        (found,) = (await body_of(client, "/v1/comparisons", tenant=tenant, **DAYS))["comparisons"]
        assert found["asked"]["n"] == n
        rows = await body_of(client, "/v1/comparisons", tenant=tenant, dimension="touchpoint", **DAYS)
        assert [each["asked"]["n"] for each in rows["comparisons"]] == ([n] if n else [])
        trend = await body_of(client, "/v1/trends", tenant=tenant, by="month", **{"from": "2026-11-01"})
        assert [each["n"] for each in trend["periods"]] == [n]


async def test_nobody_comes_in_without_a_key_that_may(database: Database, client: ScorerClient) -> None:
    await add_tenant(database, replace(a_tenant("other", "UTC", "events:write"), version=2))
    for path in ROUTES:
        assert (await client.get(path, key="")).status_code == 401
        assert (await client.get(path, key="aw_wrong")).status_code == 401


async def test_what_is_compared_stands_in_the_address_and_the_page_says_the_finding_first(
    database: Database, client: ScorerClient
) -> None:
    await answer(database, "b", date(2026, 10, 5), (10, 20, 70))
    await answer(database, "n", date(2026, 11, 5), (70, 20, 10))
    page = (await client.get("/compare", role="leader", segment="touchpoint:checkout", **DAYS)).text
    assert '<h1 class="finding" id="compare-head">It fell by 120 points. Chance would almost never' in page
    for value in DAYS.values():
        assert f'value="{value}"' in page
    assert '<option value="touchpoint:checkout" selected>' in page
    assert "/compare/download?segment=touchpoint%3Acheckout" in page
    assert "because" not in page
    for path in ("/", "/segments", "/segments?segment=touchpoint:checkout"):
        assert 'href="/compare' in (await client.get(path, role="leader")).text, path


async def test_a_page_that_is_refused_says_why_and_keeps_what_was_chosen(client: ScorerClient) -> None:
    refused = await client.get("/compare", role="leader", **{**DAYS, "before_to": "2026-11-01"})
    assert refused.status_code == 422
    assert "The two windows share 1 day: what both have in them cannot differ." in refused.text
    assert 'value="2026-11-01"' in refused.text
    assert "versus" not in refused.text


@pytest.mark.parametrize(
    "query",
    [
        {},
        DAYS,
        {**DAYS, "before_to": "2026-11-01"},
        {"dimension": "touchpoint", **DAYS},
        {"segment": "touchpoint:checkout", "with": "touchpoint:desk", **DAYS},
        {"segment": "touchpoint:checkout", "with": "organisation:north", **DAYS},
    ],
    ids=str,
)
async def test_a_page_for_a_danish_reader_has_no_english(
    database: Database, client: ScorerClient, query: dict[str, Any]
) -> None:
    await two_windows(database)
    await answer(database, "desk", date(2026, 11, 5), (0, 0, 40), segments={"touchpoint": "desk"})
    shown = ShownText((await client.get("/compare", role="leader", language="da", **query)).text)
    english = {"the", "and", "of", "answer", "answers", "day", "days", "that", "with", "which", "from"}
    assert shown.language == "da"
    assert [text for text in shown.found if english & set(text.casefold().split())] == []
