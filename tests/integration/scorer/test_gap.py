"""``/v1/gap`` and ``/gap``: the score after a contact and at any time, files, and who may see what."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from support.scorer_builders import an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant
from support.translations import ShownText

from services.scorer.domain import Groups, compare_groups
from shared.db.database import Database
from shared.values.csv_cells import plain_cell

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = date(2026, 11, 10)
DAYS: dict[str, Any] = {"from": "2026-11-01", "to": "2026-11-20"}
ROUTES = ("/v1/gap", "/v1/gap/export")
PAGES = ("/gap", "/gap/download")
IDA = "organisation:service/chat/ida"


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    async with a_scorer_client(database, a_tenant("acme"), a_tenant("other", "UTC")) as client:
        yield client


async def answer(
    database: Database, name: str, groups: tuple[int, int, int], *, tenant: str = "acme", **given: Any
) -> None:
    """So many detractors, passives and promoters on a day."""
    scores = [3] * groups[0] + [8] * groups[1] + [10] * groups[2]
    await count(
        database,
        *(an_answer(f"{name}{n}", day=DAY, score=score, **given) for n, score in enumerate(scores)),
        tenant=tenant,
    )


async def two_questions(database: Database, tenant: str = "acme") -> None:
    """North: +50 after a contact, -50 at any time; south: the same score; 12 answers of a further touchpoint."""
    for region, groups in (("north", (50, 0, 150)), ("south", (20, 20, 40))):
        own: dict[str, Any] = {"organisation": (region,), "tenant": tenant}
        await answer(database, f"{region}t", groups, **own)
        at_any_time = groups[::-1] if region == "north" else groups
        await answer(
            database, f"{region}r", at_any_time, measurement="relational", segments={}, touchpoint=None, **own
        )
    phone: dict[str, Any] = {"segments": {"touchpoint": "phone"}, "touchpoint": "phone"}
    await answer(database, "phone", (12, 0, 0), organisation=("south",), tenant=tenant, **phone)
    await answer(database, "again", (40, 0, 0), measurement="recovery", tenant=tenant)


async def body_of(client: ScorerClient, **query: Any) -> dict[str, Any]:
    answered = await client.get("/v1/gap", **query)
    assert answered.status_code == 200, answered.text
    body: dict[str, Any] = answered.json()
    return body


async def test_both_scores_stand_beside_each_other_with_their_difference_and_are_not_pooled(
    database: Database, client: ScorerClient
) -> None:
    await two_questions(database)
    body = await body_of(client, **DAYS)
    total = body["total"]
    assert (total["transactional"]["n"], total["relational"]["n"]) == (292, 280)
    expected = compare_groups(Groups(170, 20, 90), Groups(82, 20, 190))
    assert expected is not None
    found = total["difference"]
    assert (found["points"], found["p"]) == (expected.points, expected.p)
    assert (found["margin"]["low"], found["margin"]["high"]) == (expected.low, expected.high)
    assert total["verdict"] == "higher"
    assert body["finding"] == (
        "After a contact the score is 66 points higher than at any time. Chance would almost never do that."
    )
    assert (body["dimension"], body["tests"]) == ("organisation", 2)
    north, south = body["parts"]
    assert (north["segment"], north["verdict"], north["marked"]) == ("organisation:north", "higher", True)
    assert north["difference"]["points"] == 100
    assert (south["segment"], south["verdict"]) == ("organisation:south", "chance")


async def test_each_touchpoint_adds_what_the_score_is_less_without_it(
    database: Database, client: ScorerClient
) -> None:
    await two_questions(database)
    body = await body_of(client, **DAYS)
    checkout, phone = body["touchpoints"]
    whole, without_phone = Groups(82, 20, 190), Groups(70, 20, 190)
    assert (checkout["segment"], phone["segment"]) == ("touchpoint:checkout", "touchpoint:phone")
    assert phone["impact"] == pytest.approx(whole.points - without_phone.points)
    assert checkout["impact"] == pytest.approx(whole.points + 100)
    assert phone["impact"] == pytest.approx(12 * (-100 - whole.points) / 280)
    assert phone["impact_margin"]["low"] < phone["impact"] < phone["impact_margin"]["high"] < 0
    await answer(database, "desk", (9, 0, 0), segments={"touchpoint": "desk"}, touchpoint="desk")
    desk = (await body_of(client, **DAYS))["touchpoints"][-1]
    assert (desk["segment"], desk["n"], desk["nps"], desk["impact"]) == ("touchpoint:desk", 9, None, None)
    assert desk["reason"] == "It takes 10 answers of this touchpoint, and as many of others."


async def test_too_few_answers_have_no_difference(database: Database, client: ScorerClient) -> None:
    empty = await body_of(client, **DAYS)
    assert (empty["total"]["difference"], empty["parts"], empty["touchpoints"]) == (None, [], [])
    await answer(database, "t", (10, 10, 10))
    await answer(database, "r", (10, 10, 9), measurement="relational")
    body = await body_of(client, **DAYS)
    assert (body["total"]["difference"], body["total"]["verdict"]) == (None, "too_few")
    assert body["finding"].startswith("There is too little to compare: 30 answers after a contact, 29 at any")
    assert body["total"]["reason"] == "A comparison takes 30 answers on each side; there are 30 and 29."


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"segment": "store"}, "segment"),
        ({"window": "a month"}, "window"),
        ({"from": "2026-11-01"}, "to"),
        ({"until": "2027-01-01"}, "until"),
    ],
)
async def test_what_is_no_question_is_refused_with_the_reason(
    client: ScorerClient, query: dict[str, Any], field: str
) -> None:
    for path in ROUTES:
        refused = await client.get(path, **query)
        assert refused.status_code == 422
        (fault,) = refused.json()["errors"]
        assert field in fault["field"]
        assert fault["detail"]


def side_cells(side: dict[str, Any]) -> list[Any]:
    margin = side["margin"] or {"low": None, "high": None}
    groups = [side["detractors"], side["passives"], side["promoters"]]
    return [side["n"], *groups, side["nps"], margin["low"], margin["high"]]


def gap_cells(gap: dict[str, Any], kind: str, tests: tuple[int, int | None]) -> list[Any]:
    found = gap["difference"] or {"points": None, "p": None, "margin": {"low": None, "high": None}}
    return [
        *(kind, gap["segment"] or "", "2026-11-01", "2026-11-20"),
        *side_cells(gap["transactional"]),
        *side_cells(gap["relational"]),
        *(found["points"], found["margin"]["low"], found["margin"]["high"], found["p"]),
        *(gap["verdict"], "true" if gap["marked"] else "false", gap["reason"], *tests, None, None, None),
    ]


def touchpoint_cells(found: dict[str, Any]) -> list[Any]:
    margin = found["margin"] or {"low": None, "high": None}
    impact = found["impact_margin"] or {"low": None, "high": None}
    return [
        *("touchpoint", found["segment"], "2026-11-01", "2026-11-20"),
        *(found["n"], None, None, None, found["nps"], margin["low"], margin["high"]),
        *[None] * 7,
        *[None] * 6,
        *(found["reason"], None, None, found["impact"], impact["low"], impact["high"]),
    ]


async def test_the_files_have_the_figures_of_the_document(database: Database, client: ScorerClient) -> None:
    await two_questions(database)
    await answer(database, "f", (5, 0, 3), segments={"touchpoint": "=1+1"}, organisation=("west",))
    told = await body_of(client, **DAYS)
    expected = [
        gap_cells(told["total"], "whole", (1, None)),
        *(gap_cells(part, "part", (told["tests"], told["parts_marked"])) for part in told["parts"]),
        *map(touchpoint_cells, told["touchpoints"]),
    ]
    assert len(expected) == 7
    for path in ("/v1/gap/export", "/gap/download"):
        file = await client.get(path, role="leader" if path.startswith("/gap") else None, **DAYS)
        assert file.headers["content-type"] == "text/csv; charset=utf-8"
        assert "attachment" in file.headers["content-disposition"]
        names, *rows = list(csv.reader(io.StringIO(file.text.removeprefix("\ufeff"), newline="")))
        assert len(rows) == len(expected)
        for found, wanted in zip(rows, expected, strict=True):
            assert len(found) == len(wanted) == len(names)
            for name, cell, want in zip(names, map(plain_cell, found), wanted, strict=True):
                if isinstance(want, str):
                    assert cell == want, name
                else:
                    assert (float(cell) if cell else None) == want, name


async def test_who_is_limited_to_segments_sees_those_and_no_single_employee(
    database: Database, client: ScorerClient
) -> None:
    await two_questions(database)
    people: dict[str, Any] = {"organisation": ("service", "chat", "ida"), "segments": {"agent": "ida"}}
    await answer(database, "ida", (10, 10, 30), **people)
    own: dict[str, Any] = {"role": "leader", "segments": ("organisation:north",)}
    for path in (*ROUTES, *PAGES):
        for foreign in ("organisation:south", "touchpoint:checkout", IDA, "agent:ida"):
            assert (await client.get(path, segment=foreign, **DAYS, **own)).status_code == 404, path
        if path != "/gap":
            assert (await client.get(path, **DAYS, **own)).status_code == 404, path
    page = (await client.get("/gap", **DAYS, **own)).text
    assert "North" in page
    assert "South" not in page
    assert "The whole company" not in page
    readers: list[dict[str, Any]] = [{}, {"role": "admin"}, {"role": "leader"}]
    for reader in readers:
        for segment in (IDA, "agent:ida"):
            assert (await client.get("/v1/gap", segment=segment, **reader)).status_code == 404
        body = await body_of(client, dimension="agent", **DAYS, **reader)
        assert (body["parts"], body["people_hidden"], "agent" in body["dimensions"]) == ([], True, False)
        body = await body_of(
            client, segment="organisation:service/chat", dimension="organisation", **DAYS, **reader
        )
        assert body["parts"] == []
    limited: dict[str, Any] = {"role": "agent", "segments": (IDA,)}
    assert "Scores of single employees are not shown." in (await client.get("/gap", **limited)).text


async def test_another_companys_answers_are_its_own_and_no_key_opens_nothing(
    database: Database, client: ScorerClient
) -> None:
    await two_questions(database)
    assert (await body_of(client, tenant="other", **DAYS))["total"]["transactional"]["n"] == 0
    for path in ROUTES:
        assert (await client.get(path, key="")).status_code == 401
        assert (await client.get(path, key="aw_wrong")).status_code == 401


async def test_the_page_explains_what_a_gap_means_and_leads_on(
    database: Database, client: ScorerClient
) -> None:
    await two_questions(database)
    page = (await client.get("/gap", role="leader", **DAYS)).text
    assert 'id="gap-head" data-figure="finding|plain">After a contact the score is 66 points higher' in page
    assert "their answers are never added up" in page
    assert "it is no proof of a cause" in page
    assert 'href="/segments?segment=organisation%3Anorth&amp;window=20d&amp;until=2026-11-20' in page
    assert "1 of 2 parts has a gap" in page or "1 of 2 parts have a gap" in page
    for path in ("/", "/?window=90d"):
        assert 'href="/gap?from=2026-' in (await client.get(path, role="leader")).text


@pytest.mark.parametrize("query", [{}, DAYS, {"dimension": "touchpoint", **DAYS}], ids=str)
async def test_a_page_for_a_danish_reader_has_no_english(
    database: Database, client: ScorerClient, query: dict[str, Any]
) -> None:
    await two_questions(database)
    found = ShownText((await client.get("/gap", role="leader", language="da", **query)).text)
    english = {
        "the",
        "and",
        "of",
        "answer",
        "answers",
        "day",
        "days",
        "that",
        "with",
        "which",
        "from",
        "time",
    }
    assert found.language == "da"
    assert [text for text in found.found if english & set(text.casefold().split())] == []
