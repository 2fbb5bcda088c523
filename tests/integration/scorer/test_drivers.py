"""``/v1/drivers`` and ``/drivers``: figures, what is too small to be told, refusals, files, who may see what."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from msgspec.structs import replace
from support.driver_model import tenths
from support.scorer_builders import add_tenant, an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant
from support.translations import ShownText

from shared.db.database import Database
from shared.events import People
from shared.values.csv_cells import plain_cell

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
"""Half past midnight of the 23rd in Copenhagen."""
ACME = a_tenant("acme")
DAYS: dict[str, Any] = {
    "from": "2026-11-01",
    "to": "2026-11-20",
    "before_from": "2026-10-01",
    "before_to": "2026-10-20",
}
THEN, SINCE = date(2026, 10, 20), date(2026, 11, 1)
ROUTES = ("/v1/drivers", "/v1/drivers/export")
PAGES = ("/drivers", "/drivers/download")


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


async def part(
    database: Database,
    value: str,
    before: tuple[int, int, int],
    now: tuple[int, int, int],
    dimension: str = "touchpoint",
    **given: Any,
) -> None:
    own: dict[str, Any] = {"segments": {dimension: value} if value else {}, **given}
    await answer(database, f"{dimension}-{value}-b", THEN, before, **own)
    await answer(database, f"{dimension}-{value}-n", SINCE, now, **own)


async def three_touchpoints(database: Database, **given: Any) -> None:
    """Before: 100 at +50, 100 at -20; now 50 at +50 and 150 at -40; and a new one of 40 at +100."""
    await part(database, "desk", (10, 30, 60), (5, 15, 30), **given)
    await part(database, "phone", (50, 20, 30), (90, 30, 30), **given)
    await part(database, "chat", (0, 0, 0), (0, 0, 40), **given)


async def body_of(client: ScorerClient, path: str = "/v1/drivers", **query: Any) -> dict[str, Any]:
    answered = await client.get(path, **query)
    assert answered.status_code == 200, answered.text
    body: dict[str, Any] = answered.json()
    return body


def shown(effect: dict[str, Any]) -> float:
    points: float = effect["points"]
    return points


async def test_the_change_is_taken_apart_and_adds_up_to_what_is_shown(
    database: Database, client: ScorerClient
) -> None:
    await three_touchpoints(database)
    body = await body_of(client, **DAYS)
    assert (body["dimension"], body["reason"], body["merged"]) == ("touchpoint", None, 0)
    assert (body["before"]["nps"], body["now"]["nps"]) == (15.0, pytest.approx(100 * 5 / 240))
    assert (body["change"]["points"], body["change"]["test"]["points"]) == (-12.9, -13)
    rows = {row["segment"]: row for row in body["parts"]}
    assert set(rows) == {"touchpoint:desk", "touchpoint:phone", "touchpoint:chat"}
    # By hand: the shares of phone are 1/2 and 5/8, its scores -20 and -40; the mean of the whole is 8.54.
    middle = (15 + 100 * 5 / 240) / 2
    phone, chat = rows["touchpoint:phone"], rows["touchpoint:chat"]
    assert phone["rate"]["exact"] == pytest.approx((1 / 2 + 5 / 8) / 2 * -20)
    assert phone["mix"]["exact"] == pytest.approx((5 / 8 - 1 / 2) * (-30 - middle))
    assert (chat["rate"]["exact"], chat["rate"]["points"]) == (0, 0)
    assert chat["mix"]["exact"] == pytest.approx(1 / 6 * (100 - middle))
    assert (chat["before"]["nps"], chat["before"]["n"], chat["now"]["n"]) == (None, 0, 40)
    added = sum(tenths(row[effect]["points"]) for row in rows.values() for effect in ("mix", "rate"))
    assert added == tenths(body["change"]["points"]) == -129
    assert body["finding"].startswith(
        "From +15.0 to +2.1: −12.9 points. That could be chance. By touchpoint,"
    )
    assert [line["dimension"] for line in body["dimensions"]] == ["touchpoint", "organisation"]
    organisation = body["dimensions"][1]
    assert (organisation["reason_code"], organisation["mix"]) == ("few_parts", None)


async def test_a_dimension_that_only_changed_its_shares_is_found_in_the_summary(
    database: Database, client: ScorerClient
) -> None:
    for number, (region, before, now) in enumerate(
        (("north", (0, 20, 80), (0, 10, 40)), ("south", (60, 20, 20), (90, 30, 30)))
    ):
        for store in ("a", "b"):
            given: dict[str, Any] = {"segments": {"region": region, "store": store}, "organisation": ()}
            for day, (low, middle, high) in ((THEN, before), (SINCE, now)):
                half = (low // 2, middle // 2, high // 2)
                await answer(database, f"{number}{store}{day}", day, half, **given)
    body = await body_of(client, **DAYS)
    region, store = body["dimensions"]
    assert (region["dimension"], store["dimension"]) == ("region", "store")
    assert (region["rate"]["points"], region["mix"]["points"]) == (0, body["change"]["points"])
    assert (store["mix"]["points"], store["rate"]["points"]) == (0, body["change"]["points"])


async def test_what_is_small_is_among_the_others_and_these_are_never_too_few(
    database: Database, client: ScorerClient
) -> None:
    await part(database, "desk", (10, 30, 60), (20, 30, 50))
    await part(database, "phone", (20, 20, 60), (20, 20, 60))
    await part(database, "tiny", (1, 1, 1), (0, 2, 1))
    await part(database, "", (1, 0, 1), (1, 0, 1), touchpoint=None)
    body = await body_of(client, **DAYS)
    # Three and two answers would be left: the part that adds the least joins them.
    assert [(row["kind"], row["segment"], row["now"]["n"]) for row in body["parts"]] == [
        ("segment", "touchpoint:desk", 100),
        ("others", None, 105),
    ]
    assert body["merged"] == 2
    assert "tiny" not in str(body)
    text = (await client.get("/v1/drivers/export", **DAYS)).text
    assert "tiny" not in text
    page = (await client.get("/drivers", role="leader", **DAYS)).text
    assert "All others" in page
    assert "those of 2 parts that are not told by themselves" in page


async def test_too_few_answers_are_not_taken_apart(database: Database, client: ScorerClient) -> None:
    await part(database, "desk", (9, 10, 10), (30, 30, 30))
    body = await body_of(client, **DAYS)
    assert (body["change"], body["parts"], body["reason_code"]) == (None, [], "few_answers")
    assert body["finding"].startswith("There is too little to compare: 29 answers before, 90 now.")
    await answer(database, "more", THEN, (1, 0, 0), segments={"touchpoint": "desk"})
    body = await body_of(client, **DAYS)
    assert (body["parts"], body["reason_code"]) == ([], "few_parts")
    assert body["change"] is not None
    body = await body_of(client, dimension="nothing", **DAYS)
    assert (body["dimension"], body["reason_code"]) == ("nothing", "no_values")


async def test_without_days_thirty_until_today_are_taken_against_the_thirty_before(
    client: ScorerClient,
) -> None:
    body = await body_of(client)
    assert body["now"]["period"] == {"from": "2026-10-25", "until": "2026-11-23"}
    assert body["before"]["period"] == {"from": "2026-09-25", "until": "2026-10-24"}
    assert (body["dimension"], body["dimensions"], body["reason_code"]) == (None, [], "few_answers")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({**DAYS, "before_to": "2026-11-01"}, "before_from"),
        ({"segment": "store"}, "segment"),
        ({"window": "a month"}, "window"),
        ({"from": "2026-11-01"}, "to"),
        ({"measurement": "recovery"}, "measurement"),
        ({"dimension": "x" * 201}, "dimension"),
    ],
)
async def test_what_cannot_be_taken_apart_is_refused_with_the_reason(
    client: ScorerClient, query: dict[str, Any], field: str
) -> None:
    for path in ROUTES:
        refused = await client.get(path, **query)
        assert refused.status_code == 422
        (fault,) = refused.json()["errors"]
        assert field in fault["field"]
        assert fault["detail"]


async def test_the_measurements_are_never_added(database: Database, client: ScorerClient) -> None:
    await three_touchpoints(database)
    for measurement in ("relational", "recovery"):
        await answer(database, measurement, SINCE, (33, 0, 0), measurement=measurement)
    assert (await body_of(client, **DAYS))["now"]["n"] == 240
    body = await body_of(client, measurement="relational", **DAYS)
    assert (body["now"]["n"], body["before"]["n"]) == (33, 0)


def cells(effect: dict[str, Any] | None) -> list[Any]:
    if effect is None:
        return [None] * 4
    return [effect["points"], effect["exact"], effect["margin"]["low"], effect["margin"]["high"]]


def side_cells(side: dict[str, Any], share: float | None) -> list[Any]:
    margin = side["margin"] or {"low": None, "high": None}
    return [side["n"], share, side["nps"], margin["low"], margin["high"]]


async def test_the_files_have_the_figures_of_the_document(database: Database, client: ScorerClient) -> None:
    await three_touchpoints(database)
    await part(database, "=1+1", (10, 10, 20), (20, 10, 10))
    await part(database, "tiny", (10, 10, 20), (1, 1, 1))
    told = await body_of(client, **DAYS)
    change = told["change"]
    margin = change["test"]["margin"]
    whole = [
        *("whole", "touchpoint", ""),
        *side_cells(told["now"], 1.0),
        *side_cells(told["before"], 1.0),
        *cells(told["mix"]),
        *cells(told["rate"]),
        *(change["points"], change["exact"], margin["low"], margin["high"], change["test"]["p"], None),
        *(told["merged"], told["stands_out"], *[None] * 5),
    ]
    expected = [whole]
    for row in told["parts"]:
        expected.append(
            [
                *(row["kind"], "touchpoint", row["segment"] or ""),
                *side_cells(row["now"], row["now"]["share"]),
                *side_cells(row["before"], row["before"]["share"]),
                *(cell for effect in ("mix", "rate", "both") for cell in cells(row[effect])),
                *[None] * 9,
            ]
        )
    for line in told["dimensions"]:
        effects = [*cells(line["mix"]), *cells(line["rate"]), *cells(None)]
        first = [line["first_segment"], *cells(line["first"])]
        own = [
            "dimension",
            line["dimension"],
            "",
            *[None] * 10,
            *effects,
            None,
            line["reason"],
            None,
            None,
            *first,
        ]
        expected.append(own)
    assert len(expected) > 6
    for path in ("/v1/drivers/export", "/drivers/download"):
        file = await client.get(path, role="leader" if path.startswith("/drivers") else None, **DAYS)
        assert file.headers["content-type"] == "text/csv; charset=utf-8"
        assert "attachment" in file.headers["content-disposition"]
        _, *rows = list(csv.reader(io.StringIO(file.text.removeprefix("\ufeff"), newline="")))
        assert len(rows) == len(expected)
        for found, wanted in zip(rows, expected, strict=True):
            assert found[:6] == ["transactional", "", "2026-11-01", "2026-11-20", "2026-10-01", "2026-10-20"]
            written = [plain_cell(cell) for cell in found[6:]]
            assert [
                cell if isinstance(want, str) else float(cell) if cell else None
                for cell, want in zip(written, wanted, strict=True)
            ] == wanted


IDA, BO = "organisation:service/chat/ida", "organisation:service/chat/bo"


async def test_how_single_employees_stand_is_in_no_part_and_in_no_remainder(
    database: Database, client: ScorerClient
) -> None:
    for name, now in (("ida", (40, 0, 10)), ("bo", (5, 5, 40))):
        people: dict[str, Any] = {
            "organisation": ("service", "chat", name),
            "segments": {"agent": name, "touchpoint": name},
        }
        await answer(database, f"{name}b", THEN, (10, 10, 40), **people)
        await answer(database, f"{name}n", SINCE, now, **people)
    readers: list[dict[str, Any]] = [{}, {"role": "admin"}, {"role": "leader"}, {"role": "analyst"}]
    for reader in readers:
        for segment in (IDA, "agent:ida"):
            for path in (*ROUTES, *(PAGES if reader else ())):
                assert (await client.get(path, segment=segment, **DAYS, **reader)).status_code == 404, path
        for dimension in ("agent", "organisation"):
            body = await body_of(
                client, segment="organisation:service/chat", dimension=dimension, **DAYS, **reader
            )
            assert body["parts"] == []
            assert body["people_hidden"] is True
            assert "agent" not in [line["dimension"] for line in body["dimensions"]]
    # A colleague who may see one of two is not told the other one by what is left.
    await add_tenant(database, replace(ACME, version=2, people=People(shown=True)))
    one: dict[str, Any] = {"role": "agent", "segments": ("organisation:service", IDA)}
    body = await body_of(client, segment="organisation:service/chat", dimension="organisation", **DAYS, **one)
    assert (body["parts"], body["people_hidden"]) == ([], True)
    leader: dict[str, Any] = {"role": "leader", "segments": ("organisation:service",)}
    body = await body_of(
        client, segment="organisation:service/chat", dimension="organisation", **DAYS, **leader
    )
    assert {row["segment"] for row in body["parts"]} == {IDA, BO}


async def test_who_is_limited_to_segments_sees_those_and_no_others(
    database: Database, client: ScorerClient
) -> None:
    await three_touchpoints(database)
    await part(database, "south", (10, 10, 30), (10, 10, 30), organisation=("south",))
    own: dict[str, Any] = {"role": "leader", "segments": ("organisation:north",)}
    for path in (*ROUTES, *PAGES):
        for foreign in ("organisation:south", "organisation:northern", "touchpoint:desk"):
            assert (await client.get(path, segment=foreign, **DAYS, **own)).status_code == 404, path
        if path != "/drivers":
            assert (await client.get(path, **DAYS, **own)).status_code == 404, path
    body = await body_of(client, segment="organisation:north", **DAYS, **own)
    assert body["now"]["n"] == 240
    assert "touchpoint:south" not in {row["segment"] for row in body["parts"]}
    page = (await client.get("/drivers", **DAYS, **own)).text
    assert "Desk" in page
    assert "South" not in page
    assert "The whole company" not in page
    nobody: dict[str, Any] = {"role": "agent", "segments": (IDA,)}
    assert "Scores of single employees are not shown." in (await client.get("/drivers", **nobody)).text


async def test_another_companys_answers_are_its_own_and_no_key_opens_nothing(
    database: Database, client: ScorerClient
) -> None:
    await three_touchpoints(database)
    await three_touchpoints(database, tenant="other")
    await answer(database, "more", SINCE, (0, 0, 50), tenant="other")
    for tenant, n in (("acme", 240), ("other", 290), ("third", 0)):
        assert (await body_of(client, tenant=tenant, **DAYS))["now"]["n"] == n
    for path in ROUTES:
        assert (await client.get(path, key="")).status_code == 401
        assert (await client.get(path, key="aw_wrong")).status_code == 401


async def test_the_page_tells_the_finding_first_and_each_part_leads_to_its_page(
    database: Database, client: ScorerClient
) -> None:
    await three_touchpoints(database)
    page = (await client.get("/drivers", role="leader", **DAYS)).text
    assert 'id="drivers-head" data-figure="finding|plain">From +15.0 to +2.1: −12.9 points.' in page
    for value in DAYS.values():
        assert f'value="{value}"' in page
    assert 'href="/segments?segment=touchpoint%3Achat&amp;measurement=transactional&amp;window=20d' in page
    assert "/drivers/download?" in page
    assert "because" not in page
    body = await body_of(client, **DAYS)
    for row in body["parts"]:
        points = tenths(row["both"]["points"])
        sign = "+" if points > 0 else "−" if points < 0 else ""
        assert f">{sign}{abs(points) // 10}.{abs(points) % 10}<" in page
    dashboard = (await client.get("/", role="leader")).text
    assert 'href="/drivers?measurement=transactional&amp;from=2026-10-25' in dashboard
    refused = await client.get("/drivers", role="leader", **{**DAYS, "before_to": "2026-11-01"})
    assert refused.status_code == 422
    assert "The two windows share 1 day: what both have in them cannot differ." in refused.text
    assert "versus" not in refused.text


@pytest.mark.parametrize(
    "query",
    [{}, DAYS, {"dimension": "organisation", **DAYS}, {**DAYS, "before_to": "2026-11-01"}],
    ids=str,
)
async def test_a_page_for_a_danish_reader_has_no_english(
    database: Database, client: ScorerClient, query: dict[str, Any]
) -> None:
    await three_touchpoints(database)
    await part(database, "tiny", (10, 10, 20), (1, 1, 1))
    found = ShownText((await client.get("/drivers", role="leader", language="da", **query)).text)
    english = {"the", "and", "of", "answer", "answers", "day", "days", "that", "with", "which", "from", "mix"}
    assert found.language == "da"
    assert [text for text in found.found if english & set(text.casefold().split())] == []
