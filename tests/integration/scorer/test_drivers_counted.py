"""Every figure of what moved a score, and of the gap, is what counting the answers one by one comes to."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from statistics import NormalDist
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.comparison_model import (
    CountedAnswers,
    Z,
    accepted,
    answers_in,
    check_score,
    p_of,
    rounded,
    verdict,
)
from support.driver_model import OTHERS, TwoSides, effects, exact_score, tenths, told_parts
from support.examples import examples
from support.scorer_builders import an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant
from support.share_model import called

from services.scorer.repository.counting import recount
from shared.db.database import Database
from shared.events import Answer
from shared.privacy.subjects import erase_event

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIRST = TODAY - timedelta(days=59)
BEFORE, AFTER = (FIRST, FIRST + timedelta(days=29)), (FIRST + timedelta(days=30), TODAY)
TABLES = ("answer", "day_count", "week_count", "changed", "segment", "dimension")
STORES = ("x", "y/z", "=1+1", "tiny")
STORE_SEGMENTS = ("store:x", "store:y%2Fz", "store:=1+1", "store:tiny")
LEVELS = {"": ("north", "south"), "organisation:north": ("north/sales", "north/care")}


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    async with a_scorer_client(database, a_tenant("acme")) as client:
        yield client


groups = st.tuples(
    st.integers(20, 110),
    st.sampled_from([(0, 3, 6), (7, 8, 9, 10), (9, 10), (2, 9), (5, 8, 10), (8,), tuple(range(11))]),
    st.integers(0, 59),
    st.sampled_from([*STORES, None]),
    st.sampled_from([("north", "sales"), ("north", "care"), ("south",), ()]),
    st.sampled_from(["transactional", "transactional", "relational"]),
)


def a_history(drawn: list[tuple[Any, ...]], seed: int) -> list[Answer]:
    """Some answers of each group; one in seven is amended, one in nine erased, one in eleven a test."""
    history = []
    for group, (n, scores, days, store, path, measurement) in enumerate(drawn):
        for number in range(n):
            which = group * 100 + number + seed
            answer = an_answer(
                f"{group}-{number}",
                score=scores[which % len(scores)],
                day=TODAY - timedelta(days=(days + which % 9) % 60),
                segments={"store": store, "touchpoint": "desk"} if store else {},
                organisation=path,
                measurement=measurement,
                test=which % 11 == 0,
            )
            history.append(answer)
            if which % 7 == 0:
                history.append(replace(answer, version=2, score=scores[(which + 1) % len(scores)]))
            if which % 9 == 0:
                history.append(replace(erase_event(history[-1]), version=3))
    return history


async def publish(database: Database, data: st.DataObject, history: list[Answer]) -> None:
    """In any order, some of it twice."""
    async with database.transaction() as uow:
        for table in TABLES:
            await uow.execute(f"DELETE FROM {table}")
    order = data.draw(st.randoms(use_true_random=False))
    published = [*history, *history[::3]]
    order.shuffle(published)
    for first in range(0, len(published), 60):
        await count(database, *published[first : first + 60])
    async with database.reading() as uow:
        assert await recount(uow, "acme") == []


async def body_of(client: ScorerClient, path: str, **query: Any) -> dict[str, Any]:
    answer = await client.get(path, **query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def check_effect(found: dict[str, Any], exact: Fraction) -> None:
    assert found["exact"] == pytest.approx(float(exact), abs=1e-9)
    assert abs(Fraction(tenths(found["points"])) - 10 * exact) <= 1
    assert found["margin"]["low"] <= float(exact) + 1e-9
    assert found["margin"]["high"] >= float(exact) - 1e-9


def check_side(found: dict[str, Any], answers: CountedAnswers, whole: CountedAnswers) -> None:
    check_score(found, answers)
    assert found["share"] == pytest.approx(answers.n / whole.n, abs=1e-12)


def largest_part(body: dict[str, Any]) -> dict[str, Any] | None:
    """What one sentence says of a change that is taken apart: the part that adds the most beyond chance."""
    parts = [part for part in body["parts"] if part["kind"] == "segment"]
    if body["reason_code"] is not None:
        assert body["stands_out"] is None
        return None
    tests = []
    for part in parts:
        exact, margin = part["both"]["exact"], part["both"]["margin"]
        reach = (margin["high"] - margin["low"]) / 2
        p = 2 * NormalDist().cdf(-abs(exact) / reach * Z) if reach else float(exact == 0)
        tests.append({"points": part["both"]["points"], "low": margin["low"], "high": margin["high"], "p": p})
    beyond = [part for part, each in zip(parts, called(tests), strict=True) if each is not None]
    found = max(beyond, key=lambda part: abs(part["both"]["exact"]), default=None)
    assert body["stands_out"] == (found["segment"] if found else None)
    return {
        "dimension": body["dimension"],
        "segment": found["segment"] if found else None,
        "change": body["change"]["points"],
        "effect": found["both"] if found else None,
        "parts": len(parts),
    }


def check_drivers(body: dict[str, Any], whole: TwoSides, parts: dict[str, TwoSides]) -> None:
    """Fails where a figure is not that of the answers, or the parts do not add up."""
    check_score(body["before"], whole.before)
    check_score(body["now"], whole.now)
    told = told_parts(whole, parts)
    if isinstance(told, str):
        assert (body["reason_code"], body["parts"], body["mix"], body["rate"]) == (told, [], None, None)
        assert body["reason"]
        assert (body["change"] is None) == (told == "few_answers")
        return
    assert body["reason_code"] is None
    change = exact_score(whole.now) - exact_score(whole.before)
    shown = rounded(float(10 * exact_score(whole.now))) - rounded(float(10 * exact_score(whole.before)))
    assert body["change"]["exact"] == pytest.approx(float(change), abs=1e-9)
    assert tenths(body["change"]["points"]) == shown
    assert body["change"]["test"]["points"] == rounded(whole.now.nps) - rounded(whole.before.nps)
    assert body["change"]["test"]["p"] == pytest.approx(p_of(whole.before, whole.now), abs=1e-9)
    rows = {row["segment"] or OTHERS: row for row in body["parts"]}
    assert set(rows) == set(told)
    sums = {"mix": Fraction(), "rate": Fraction()}
    for name, part in told.items():
        row = rows[name]
        assert row["kind"] == ("others" if name == OTHERS else "segment")
        check_side(row["before"], part.before, whole.before)
        check_side(row["now"], part.now, whole.now)
        mix, rate = effects(whole, part)
        check_effect(row["mix"], mix)
        check_effect(row["rate"], rate)
        assert tenths(row["both"]["points"]) == tenths(row["mix"]["points"]) + tenths(row["rate"]["points"])
        sums["mix"] += mix
        sums["rate"] += rate
    assert sums["mix"] + sums["rate"] == change
    for name, exact in sums.items():
        assert body[name]["exact"] == pytest.approx(float(exact), abs=1e-9)
        assert tenths(body[name]["points"]) == sum(tenths(row[name]["points"]) for row in rows.values())
    assert tenths(body["mix"]["points"]) + tenths(body["rate"]["points"]) == shown
    sizes = [abs(row["both"]["exact"]) for row in body["parts"] if row["kind"] == "segment"]
    assert sizes == sorted(sizes, reverse=True)
    assert body["merged"] == sum(
        name not in told and bool(part.before.n + part.now.n) for name, part in parts.items()
    )


@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), drawn=st.lists(groups, min_size=3, max_size=8), seed=st.integers(0, 1000))
async def test_what_moved_a_score_is_what_its_answers_say(
    database: Database, client: ScorerClient, data: st.DataObject, drawn: list[Any], seed: int
) -> None:
    history = a_history(drawn, seed)
    await publish(database, data, history)
    measurement = data.draw(st.sampled_from(["transactional", "relational"]))

    def both(*segments: str) -> TwoSides:
        return TwoSides(
            answers_in(history, measurement, *BEFORE, *segments),
            answers_in(history, measurement, *AFTER, *segments),
        )

    days = {"from": str(AFTER[0]), "to": str(AFTER[1])}
    for segment, levels in LEVELS.items():
        about = {"segment": segment, "measurement": measurement, **days}
        whole = both(segment)
        stores = {name: both(segment, name) for name in STORE_SEGMENTS}
        body = await body_of(client, "/v1/drivers", **about, dimension="store")
        check_drivers(body, whole, stores)
        overview = await body_of(
            client,
            "/v1/scores/overview",
            **({"segment": segment} if segment else {}),
            measurement=measurement,
            window="30d",
            by="store",
        )
        if overview["by"] == "store":
            assert overview["driver"] == largest_part(body)
        paths = {f"organisation:{path}": both(segment, f"organisation:{path}") for path in levels}
        if segment or sum(bool(part.before.n + part.now.n) for part in paths.values()) > 1:
            other = await body_of(client, "/v1/drivers", **about, dimension="organisation")
            check_drivers(other, whole, paths)
        for line in body["dimensions"]:
            own = await body_of(client, "/v1/drivers", **about, dimension=line["dimension"])
            assert (line["mix"], line["rate"], line["reason"]) == (own["mix"], own["rate"], own["reason"])


def check_gap(found: dict[str, Any], transactional: CountedAnswers, relational: CountedAnswers) -> None:
    check_score(found["transactional"], transactional)
    check_score(found["relational"], relational)
    if min(transactional.n, relational.n) < 30:
        assert (found["difference"], found["verdict"]) == (None, "too_few")
        assert found["reason"]
        return
    points = rounded(transactional.nps) - rounded(relational.nps)
    assert found["difference"]["points"] == points
    assert found["difference"]["p"] == pytest.approx(p_of(relational, transactional), abs=1e-9)
    assert found["difference"]["margin"]["low"] <= found["difference"]["margin"]["high"]


def check_impact(found: dict[str, Any], own: CountedAnswers, whole: CountedAnswers) -> None:
    """The score of all less that of the answers that are not of the touchpoint."""
    check_score(found, own)
    others = list(whole.scores)
    for score in own.scores:
        others.remove(score)
    if min(own.n, len(others)) < 10:
        assert (found["impact"], found["impact_margin"]) == (None, None)
        assert found["reason"]
        return
    expected = whole.nps - CountedAnswers(tuple(others)).nps
    assert found["impact"] == pytest.approx(expected, abs=1e-9)
    assert found["impact_margin"]["low"] < expected < found["impact_margin"]["high"]


@settings(max_examples=examples(12), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), drawn=st.lists(groups, min_size=3, max_size=8), seed=st.integers(0, 1000))
async def test_the_gap_is_what_the_answers_say_and_pools_nothing(
    database: Database, client: ScorerClient, data: st.DataObject, drawn: list[Any], seed: int
) -> None:
    history = a_history(drawn, seed)
    await publish(database, data, history)
    days = {"from": str(FIRST), "to": str(TODAY)}

    def both(*segments: str) -> tuple[CountedAnswers, CountedAnswers]:
        return (
            answers_in(history, "transactional", FIRST, TODAY, *segments),
            answers_in(history, "relational", FIRST, TODAY, *segments),
        )

    for segment in LEVELS:
        body = await body_of(client, "/v1/gap", segment=segment, dimension="store", **days)
        check_gap(body["total"], *both(segment))
        parts = {part["segment"]: part for part in body["parts"]}
        assert set(parts) == {name for name in STORE_SEGMENTS if any(each.n for each in both(segment, name))}
        tested = {
            name: both(segment, name) for name in parts if min(each.n for each in both(segment, name)) >= 30
        }
        ps = {name: p_of(relational, own) for name, (own, relational) in tested.items()}
        beyond = dict(zip(ps, accepted(list(ps.values())), strict=True)) if ps else {}
        assert body["tests"] == len(tested)
        for name, part in parts.items():
            check_gap(part, *both(segment, name))
            if name in tested:
                own, relational = tested[name]
                assert part["verdict"] == verdict(relational, own, beyond=beyond[name] and ps[name] < 0.05)
        desk, whole = both(segment, "touchpoint:desk")[0], both(segment)[0]
        assert [each["segment"] for each in body["touchpoints"]] == (["touchpoint:desk"] if desk.n else [])
        for each in body["touchpoints"]:
            check_impact(each, desk, whole)
