"""Every score is what counting the answers one by one comes to, by every choice, in any order of the events."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.amendment_model import ZONE, Chosen, counted_by, end_of_day
from support.comparison_model import check_score
from support.erasing import erase_waiting, note_erased
from support.examples import examples
from support.http_clients import SECRET
from support.scorer_builders import an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant

from services.scorer import handlers
from services.scorer.amendments.domain import AnswerChoice, Moment
from services.scorer.amendments.repository import chosen_counts, chosen_days, chosen_parts
from services.scorer.app import SERVICE
from services.scorer.counting_anonymous import AnonymousCounter
from services.scorer.repository.counting import recount
from services.scorer.repository.selection import Selection
from services.scorer.windows import Window
from shared.db.database import Database
from shared.events import Answer
from shared.events.answers import EarlierScore
from shared.health import Health
from shared.privacy.persons import person_of
from shared.privacy.subjects import erase_event

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAYS = 75
"""They hold the change of clocks of 25 October."""
TODAY = date(2026, 11, 22)
FIRST = TODAY - timedelta(days=DAYS)
TABLES = (
    *("answer", "day_count", "week_count", "changed", "segment", "dimension", "erased", "waiting_answer"),
)
ERASED = person_of(SECRET, "acme", "c-1")
"""A customer who is erased after all answers have come."""
SEGMENTS = ((), ("store:x",), ("organisation:north",), ("organisation:north/sales", "store:y"), ("store:z",))


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    async with a_scorer_client(database, a_tenant("acme")) as client:
        yield client


answers = st.tuples(
    st.integers(0, DAYS * 24 * 60),  # minutes before now
    st.lists(st.tuples(st.integers(0, 10), st.integers(0, 48 * 60)), min_size=1, max_size=4),
    st.sampled_from(["x", "y", "z"]),
    st.sampled_from([("north", "sales"), ("north",), ("south",)]),
    st.sampled_from(["transactional", "transactional", "relational"]),
    st.sampled_from(["person", "person", "contact", "nobody", "test", "clicked"]),
    st.integers(0, 4),  # which customer
    st.booleans(),  # erased by an event
)
bundles = st.tuples(st.integers(0, DAYS), st.lists(st.integers(0, 10), min_size=5, max_size=8))


def versions_of(name: str, drawn: tuple[Any, ...]) -> list[Answer]:
    """The versions of an answer, as the collector publishes them."""
    minutes, scores, store, path, measurement, kind, customer, is_erased = drawn
    at = NOW - timedelta(minutes=minutes)
    answer = an_answer(
        name,
        score=scores[0][0],
        day=at.astimezone(ZONE).date(),
        answered_at=at,
        changed_at=at,
        segments={"store": store},
        organisation=path,
        measurement=measurement,
        test=kind == "test",
        state="clicked" if kind == "clicked" else "sent",
        customer_id=f"c-{customer}" if kind == "person" else None,
        person=person_of(SECRET, "acme", f"c-{customer}") if kind == "person" else None,
        contact_key=f"key-{customer}" if kind in {"person", "contact"} else None,
    )
    found = [answer]
    for score, after in scores[1:]:
        before = found[-1]
        changed_at = max(min(before.changed_at + timedelta(minutes=after), NOW), before.changed_at)
        earlier = before.earlier_scores
        if score != before.score and before.score is not None:
            since = earlier[-1].until if earlier else at
            earlier = (*earlier, EarlierScore(score=before.score, at=since, until=changed_at))
        found.append(
            replace(
                before,
                version=before.version + 1,
                score=score,
                changed_at=changed_at,
                earlier_scores=earlier,
            )
        )
    if is_erased:
        found.append(replace(erase_event(found[-1]), version=found[-1].version + 1))
    return found


def bundle_of(name: str, drawn: tuple[int, list[int]]) -> list[Answer]:
    """Anonymous answers of one day and one store, which no other answer has."""
    day = TODAY - timedelta(days=drawn[0])
    begin = datetime.combine(day, time(), ZONE)
    fields: dict[str, Any] = {"day": day, "answered_at": begin, "changed_at": begin, "anonymous": True}
    fields |= {"segments": {"store": name}, "organisation": ("north", "sales")}
    return [an_answer(f"{name}-{number}", score=score, **fields) for number, score in enumerate(drawn[1])]


async def publish(database: Database, data: st.DataObject, history: list[Answer]) -> None:
    async with database.transaction() as uow:
        for table in TABLES:
            await uow.execute(f"DELETE FROM {table}")
    published = [*history, *history[::3]]
    data.draw(st.randoms(use_true_random=False)).shuffle(published)
    for first in range(0, len(published), 25):
        await count(database, *published[first : first + 25])
    while await AnonymousCounter(database, Health("scorer"), handlers.count).step() == 0:
        pass
    await note_erased(database, "acme", "c-1")
    assert await erase_waiting(SERVICE, database) == []
    async with database.reading() as uow:
        assert await recount(uow, "acme") == []


def moments(data: st.DataObject, history: list[Answer]) -> list[datetime | None]:
    """Now, and moments at which something changes, or just before and after."""
    at = [each.until for answer in history for each in answer.earlier_scores]
    at += [answer.answered_at for answer in history if answer.answered_at]
    at += [end_of_day(answer.day) for answer in history if answer.day]
    at += [NOW - timedelta(days=30)]
    drawn = data.draw(
        st.lists(st.tuples(st.sampled_from(at), st.sampled_from([-1, 0, 1])), min_size=1, max_size=3)
    )
    found = [moment.astimezone(UTC) + timedelta(microseconds=step) for moment, step in drawn]
    return [None, *(moment for moment in found if moment <= NOW)]


def choices(data: st.DataObject, history: list[Answer]) -> list[Chosen]:
    return [
        Chosen(amended, per, as_of)
        for as_of in moments(data, history)
        for amended in ("latest", "first")
        for per in ("answer", "customer")
    ]


def choice_of(chosen: Chosen) -> AnswerChoice:
    moment = Moment(chosen.as_of, "Europe/Copenhagen") if chosen.as_of else None
    return AnswerChoice(chosen.amended, chosen.per, moment)  # type: ignore[arg-type]


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(),
    drawn=st.lists(answers, min_size=1, max_size=40),
    anonymous=st.lists(bundles, max_size=2),
)
async def test_each_score_is_that_of_the_answers_by_every_choice(
    database: Database, client: ScorerClient, data: st.DataObject, drawn: list[Any], anonymous: list[Any]
) -> None:
    history = [version for n, each in enumerate(drawn) for version in versions_of(f"a{n}", each)]
    history += [answer for n, each in enumerate(anonymous) for answer in bundle_of(f"b{n}", each)]
    await publish(database, data, history)
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, DAYS)] * 2)))
    now = Window(FIRST + timedelta(days=first), FIRST + timedelta(days=last))
    measurement = data.draw(st.sampled_from(["transactional", "relational"]))
    for chosen in choices(data, history):
        for segments in SEGMENTS:

            def counted(window: Window, *more: str) -> Any:
                named = (*segments, *more)  # noqa: B023  (called within the turn)
                days = (window.first, window.last)
                return counted_by(history, chosen, measurement, *days, *named, erased=[ERASED])  # noqa: B023

            query = {"segment": list(segments), "measurement": measurement, **chosen.parameters}
            query |= {"from": str(now.first), "to": str(now.last)}
            answer = await client.get("/v1/scores", **query)
            assert answer.status_code == 200, answer.text
            body = answer.json()
            check_score(body, counted(now))
            told = body["as_of"] and datetime.fromisoformat(body["as_of"])
            assert (body["amended"], body["per"], told) == (chosen.amended, chosen.per, chosen.as_of)
            assert body["segments"] == list(segments)
            await _check_days_and_parts(database, measurement, segments, now, chosen, counted)


async def _check_days_and_parts(
    database: Database, measurement: str, segments: tuple[str, ...], now: Window, chosen: Chosen, counted: Any
) -> None:
    """What the pages are made of."""
    choice, selection = choice_of(chosen), Selection("acme", segments)
    before = now.before()
    async with database.reading() as uow:
        if choice.has_periods:
            days = await chosen_days(uow, selection, measurement, now, choice)
            for day in now:
                assert list(days.get(day, (0,) * 11)) == counted(Window(day, day)).counts
        total = await chosen_counts(uow, selection, measurement, now, choice)
        assert list(total) == counted(now).counts
        for dimension in ("store", "organisation"):
            parts = await chosen_parts(uow, selection, measurement, dimension, now, before, choice)
            found = {part.segment: part for part in parts}
            for name in ("store:x", "store:y", "store:b0", "organisation:north", "organisation:north/sales"):
                if not name.startswith(dimension):
                    continue
                for window, side in ((now, "now"), (before, "before")):
                    expected = counted(window, name)
                    groups = getattr(found[name], side) if name in found else None
                    shown = (groups.detractors, groups.n, groups.promoters) if groups else (0, 0, 0)
                    assert shown == (expected.unhappy, expected.n, expected.happy)


@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), drawn=st.lists(bundles, min_size=1, max_size=3), named=st.lists(answers, max_size=5))
async def test_no_step_of_a_moment_shows_fewer_than_a_bundle_of_anonymous_answers(
    database: Database, client: ScorerClient, data: st.DataObject, drawn: list[Any], named: list[Any]
) -> None:
    anonymous = [answer for n, each in enumerate(drawn) for answer in bundle_of(f"b{n}", each)]
    history = [version for n, each in enumerate(named) for version in versions_of(f"a{n}", each)]
    await publish(database, data, [*anonymous, *history])
    days = {answer.day for answer in anonymous if answer.day}
    begins = {answer.answered_at for answer in anonymous if answer.answered_at}
    steps = sorted(begins | set(map(end_of_day, days)) | {NOW - timedelta(days=DAYS + 2), NOW})
    for n, bundle in enumerate(drawn):
        for per in ("answer", "customer"):
            seen = []
            for moment in steps:
                for at in (moment - timedelta(microseconds=1), moment):
                    if at > NOW:
                        continue
                    query: dict[str, Any] = {
                        "segment": f"store:b{n}",
                        "as_of": at.astimezone(UTC).isoformat(),
                        "per": per,
                    }
                    query |= {"from": str(FIRST), "to": str(TODAY)}
                    seen.append((await client.get("/v1/scores", **query)).json()["n"])
            assert set(seen) <= {0, len(bundle[1])}
            assert seen == sorted(seen)


async def test_the_answers_of_one_person_count_once_and_by_the_value_of_the_latest(
    database: Database, client: ScorerClient
) -> None:
    person = person_of(SECRET, "acme", "c-2")
    for number in range(12):
        at = NOW - timedelta(hours=20 - number)
        await count(
            database,
            an_answer(
                f"a{number}", score=number % 11, day=TODAY, answered_at=at, changed_at=at, person=person
            ),
        )
    body = (await client.get("/v1/scores", per="customer", window="2d")).json()
    assert (body["n"], body["counts"]) == (1, [1 if score == 0 else 0 for score in range(11)])
