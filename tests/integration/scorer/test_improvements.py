"""Actions of improvement: opened with what is known, moved, and compared when they are done."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.any_order import ORDERS, forget_all, tell_in_any_order
from support.audit import audit_lines
from support.examples import examples
from support.improvements import (
    ACME,
    ACTION,
    BEGAN,
    DONE,
    OPENED,
    PATH,
    a_closed_case,
    act,
    actions_client,
    an_improvement_body,
    answers_on,
    at,
    days_of,
    finished,
    keep,
    opened,
    published,
)
from support.scorer_builders import add_tenant, an_answer, count
from support.scorer_client import ScorerClient

from services.scorer.domain import Groups, compare_groups, score_interval
from services.scorer.improvements.domain import MAX_ACTIONS_PER_COMPANY
from shared.db.database import Database
from shared.events.nps import group_of


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    async with actions_client(database) as client:
        yield client


async def test_the_baseline_is_what_was_known_on_the_day_of_the_opening(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *answers_on(days_of(date(2026, 8, 1), 10), [2, 9, 10]))
    await count(database, *answers_on([date(2026, 6, 1)], [0] * 20, "too old"))
    await keep(
        database,
        *(a_closed_case(f"late {n}", OPENED - timedelta(days=10)) for n in range(4)),
        *(a_closed_case(f"bug {n}", OPENED - timedelta(days=10), cause="digital.bug") for n in range(7)),
        a_closed_case("elsewhere", OPENED - timedelta(days=10), segments={"touchpoint": "desk"}),
        a_closed_case("anonymous", OPENED - timedelta(days=10), anonymous=True),
        a_closed_case("old", OPENED - timedelta(days=200)),
        a_closed_case("open", OPENED - timedelta(days=10), state="assigned", cause=None, closed_at=None),
    )
    baseline = (await opened(client))["baseline"]
    low, high = score_interval(Groups(10, 0, 21)) or (0, 0)
    assert baseline == {
        "period": {"from": "2026-06-03", "until": "2026-08-31"},
        "cases": 11,
        "with_cause": 4,
        "n": 31,
        "nps": pytest.approx(100 * 11 / 31),
        "margin": {"level": 0.95, "low": pytest.approx(low), "high": pytest.approx(high)},
    }
    await count(database, *answers_on([date(2026, 8, 31)], [0] * 30, "later"))
    assert (await client.get(PATH)).json()["baseline"] == baseline


@pytest.mark.parametrize(("cases", "shown"), [(4, None), (5, 5)])
async def test_of_few_answers_and_cases_no_figure_is_told_or_published(
    database: Database, client: ScorerClient, cases: int, shown: int | None
) -> None:
    await count(database, *answers_on([date(2026, 8, 30)], [9] * 8))
    await keep(database, *(a_closed_case(f"c{n}", OPENED - timedelta(days=10)) for n in range(cases)))
    baseline = (await opened(client))["baseline"]
    assert (baseline["n"], baseline["nps"], baseline["margin"]) == (9, None, None)
    assert (baseline["cases"], baseline["with_cause"]) == (shown, shown)
    (told,) = await published(database)
    assert (told.baseline.nps, told.baseline.detractors, told.baseline.cases) == (None, None, shown)


async def test_an_action_is_opened_once_and_a_change_needs_the_version_that_was_read(
    database: Database, client: ScorerClient
) -> None:
    first = await opened(client)
    assert (first["version"], first["status"], first["late"]) == (1, "proposed", False)
    assert await opened(client) == first
    stale = await client.send("PUT", PATH, an_improvement_body(title="Another"))
    assert (stale.status_code, len(await published(database))) == (409, 1)
    changed = await opened(client, title="Two vans", owner="Sara Lund", expected=4, version=1)
    assert (changed["version"], changed["title"], changed["owner"]) == (2, "Two vans", "Sara Lund")
    about = await client.send("PUT", PATH, an_improvement_body(title="Two vans", segment="", version=2))
    assert (about.status_code, about.json()["errors"][0]["field"]) == (422, "/segment")
    assert [one.act for one in await audit_lines(database)] == ["improvement"] * 2
    assert [one.version for one in await published(database)] == [1, 2]
    assert "Jonas" not in str(await published(database))


async def test_the_same_request_twice_at_once_opens_one_action(
    database: Database, client: ScorerClient
) -> None:
    answers = await asyncio.gather(*(client.send("PUT", PATH, an_improvement_body()) for _ in range(5)))
    assert [answer.status_code for answer in answers] == [200] * 5
    assert len(await published(database)) == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"cause": "weather"}, "/cause"),
        ({"cause": None}, "/theme"),
        ({"theme": "Vans"}, "/theme"),
        ({"segment": "touchpoint:nowhere"}, "/segment"),
        ({"segment": "agent:ida"}, "/segment"),
        ({"segment": "organisation:north/sales/ida"}, "/segment"),
        ({"segment": "nonsense"}, "segment"),
        ({"due": "2026-08-30"}, "/due"),
        ({"due": "2036-08-30"}, "/due"),
        ({"expected": 0}, "/expected"),
        ({"expected": 101}, "/expected"),
        ({"title": "  "}, "/title"),
        ({"owner": ""}, "/owner"),
        ({"measurement": "both"}, "/measurement"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_field(
    database: Database, client: ScorerClient, given: dict[str, Any], field: str
) -> None:
    await count(
        database,
        an_answer(
            "p", segments={"agent": "ida"}, organisation=("north", "sales", "ida"), day=date(2026, 8, 30)
        ),
    )
    answer = await client.send("PUT", PATH, an_improvement_body(**given))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert await published(database) == []


async def test_no_company_has_more_actions_than_are_counted(database: Database, client: ScorerClient) -> None:
    await opened(client)
    async with database.transaction() as uow:
        await uow.execute(
            "INSERT INTO improvement (tenant, id, version, status, due, segment, opened_at, changed_at, body)"
            " SELECT tenant, gen_random_uuid(), version, status, due, segment, opened_at, changed_at, body"
            " FROM improvement, generate_series(2, :most)",
            {"most": MAX_ACTIONS_PER_COMPANY},
        )
    answer = await client.send("PUT", f"/v1/actions/{uuid4()}", an_improvement_body())
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "/title")


async def test_the_way_of_an_action_and_the_windows_that_it_fixes(
    database: Database, client: ScorerClient
) -> None:
    await opened(client)
    accepted = await act(client, "accept", 1)
    assert await act(client, "accept", 1) == accepted
    at(database, BEGAN)
    assert (await act(client, "begin", 2))["began"] == "2026-09-07"
    at(database, DONE)
    done = await act(client, "finish", 3, days=56)
    assert (done["status"], done["done"]) == ("done", "2026-09-29")
    windows = [done["result"][each]["period"] for each in ("before", "after")]
    assert windows == [
        {"from": "2026-07-13", "until": "2026-09-06"},
        {"from": "2026-09-30", "until": "2026-11-24"},
    ]
    assert await act(client, "finish", 1, days=28) == done
    refused = await client.send("POST", f"{PATH}/actions", {"act": "accept", "version": 4})
    assert refused.status_code == 409
    again = await act(client, "reopen", 4)
    assert (again["status"], again["began"], again["done"], again["result"]) == (
        "doing",
        "2026-09-07",
        None,
        None,
    )
    nothing = await client.send("POST", f"{PATH}/actions", {"act": "drop", "version": 5, "reason": " "})
    assert (nothing.status_code, nothing.json()["errors"][0]["field"]) == (422, "/reason")
    dropped = await act(client, "drop", 5, reason="The vans are sold.")
    assert [step["status"] for step in dropped["steps"]] == [
        *("proposed", "accepted", "doing", "done", "doing", "dropped")
    ]
    assert dropped["steps"][-1]["reason"] == "The vans are sold."
    assert {step["who"] for step in dropped["steps"]} == {"the key test"}


async def test_without_a_beginning_the_days_before_the_opening_count(
    database: Database, client: ScorerClient
) -> None:
    await opened(client)
    done = await act(client, "finish", 1)
    assert done["result"]["before"]["period"] == {"from": "2026-08-03", "until": "2026-08-30"}
    assert done["result"]["after"]["period"] == {"from": "2026-09-01", "until": "2026-09-28"}


async def test_a_zone_that_is_changed_meanwhile_makes_no_windows_overlap(
    database: Database, client: ScorerClient
) -> None:
    at(database, DONE)
    await opened(client)
    await act(client, "begin", 1)
    await add_tenant(database, replace(ACME, version=2, time_zone="America/Los_Angeles"))
    done = await act(client, "finish", 2)
    assert (done["began"], done["done"]) == ("2026-09-29", "2026-09-29")
    assert done["result"]["before"]["period"]["until"] == "2026-09-28"
    assert done["result"]["after"]["period"]["from"] == "2026-09-30"


async def test_b40_nothing_is_said_before_the_days_are_over_and_then_what_the_test_says(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *answers_on(days_of(date(2026, 8, 20), 10), [2, 3, 9, 10], "before"))
    await finished(database, client)
    await count(database, *answers_on(days_of(date(2026, 9, 30), 10), [8, 9, 9, 10], "after"))
    at(database, datetime(2026, 10, 26, 12, tzinfo=UTC))
    running = (await client.get(PATH)).json()["result"]
    assert (running["verdict"], running["causes"]["verdict"]) == ("running", "running")
    at(database, datetime(2026, 10, 27, 12, tzinfo=UTC))
    result = (await client.get(PATH)).json()["result"]
    change = compare_groups(Groups(20, 0, 21), Groups(0, 10, 30))
    assert change is not None
    assert (result["verdict"], result["before"]["n"], result["after"]["n"]) == ("improved", 41, 40)
    assert result["difference"] == {
        "points": change.points,
        "margin": {"level": 0.95, "low": pytest.approx(change.low), "high": pytest.approx(change.high)},
        "p": pytest.approx(change.p),
    }
    page = (await client.get(f"/actions/{ACTION}", role="leader")).text
    assert "The score rose by 73 points" in page
    assert "p &lt; 0.001" in page
    assert "Other things may have changed, too" in page
    await count(database, *answers_on(days_of(date(2026, 9, 30), 10), [0, 2, 3, 4, 5, 6], "worse"))
    page = (await client.get(f"/actions/{ACTION}", role="leader")).text
    assert "There is no change that can be told from chance." in page
    assert not [word for word in ("rose", "improved", "better") if word in page]


scores = st.integers(0, 10)


dated = st.tuples(st.integers(-60, 60), scores)


cases = st.tuples(st.integers(-60, 60), st.sampled_from(["delivery.late", "other", None]))


@settings(max_examples=examples(12), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    answers=st.lists(dated, max_size=120),
    closed=st.lists(cases, max_size=40),
    length=st.sampled_from([28, 56, 91]),
    shuffled=ORDERS,
)
async def test_the_figures_are_what_counting_one_by_one_comes_to(
    database: Database,
    client: ScorerClient,
    answers: list[tuple[int, int]],
    closed: list[Any],
    length: int,
    shuffled: Random,
) -> None:
    """In any order, with answers that come twice, are amended or erased."""
    await forget_all(database, "case_copy", "improvement")
    await count(database, an_answer("long ago", day=date(2024, 1, 1)))  # its segments are there
    day = date(2026, 9, 15)
    await tell_in_any_order(
        database,
        shuffled,
        [
            an_answer(f"a{n}", day=day + timedelta(days=offset), score=score)
            for n, (offset, score) in enumerate(answers)
        ],
    )
    await count(
        database,
        *(
            an_answer(f"b{n}", day=day + timedelta(days=n - 60), segments={"touchpoint": "desk"})
            for n in range(120)
        ),
    )
    at(database, OPENED)
    begins = [datetime.combine(day + timedelta(days=offset), time(12), UTC) for offset, _ in closed]
    await keep(
        database,
        *(
            a_closed_case(f"c{n}", begin, cause=cause, state="closed" if cause else "open")
            for n, (begin, (_, cause)) in enumerate(zip(begins, closed, strict=True))
        ),
        a_closed_case("none", OPENED, cause=None),
    )
    await opened(client)
    at(database, BEGAN)
    await act(client, "begin", 1)
    at(database, DONE - timedelta(hours=10))
    await act(client, "finish", 2, days=length)
    at(database, datetime(2027, 3, 1, tzinfo=UTC))
    result = (await client.get(PATH)).json()["result"]
    for name, first in (
        ("before", date(2026, 9, 7) - timedelta(days=length)),
        ("after", date(2026, 9, 29)),
    ):
        own = set(days_of(first, length))
        found = [score for offset, score in answers if day + timedelta(days=offset) in own]
        detractors, promoters = (
            sum(group_of(score) == kind for score in found) for kind in ("detractor", "promoter")
        )
        assert result[name]["n"] == len(found)
        expected = 100 * (promoters - detractors) / len(found) if len(found) >= 10 else None
        assert result[name]["nps"] == (None if expected is None else pytest.approx(expected))
        known = [cause for (offset, cause) in closed if cause and day + timedelta(days=offset) in own]
        shown = len(known) >= 5
        assert result["causes"][name] == {
            "cases": len(known) if shown else None,
            "with_cause": known.count("delivery.late") if shown else None,
        }
    if result["verdict"] in {"improved", "worse"}:
        assert result["difference"]["p"] < 0.05
