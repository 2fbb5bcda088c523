"""Benchmarks: entered, changed and removed by whom they are theirs, and what stands beside each score."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from math import sqrt
from random import Random
from statistics import NormalDist
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.any_order import ORDERS, forget_all, tell_in_any_order
from support.audit import audit_lines
from support.examples import examples
from support.improvements import answers_on, days_of
from support.scorer_builders import an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant
from support.share_model import called

from services.scorer.benchmarks.domain import MAX_BENCHMARKS_PER_COMPANY, widest_interval
from services.scorer.domain import Groups, compare_groups, score_interval
from shared.db.database import Database
from shared.events import Answer
from shared.events.nps import group_of
from shared.events.segments import segments_of
from shared.http.csrf import CSRF_FIELD
from shared.permissions import Role

NOW = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
"""Half past midnight of the 21st in Copenhagen."""
TODAY, YEAR_BEFORE = date(2026, 11, 21), date(2025, 11, 21)
SCOPES = ("scores:read", "cases:write")
BODY = {"name": "Webshops", "source": "Branch survey, p. 12", "score": 41.5, "n": 900, "last": "2026-01-31"}
NORTH: dict[str, Any] = {"role": "leader", "segments": ("organisation:north",)}


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    async with a_scorer_client(
        database,
        a_tenant("acme", "Europe/Copenhagen", *SCOPES),
        a_tenant("other", "UTC", *SCOPES),
        a_tenant("reads", "UTC", "scores:read"),
    ) as client:
        await count(
            database,
            an_answer("first", day=date(2024, 1, 1), segments={"touchpoint": "checkout"}),
            an_answer("south", day=date(2024, 1, 1), organisation=("south",), segments={"agent": "s"}),
        )
        yield client


async def added(client: ScorerClient, **given: Any) -> dict[str, Any]:
    answer = await client.send("POST", "/v1/benchmarks", BODY | given)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def listed(client: ScorerClient, **how: Any) -> list[str]:
    return [each["name"] for each in (await client.get("/v1/benchmarks", **how)).json()["benchmarks"]]


async def beside(client: ScorerClient, **query: Any) -> dict[str, Any]:
    answer = await client.get("/v1/benchmarks/comparison", **query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_a_benchmark_is_added_read_replaced_and_removed_and_each_leaves_a_line(
    database: Database, client: ScorerClient
) -> None:
    one = await added(client, name="  Web   shops ", segment="touchpoint:checkout", first="2026-01-01")
    path = f"/v1/benchmarks/{one['id']}"
    assert (one["name"], one["segment"], one["first"]) == ("Web shops", "touchpoint:checkout", "2026-01-01")
    assert (one["low"], one["high"]) == pytest.approx(widest_interval(41.5, 900))
    assert (await client.get(path)).json() == one
    changed = (await client.send("PUT", path, {**BODY, "n": None})).json()
    assert (changed["segment"], changed["first"], changed["n"]) == (None, None, None)
    assert (changed["low"], changed["high"]) == (None, None)
    assert (await client.send("PUT", path, {**BODY, "n": None})).json() == changed
    assert (await client.send("DELETE", path)).status_code == 204
    for method, body in (("DELETE", None), ("GET", None), ("PUT", BODY)):
        assert (await client.send(method, path, body)).status_code == 404
    lines = await audit_lines(database)
    assert [(line.act, line.about, line.facts) for line in lines] == [
        ("benchmark", one["id"], {}),
        ("benchmark", one["id"], {}),
        ("benchmark", one["id"], {"deleted": True}),
    ]


async def test_the_same_key_adds_nothing_again(client: ScorerClient) -> None:
    headers = {
        "idempotency-key": "one",
        "authorization": client._headers("/v1", "acme", None, (), None)["authorization"],
    }
    async with client._http() as http:
        first, again = [await http.post("/v1/benchmarks", json=BODY, headers=headers) for _ in range(2)]
        other = await http.post("/v1/benchmarks", json=BODY | {"name": "Other"}, headers=headers)
    assert (first.status_code, again.json()) == (201, first.json())
    assert other.status_code == 409
    assert await listed(client) == ["Webshops"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "/name"),
        ({"name": "x" * 81}, "/name"),
        ({"source": ""}, "/source"),
        ({"link": "http://x.example/"}, "/link"),
        ({"score": 100.5}, "/score"),
        ({"score": "40"}, "/score"),
        ({"n": 0}, "/n"),
        ({"n": 1.5}, "/n"),
        ({"last": "2026-11-22"}, "/last"),
        ({"last": "1989-12-31"}, "/last"),
        ({"first": "2026-02-01"}, "/first"),
        ({"measurement": "recovery"}, "/measurement"),
        ({"segment": "touchpoint:nowhere"}, "/segment"),
        ({"segment": "agent:s"}, "/segment"),
        ({"dimension": "agent"}, "/dimension"),
        ({"dimension": "nothing"}, "/dimension"),
        ({"dimension": "touchpoint", "segment": "touchpoint:checkout"}, "/dimension"),
        ({"more": 1}, "/more"),
    ],
)
async def test_what_is_wrong_is_refused_beside_its_field(
    client: ScorerClient, given: dict[str, Any], field: str
) -> None:
    one = await added(client)
    for method, path in (("POST", "/v1/benchmarks"), ("PUT", f"/v1/benchmarks/{one['id']}")):
        answer = await client.send(method, path, BODY | given)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == field
    assert (await client.get(f"/v1/benchmarks/{one['id']}")).json() == one


SCORES = st.lists(st.integers(0, 10), max_size=40)


@settings(
    max_examples=examples(10), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(
        st.tuples(
            st.sampled_from((0, 29, 30, 365, 394, 395)),
            st.sampled_from((("north", "sales"), ("north", "service"), ("south",), ())),
            st.sampled_from(("checkout", "support")),
            st.sampled_from(("transactional", "relational")),
        ),
        SCORES,
        max_size=8,
    ),
    st.one_of(st.none(), st.integers(1, 200)),
    ORDERS,
)
async def test_what_stands_beside_a_score_is_what_counting_one_by_one_comes_to(
    database: Database,
    client: ScorerClient,
    given: dict[tuple[Any, ...], list[int]],
    n: int | None,
    shuffled: Random,
) -> None:
    """In any order, with answers that come twice, are amended or erased."""
    await forget_all(database, "benchmark")
    answers = [
        answer
        for (back, path, point, measurement), scores in given.items()
        for answer in answers_on(
            [TODAY - timedelta(days=back)],
            scores,
            f"{path} {point} {measurement}",
            organisation=path,
            touchpoint=point,
            segments={"touchpoint": point},
            measurement=measurement,
        )
    ]
    await tell_in_any_order(database, shuffled, answers)
    await added(client, score=20, n=n)
    now = days_of(TODAY - timedelta(days=29), 30)
    year = days_of(YEAR_BEFORE - timedelta(days=29), 30)
    others_of = {
        "": None,
        "touchpoint:checkout": ["touchpoint:support"],
        "organisation:north": ["organisation:south"],
        "organisation:north/sales": ["organisation:north/service"],
    }
    for segment, others in others_of.items():
        told = await beside(client, **({"segment": segment} if segment else {}))
        own = of_answers(answers, now, [segment])
        assert_figures(told, own)
        expected: list[tuple[str, Groups]] = [("last_year", of_answers(answers, year, [segment]))]
        if others is not None:
            expected.append(("others", of_answers(answers, now, others)))
        assert [row["kind"] for row in told["beside"] if row["kind"] != "published"] == [
            kind for kind, _ in expected
        ]
        for row, (_, groups) in zip(told["beside"], expected, strict=False):
            assert_figures(row, groups)
            change = compare_groups(groups, own) if min(groups.n, own.n) >= 30 else None
            assert row["difference"] == (
                None
                if change is None
                else pytest.approx(
                    {"points": change.points, "low": change.low, "high": change.high, "p": change.p}
                )
            )
        published = [row for row in told["beside"] if row["kind"] == "published"]
        assert len(published) == (0 if segment else 1)
        for row in published:
            assert (row["difference"] is None) is (n is None or min(n, own.n) < 30)
            if row["difference"] is not None:
                assert row["difference"]["points"] == round(own.points + 1e-9) - 20
                assert row["difference"]["p"] == pytest.approx(p_of_published(own, 0.2, n or 0))
        tests = [row["difference"] for row in told["beside"]]
        assert told["tests"] == sum(test is not None for test in tests)
        verdicts = [None if row["verdict"] == "chance" else row["verdict"] for row in told["beside"]]
        assert verdicts == called(tests)


def p_of_published(own: Groups, score: float, n: int) -> float:
    """Two-sided, of a score with no passives, the widest there can be, against answers."""
    lead, outspoken, whole = own.promoters - own.detractors, own.promoters + own.detractors, own.n + 3
    mean, other = lead / whole, n * score / (n + 3)
    squared = ((outspoken + 1.5) / whole - mean**2) / whole + ((n + 1.5) / (n + 3) - other**2) / (n + 3)
    return 2 * NormalDist().cdf(-abs(mean - other) / sqrt(squared))


def assert_figures(told: dict[str, Any], groups: Groups) -> None:
    interval = score_interval(groups) if groups.n >= 10 else None
    assert told["n"] == groups.n
    assert told["score"] == (pytest.approx(groups.points) if interval else None)
    assert (told["low"], told["high"]) == (pytest.approx(interval) if interval else (None, None))


def of_answers(answers: Sequence[Answer], days: Sequence[date], segments: Sequence[str]) -> Groups:
    groups = [
        group_of(answer.score)
        for answer in answers
        if answer.score is not None
        and answer.measurement == "transactional"
        and answer.day in days
        and set(segments) & set(segments_of(answer))
    ]
    return Groups(*(groups.count(name) for name in ("detractor", "passive", "promoter")))


async def test_a_benchmark_of_a_dimension_stands_beside_each_value_and_no_other_score(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *answers_on(days_of(date(2026, 11, 1), 20), [9, 2]))
    await added(client, name="Each touchpoint", dimension="touchpoint")
    await added(client, name="The checkout", segment="touchpoint:checkout")
    await added(client, name="Asked at any time", measurement="relational")
    await added(client, name="The branch")

    async def published(**query: Any) -> list[str]:
        rows = (await beside(client, **query))["beside"]
        return [row["benchmark"]["name"] for row in rows if row["kind"] == "published"]

    assert await published() == ["The branch"]
    assert await published(measurement="relational") == ["Asked at any time"]
    assert await published(segment="touchpoint:checkout") == ["Each touchpoint", "The checkout"]
    assert await published(segment="touchpoint:support") == ["Each touchpoint"]
    assert await published(segment="organisation:north") == []


async def test_windows_that_share_days_with_last_years_have_no_year_beside_them(client: ScorerClient) -> None:
    for window, kinds in (("365d", ["last_year"]), ("366d", [])):
        assert [row["kind"] for row in (await beside(client, window=window))["beside"]] == kinds


async def test_who_is_limited_sees_and_changes_only_what_is_theirs(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *answers_on(days_of(date(2026, 11, 1), 20), [9, 2]))
    everywhere = await added(client, name="Everywhere")
    each = await added(client, name="Each part", dimension="organisation")
    south = await added(client, name="South", segment="organisation:south")
    own = (
        await client.send("POST", "/v1/benchmarks", BODY | {"segment": "organisation:north"}, **NORTH)
    ).json()
    assert await listed(client, **NORTH) == ["Each part", "Everywhere", "Webshops"]
    for one, status in ((everywhere, 403), (each, 403), (south, 404), (own, 200)):
        path = f"/v1/benchmarks/{one['id']}"
        body = BODY | {"segment": "organisation:north", "name": "Changed"}
        assert (await client.send("PUT", path, body, **NORTH)).status_code == status
    for wanted, status in (
        ({}, 422),
        ({"dimension": "touchpoint"}, 403),
        ({"segment": "organisation:south"}, 422),
    ):
        assert (await client.send("POST", "/v1/benchmarks", BODY | wanted, **NORTH)).status_code == status
    for one, status in ((everywhere, 403), (each, 403), (south, 404), (own, 204)):
        assert (await client.send("DELETE", f"/v1/benchmarks/{one['id']}", **NORTH)).status_code == status
    await added(client, name="Each touchpoint", dimension="touchpoint")
    assert "Each touchpoint" not in await listed(client, **NORTH)
    rows = (await beside(client, segment="organisation:north", **NORTH))["beside"]
    assert [row["kind"] for row in rows] == ["last_year", "published"]
    rows = (await beside(client, segment="organisation:north/sales", **NORTH))["beside"]
    assert [row["kind"] for row in rows] == ["last_year", "others", "published"]
    for path in (
        "/v1/benchmarks/comparison",
        "/v1/benchmarks/comparison/export",
        "/benchmarks/comparison/download",
    ):
        for query in ({}, {"segment": "organisation:south"}):
            how: dict[str, Any] = {**NORTH, **query}
            assert (await client.get(path, **how)).status_code == 404


async def test_nothing_stands_beside_a_single_employee(database: Database, client: ScorerClient) -> None:
    shown = a_tenant("acme", "Europe/Copenhagen", *SCOPES)
    await count(database, *answers_on(days_of(date(2026, 11, 1), 20), [9], segments={"agent": "s"}))
    for role in ("admin", "leader"):
        answer = await client.get("/v1/benchmarks/comparison", role=role, segment="agent:s")
        assert answer.status_code == 404
    assert not shown.people.shown


@pytest.mark.parametrize("role", ["editor", "agent", "analyst"])
async def test_only_leaders_and_administrators_write(client: ScorerClient, role: Role) -> None:
    one = await added(client)
    path = f"/v1/benchmarks/{one['id']}"
    for method, address, body in (
        ("POST", "/v1/benchmarks", BODY),
        ("PUT", path, BODY),
        ("DELETE", path, None),
    ):
        assert (await client.send(method, address, body, role=role)).status_code == 403
    for address in ("/benchmarks", f"/benchmarks/{one['id']}"):
        assert (await client.send("POST", address, form={"act": "remove"}, role=role)).status_code == 404
        page = (await client.get(address, role=role)).text
        assert "Webshops" in page
        assert '<form method="post" action="/benchmarks' not in page
    assert (await client.send("POST", "/v1/benchmarks", BODY, tenant="reads")).status_code == 403
    assert await listed(client) == ["Webshops"]


async def test_a_company_sees_and_changes_only_its_own_benchmarks(client: ScorerClient) -> None:
    one = await added(client)
    path = f"/v1/benchmarks/{one['id']}"
    assert await listed(client, tenant="other") == []
    for method, body in (("GET", None), ("PUT", BODY), ("DELETE", None)):
        assert (await client.send(method, path, body, tenant="other")).status_code == 404
    assert (await beside(client, tenant="other"))["beside"][0]["kind"] == "last_year"
    assert (await client.get(path)).json() == one


async def test_a_company_has_no_more_benchmarks_than_its_limit(
    database: Database, client: ScorerClient
) -> None:
    async with database.transaction() as uow:
        await uow.execute(
            "INSERT INTO benchmark SELECT 'acme', gen_random_uuid(), 'x', 'x', NULL, 1, NULL, NULL, "
            "'2026-01-01', 'transactional', '', '', now(), now() FROM generate_series(1, :n)",
            {"n": MAX_BENCHMARKS_PER_COMPANY},
        )
    answer = await client.send("POST", "/v1/benchmarks", BODY)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "/name"


async def test_the_dashboard_and_a_segments_page_show_what_the_api_and_the_file_tell(
    database: Database, client: ScorerClient
) -> None:
    days = days_of(TODAY - timedelta(days=29), 30)
    await count(
        database,
        *answers_on(days, [9, 9, 2], organisation=("north",)),
        *answers_on(days, [9, 2], "south", organisation=("south",)),
        *answers_on(
            days_of(YEAR_BEFORE - timedelta(days=29), 30), [9, 9, 9, 2], "year", organisation=("north",)
        ),
    )
    await added(client, name="=Webshops <b>", link="https://survey.example/?a=1&b=2")
    await added(client, name="Without a number", n=None, score=-7)
    whole = (await client.get("/", role="leader")).text
    for words in (
        "Beside other scores",
        "The same days last year",
        "=Webshops &lt;b&gt;",
        'href="https://survey.example/?a=1&amp;b=2" rel="noopener noreferrer"',
        "No number of answers is known, so nothing can be said of the difference.",
        "What stands beside the score is no goal.",
        'class="hollow"',
    ):
        assert words in whole
    told = await beside(client)
    assert [row["verdict"] for row in told["beside"]] == ["lower", "lower", None]
    assert "Your score is lower, beyond chance." in whole
    file = await client.get("/benchmarks/comparison/download", role="leader")
    assert file.text == (await client.get("/v1/benchmarks/comparison/export")).text
    rows = list(csv.DictReader(io.StringIO(file.text.removeprefix("\ufeff"))))
    assert [row["kind"] for row in rows] == ["asked", "last_year", "published", "published"]
    assert rows[2]["name"] == "'=Webshops <b>"
    for row, each in zip(rows, [told, *told["beside"]], strict=True):
        for name in ("n", "score", "low", "high"):
            assert row[name] == ("" if each[name] is None else repr(each[name]))
    part = (await client.get("/segments", role="leader", segment="organisation:north")).text
    assert "The other parts of the same level together" in part
    assert "Webshops" not in part
    two = (
        await client.get("/segments", role="leader", segment=["organisation:north", "touchpoint:checkout"])
    ).text
    assert "Beside other scores" not in two


async def test_a_page_adds_a_benchmark_once_and_keeps_what_was_typed(client: ScorerClient) -> None:
    form = {name: str(value) for name, value in BODY.items()}
    form |= {"new_id": str(uuid4()), "name": "A <b>branch</b>", "measurement": "relational", "about": ""}
    for _ in range(2):
        answer = await client.send("POST", "/benchmarks", form=form, role="leader")
        assert (answer.status_code, answer.headers["location"]) == (303, "/benchmarks?did=added")
    other = await client.send("POST", "/benchmarks", form=form | {"name": "Another"}, role="leader")
    assert other.status_code == 409
    assert 'value="Another"' in other.text
    for wrong in ({"name": "y" * 81}, {"score": "much"}, {"n": "many"}, {"last": "soon"}, {"first": "x"}):
        refused = await client.send("POST", "/benchmarks", form=form | wrong, role="leader")
        assert refused.status_code == 422
        assert f'value="{next(iter(wrong.values()))}"' in refused.text
        assert f'id="{next(iter(wrong))}-wrong"' in refused.text
    page = (await client.get("/benchmarks", role="leader", did="added")).text
    assert "A &lt;b&gt;branch&lt;/b&gt;" in page
    assert 'value="each:touchpoint"' in page
    assert 'value="each:agent"' not in page
    assert await listed(client) == ["A <b>branch</b>"]
    file = (await client.get("/benchmarks/download", role="leader")).text
    assert file == (await client.get("/v1/benchmarks/export")).text
    assert "A <b>branch</b>" in file


async def test_a_page_changes_and_removes_a_benchmark(client: ScorerClient) -> None:
    one = await added(client)
    path = f"/benchmarks/{one['id']}"
    form = {name: str(value) for name, value in BODY.items()}
    form |= {"act": "save", "n": "", "measurement": "transactional", "about": "each:touchpoint"}
    assert (await client.send("POST", path, form=form, role="admin")).headers[
        "location"
    ] == f"{path}?did=saved"
    changed = (await client.get("/v1" + path)).json()
    assert (changed["n"], changed["dimension"]) == (None, "touchpoint")
    assert (await client.send("POST", path, form=form | {"name": ""}, role="admin")).status_code == 422
    assert (await client.send("POST", path, form={"act": "no"}, role="admin")).status_code == 422
    assert (await client.send("POST", path, form=form, **NORTH)).status_code == 403
    answer = await client.send("POST", path, form={"act": "remove"}, role="admin")
    assert (answer.status_code, answer.headers["location"]) == (303, "/benchmarks?did=removed")
    assert await listed(client) == []


async def test_without_the_token_of_the_session_a_form_changes_nothing(client: ScorerClient) -> None:
    one = await added(client)
    for path in ("/benchmarks", f"/benchmarks/{one['id']}"):
        headers = client._headers(path, "acme", "leader", (), None)
        async with client._http() as http:
            answer = await http.post(path, data={"act": "remove", CSRF_FIELD: "x"}, headers=headers)
        assert answer.status_code in {403, 404, 409}
    assert await listed(client) == ["Webshops"]


@pytest.mark.parametrize(
    ("language", "words"),
    [("da", "Hvor ligger andre?"), ("nl", "Waar staan anderen?")],
)
async def test_the_page_speaks_the_language_of_its_reader(
    client: ScorerClient, language: str, words: str
) -> None:
    await added(client)
    page = (await client.get("/benchmarks", role="leader", language=language)).text
    assert words in page
    assert "Add a benchmark" not in page
