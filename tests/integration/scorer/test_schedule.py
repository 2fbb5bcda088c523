from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import event
from support.scorer_builders import ACME, DAY, add_tenant, an_answer, count, events_of

from services.scorer import schedule
from services.scorer.handlers import count_answers
from services.scorer.repository.score_publishing import claim_changed_segments
from services.scorer.schedule import ScorePublisher
from shared.db.database import Database
from shared.events import SCORES, Score
from shared.health import Health

NOON = datetime(2026, 11, 20, 11, tzinfo=UTC)


async def take_published(database: Database) -> list[Score]:
    """Take the scores out of the outbox, by segment and version."""
    async with database.transaction() as uow:
        rows = await uow.execute(
            "DELETE FROM outbox WHERE topic = :topic RETURNING value", {"topic": SCORES.name}
        )
        return sorted(
            (SCORES.decode(row.value).data for row in rows), key=lambda score: (score.segment, score.version)
        )


def set_clock(database: Database, now: datetime) -> None:
    database.clock = lambda: now


def publisher_at(database: Database, now: datetime) -> ScorePublisher:
    set_clock(database, now)
    return ScorePublisher(database, Health())


async def test_changed_segments_are_published_once_with_their_window(database: Database) -> None:
    await add_tenant(database)
    await count(
        database, an_answer(score=3), an_answer("b", score=10), an_answer("old", day=date(2026, 10, 1))
    )
    assert await publisher_at(database, NOON).publish_changed() == 4
    scores = await take_published(database)
    assert [score.segment for score in scores] == [
        "",
        "organisation:north",
        "organisation:north/sales",
        "touchpoint:checkout",
    ]
    company = scores[0]
    assert (company.n, company.nps, company.until, company.window_days) == (2, None, DAY, 30)
    assert (company.counts[3], company.counts[10], company.low, company.high) == (1, 1, None, None)
    assert await publisher_at(database, NOON + timedelta(seconds=2)).publish_changed() == 0
    assert await take_published(database) == []


async def test_from_ten_answers_on_a_score_is_published_and_never_that_of_an_employee(
    database: Database,
) -> None:
    await add_tenant(database)
    path = ("service", "chat", "ida")
    given = {"organisation": path, "segments": {"touchpoint": "chat", "agent": "ida"}, "score": 10}
    await count(database, *(an_answer(f"a{n}", **given) for n in range(9)))
    await publisher_at(database, NOON).publish_changed()
    assert {score.nps for score in await take_published(database)} == {None}
    await count(database, an_answer("tenth", **given))
    await publisher_at(database, NOON + timedelta(seconds=2)).publish_changed()
    scores = await take_published(database)
    assert {score.nps for score in scores} == {100.0}
    assert [score.segment for score in scores] == [
        "", "organisation:service", "organisation:service/chat", "touchpoint:chat"
    ]  # fmt: skip


async def test_a_day_begins_in_portions_each_segment_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "MAX_MARKED_SEGMENTS", 3)
    await add_tenant(database)
    await add_tenant(database, replace(ACME, id="none"))
    await count(
        database, *(an_answer(f"a{n}", segments={"store": f"s{n}"}, organisation=()) for n in range(8))
    )
    publisher = publisher_at(database, NOON)
    for second in range(0, 20, 2):
        set_clock(database, NOON + timedelta(seconds=second))
        await publisher.publish_changed()
    assert len({score.segment for score in await take_published(database)}) == 9
    tomorrow, counts = NOON + timedelta(days=1), []
    for second in range(0, 12, 2):
        set_clock(database, tomorrow + timedelta(seconds=second))
        counts.append(await publisher.publish_changed())
    assert counts == [3, 3, 3, 0, 0, 0]
    assert len({score.segment for score in await take_published(database)}) == 9


async def test_many_changes_within_a_second_are_published_once(database: Database) -> None:
    await add_tenant(database)
    await count(database, an_answer())
    await publisher_at(database, NOON).publish_changed()
    await count(database, an_answer("b"))
    assert await publisher_at(database, NOON + timedelta(milliseconds=900)).publish_changed() == 0
    await count(database, an_answer("c"))
    assert await publisher_at(database, NOON + timedelta(milliseconds=1_100)).publish_changed() == 4
    assert [score.n for score in await take_published(database) if score.segment == ""] == [1, 3]


async def test_at_midnight_of_the_companys_zone_all_are_published_as_windows_move(database: Database) -> None:
    await add_tenant(database)
    await count(database, an_answer(day=DAY - timedelta(days=29)))
    await publisher_at(database, NOON).publish_changed()
    (company, *_) = await take_published(database)
    assert company.n == 1
    before_midnight = datetime(2026, 11, 20, 22, 59, tzinfo=UTC)
    assert await publisher_at(database, before_midnight).publish_changed() == 0
    assert await publisher_at(database, before_midnight + timedelta(minutes=1)).publish_changed() == 4
    scores = await take_published(database)
    assert {(score.n, score.nps, score.low, score.until) for score in scores} == {
        (0, None, None, DAY + timedelta(days=1))
    }


async def test_the_companies_are_read_only_when_a_day_can_have_begun(database: Database) -> None:
    await add_tenant(database)
    await add_tenant(database, replace(ACME, id="far", time_zone="Asia/Kathmandu"))
    publisher, asked = publisher_at(database, NOON), []
    event.listen(
        database.engine.sync_engine, "before_cursor_execute", lambda *seen: asked.append(str(seen[2]))
    )

    async def reads_at(now: datetime) -> tuple[bool, bool]:
        """Whether the companies were read, and whether a day was begun."""
        asked.clear()
        database.clock = lambda: now
        await publisher.publish_changed()
        return any("body FROM tenant" in sql for sql in asked), any("published_day" in sql for sql in asked)

    assert await reads_at(NOON) == (True, True)
    assert await reads_at(NOON + timedelta(seconds=1)) == (False, False)
    assert await reads_at(NOON + timedelta(minutes=14, seconds=59)) == (False, False)
    assert await reads_at(NOON + timedelta(minutes=15)) == (True, True)
    await add_tenant(database, replace(ACME, id="new"))
    assert await reads_at(NOON + timedelta(minutes=15, seconds=1)) == (True, True)
    kathmandu = datetime(2026, 11, 20, 18, 15, tzinfo=UTC)
    await reads_at(kathmandu - timedelta(seconds=1))
    await count(database, an_answer(), tenant="far")
    await reads_at(kathmandu)
    assert {score.until for score in await take_published(database)} == {date(2026, 11, 21)}


async def test_a_count_that_is_under_way_is_published_when_it_is_committed(database: Database) -> None:
    """A mark that another transaction holds is left for the next time, so no change is lost."""
    await add_tenant(database)
    await count(database, an_answer())
    await publisher_at(database, NOON).publish_changed()
    await take_published(database)
    async with database.transaction() as counting:
        await count_answers(counting, events_of([an_answer("b")]))
        assert await publisher_at(database, NOON + timedelta(seconds=2)).publish_changed() == 0
    assert await publisher_at(database, NOON + timedelta(seconds=4)).publish_changed() == 4
    assert (await take_published(database))[0].n == 2


async def test_marks_of_an_unknown_company_wait_until_it_is_known(database: Database) -> None:
    await count(database, an_answer())
    assert await publisher_at(database, NOON).publish_changed() == 0
    await add_tenant(database)
    assert await publisher_at(database, NOON + timedelta(seconds=2)).publish_changed() == 4
    async with database.transaction() as uow:
        assert await claim_changed_segments(uow, 10) == []
