"""What the door and the pages say by each choice, and what they leave out."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from support.plans import explain, rows_read
from support.scorer_builders import an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant

from services.scorer.amendments.repository import COUNT_DAYS_OF_AMENDMENTS, COUNT_PARTS_OF_AMENDMENTS
from services.scorer.repository.selection import Selection
from shared.db.database import Database
from shared.events import Answer
from shared.events.answers import EarlierScore

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = date(2026, 11, 22)


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    async with a_scorer_client(database, a_tenant("acme")) as client:
        await count(database, *some_answers())
        yield client


def some_answers() -> list[Answer]:
    """Forty promoters of four weeks, two a day by twenty customers; every fourth one was a detractor for a day."""
    found = []
    for number in range(40):
        at = NOW - timedelta(days=1 + number // 2, hours=1)
        earlier = (EarlierScore(score=2, at=at, until=at + timedelta(days=1)),) if number % 4 == 0 else ()
        found.append(
            an_answer(
                f"a{number}",
                score=10,
                day=at.date(),
                answered_at=at,
                changed_at=at + timedelta(days=1) if earlier else at,
                earlier_scores=earlier,
                person=f"{number % 20:064}",
                segments={"touchpoint": "checkout", "store": "x" if number < 30 else "y"},
                comment=f"Words of {number}.",
            )
        )
    return found


async def body_of(client: ScorerClient, **query: Any) -> dict[str, Any]:
    answer = await client.get("/v1/scores", **query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_each_choice_is_said_back_with_its_score(client: ScorerClient) -> None:
    assert (await body_of(client))["nps"] == 100.0
    first = await body_of(client, amended="first")
    assert (first["amended"], first["n"], first["counts"][2], first["nps"]) == ("first", 40, 10, 50.0)
    each = await body_of(client, per="customer")
    assert (each["per"], each["n"]) == ("customer", 20)
    # At that moment the answers of the last two days were not there, and of one the detractor's score stood.
    then = await body_of(client, as_of="2026-11-19T12:30:00+01:00")
    assert (then["as_of"], then["n"], then["counts"][2]) == ("2026-11-19T11:30:00Z", 36, 1)
    assert then["window"]["until"] == "2026-11-19"


async def test_several_segments_are_counted_together_and_each_must_be_allowed(client: ScorerClient) -> None:
    both = await body_of(client, segment=["store:x", "organisation:north", "organisation:north/sales"])
    assert (both["segment"], both["segments"]) == (None, ["store:x", "organisation:north/sales"])
    assert both["n"] == 30
    own: dict[str, Any] = {"role": "leader", "segments": ("organisation:north",)}
    assert (await body_of(client, segment=["store:x", "organisation:north"], **own))["n"] == 30
    for foreign in (["store:x"], ["store:x", "organisation:south"], ["store:x", "touchpoint:checkout"]):
        assert (await client.get("/v1/scores", segment=foreign, **own)).status_code == 404
    for hidden in (["agent:ann"], ["agent:ann", "store:x"]):
        assert (await client.get("/v1/scores", segment=hidden, role="admin")).status_code == 404


async def test_own_days_are_those_of_a_window_and_segments_have_them_too(client: ScorerClient) -> None:
    days: dict[str, Any] = {"from": "2026-11-10", "to": "2026-11-16"}
    own = await body_of(client, **days)
    window = await body_of(client, window="7d", until="2026-11-16")
    assert own == window
    assert own["window"] == {
        "days": 7,
        "from": "2026-11-10",
        "until": "2026-11-16",
        "time_zone": "Europe/Copenhagen",
    }
    listed = (await client.get("/v1/segments", dimension="store", **days)).json()["segments"]
    assert [(each["segment"], each["n"]) for each in listed] == [("store:x", own["n"]), ("store:y", 0)]
    assert (await client.get("/v1/segments", window="7d", **days)).status_code == 422


async def test_a_wanted_margin_says_how_many_more_answers_it_takes(client: ScorerClient) -> None:
    # Of one in four detractors: variance 0.75; 0.75 * 1.96² / 0.1² - 3 = 285.1, less the 40 that there are.
    assert (await body_of(client, amended="first", wanted=10))["more_needed"] == 286 - 40
    assert (await body_of(client, amended="first", wanted=100))["more_needed"] == 0
    few = await body_of(client, window="3d", wanted=10)
    assert (few["n"] < 10, few["wanted"], few["more_needed"]) == (True, 10, None)


PAGES: list[dict[str, Any]] = [
    {},
    {"amended": "first"},
    {"per": "customer"},
    {"as_of": "2026-11-19T12:30:00+01:00"},
    {"amended": "first", "per": "customer", "as_of": "2026-11-19T12:30:00+01:00"},
    {"from": "2026-11-10", "to": "2026-11-16"},
    {"from": "2026-11-10", "to": "2026-11-16", "amended": "first"},
]


@pytest.mark.parametrize("query", PAGES, ids=str)
@pytest.mark.parametrize("segment", ["", "store:x"])
async def test_a_page_has_the_figures_of_the_door(
    client: ScorerClient, query: dict[str, Any], segment: str
) -> None:
    about: dict[str, Any] = {"segment": segment} if segment else {}
    body = await body_of(client, **query, **about)
    page = await client.get("/segments" if segment else "/", role="admin", **about, **query)
    assert page.status_code == 200
    text = page.text
    assert f">{body['n']} answers</strong>" in text
    table = text.partition('id="counted-now"')[2].partition("</table>")[0]
    rows = re.findall(r'<tr><th scope="row">(\d+)</th><td class="num"[^>]*>(\d+)</td>', table)
    assert [(int(score), int(answers)) for score, answers in rows] == list(enumerate(body["counts"]))
    usual = not {"amended", "per", "as_of"} & query.keys()
    # What is of all answers as they are now stands beside no other figure.
    assert ("Words of" in text) == usual
    assert ("See the" in text) == usual
    assert ("All answers as they are now" in text) == (not usual)
    assert ("No trend is drawn" in text) == (query.get("per") == "customer")


async def test_the_links_and_forms_of_a_page_keep_what_is_chosen(client: ScorerClient) -> None:
    query: dict[str, Any] = {
        "segment": "store:x",
        "from": "2026-11-10",
        "to": "2026-11-16",
        "amended": "first",
    }
    text = (await client.get("/segments", role="admin", **query)).text
    assert 'type="date" id="own-first" name="from" value="2026-11-10"' in text
    assert 'type="hidden" name="amended" value="first"' in text
    assert 'type="hidden" name="from" value="2026-11-10"' in text
    assert "from=2026-11-10&amp;to=2026-11-16&amp;amended=first&amp;per=customer" in text
    # The window of the form goes before the days that were shown.
    window = await client.get("/segments", role="admin", **(query | {"window": "7d"}))
    assert "the last 7 days" in window.text
    assert 'name="from" value="2026-11-16"' in window.text


async def test_the_link_to_keep_a_page_shows_the_same_after_an_amendment(
    database: Database, client: ScorerClient
) -> None:
    kept = await body_of(client, as_of=NOW.isoformat())
    changed = NOW + timedelta(hours=1)
    last = some_answers()[1]
    earlier = (EarlierScore(score=10, at=last.answered_at or NOW, until=changed),)
    database.clock = lambda: changed
    await count(
        database,
        an_answer(
            "a1",
            version=2,
            score=0,
            day=last.day,
            answered_at=last.answered_at,
            changed_at=changed,
            earlier_scores=earlier,
            segments=last.segments,
        ),
        an_answer("new", score=0, day=TODAY, answered_at=changed, changed_at=changed),
    )
    assert await body_of(client, as_of=NOW.isoformat()) == kept
    assert (await body_of(client))["counts"][0] == 2


@pytest.mark.parametrize(
    "query", [{"as_of": "now"}, {"amended": "x"}, {"from": "2026-11-10"}, {"from": "x", "to": "y"}], ids=str
)
async def test_a_page_refuses_what_cannot_be_right(client: ScorerClient, query: dict[str, Any]) -> None:
    assert (await client.get("/", role="admin", **query)).status_code == 422


async def test_the_openapi_document_says_each_choice(client: ScorerClient) -> None:
    document = (await client.get("/openapi/scorer.json")).json()
    parameters = {each["name"]: each for each in document["paths"]["/v1/scores"]["get"]["parameters"]}
    assert {"segment", "window", "until", "from", "to", "amended", "per", "as_of", "level", "wanted"} <= set(
        parameters
    )
    assert all(each["description"] for name, each in parameters.items() if name != "measurement")
    assert parameters["segment"]["schema"]["anyOf"][0]["maxItems"] == 8
    listed = {each["name"] for each in document["paths"]["/v1/segments"]["get"]["parameters"]}
    assert {"from", "to"} <= listed


async def test_the_first_scores_of_a_window_read_no_answer_that_was_never_amended(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *(an_answer(f"more-{number}", day=TODAY) for number in range(2_000)))
    async with database.transaction() as uow:
        await uow.execute("ANALYZE answer")
    async with database.reading() as uow:
        values = {
            **Selection("acme").values(),
            "measurement": "transactional",
            "first": TODAY - timedelta(days=90),
            "last": TODAY,
            "first_score": True,
            "moment": None,
            "last_ended": None,
        }
        for sql in (COUNT_DAYS_OF_AMENDMENTS, COUNT_PARTS_OF_AMENDMENTS):
            bounds = {"low": "store:", "high": "store;"} if ":low" in sql else {}
            read = rows_read(await explain(uow, sql, {**values, **bounds}))
            assert read < 100
