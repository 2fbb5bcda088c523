"""Every page, document and file is the same with a declared pair as without it, in any order of events."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.asked_model import differing_counts, forget_counts
from support.erasing import erase_waiting, note_erased
from support.examples import examples
from support.invitations import an_invitation, invite
from support.pairs import declare, remove_all, rows_that_differ, set_used, states, walk
from support.scorer_builders import an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant

from services.scorer import handlers
from services.scorer.app import SERVICE
from services.scorer.counting_anonymous import AnonymousCounter
from services.scorer.pair_names import SegmentPair, pair_of
from shared.db.database import Database
from shared.events import Answer, Invitation
from shared.health import Health
from shared.privacy.subjects import erase_event

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = date(2026, 11, 22)
PAIRS = (("touchpoint", "store"), ("organisation", "touchpoint"), ("store", "organisation"))
PATHS: tuple[tuple[str, ...], ...] = (("north", "sales"), ("north", "care"), ("north-west",), ())
STORES = ("x", "y/z", "x1", "")
DIMENSIONS = ("touchpoint", "store", "organisation")
STORE, POINT, PATH = "store:x", "touchpoint:desk", "organisation:north"
SELECTIONS = (
    (),
    (STORE,),
    (POINT,),
    (PATH,),
    ("organisation:north/sales",),
    ("store:y%2Fz", POINT),
    (POINT, STORE),
    (PATH, POINT),
    (STORE, PATH),
    (STORE, PATH, POINT),
)
CHOICES: tuple[dict[str, str], ...] = ({}, {"amended": "first"}, {"per": "customer"}, {"as_of": "2026-11-12"})
ID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}|name=\"csrf\" value=\"[^\"]*\"|\"request_id\":\"[^\"]*\""
)
"""Of a new thing that a page's form could make, its token, and that of a request: other ones each time."""

drawn_answers = st.tuples(
    st.integers(1, 25),
    st.sampled_from([(0, 3, 6), (7, 8, 9, 10), (2, 9), (5, 8, 10)]),
    st.integers(0, 50),
    st.sampled_from(STORES),
    st.sampled_from(PATHS),
    st.sampled_from(["desk", "desk", "web"]),
    st.sampled_from(["transactional", "transactional", "relational"]),
    st.sampled_from([False, False, True]),
)


def a_history(drawn: list[Any], seed: int) -> list[Answer | Invitation]:
    """Some answers of each group with the invitations of half of them: amended, moved to another store, erased,
    tests, anonymous.
    """
    events: list[Answer | Invitation] = []
    for group, (n, scores, days, store, path, point, measurement, anonymous) in enumerate(drawn):
        for number in range(n):
            which = group * 100 + number + seed
            day = TODAY - timedelta(days=(days + which % 9) % 51)
            at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
            segments = {"touchpoint": point} | ({"store": store} if store else {})
            place: dict[str, Any] = {"segments": segments, "touchpoint": point, "organisation": path}
            place["measurement"] = measurement
            name = f"{group}-{number}"
            answer = an_answer(
                name,
                **place,
                score=scores[which % len(scores)],
                day=day,
                answered_at=at,
                changed_at=at,
                customer_id=None if anonymous else f"c-{which % 40}",
                comment=("The parcel came late", "Rude staff", "Nice", None)[which % 4],
                language="en",
                test=which % 11 == 0,
                anonymous=anonymous,
            )
            events.append(answer)
            if which % 2:
                asked = an_invitation(name, **place, sent_at=at, anonymous=anonymous, version=1)
                events.append(asked)
                if which % 6 == 1:
                    moved = {"segments": {**segments, "store": "x"}}
                    events.append(replace(asked, version=2, state="bounced", **moved))
            if anonymous:
                continue
            if which % 7 == 0:
                moved = {"segments": {**segments, "store": "x1"}, "score": scores[(which + 1) % len(scores)]}
                events.append(replace(answer, version=2, **moved))
            if which % 5 == 0:
                last = next(each for each in reversed(events) if isinstance(each, Answer))
                events.append(replace(erase_event(last), version=3))
    return events


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    async with a_scorer_client(
        database, a_tenant("acme", "Europe/Copenhagen", "scores:read", "answers:read")
    ) as client:
        yield client


async def consume(database: Database, batch: list[Any]) -> None:
    if invitations := [each for each in batch if isinstance(each, Invitation)]:
        await invite(database, *invitations)
    if answers := [each for each in batch if isinstance(each, Answer)]:
        await count(database, *answers)


async def known_dimensions(database: Database) -> set[str]:
    async with database.reading() as uow:
        rows = await uow.execute(
            "SELECT dimension FROM dimension WHERE size > 0 AND dimension NOT LIKE '%/%'"
        )
        return {row.dimension for row in rows}


async def declare_some(database: Database, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Declare those whose dimensions have answers by now; the others are left."""
    known = await known_dimensions(database)
    possible = [pair for pair in pairs if set(pair) <= known]
    for first, second in possible:
        await declare(database, first, second)
    return [pair for pair in pairs if pair not in possible]


def with_choices(choices: dict[str, str], window: str) -> list[str]:
    """The addresses that take choices, of each selection."""
    found = []
    for selection in SELECTIONS:
        about = urlencode({"segment": selection, "window": window, **choices}, doseq=True)
        found += [f"/v1/scores/overview?{about}&by={by}" for by in DIMENSIONS]
        found += [f"/v1/scores/overview/export?{about}", f"/v1/scores?{about}", f"/segments?{about}"]
    return found


def of_all_answers(window: str) -> list[str]:
    """The further addresses: lists and files of answers, and what has no choices."""
    found = []
    for selection in SELECTIONS:
        about = urlencode({"segment": selection, "window": window}, doseq=True)
        found += [f"/v1/scores/answers/export?{about}&format={form}" for form in ("csv", "jsonl")]
        found += [f"/segments?{about}&kind=detractors&words=parcel"]
    for segment in ("", *(selection[0] for selection in SELECTIONS if len(selection) == 1)):
        one = urlencode({"segment": segment, "window": window})
        found += [f"/v1/responses?{one}&by={by}" for by in DIMENSIONS]
        found += [f"/v1/{name}?{one}&dimension={by}" for name in ("drivers", "gap") for by in DIMENSIONS]
        found += [f"/v1/responses/export?{one}", f"/responses?{one}", f"/v1/themes/figures?{one}"]
    days = f"window={window}"
    found += [f"/v1/{name}?{days}" for name in ("segments", "segments/export", "ranking", "ranking/export")]
    found += [f"/v1/comparisons?{days}&segment=store:x&with=store:x1"]
    found += [f"{path}?{days}" for path in ("/", "/segments", "/compare", "/themes", "/drivers", "/gap")]
    return [*found, *(f"/?{days}{more}" for more in ("&path=organisation:north", f"&touchpoint={POINT}"))]


async def everything(client: ScorerClient, choices: dict[str, str], window: str) -> dict[str, str]:
    """Each page, document and file, by its address."""
    found: dict[str, str] = {}
    for address in (*with_choices(choices, window), *([] if choices else of_all_answers(window))):
        who: dict[str, Any] = {} if address.startswith("/v1/") else {"role": "leader"}
        answer = await client.get(address, **who)
        assert answer.status_code in {200, 422}, (address, answer.text)
        found[address] = ID.sub("", answer.text)
    return found


async def anonymous_turn(database: Database) -> None:
    await AnonymousCounter(database, Health("scorer"), handlers.count).step()


@settings(
    max_examples=examples(5),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), drawn=st.lists(drawn_answers, min_size=1, max_size=5), seed=st.integers(0, 1000))
async def test_each_figure_is_the_same_with_and_without_a_declared_pair(
    database: Database, client: ScorerClient, data: st.DataObject, drawn: list[Any], seed: int
) -> None:
    """Whatever is declared or removed in the middle, and wherever the walk is."""
    await forget_counts(database)
    async with database.transaction() as uow:
        await uow.execute("TRUNCATE segment_pair, waiting_answer, erased")
    history = a_history(drawn, seed)
    order = [*history, *history[::4]]
    data.draw(st.randoms(use_true_random=False)).shuffle(order)
    undeclared = list(PAIRS)
    while order:
        size = data.draw(st.integers(1, len(order)))
        batch, order = order[:size], order[size:]
        await consume(database, batch)
        await anonymous_turn(database)
        act = data.draw(st.sampled_from(["", "declare", "walk", "remove", "erase"]))
        if act == "declare":
            undeclared = await declare_some(database, undeclared)
        elif act == "remove":
            await remove_all(database)
        elif act == "erase":
            await note_erased(database, "acme", f"c-{seed % 40}")
            await erase_waiting(SERVICE, database)
        await walk(database, limit=data.draw(st.integers(1, 7)), steps=data.draw(st.integers(0, 5)))
        async with database.reading() as uow:
            assert await differing_counts(uow, "acme") == []
    await walk(database)
    assert set(await states(database)) <= {"ready"}
    undeclared = [pair for pair in PAIRS if pair_of(*pair) not in await declared(database)]
    await declare_some(database, undeclared)
    await walk(database)
    assert await rows_that_differ(database, await declared(database)) == []
    async with database.reading() as uow:
        assert await differing_counts(uow, "acme") == []
    choices = data.draw(st.sampled_from(CHOICES))
    window = data.draw(st.sampled_from(["7d", "20d", "60d"]))
    with_pairs = await everything(client, choices, window)
    await set_used(database, used=False)
    without = await everything(client, choices, window)
    for address, text in without.items():
        assert with_pairs[address] == text, address
    await set_used(database, used=True)
    await remove_all(database)
    await walk(database)
    assert await states(database) == []
    assert await rows_that_differ(database, []) == []
    await assert_nothing_names_a_pair(database)
    gone = await everything(client, choices, window)
    for address, text in without.items():
        assert gone[address] == text, address


async def declared(database: Database) -> list[SegmentPair]:
    async with database.reading() as uow:
        rows = await uow.execute("SELECT first, second FROM segment_pair WHERE tenant = 'acme' ORDER BY 1, 2")
        return [SegmentPair(row.first, row.second) for row in rows]


async def assert_nothing_names_a_pair(database: Database) -> None:
    tables = ("day_count", "week_count", "asked_count", "theme_count", "segment", "changed", "fall")
    async with database.reading() as uow:
        for table in tables:
            found = await uow.execute(f"SELECT count(*) FROM {table} WHERE segment LIKE '%/%:%'")
            assert found.scalar_one() == 0, table
        found = await uow.execute("SELECT count(*) FROM dimension WHERE dimension LIKE '%/%'")
        assert found.scalar_one() == 0
