"""A standing programme asks each known customer once in each period, spread evenly, exactly once."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from support.audit import an_actor
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    decide,
    event_of,
    go_live,
    keep_tenant,
    make_survey,
    published,
    relay_all,
    rows,
    say_no,
)
from support.dispatcher_customers import know_customers
from support.dispatcher_erasing import erase
from support.http_clients import SECRET

from services.dispatcher.one_by_one import OneByOne
from services.dispatcher.programmes import publishing, repository
from services.dispatcher.programmes.publishing import advance_programmes
from services.dispatcher.programmes.turns import Progress
from services.dispatcher.recovery import restore_surveys
from services.dispatcher.surveys.domain import StoredSurvey
from services.dispatcher.surveys.survey_commands import change_survey, find_survey
from shared.db.database import Database
from shared.events import SURVEYS, TRANSACTIONS, Transaction
from shared.events.surveys import Programme

WHO = an_actor("Sara Lund")
REGIONS = ("north", "south")


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
async def survey(database: Database) -> StoredSurvey:
    """A relational survey with a programme of thirty days that has begun, and no customer."""
    await keep_tenant(database)
    made = await make_survey(
        database,
        name="The relation",
        trigger="never",
        measurement="relational",
        delay_minutes=0,
        quarantine_days=20,
        programme=Programme(every_days=30),
    )
    await go_live(database)
    await run(database)
    await relay_all(database)
    return made


async def know(database: Database, *ids: str) -> None:
    await know_customers(database, {id_: {"region": REGIONS[n % 2]} for n, id_ in enumerate(ids)})


async def know_many(database: Database, n: int) -> None:
    await know(database, *(f"c-{number}" for number in range(n)))


async def run(database: Database) -> None:
    while await advance_programmes(database, SECRET):
        pass


async def pass_days(database: Database, clock: Clock, days: float, *, step_hours: float = 12) -> None:
    for _ in range(int(days * 24 / step_hours)):
        clock.on(hours=step_hours)
        await run(database)


async def asked_in(database: Database, clock: Clock, days: int) -> list[Transaction]:
    """The events of so many days, which are decided each day."""
    found = []
    for _ in range(days):
        await pass_days(database, clock, 1)
        today = await events(database)
        await decide(database, *today)
        await relay_all(database)
        found += today
    await decide(database, *found)  # read again
    return found


async def events(database: Database) -> list[Transaction]:
    return await published(database, TRANSACTIONS)


async def change(database: Database, survey: StoredSurvey, **changes: Any) -> None:
    async with database.transaction() as uow:
        current = await find_survey(uow, TENANT, survey.id)
        await change_survey(uow, TENANT, survey.id, replace(current.draft, **changes), who=WHO)


async def test_over_two_months_each_customer_is_asked_once_a_month_at_their_time(
    database: Database, survey: StoredSurvey, clock: Clock
) -> None:
    await know_many(database, 300)
    first = await asked_in(database, clock, 30)
    await know(database, "late-1", "late-2")
    second = await asked_in(database, clock, 30)

    assert len(first) == len({event.customer.id for event in first}) == 300
    assert len(second) == len({event.customer.id for event in second}) == 302
    assert {event.type for event in first} == {f"wave.{survey.id}"}
    asked = {event.customer.id: event.occurred_at for event in first}
    again = {event.customer.id: event.occurred_at for event in second}
    assert all(again[id_] - at == timedelta(days=30) for id_, at in asked.items())
    days = Counter((at - NOON).days for at in asked.values())
    assert len(days) >= 29
    assert max(days.values()) <= 25  # of 10 a day
    for region in REGIONS:
        thirds = Counter(
            (event.occurred_at - NOON).days // 10 for event in first if event.segments["region"] == region
        )
        assert all(30 <= thirds[third] <= 70 for third in range(3))  # of 50
    outcomes = await rows(database, "SELECT reason, survey_id, count(*) FROM decision GROUP BY 1, 2")
    assert [tuple(row) for row in outcomes] == [("invited", survey.id, 602)]
    async with database.reading() as uow:
        progress = await repository.find(uow, TENANT, survey.id)
        assert progress is not None
        decided = await repository.count_outcomes(uow, progress)
    assert decided == {"invited": progress.published}
    assert NOON + timedelta(days=60) <= progress.ends_at <= NOON + timedelta(days=90)


async def test_a_process_that_is_killed_at_any_place_changes_nothing(
    database: Database, survey: StoredSurvey, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "CUSTOMERS_PER_PAGE", 7)
    await know_many(database, 60)
    whole, calls = repository.update, 0

    async def killed(*args: Any) -> None:
        nonlocal calls
        calls += 1
        await whole(*args)
        if calls % 2:
            raise Killed

    monkeypatch.setattr(repository, "update", killed)
    for _ in range(80):
        clock.on(hours=10)
        try:
            await run(database)
        except Killed:
            continue
    assert calls > 60
    counts = Counter(event.id for event in await events(database))
    assert set(counts.values()) == {1}
    assert len({id_.rpartition("/")[2] for id_ in counts}) == 60


async def test_many_workers_at_once_publish_each_customer_once(
    database: Database, survey: StoredSurvey, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "CUSTOMERS_PER_PAGE", 5)
    await make_survey(
        database, name="B", trigger="b", measurement="relational", programme=Programme(every_days=7)
    )
    await know_many(database, 40)
    for _ in range(10):
        await asyncio.gather(*(run(database) for _ in range(4)))
        clock.on(days=3)
    await run(database)
    counts = Counter(event.id for event in await events(database))
    assert set(counts.values()) == {1}
    monthly = Counter(id_ for id_ in counts if id_.startswith(str(survey.id)))
    assert len({id_.rpartition("/")[2] for id_ in monthly}) == 40
    assert 40 <= len(monthly) <= 41
    assert len(counts) - len(monthly) >= 3 * 40


async def test_a_survey_that_was_paused_asks_nobody_for_the_turns_that_came_meanwhile(
    database: Database, survey: StoredSurvey, clock: Clock
) -> None:
    await know_many(database, 200)
    await pass_days(database, clock, 5)
    before = {event.customer.id for event in await events(database)}
    await change(database, survey, state="paused")
    await pass_days(database, clock, 5)
    assert {event.customer.id for event in await events(database)} == before
    await change(database, survey, state="live")
    await run(database)
    assert {event.customer.id for event in await events(database)} == before
    await pass_days(database, clock, 20)
    passed = len(await events(database))
    assert 125 <= passed <= 195
    await pass_days(database, clock, 10)
    counts = Counter(event.customer.id for event in await events(database))
    assert len(counts) == 200
    assert {counts[id_] for id_ in before} == {2}


async def test_without_a_programme_nobody_is_asked_and_a_new_one_begins_without_a_burst(
    database: Database, survey: StoredSurvey, clock: Clock
) -> None:
    await know_many(database, 100)
    await change(database, survey, programme=None)
    await pass_days(database, clock, 3)
    assert await events(database) == []
    await change(database, survey, programme=Programme(every_days=60))
    await run(database)
    assert await events(database) == []
    await pass_days(database, clock, 6)
    assert 2 <= len(await events(database)) <= 22
    await change(database, survey, programme=Programme(every_days=10), quarantine_days=5)
    await run(database)
    few = len(await events(database))
    assert few <= 22
    await pass_days(database, clock, 5)
    assert 30 <= len(await events(database)) - few <= 70
    counts = Counter(event.customer.id for event in await events(database))
    assert set(counts.values()) == {1}


async def test_what_a_worker_that_was_down_missed_is_made_up_as_far_as_it_may_still_be_asked(
    database: Database, survey: StoredSurvey, clock: Clock
) -> None:
    await know_many(database, 300)
    clock.on(hours=30)
    await run(database)
    made_up = await events(database)
    assert 3 <= len(made_up) <= 25
    await decide(database, *made_up)
    clock.on(days=20)
    await run(database)
    late = (await events(database))[len(made_up) :]
    assert 45 <= len(late) <= 95  # of seven days
    await decide(database, *late)
    assert {row.reason for row in await rows(database, "SELECT reason FROM decision")} == {"invited"}


async def test_a_database_from_a_backup_asks_nobody_again(
    database: Database, survey: StoredSurvey, clock: Clock
) -> None:
    await know_many(database, 100)
    (backup,) = await rows(database, "SELECT position, began_at, period FROM programme")
    await pass_days(database, clock, 4)
    sent = await events(database)
    await decide(database, *sent)
    for lost in (
        "UPDATE programme SET position = :position, began_at = :began_at, period = :period",
        "DELETE FROM programme WHERE :position <> '' AND :began_at < now() AND :period <> ''",
    ):
        await relay_all(database)
        async with database.transaction() as uow:
            await uow.execute(lost, backup._asdict())
        await run(database)
        await decide(database, *await events(database))
    await relay_all(database)
    await pass_days(database, clock, 1)
    assert {event.id for event in await events(database)}.isdisjoint({event.id for event in sent})
    found = await rows(database, "SELECT source_id FROM decision WHERE difference IS NULL")
    assert len(found) == len(sent) > 5


async def test_a_restored_survey_has_its_programme(database: Database, survey: StoredSurvey) -> None:
    async with database.transaction() as uow:
        current = await find_survey(uow, TENANT, survey.id)
        await change_survey(uow, TENANT, survey.id, replace(current.draft, name="Other"), who=WHO)
    (event,) = await published(database, SURVEYS)
    assert event.programme == Programme(every_days=30)
    newer = replace(event, version=9, programme=Programme(every_days=90))
    async with database.transaction() as uow:
        await restore_surveys(uow, [event_of(SURVEYS, newer)])
        assert (await find_survey(uow, TENANT, survey.id)).draft.programme == Programme(every_days=90)


async def test_the_rules_of_every_decision_hold_for_its_customers(
    database: Database, survey: StoredSurvey, clock: Clock
) -> None:
    await know(database, "c-1", "c-2", "c-3", "c-4")
    await say_no(database, a_customer("c-1"))
    await pass_days(database, clock, 30)
    sent = await events(database)
    assert {event.customer.id for event in sent} == {"c-2", "c-3", "c-4"}
    await erase(database, customer_id="c-2")
    await make_survey(database, trigger="order.delivered", delay_minutes=0)
    await decide(
        database,
        a_transaction("order-1", a_customer("c-3"), occurred_at=clock.now, accepted_at=clock.now),
    )
    await decide(database, *sent)
    found = await rows(
        database, "SELECT reason, count(*) AS n FROM decision WHERE source <> 'webshop' GROUP BY 1"
    )
    reasons = {row.reason: row.n for row in found}
    assert reasons.pop("erased") == 1
    assert sum(reasons.values()) == 2
    assert not reasons.keys() - {"invited", "quarantine", "too_old"}


async def test_a_programme_that_fails_keeps_no_other_one_waiting_and_is_tried_again_later(
    database: Database, survey: StoredSurvey, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await make_survey(
        database, name="Another", trigger="x", measurement="relational", programme=survey.draft.programme
    )
    await know_many(database, 60)
    await run(database)
    failing = min(survey.id, other.id)
    read = repository.list_customers

    async def fails(uow: Any, progress: Progress, *args: Any) -> Any:
        if progress.survey_id == failing:
            raise ValueError("a fault in this programme")
        return await read(uow, progress, *args)

    one_by_one = OneByOne(publishing.PROGRAMMES_LOOP, database)
    monkeypatch.setattr(repository, "list_customers", fails)
    clock.on(days=6)
    await advance_programmes(database, SECRET, one_by_one)
    asked = {event.survey_id for event in await events(database)}
    assert asked == {survey.id, other.id} - {failing}
    monkeypatch.setattr(repository, "list_customers", read)
    clock.on(minutes=1)
    await advance_programmes(database, SECRET, one_by_one)
    assert {event.survey_id for event in await events(database)} == {survey.id, other.id}
