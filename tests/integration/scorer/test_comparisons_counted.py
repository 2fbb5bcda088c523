"""Every figure of comparisons and trends is what counting the answers one by one comes to, in any order."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.asked_model import differing_counts
from support.comparison_model import (
    CountedAnswers,
    accepted,
    answers_in,
    check_difference,
    check_score,
    p_of,
    spans,
    verdict,
)
from support.erasing import erase_waiting, note_erased
from support.examples import examples
from support.scorer_builders import an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant

from services.scorer.app import SERVICE
from shared.db.database import Database
from shared.events import Answer
from shared.privacy.subjects import erase_event

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIRST = TODAY - timedelta(days=75)
TABLES = (
    *(
        "answer",
        "theme_change",
        "day_count",
        "week_count",
        "changed",
        "segment",
        "dimension",
        "erased",
        "invitation",
    ),
)
STORES = ("store:x", "store:y%2Fz", "store:=1+1")


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    async with a_scorer_client(database, a_tenant("acme")) as client:
        yield client


groups = st.tuples(
    st.integers(1, 70),
    st.sampled_from([(0, 3, 6), (7, 8, 9, 10), (9, 10), (2, 9), (5, 8, 10), (8,), tuple(range(11))]),
    st.integers(0, 75),
    st.sampled_from(["x", "y/z", "=1+1"]),
    st.sampled_from([("north", "sales"), ("north", "care"), ("south",)]),
    st.sampled_from(["transactional", "transactional", "relational"]),
)


def a_history(drawn: list[tuple[Any, ...]], seed: int) -> list[Answer]:
    """Some answers of each group; one in seven is amended, one in five erased, one in eleven a test."""
    history = []
    for group, (n, scores, days, store, path, measurement) in enumerate(drawn):
        for number in range(n):
            which = group * 100 + number + seed
            answer = an_answer(
                f"{group}-{number}",
                score=scores[which % len(scores)],
                day=TODAY - timedelta(days=(days + which % 9) % 76),
                segments={"store": store},
                organisation=path,
                measurement=measurement,
                customer_id=f"c-{which % 40}",
                test=which % 11 == 0,
            )
            history.append(answer)
            if which % 7 == 0:
                history.append(replace(answer, version=2, score=scores[(which + 1) % len(scores)]))
            if which % 5 == 0:
                history.append(replace(erase_event(history[-1]), version=3))
    return history


def windows(data: st.DataObject) -> tuple[tuple[date, date], tuple[date, date]]:
    """Two that share no day, the earlier one first."""
    days = sorted(data.draw(st.sets(st.integers(0, 75), min_size=4, max_size=4)))
    first, second, third, fourth = (FIRST + timedelta(days=day) for day in days)
    return (first, second), (third, fourth)


async def publish(database: Database, data: st.DataObject, history: list[Answer]) -> None:
    async with database.transaction() as uow:
        for table in TABLES:
            await uow.execute(f"DELETE FROM {table}")
    order = data.draw(st.randoms(use_true_random=False))
    published = [*history, *history[::3]]
    order.shuffle(published)
    half = len(published) // 2
    for first in range(0, half, 60):
        await count(database, *published[first : min(half, first + 60)])
    await note_erased(database, "acme", "c-1")
    assert await erase_waiting(SERVICE, database) == []
    for first in range(half, len(published), 60):
        await count(database, *published[first : first + 60])
    async with database.reading() as uow:
        assert await differing_counts(uow, "acme") == []


async def body_of(client: ScorerClient, path: str, **query: Any) -> dict[str, Any]:
    answer = await client.get(path, **query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), drawn=st.lists(groups, min_size=1, max_size=5), seed=st.integers(0, 1000))
async def test_each_comparison_is_that_of_the_answers(
    database: Database, client: ScorerClient, data: st.DataObject, drawn: list[Any], seed: int
) -> None:
    history = a_history(drawn, seed)
    await publish(database, data, history)
    before, now = windows(data)
    days = {
        "from": str(now[0]),
        "to": str(now[1]),
        "before_from": str(before[0]),
        "before_to": str(before[1]),
    }
    measurement = data.draw(st.sampled_from(["transactional", "relational"]))

    def both(segment: str) -> tuple[CountedAnswers, CountedAnswers]:
        asked = answers_in(history, measurement, *now, segment)
        return answers_in(history, measurement, *before, segment), asked

    for segment in ("", "store:x", "organisation:north", "organisation:north/care"):
        given_ = {"segment": segment, "measurement": measurement, **days}
        body = await body_of(client, "/v1/comparisons", **given_)
        (found,) = body["comparisons"]
        check_difference(found, *both(segment))
        if found["difference"]:
            assert found["verdict"] == verdict(*both(segment), beyond=p_of(*both(segment)) < 0.05)
        assert body["tests"] == (found["difference"] is not None)

    named = ["", *STORES, "organisation:north", "organisation:south", "store:nobody"]
    queries: list[dict[str, Any]] = [
        {"segment": named},
        {"dimension": "store"},
        {"dimension": "organisation"},
    ]
    for query in queries:
        body = await body_of(client, "/v1/comparisons", **query, measurement=measurement, **days)
        rows = {each["asked"]["segment"] or "": each for each in body["comparisons"]}
        if "segment" in query:
            assert set(rows) == set(named)
        tested = {name for name in rows if min(each.n for each in both(name)) >= 30}
        ps = {name: p_of(*both(name)) for name in tested}
        beyond = dict(zip(ps, accepted(list(ps.values())), strict=True)) if ps else {}
        assert body["tests"] == len(tested)
        for name, row in rows.items():
            check_difference(row, *both(name))
            if name in tested:
                assert row["verdict"] == verdict(*both(name), beyond=beyond[name] and ps[name] < 0.05)
            assert row["marked"] == (
                row["verdict"] in {"higher", "lower"} and abs(row["difference"]["points"]) >= 5
            )
        if "dimension" in query:
            there = {
                name
                for name in (
                    *STORES,
                    *(f"organisation:{path}" for path in ("north", "north/sales", "north/care", "south")),
                )
                if name.startswith(query["dimension"]) and any(each.n for each in both(name))
            }
            assert set(rows) == there


@settings(max_examples=examples(10), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), drawn=st.lists(groups, min_size=1, max_size=5), seed=st.integers(0, 1000))
async def test_two_segments_are_compared_by_their_answers_unless_they_have_some_in_common(
    database: Database, client: ScorerClient, data: st.DataObject, drawn: list[Any], seed: int
) -> None:
    history = a_history(drawn, seed)
    await publish(database, data, history)
    _, now = windows(data)
    for one, other in (
        ("store:x", "store:y%2Fz"),
        ("organisation:north/sales", "organisation:south"),
        ("store:x", "organisation:north"),
    ):
        shared = answers_in(history, "transactional", *now, one, other).n
        query: dict[str, Any] = {"with": other, "from": str(now[0]), "to": str(now[1])}
        answer = await client.get("/v1/comparisons", segment=one, **query)
        assert answer.status_code == (422 if shared else 200), answer.text
        if shared:
            assert str(shared) in answer.json()["errors"][0]["detail"]
            continue
        (found,) = answer.json()["comparisons"]
        sides = [answers_in(history, "transactional", *now, segment) for segment in (other, one)]
        check_difference(found, *sides)


@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(),
    drawn=st.lists(groups, min_size=1, max_size=5),
    seed=st.integers(0, 1000),
    rolling=st.integers(1, 100),
)
async def test_each_period_of_a_trend_and_each_window_that_rolls_are_those_of_the_answers(
    database: Database,
    client: ScorerClient,
    data: st.DataObject,
    drawn: list[Any],
    seed: int,
    rolling: int,
) -> None:
    history = a_history(drawn, seed)
    await publish(database, data, history)
    days = sorted(data.draw(st.lists(st.integers(0, 75), min_size=2, max_size=2)))
    first, last = (FIRST + timedelta(days=day) for day in days)
    for segment in ("", "store:y%2Fz", "organisation:north"):
        for by in ("day", "week", "month"):
            query = {"segment": segment, "by": by, "from": str(first), "to": str(last)}
            body = await body_of(client, "/v1/trends", **query, rolling=f"{rolling}d")
            wanted = spans(first, last, by)
            found = [(each["period"]["from"], each["period"]["until"]) for each in body["periods"]]
            assert found == [(str(begin), str(end)) for begin, end in wanted]
            for (begin, end), each in zip(wanted, body["periods"], strict=True):
                check_score(each, answers_in(history, "transactional", begin, end, segment))
                rolled = end - timedelta(days=rolling - 1)
                assert each["rolling"]["period"] == {"from": str(rolled), "until": str(end)}
                check_score(each["rolling"], answers_in(history, "transactional", rolled, end, segment))
