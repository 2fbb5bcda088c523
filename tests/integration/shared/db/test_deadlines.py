"""A deadline fires once, when it is due, in whatever order it was set, moved and cleared; one fault stops no other."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from support.dispatcher_builders import Clock
from support.examples import examples
from support.stack import Postgres

from shared.db import deadlines
from shared.db.database import Database, UnitOfWork
from shared.db.deadlines import (
    CLOCK_DDL,
    AboutKey,
    Deadline,
    FireDeadlines,
    clear_deadlines,
    clear_due_deadlines,
    deadline_loop,
    fire_due,
    measure_deadlines,
    move_deadlines,
    set_deadlines,
)
from shared.health import Health

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
A, B = "remind", "escalate"


@pytest.fixture
async def database(postgres: Postgres) -> AsyncIterator[Database]:
    url = await postgres.create_database("scorer")
    database = Database(url, clock=Clock(NOON))
    async with database.transaction() as uow:
        for statement in CLOCK_DDL:
            await uow.execute(statement)
    yield database
    await database.close()
    await postgres.drop_database(url)


def a_deadline(number: int, minutes: float = 0, kind: str = A, tenant: str = "acme") -> Deadline:
    return Deadline(tenant, kind, UUID(int=number), NOON + timedelta(minutes=minutes))


def recorded(calls: list[list[Deadline]]) -> FireDeadlines:
    """Fires all that it gets, and notes it."""

    async def fire(_: UnitOfWork, due: Sequence[Deadline]) -> list[Deadline]:
        calls.append(list(due))
        return list(due)

    return fire


async def refuse(uow: UnitOfWork, due: Sequence[Deadline]) -> list[Deadline]:
    raise ValueError("a bug")


async def set_now(database: Database, *given: Deadline) -> None:
    async with database.transaction() as uow:
        await set_deadlines(uow, given)


async def stored(database: Database) -> list[Deadline]:
    async with database.reading() as uow:
        rows = await uow.execute("SELECT tenant, kind, about_id, due_at FROM clock ORDER BY due_at, 1, 2, 3")
        return [Deadline._make(row) for row in rows]


ABOUT = st.tuples(st.sampled_from(["acme", "bolt"]), st.sampled_from([A, B]), st.integers(1, 3))
ONE = st.tuples(ABOUT, st.integers(0, 6))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.lists(ONE, max_size=4)),
        st.tuples(st.just("move"), st.lists(ONE, max_size=4, unique_by=lambda one: one[0])),
        st.tuples(st.just("clear"), st.lists(ABOUT, max_size=4)),
        st.tuples(st.just("clear due"), st.sampled_from([A, B])),
        st.tuples(st.just("fire"), st.integers(0, 3)),
    ),
    max_size=20,
)


@settings(max_examples=examples(20), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_in_any_order_each_fires_once_and_when_it_is_due(
    database: Database, steps: list[tuple[str, Any]]
) -> None:
    clock = database.clock = Clock(NOON)
    async with database.transaction() as uow:
        await uow.execute("DELETE FROM clock")
    model: dict[tuple[str, str, int], datetime] = {}
    calls: list[list[Deadline]] = []

    def deadline(about: tuple[str, str, int], minutes: int) -> Deadline:
        return a_deadline(about[2], minutes, about[1], about[0])

    for what, given_ in steps:
        async with database.transaction() as uow:
            match what:
                case "set":
                    await set_deadlines(uow, [deadline(*one) for one in given_])
                    model |= {about: deadline(about, at).due_at for about, at in given_}
                case "move":
                    await move_deadlines(uow, [deadline(*one) for one in given_])
                    model |= {about: deadline(about, at).due_at for about, at in given_ if about in model}
                case "clear":
                    for kind in (A, B):
                        wanted = {about for about in given_ if about[1] == kind}
                        cleared = await clear_deadlines(
                            uow, kind, [(tenant, UUID(int=number)) for tenant, _, number in wanted]
                        )
                        assert cleared == {(about[0], UUID(int=about[2])) for about in wanted & model.keys()}
                        model = {about: at for about, at in model.items() if about not in wanted}
                case "clear due":
                    due = {about for about, at in model.items() if about[1] == given_ and at <= clock.now}
                    assert await clear_due_deadlines(uow, given_) == len(due)
                    model = {about: at for about, at in model.items() if about not in due}
        if what == "fire":
            clock.on(minutes=given_)
            calls.clear()
            count = await fire_due("scorer", {A: recorded(calls), B: recorded(calls)}, database)
            fired = [one for call in calls for one in call]
            assert count == len(fired)
            assert sorted(fired) == sorted(
                deadline(about, 0)._replace(due_at=at) for about, at in model.items() if at <= clock.now
            )
            assert all(call == sorted(call, key=lambda one: one.due_at) for call in calls)
            model = {about: at for about, at in model.items() if at > clock.now}
        assert sorted(await stored(database)) == sorted(
            deadline(about, 0)._replace(due_at=at) for about, at in model.items()
        )


async def test_each_kind_gets_its_own_in_one_batch_and_the_oldest_first(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "MAX_DEADLINES_PER_ROUND", 3)
    await set_now(
        database,
        a_deadline(1, -1),
        a_deadline(2, -4),
        a_deadline(3, -3, B),
        a_deadline(4, -2),
        a_deadline(5, 1),
    )
    first: list[list[Deadline]] = []
    second: list[list[Deadline]] = []
    kinds = {A: recorded(first), B: recorded(second)}
    assert [await fire_due("scorer", kinds, database) for _ in range(3)] == [3, 1, 0]
    assert [[one.about_id.int for one in call] for call in first] == [[2, 4], [1]]
    assert second == [[a_deadline(3, -3, B)]]
    assert await stored(database) == [a_deadline(5, 1)]


async def test_one_that_fails_is_tried_again_a_minute_later_and_stops_no_other(database: Database) -> None:
    clock = database.clock = Clock(NOON)
    await set_now(database, *(a_deadline(number, -number) for number in range(1, 8)), a_deadline(8, 0, B))
    fired: list[list[Deadline]] = []
    note = recorded(fired)

    async def fire(uow: UnitOfWork, due: Sequence[Deadline]) -> list[Deadline]:
        await set_deadlines(uow, [one._replace(kind="left behind") for one in due])
        if any(one.about_id.int == 5 for one in due):
            raise ValueError("a bug")
        return list(await note(uow, due))

    before = REGISTRY.get_sample_value(*failures()) or 0
    assert await fire_due("scorer", {A: fire, B: refuse}, database) == 6
    assert sorted(one.about_id.int for call in fired for one in call) == [1, 2, 3, 4, 6, 7]
    left = [one for one in await stored(database) if one.kind != "left behind"]
    assert left == [a_deadline(8, 1, B), a_deadline(5, 1)]
    assert 5 not in {one.about_id.int for one in await stored(database) if one.kind == "left behind"}
    assert REGISTRY.get_sample_value(*failures()) == before + 1
    assert await fire_due("scorer", {A: note, B: note}, database) == 0
    clock.on(minutes=1)
    assert await fire_due("scorer", {A: note, B: note}, database) == 2


def failures() -> tuple[str, dict[str, str]]:
    return "afterword_deadlines_total", {"service": "scorer", "kind": A, "outcome": "failed"}


async def test_while_the_database_is_in_trouble_nothing_is_postponed(database: Database) -> None:
    await set_now(database, a_deadline(1, -1), a_deadline(2, -1, B))

    async def away(uow: UnitOfWork, due: Sequence[Deadline]) -> list[Deadline]:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await fire_due("scorer", {A: away, B: recorded([])}, database)
    assert await stored(database) == [a_deadline(2, -1, B), a_deadline(1, -1)]


async def test_what_a_function_leaves_and_what_it_sets_anew_comes_again(database: Database) -> None:
    clock = database.clock = Clock(NOON)
    await set_now(database, a_deadline(1, -1), a_deadline(2, -1))

    async def fire(uow: UnitOfWork, due: Sequence[Deadline]) -> list[Deadline]:
        await set_deadlines(uow, [a_deadline(1, 5)])
        return [one for one in due if one.about_id.int == 1]

    assert await fire_due("scorer", {A: fire}, database) == 1
    assert await stored(database) == [a_deadline(2, -1), a_deadline(1, 5)]
    clock.on(minutes=5)
    assert await fire_due("scorer", {A: recorded([])}, database) == 2


async def test_kinds_of_a_newer_version_are_left_to_it(database: Database) -> None:
    await set_now(database, a_deadline(1, -1, "unknown here"), a_deadline(2, -1))
    assert await fire_due("scorer", {A: recorded([])}, database) == 1
    assert await stored(database) == [a_deadline(1, -1, "unknown here")]


async def test_two_loops_at_once_fire_each_once_and_wait_for_nothing(database: Database) -> None:
    half = deadlines.MAX_DEADLINES_PER_ROUND // 2
    await set_now(database, *(a_deadline(number, -1) for number in range(3 * half)))
    fired: list[AboutKey] = []
    both = asyncio.Barrier(2)

    async def fire(uow: UnitOfWork, due: Sequence[Deadline]) -> list[Deadline]:
        async with asyncio.timeout(10):
            await both.wait()  # neither has committed: each has deadlines that the other skipped
        fired.extend(one.about for one in due)
        return list(due)

    counts = await asyncio.gather(*(fire_due("scorer", {A: fire}, database) for _ in range(2)))
    assert sorted(counts) == [half, 2 * half]
    assert len(set(fired)) == len(fired) == 3 * half


async def test_the_gauge_counts_what_is_due_and_has_not_fired(database: Database) -> None:
    await set_now(database, a_deadline(1, -1), a_deadline(2, 0), a_deadline(3, 1))
    async with database.reading() as uow:
        await measure_deadlines(uow, "scorer", (A, B))
    gauge = "afterword_overdue_deadlines"
    assert REGISTRY.get_sample_value(gauge, {"service": "scorer", "kind": A}) == 2
    assert REGISTRY.get_sample_value(gauge, {"service": "scorer", "kind": B}) == 0


async def test_a_company_with_little_due_waits_for_no_other_however_much_theirs_is(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two companies have far more due, all of it earlier; the third is served in the loop's first turn."""
    monkeypatch.setattr(deadlines, "MAX_DEADLINES_PER_ROUND", 5)
    floods = [a_deadline(n, -60, tenant=tenant) for tenant in ("acme", "bolt") for n in range(100)]
    await set_now(database, *floods, a_deadline(1, -1, tenant="corp"))
    calls: list[list[Deadline]] = []
    stopping = asyncio.Event()
    note = recorded(calls)

    async def fire(uow: UnitOfWork, due: Sequence[Deadline]) -> list[Deadline]:
        if sum(map(len, calls)) + len(due) == len(floods) + 1:
            stopping.set()
        return list(await note(uow, due))

    loop = deadline_loop("scorer", {A: fire}, database, Health())
    await asyncio.wait_for(loop(stopping), 10)
    first_of = {
        tenant: min(n for n, call in enumerate(calls) if any(one.tenant == tenant for one in call))
        for tenant in ("acme", "bolt", "corp")
    }
    assert max(first_of.values()) <= 2
    fired = [one for call in calls for one in call]
    assert sorted(fired) == sorted([*floods, a_deadline(1, -1, tenant="corp")])
