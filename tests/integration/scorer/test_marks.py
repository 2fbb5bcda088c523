"""Marks on the trend: added once, changed and removed by whom it is theirs, with the scores around their day."""

import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
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

from services.scorer.domain import Groups, compare_groups, score_interval
from services.scorer.marks.domain import MAX_MARKS_PER_COMPANY
from shared.db.database import Database
from shared.events.nps import group_of
from shared.http.csrf import CSRF_FIELD
from shared.permissions import Role

NOW = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
"""Half past midnight of the 21st in Copenhagen."""
SCOPES = ("scores:read", "cases:write")
BODY = {"day": "2026-09-01", "text": "New prices"}
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
        await count(database, an_answer("first", day=date(2026, 1, 1), segments={"touchpoint": "checkout"}))
        await count(
            database,
            an_answer("south", day=date(2026, 1, 1), organisation=("south",), segments={"agent": "s"}),
        )
        yield client


async def added(client: ScorerClient, **given: Any) -> dict[str, Any]:
    answer = await client.send("POST", "/v1/marks", BODY | given)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def listed(client: ScorerClient, **how: Any) -> list[str]:
    return [mark["text"] for mark in (await client.get("/v1/marks", **how)).json()["marks"]]


async def test_a_mark_is_added_read_changed_and_removed_and_each_leaves_a_line(
    database: Database, client: ScorerClient
) -> None:
    mark = await added(client, text="  New   prices ", segment="touchpoint:checkout")
    path = f"/v1/marks/{mark['id']}"
    assert (mark["text"], mark["segment"], mark["day"]) == ("New prices", "touchpoint:checkout", "2026-09-01")
    assert (await client.get(path)).json() == mark
    changed = await client.send("PATCH", path, {"text": "Lower prices", "segment": ""})
    assert (changed.json()["text"], changed.json()["segment"]) == ("Lower prices", None)
    assert (await client.send("PATCH", path, {"text": "Lower prices"})).status_code == 200
    assert (await client.send("DELETE", path)).status_code == 204
    assert (await client.send("DELETE", path)).status_code == 404
    assert (await client.get(path)).status_code == 404
    lines = await audit_lines(database)
    assert [(line.act, line.about, line.facts) for line in lines] == [
        ("mark", mark["id"], {}),
        ("mark", mark["id"], {}),
        ("mark", mark["id"], {"deleted": True}),
    ]


async def test_the_same_key_adds_nothing_again(client: ScorerClient) -> None:
    headers = {
        "idempotency-key": "one",
        "authorization": client._headers("/v1", "acme", None, (), None)["authorization"],
    }
    async with client._http() as http:
        first, again = [await http.post("/v1/marks", json=BODY, headers=headers) for _ in range(2)]
        other = await http.post("/v1/marks", json=BODY | {"text": "Other"}, headers=headers)
    assert (first.status_code, again.json()) == (201, first.json())
    assert other.status_code == 409
    assert await listed(client) == ["New prices"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"text": " "}, "/text"),
        ({"text": "x" * 121}, "/text"),
        ({"day": "1989-12-31"}, "/day"),
        ({"day": "2028-01-01"}, "/day"),
        ({"day": "soon"}, "/day"),
        ({"segment": "touchpoint:nowhere"}, "/segment"),
        ({"segment": "agent:s"}, "/segment"),
        ({"more": 1}, "/more"),
    ],
)
async def test_what_is_wrong_is_refused_beside_its_field(
    client: ScorerClient, given: dict[str, Any], field: str
) -> None:
    mark = await added(client)
    for method, path in (("POST", "/v1/marks"), ("PATCH", f"/v1/marks/{mark['id']}")):
        answer = await client.send(method, path, (BODY if method == "POST" else {}) | given)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == field
    assert await listed(client) == ["New prices"]


async def test_a_text_of_120_characters_and_a_planned_day_are_taken(client: ScorerClient) -> None:
    mark = await added(client, text="x" * 120, day="2027-06-01")
    assert mark["reason"] == "running"


SCORES = st.lists(st.integers(0, 10), max_size=45)


@settings(
    max_examples=examples(10), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(SCORES, SCORES, SCORES, st.integers(0, 29), st.integers(0, 29), ORDERS)
async def test_the_scores_around_a_mark_are_what_counting_one_by_one_comes_to(
    database: Database,
    client: ScorerClient,
    before: list[int],
    on_the_day: list[int],
    after: list[int],
    first: int,
    last: int,
    shuffled: Random,
) -> None:
    """In any order, with answers that come twice, are amended or erased."""
    await forget_all(database, "mark")
    day = date(2026, 9, 1)
    outside = [day - timedelta(days=31), day + timedelta(days=31)]
    answers = [
        *answers_on([day - timedelta(days=1 + first)], before, "before"),
        *answers_on([day], on_the_day, "day"),
        *answers_on([day + timedelta(days=1 + last)], after, "after"),
        *answers_on(outside, [0] * 40, "outside"),
    ]
    await tell_in_any_order(database, shuffled, answers)
    mark = await added(client)
    windows = {"before": of_scores(before), "after": of_scores(after)}
    for name, groups in windows.items():
        told = mark[name]
        interval = score_interval(groups) if groups.n >= 10 else None
        assert told["n"] == groups.n
        assert told["nps"] == (pytest.approx(groups.points) if interval else None)
        assert (told["low"], told["high"]) == (pytest.approx(interval) if interval else (None, None))
    assert (mark["before"]["first"], mark["before"]["last"]) == ("2026-08-02", "2026-08-31")
    assert (mark["after"]["first"], mark["after"]["last"]) == ("2026-09-02", "2026-10-01")
    change = compare_groups(windows["before"], windows["after"])
    if min(len(before), len(after)) < 30 or change is None:
        assert (mark["change"], mark["reason"]) == (None, "too_few")
    else:
        assert mark["reason"] is None
        assert mark["change"] == pytest.approx(
            {"points": change.points, "low": change.low, "high": change.high, "p": change.p}
        )


def of_scores(scores: Sequence[int]) -> Groups:
    groups = [group_of(score) for score in scores]
    return Groups(*(groups.count(name) for name in ("detractor", "passive", "promoter")))


async def test_while_the_days_after_it_run_no_score_of_them_is_told(
    database: Database, client: ScorerClient
) -> None:
    """On the last of them by the company's day, which is the 21st."""
    await count(database, *answers_on(days_of(date(2026, 9, 20), 62), [9, 2]))
    running = await added(client, day="2026-10-22")
    assert (running["after"]["last"], running["reason"]) == ("2026-11-21", "running")
    assert (running["after"]["nps"], running["after"]["n"], running["change"]) == (None, 58, None)
    over = await added(client, day="2026-10-21")
    assert (over["after"]["last"], over["reason"]) == ("2026-11-20", None)


async def test_who_is_limited_sees_marks_of_the_company_and_of_their_segments_but_no_score_of_the_company(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *answers_on(days_of(date(2026, 8, 1), 62), [9, 2]))
    everywhere = await added(client, text="Everywhere")
    north = await added(client, text="North", segment="organisation:north")
    await added(client, text="South", segment="organisation:south")
    await added(client, text="Below", segment="organisation:north/sales")
    assert sorted(await listed(client)) == ["Below", "Everywhere", "North", "South"]
    assert sorted(await listed(client, **NORTH)) == ["Below", "Everywhere", "North"]
    read = (await client.get(f"/v1/marks/{everywhere['id']}", **NORTH)).json()
    assert (read["reason"], read["change"]) == ("not_shown", None)
    assert read["before"] == read["after"] | {"first": "2026-08-02", "last": "2026-08-31"}
    assert (read["before"]["n"], read["before"]["nps"]) == (None, None)
    assert (await client.get(f"/v1/marks/{north['id']}", **NORTH)).json()["change"] is not None
    page = (await client.get("/marks", **NORTH)).text
    assert "You see no scores of this part." in page
    assert "South" not in page


async def test_who_is_limited_changes_only_marks_of_their_segments(client: ScorerClient) -> None:
    everywhere = await added(client)
    south = await added(client, segment="organisation:south")
    own = (await client.send("POST", "/v1/marks", BODY | {"segment": "organisation:north"}, **NORTH)).json()
    for body, mark, status in (
        ({"text": "x"}, everywhere, 403),
        ({"text": "x"}, south, 404),
        ({"segment": ""}, own, 422),
        ({"segment": "organisation:south"}, own, 422),
        ({"text": "x"}, own, 200),
    ):
        answer = await client.send("PATCH", f"/v1/marks/{mark['id']}", body, **NORTH)
        assert answer.status_code == status
    for mark, status in ((everywhere, 403), (south, 404), (own, 204)):
        assert (await client.send("DELETE", f"/v1/marks/{mark['id']}", **NORTH)).status_code == status
    assert (await client.send("POST", "/v1/marks", BODY, **NORTH)).status_code == 422


@pytest.mark.parametrize("role", ["editor", "agent", "analyst"])
async def test_only_leaders_and_administrators_write(client: ScorerClient, role: Role) -> None:
    mark = await added(client)
    path = f"/v1/marks/{mark['id']}"
    for method, address, body in (
        ("POST", "/v1/marks", BODY),
        ("PATCH", path, {"text": "x"}),
        ("DELETE", path, None),
    ):
        assert (await client.send(method, address, body, role=role)).status_code == 403
    for address in ("/marks", f"/marks/{mark['id']}"):
        assert (await client.send("POST", address, form={"act": "remove"}, role=role)).status_code == 404
        page = (await client.get(address, role=role)).text
        assert "New prices" in page
        assert '<form method="post" action="/marks' not in page
    assert (await client.send("POST", "/v1/marks", BODY, tenant="reads")).status_code == 403
    assert await listed(client) == ["New prices"]


async def test_a_company_sees_and_changes_only_its_own_marks(client: ScorerClient) -> None:
    mark = await added(client)
    path = f"/v1/marks/{mark['id']}"
    assert await listed(client, tenant="other") == []
    for method, body in (("GET", None), ("PATCH", {"text": "x"}), ("DELETE", None)):
        assert (await client.send(method, path, body, tenant="other")).status_code == 404
    assert (await client.get(path)).json() == mark


async def test_a_list_goes_on_behind_its_last_mark(client: ScorerClient) -> None:
    for n in range(5):
        await added(client, text=f"mark {n}", day=f"2026-09-0{1 + n // 2}")
    found: list[str] = []
    after = ""
    while True:
        page = (await client.get("/v1/marks", limit=2, after=after)).json()
        found += [mark["text"] for mark in page["marks"]]
        if (after := page["next"] or "") == "":
            break
    assert sorted(found) == [f"mark {n}" for n in range(5)]
    assert found[0] == "mark 4"


async def test_a_company_has_no_more_marks_than_its_limit(database: Database, client: ScorerClient) -> None:
    async with database.transaction() as uow:
        await uow.execute(
            "INSERT INTO mark SELECT 'acme', gen_random_uuid(), '2026-01-01', 'x', '', now(), now() "
            "FROM generate_series(1, :n)",
            {"n": MAX_MARKS_PER_COMPANY},
        )
    answer = await client.send("POST", "/v1/marks", BODY)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "/text"


async def test_marks_stand_on_the_trend_of_what_they_are_about_and_of_its_parts(
    database: Database, client: ScorerClient
) -> None:
    days = days_of(date(2026, 7, 1), 140)
    await count(database, *answers_on(days, [9, 2], organisation=("north", "sales")))
    await added(client, text="Everywhere", day="2026-09-02")
    await added(client, text="In the north", segment="organisation:north")
    await added(client, text="Long ago", day="2020-01-01")
    whole = (await client.get("/", role="leader")).text
    assert ("Everywhere" in whole, "In the north" in whole, "Long ago" in whole) == (True, False, False)
    assert len(re.findall('class="note"', whole)) == 1
    for segment in ("organisation:north", "organisation:north/sales"):
        part = (await client.get("/segments", role="leader", segment=segment)).text
        assert ("Everywhere" in part, "In the north" in part) == (True, True)
        assert re.findall(r'class="notet"[^>]*>(\d)<', part) == ["1", "2"]
    limited = (await client.get("/", **NORTH)).text
    assert "In the north" in limited
    assert "You see no scores" not in limited


async def test_a_page_adds_a_mark_once_and_keeps_what_was_typed(client: ScorerClient) -> None:
    form = {"new_id": str(uuid4()), "day": "2026-09-01", "text": "A <b>strike</b>", "segment": ""}
    for _ in range(2):
        answer = await client.send("POST", "/marks", form=form, role="leader")
        assert (answer.status_code, answer.headers["location"]) == (303, "/marks?did=added")
    other = await client.send("POST", "/marks", form=form | {"text": "Another"}, role="leader")
    assert other.status_code == 409
    assert 'value="Another"' in other.text
    refused = await client.send("POST", "/marks", form=form | {"text": "y" * 121, "day": "no"}, role="leader")
    assert refused.status_code == 422
    assert "y" * 121 in refused.text
    page = (await client.get("/marks", role="leader", did="added")).text
    assert "A &lt;b&gt;strike&lt;/b&gt;" in page
    assert await listed(client) == ["A <b>strike</b>"]


async def test_a_page_changes_and_removes_a_mark(client: ScorerClient) -> None:
    mark = await added(client)
    path = f"/marks/{mark['id']}"
    form = {"act": "save", "day": "2026-09-03", "text": "Lower prices", "segment": ""}
    assert (await client.send("POST", path, form=form, role="admin")).headers[
        "location"
    ] == f"{path}?did=saved"
    assert (await client.get("/v1" + path)).json()["day"] == "2026-09-03"
    assert (await client.send("POST", path, form=form | {"text": ""}, role="admin")).status_code == 422
    assert (await client.send("POST", path, form={"act": "no"}, role="admin")).status_code == 422
    answer = await client.send("POST", path, form={"act": "remove"}, role="admin")
    assert (answer.status_code, answer.headers["location"]) == (303, "/marks?did=removed")
    assert await listed(client) == []


async def test_without_the_token_of_the_session_a_form_changes_nothing(client: ScorerClient) -> None:
    mark = await added(client)
    for path in ("/marks", f"/marks/{mark['id']}"):
        headers = client._headers(path, "acme", "leader", (), None)
        async with client._http() as http:
            answer = await http.post(path, data={"act": "remove", CSRF_FIELD: "x"}, headers=headers)
        assert answer.status_code in {403, 404, 409}
    assert await listed(client) == ["New prices"]


@pytest.mark.parametrize(
    ("language", "words"), [("da", "Markeringer på kurven"), ("nl", "Markeringen op de trendlijn")]
)
async def test_the_page_speaks_the_language_of_its_reader(
    client: ScorerClient, language: str, words: str
) -> None:
    await added(client)
    page = (await client.get("/marks", role="leader", language=language)).text
    assert words in page
    assert "Add a mark" not in page
