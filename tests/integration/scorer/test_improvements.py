"""Actions of improvement: opened with what is known, moved, compared when they are done, and told to customers."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.audit import audit_lines
from support.examples import examples
from support.improvements import ACTION, a_closed_case, an_improvement_body, keep
from support.scorer_builders import add_tenant, an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant

from services.scorer.domain import Groups, compare_groups, score_interval
from services.scorer.gauges import measure_improvements
from services.scorer.improvements.domain import MAX_ACTIONS_PER_COMPANY
from services.scorer.recovery import improvements_page, restore_improvements
from services.scorer.repository.retention import RETENTION
from shared.db.database import Database
from shared.events import CASES, IMPROVEMENTS, Answer, Improvement, People, RetentionRules
from shared.events.nps import group_of
from shared.permissions import Role
from shared.privacy.retention import Cutoffs, count_stale
from shared.telemetry import metrics

PATH = f"/v1/actions/{ACTION}"
ACME = a_tenant("acme", "Europe/Copenhagen", "scores:read", "cases:write")
OPENED = datetime(2026, 8, 31, 8, tzinfo=UTC)
BEGAN = datetime(2026, 9, 7, 8, tzinfo=UTC)
DONE = datetime(2026, 9, 28, 22, 30, tzinfo=UTC)
"""Half past midnight of the 29th in Copenhagen."""


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    at(database, OPENED)
    async with a_scorer_client(
        database, ACME, a_tenant("other", "UTC", "scores:read", "cases:write")
    ) as client:
        await count(database, an_answer("first", day=date(2026, 8, 30)))
        yield client


def at(database: Database, now: datetime) -> None:
    database.clock = lambda: now


async def act(client: ScorerClient, act: str, version: int, **given: Any) -> dict[str, Any]:
    answer = await client.send("POST", f"{PATH}/actions", {"act": act, "version": version, **given})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def opened(client: ScorerClient, **given: Any) -> dict[str, Any]:
    answer = await client.send("PUT", PATH, an_improvement_body(**given))
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def published(database: Database) -> list[Improvement]:
    async with database.reading() as uow:
        rows = await uow.execute(
            "SELECT value FROM outbox WHERE topic = :topic ORDER BY seq", {"topic": IMPROVEMENTS.name}
        )
        return [IMPROVEMENTS.decode(row.value).data for row in rows]


def answers_on(days: Sequence[date], scores: Sequence[int], name: str = "a", **given: Any) -> list[Answer]:
    return [
        an_answer(f"{name} {day} {n}", day=day, score=score, **given)
        for day in days
        for n, score in enumerate(scores)
    ]


def days_of(first: date, n: int) -> list[date]:
    return [first + timedelta(days=number) for number in range(n)]


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


async def finished(database: Database, client: ScorerClient, **given: Any) -> None:
    """Opened on 31 August, under way from 7 September, done on the 28th; the days after end on 26 October."""
    await opened(client, **given)
    at(database, BEGAN)
    await act(client, "begin", 1)
    at(database, DONE - timedelta(hours=10))
    await act(client, "finish", 2)


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
)
async def test_the_figures_are_what_counting_one_by_one_comes_to(
    database: Database, client: ScorerClient, answers: list[tuple[int, int]], closed: list[Any], length: int
) -> None:
    async with database.transaction() as uow:
        for table in ("answer", "day_count", "week_count", "changed", "case_copy", "improvement"):
            await uow.execute(f"DELETE FROM {table}")
    day = date(2026, 9, 15)
    await count(
        database,
        *(
            an_answer(f"a{n}", day=day + timedelta(days=offset), score=score)
            for n, (offset, score) in enumerate(answers)
        ),
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


async def test_lists_are_filtered_and_come_a_page_at_a_time_each_action_once(
    database: Database, client: ScorerClient
) -> None:
    for n in range(12):
        body = an_improvement_body(
            title=f"Action {n}",
            due=(date(2026, 9, 1) + timedelta(days=n // 2)).isoformat(),
            owner="Sara Lund" if n % 3 else "Jonas Holt",
            **({"cause": None, "theme": "Vans"} if n % 2 else {}),
        )
        assert (await client.send("PUT", f"/v1/actions/{UUID(int=n)}", body)).status_code == 200
    await client.send("POST", f"/v1/actions/{UUID(int=0)}/actions", {"act": "finish", "version": 1})
    at(database, datetime(2026, 9, 3, 12, tzinfo=UTC))
    assert len(await listed(client)) == 12
    found = await listed(client, late="true")
    assert found == ["Action 1", "Action 2", "Action 3"]
    assert await listed(client, status="done") == ["Action 0"]
    assert await listed(client, owner="jonas holt", theme="vans") == ["Action 3", "Action 9"]
    assert (
        len(await listed(client, theme="delivery")) == len(await listed(client, theme="delivery.late")) == 6
    )
    assert await listed(client, theme="deliver") == []
    assert (await client.get("/v1/actions", after="x")).status_code == 422
    page = (await client.get("/actions", role="agent")).text
    assert page.index("Action 1<") < page.index("Action 3<") < page.index("Action 4<")
    assert page.count(", late</span>") == 3
    assert "Action 0" not in page
    assert "Open an action" not in page


async def listed(client: ScorerClient, **query: Any) -> list[str]:
    found: list[str] = []
    after = ""
    while after is not None:
        body = (await client.get("/v1/actions", limit=5, after=after, **query)).json()
        found += [one["title"] for one in body["actions"]]
        after = body["next"]
    return found


async def test_who_is_limited_to_segments_sees_and_writes_theirs_alone(
    database: Database, client: ScorerClient
) -> None:
    await opened(client)
    whole, north = UUID(int=1), UUID(int=2)
    for key, segment in ((whole, ""), (north, "organisation:north/sales")):
        body = an_improvement_body(segment=segment, title=f"About {segment or 'all'}")
        assert (await client.send("PUT", f"/v1/actions/{key}", body)).status_code == 200
    reader: dict[str, Any] = {"role": "leader", "segments": ("organisation:north",)}
    assert await listed(client, **reader) == ["About organisation:north/sales"]
    for key, status in ((ACTION, 404), (whole, 404), (north, 200)):
        assert (await client.get(f"/v1/actions/{key}", **reader)).status_code == status
        assert (await client.get(f"/actions/{key}", **reader)).status_code == status
        move = {"act": "accept", "version": 1}
        moved = await client.send("POST", f"/v1/actions/{key}/actions", move, **reader)
        assert moved.status_code == status
        form = {"act": "begin", "version": "2"}
        pressed = await client.send("POST", f"/actions/{key}", form=form, **reader)
        assert pressed.status_code == (303 if status == 200 else 404)
    refused = await client.send("PUT", f"/v1/actions/{uuid4()}", an_improvement_body(segment=""), **reader)
    assert refused.status_code == 422
    taken = await client.send(
        "PUT", f"/v1/actions/{whole}", an_improvement_body(segment="organisation:north"), **reader
    )
    assert taken.status_code == 404
    assert (await client.get(f"/v1/actions/{north}", tenant="other")).status_code == 404


async def test_an_action_about_what_becomes_an_employee_is_shown_to_nobody(
    database: Database, client: ScorerClient
) -> None:
    await opened(client, segment="touchpoint:checkout")
    assert await listed(client) == ["A second van on Fridays"]
    people = People(dimensions=("touchpoint",))
    await add_tenant(database, replace(ACME, version=2, people=people))
    assert await listed(client) == []
    assert (await client.get(PATH)).status_code == 404


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [
        ("admin", 200, 200),
        ("leader", 200, 200),
        ("agent", 200, 403),
        ("analyst", 200, 403),
        ("editor", 200, 403),
    ],
)
async def test_leaders_and_administrators_write_and_an_analyst_sees_no_names(
    client: ScorerClient, role: Any, reads: int, writes: int
) -> None:
    await opened(client)
    read = await client.get(PATH, role=role)
    assert read.status_code == reads
    shows_names = role != "analyst"
    assert (read.json()["owner"] is not None) == shows_names
    page = await client.get(f"/actions/{ACTION}", role=role)
    assert ("Jonas Holt sees to it" in page.text.replace("\u2068", "").replace("\u2069", "")) == shows_names
    assert ("Change the action" in page.text) == (writes == 200)
    moved = await client.send("POST", f"{PATH}/actions", {"act": "accept", "version": 1}, role=role)
    assert moved.status_code == writes
    form = await client.get("/actions/new", role=role)
    assert form.status_code == (200 if writes == 200 else 404)
    if not shows_names:
        assert (await client.get("/v1/actions", owner="Jonas Holt", role=role)).status_code == 403


async def test_what_customers_are_told_is_published_with_what_it_concerns(
    database: Database, client: ScorerClient
) -> None:
    await opened(client)
    early = await client.send(
        "POST", f"{PATH}/actions", {"act": "publish", "version": 1, "texts": {"en": "We did."}}
    )
    assert early.status_code == 409
    await act(client, "finish", 1)
    blank = await client.send(
        "POST", f"{PATH}/actions", {"act": "publish", "version": 2, "texts": {"en": " "}}
    )
    assert (blank.status_code, blank.json()["errors"][0]["field"]) == (422, "/texts")
    texts = {"nl": "Er rijdt een tweede bus.", "da": "Vi kører nu med en bil mere.", "fi": "Autoja on kaksi."}
    await keep(database, *(a_closed_case(f"c{n}", OPENED - timedelta(days=400)) for n in range(12)))
    shown = await act(client, "publish", 2, texts=texts)
    assert shown["texts"] == dict(sorted(texts.items()))
    assert await act(client, "publish", 2, texts=texts) == shown
    told = (await published(database))[-1]
    assert (told.version, told.status, told.cause, told.segment) == (
        3,
        "done",
        "delivery.late",
        "touchpoint:checkout",
    )
    assert (told.texts, told.before is not None, told.done) == (shown["texts"], True, date(2026, 8, 31))
    page = (await client.get(f"/actions/{ACTION}", role="leader")).text
    assert '<blockquote class="letter" lang="nl" dir="auto"><p><b>U zei, wij deden</b></p>' in page
    assert "12 of 12 cases" in page
    form = {"act": "publish", "version": "3", "text_en": "", "text_da": "", "text_nl": "Drie bussen."}
    assert (await client.send("POST", f"/actions/{ACTION}", form=form, role="leader")).status_code == 303
    assert (await published(database))[-1].texts == {"nl": "Drie bussen.", "fi": "Autoja on kaksi."}
    await act(client, "reopen", 4)
    assert (await published(database))[-1].texts == {}


async def test_forms_keep_what_was_typed_and_say_what_is_wrong(
    database: Database, client: ScorerClient
) -> None:
    typed = {"new_id": str(ACTION), "title": "Ring back", "owner": "", "due": "soon", "expected": "many"}
    refused = await client.send("POST", "/actions/new", form=typed, role="leader")
    assert refused.status_code == 422
    for words in ("Ring back", "Write who sees to it.", "Write a day like", "from 1 to 100"):
        assert words in refused.text
    good = {
        **typed,
        "owner": "Jonas Holt",
        "due": "2026-09-30",
        "expected": "",
        "cause": "contact.no_callback",
    }
    for _ in range(2):
        made = await client.send("POST", "/actions/new", form=good, role="leader")
        assert (made.status_code, made.headers["location"]) == (303, f"/actions/{ACTION}?did=opened")
    other = await client.send("POST", "/actions/new", form={**good, "title": "Ring first"}, role="leader")
    assert (other.status_code, "Open this one once more" in other.text) == (409, True)
    where = f"/actions/{ACTION}"
    stale = await client.send("POST", where, form={"act": "accept", "version": "7"}, role="leader")
    assert (stale.status_code, "somebody changed this action" in stale.text) == (409, True)
    no_reason = await client.send("POST", where, form={"act": "drop", "version": "1"}, role="leader")
    assert (no_reason.status_code, "Write why it is dropped" in no_reason.text) == (422, True)
    odd = await client.send(
        "POST", where, form={"act": "finish", "version": "1", "days": "30"}, role="leader"
    )
    assert odd.status_code == 422
    saved = {"act": "save", "version": "1", "title": "Ring first", "owner": "Sara Lund", "due": "2026-10-01"}
    assert (await client.send("POST", where, form=saved, role="leader")).status_code == 303
    assert (await client.send("POST", where, form={"act": ""}, role="leader")).status_code == 422
    (first, second) = await published(database)
    assert (first.title, second.title, second.due) == ("Ring back", "Ring first", date(2026, 10, 1))
    assert [one.who_kind for one in await audit_lines(database)] == ["staff", "staff"]


async def test_causes_of_few_cases_are_not_listed(database: Database, client: ScorerClient) -> None:
    begin = OPENED - timedelta(days=20)
    await keep(
        database,
        *(a_closed_case(f"a{n}", begin) for n in range(6)),
        *(a_closed_case(f"b{n}", begin, cause="digital.bug") for n in range(4)),
        *(a_closed_case(f"c{n}", begin, cause="billing.wrong", anonymous=True) for n in range(9)),
    )
    page = (await client.get("/actions", role="leader")).text
    assert "/actions/new?cause=delivery.late" in page
    assert "digital.bug" not in page.replace('value="digital.bug"', "")
    assert "billing.wrong" not in page.replace('value="billing.wrong"', "")
    form = (
        await client.get("/actions/new?cause=delivery.late&segment=touchpoint:checkout", role="leader")
    ).text
    assert '<option value="delivery.late" selected>' in form
    assert '<option value="touchpoint:checkout" selected>' in form
    where = "/actions/new?segment=touchpoint%3Acheckout"
    links: dict[Role, bool] = {"leader": True, "agent": False}
    for role, there in links.items():
        segment = await client.get("/segments?segment=touchpoint:checkout", role=role)
        assert (f'href="{where}"' in segment.text) == there


async def test_a_case_that_was_kept_without_its_cause_gets_it_when_it_is_published_again(
    database: Database, client: ScorerClient
) -> None:
    cases = [a_closed_case(f"c{n}", OPENED - timedelta(days=10)) for n in range(6)]
    await keep(database, *cases)
    async with database.transaction() as uow:
        await uow.execute("UPDATE case_copy SET cause = NULL")
    await keep(database, *cases)
    assert (await opened(client))["baseline"]["with_cause"] == 6
    assert CASES.version(cases[0]) == 2


async def test_a_restored_database_takes_actions_back_without_the_names(
    database: Database, client: ScorerClient
) -> None:
    await opened(client)
    await act(client, "accept", 1)
    events = [IMPROVEMENTS.event("acme", one, OPENED) for one in await published(database)]
    async with database.transaction() as uow:
        await uow.execute("DELETE FROM improvement")
        await restore_improvements(uow, events)
        page, end = await improvements_page(uow, None, 10)
        first, after = await improvements_page(uow, None, 1)
        rest, _ = await improvements_page(uow, after, 10)
    assert ([*first, *rest], page, end) == (page, [("acme", events[-1].data)], None)
    body = (await client.get(PATH)).json()
    assert (body["version"], body["status"], body["owner"]) == (2, "accepted", None)
    moved = await act(client, "begin", 2)
    assert [step["who"] for step in moved["steps"]] == [None, None, "the key test"]


async def test_names_of_actions_that_ended_long_ago_are_removed(
    database: Database, client: ScorerClient
) -> None:
    await opened(client)
    await act(client, "finish", 1)
    rules = RetentionRules(cases=365)
    for days, found in ((364, 0), (366, 1)):
        cutoffs = Cutoffs("acme", OPENED + timedelta(days=days), rules)
        async with database.transaction() as uow:
            stale = await count_stale(uow, RETENTION, cutoffs)
            assert stale.get("cases", {}).get("improvement", 0) == found
            for rule in RETENTION:
                await rule.apply(uow, cutoffs, 10)
            assert await count_stale(uow, RETENTION, cutoffs) == {}
    body = (await client.get(PATH)).json()
    assert (body["owner"], [step["who"] for step in body["steps"]]) == (None, [None, None])
    assert (body["title"], body["version"]) == ("A second van on Fridays", 2)


async def test_actions_are_measured_by_their_state(database: Database, client: ScorerClient) -> None:
    for n, due in enumerate(("2026-09-01", "2026-09-20", "2026-09-20", "2026-09-20")):
        body = an_improvement_body(due=due)
        await client.send("PUT", f"/v1/actions/{UUID(int=n)}", body)
    await client.send("POST", f"/v1/actions/{UUID(int=2)}/actions", {"act": "finish", "version": 1})
    at(database, datetime(2026, 9, 10, tzinfo=UTC))
    async with database.transaction() as uow:
        await measure_improvements(uow)
    found = {
        state: metrics.IMPROVEMENTS.labels(state)._value.get()
        for state in ("open", "late", "done", "dropped")
    }
    assert found == {"open": 2, "late": 1, "done": 1, "dropped": 0}
