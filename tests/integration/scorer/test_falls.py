"""Falls of segments: looked for once a day of each company, published, followed, and over."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from support.scorer_builders import ACME, add_tenant, an_answer, count

from services.scorer.fall_watch import FallWatch
from services.scorer.recovery import falls_page, restore_falls
from services.scorer.repository.segments import list_dimensions
from shared.db.database import Database, UnitOfWork
from shared.events import FALLS, Answer, SegmentFall
from shared.health import Health

TODAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 11, tzinfo=UTC)
PATH = ("service", "chat", "ida")


def answers_of_days(first: date, days: int, score: int, a_day: int, **given: Any) -> Iterator[Answer]:
    for day in (first + timedelta(days=number) for number in range(days)):
        for n in range(a_day):
            name = f"{given.get('segments')} {day} {n}"
            yield an_answer(name, day=day, score=score, organisation=PATH, **given)


def fallen_answers(**given: Any) -> list[Answer]:
    """Promoters for months, and detractors for the last ten finished days."""
    before = answers_of_days(TODAY - timedelta(days=130), 120, 10, 1, **given)
    return [*before, *answers_of_days(TODAY - timedelta(days=10), 10, 2, 5, **given)]


async def looked(watch: FallWatch, now: datetime) -> list[SegmentFall]:
    """What one process publishes when it looks at everything that is due at a time."""
    watch.database.clock = lambda: now
    while await watch.step() is not None:
        pass
    async with watch.database.transaction() as uow:
        rows = await uow.execute(
            "DELETE FROM outbox WHERE topic = :topic RETURNING value", {"topic": FALLS.name}
        )
        found = [FALLS.decode(row.value) for row in rows]
    assert {event.tenant for event in found} <= {"acme"}
    return sorted((event.data for event in found), key=lambda fall: fall.segment)


def states(falls: Sequence[SegmentFall]) -> list[tuple[str, str]]:
    return [(fall.segment, fall.state) for fall in falls]


async def test_a_fall_is_published_each_day_until_the_score_is_back_and_never_of_an_employee(
    database: Database,
) -> None:
    await add_tenant(database)
    await add_tenant(database, replace(ACME, id="steady"))
    await count(database, *fallen_answers(segments={"touchpoint": "chat", "agent": "ida"}))
    steady = answers_of_days(TODAY - timedelta(days=130), 130, 10, 1)
    await count(database, *steady, tenant="steady")
    watch = FallWatch(database, Health())
    falls = await looked(watch, NOON)
    assert [fall.segment for fall in falls] == [
        "",
        "organisation:service",
        "organisation:service/chat",
        "touchpoint:chat",
    ]
    company = falls[0]
    assert (company.state, company.first, company.found) == (
        "fallen",
        TODAY - timedelta(days=7),
        TODAY - timedelta(days=1),
    )
    assert (company.n, company.nps, company.nps_before) == (35, -100.0, 100 * (87 - 15) / 102)
    assert await looked(watch, NOON + timedelta(hours=1)) == []
    assert await looked(FallWatch(database, Health()), NOON + timedelta(hours=2)) == []
    tomorrow = await looked(watch, NOON + timedelta(days=1))
    assert states(tomorrow) == [(fall.segment, "fallen") for fall in falls]
    assert {(fall.found, fall.until) for fall in tomorrow} == {(company.found, TODAY)}
    assert all(b.version > a.version for a, b in zip(falls, tomorrow, strict=True))
    good = answers_of_days(TODAY + timedelta(days=1), 30, 10, 2, segments={"touchpoint": "chat"})
    await count(database, *good)
    month = await looked(watch, NOON + timedelta(days=31))
    assert states(month) == [(fall.segment, "back") for fall in falls]
    assert await looked(watch, NOON + timedelta(days=32)) == []


async def test_a_segment_that_becomes_an_employee_is_told_of_no_more(database: Database) -> None:
    await add_tenant(database)
    await count(database, *fallen_answers(segments={"store": "aarhus"}))
    watch = FallWatch(database, Health())
    assert ("store:aarhus", "fallen") in states(await looked(watch, NOON))
    people = replace(ACME.people, dimensions=("store",))
    await add_tenant(database, replace(ACME, version=2, people=people))
    (ended,) = [
        fall for fall in await looked(watch, NOON + timedelta(days=1)) if fall.segment == "store:aarhus"
    ]
    assert (ended.state, ended.until) == ("settled", TODAY - timedelta(days=1))
    falls = await looked(watch, NOON + timedelta(days=2))
    assert "store:aarhus" not in [fall.segment for fall in falls]


async def test_two_workers_look_at_each_company_once(database: Database) -> None:
    await add_tenant(database)
    await count(database, *fallen_answers())
    database.clock = lambda: NOON
    watches = [FallWatch(database, Health()) for _ in range(2)]
    await asyncio.gather(*(watch.step() for watch in watches))
    falls = await looked(watches[0], NOON)
    assert len(falls) == len(set(states(falls))) == 4


async def test_a_restored_database_goes_on_with_the_falls_that_were_published(database: Database) -> None:
    await add_tenant(database)
    await count(database, *fallen_answers())
    watch = FallWatch(database, Health())
    falls = await looked(watch, NOON)
    async with database.transaction() as uow:
        await uow.execute("DELETE FROM fall")
        await uow.execute("DELETE FROM fall_look")
        await restore_falls(uow, [FALLS.event("acme", fall, NOON) for fall in falls])
        page, after = await falls_page(uow, None, 2)
        rest, end = await falls_page(uow, after, 10)
    assert ([*page, *rest], end) == ([("acme", fall) for fall in falls], None)
    again = await looked(FallWatch(database, Health()), NOON + timedelta(days=1))
    assert {(fall.segment, fall.found) for fall in again} == {(fall.segment, fall.found) for fall in falls}


async def test_a_company_whose_look_fails_is_passed_over_and_keeps_no_other_waiting(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_tenant(database)
    await add_tenant(database, replace(ACME, id="aaa"))
    await count(database, *fallen_answers())
    errors: list[str] = []

    async def failing(uow: UnitOfWork, tenant: str) -> Any:
        if tenant == "aaa" and errors:
            await uow.execute(errors[0])
            raise RuntimeError("unforeseen")
        return await list_dimensions(uow, tenant)

    monkeypatch.setattr("services.scorer.fall_watch.list_dimensions", failing)
    watch = FallWatch(database, Health())
    for error, published in (("SELECT 1", 4), ("SELECT 1 / 0", 0)):
        errors[:] = [error]
        watch = FallWatch(database, Health())
        assert len(await looked(watch, NOON)) == published
        assert await days_looked(database) == {"acme"}
    errors.clear()
    assert await looked(watch, NOON + timedelta(minutes=59)) == []
    assert await days_looked(database) == {"acme"}
    assert await looked(watch, NOON + timedelta(minutes=61)) == []
    assert await days_looked(database) == {"aaa", "acme"}


async def days_looked(database: Database) -> set[str]:
    async with database.transaction() as uow:
        return set((await uow.execute("SELECT tenant FROM fall_look")).scalars())
