"""A wave chooses so many of the known customers and publishes an event for each of them, exactly once."""

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
    decide,
    go_live,
    keep_tenant,
    list_test_addresses,
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
from services.dispatcher.surveys.domain import StoredSurvey
from services.dispatcher.surveys.refusals import DraftRefused
from services.dispatcher.surveys.survey_commands import change_survey
from services.dispatcher.waves import population_repository, publishing, repository
from services.dispatcher.waves.drawing import Wave
from services.dispatcher.waves.publishing import advance_waves
from services.dispatcher.waves.wave_commands import WaveRefused, WaveRequest, start_wave, stop_wave
from shared.db.database import Database
from shared.events import TRANSACTIONS, Transaction
from shared.ids import uuid7

WHO = an_actor("Sara Lund")


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
async def survey(database: Database, monkeypatch: pytest.MonkeyPatch) -> StoredSurvey:
    """A relational survey that is live, beside one that asks about everything; pages are small."""
    monkeypatch.setattr(publishing, "CUSTOMERS_PER_PAGE", 7)
    monkeypatch.setattr(publishing, "PERSONS_PER_PAGE", 11)
    await keep_tenant(database)
    await make_survey(database, trigger="*", delay_minutes=0)
    made = await make_survey(
        database, name="Relation", trigger="never", measurement="relational", delay_minutes=0
    )
    await go_live(database)
    return made


async def know(database: Database, *ids: str, segments: dict[str, str] | None = None) -> None:
    await know_customers(database, dict.fromkeys(ids, segments or {}))


async def know_many(database: Database, n: int = 40) -> None:
    await know(database, *(f"c-{number}" for number in range(n)))


async def start(database: Database, survey: StoredSurvey, **changes: Any) -> Wave:
    wanted = WaveRequest(survey.id, 15, None, {}, None, 0)._replace(**changes)
    async with database.transaction() as uow:
        return await start_wave(uow, TENANT, uuid7(), wanted, "the test", who=WHO)


async def run(database: Database) -> None:
    while await advance_waves(database, SECRET):
        pass


async def waves(database: Database) -> list[Wave]:
    async with database.reading() as uow:
        return await repository.list_newest(uow, TENANT, 10)


async def outcomes(database: Database, wave: Wave) -> dict[str, int]:
    async with database.reading() as uow:
        return await repository.count_outcomes(uow, TENANT, wave.id)


async def events(database: Database) -> list[Transaction]:
    return await published(database, TRANSACTIONS)


async def test_so_many_are_chosen_and_their_survey_alone_asks_each_of_them(
    database: Database, survey: StoredSurvey
) -> None:
    await know_many(database)
    wave = await start(database, survey)
    await run(database)
    sent = await events(database)
    assert len({event.customer.id for event in sent}) == len(sent) == 15
    assert {event.type for event in sent} == {f"wave.{survey.id}"}
    assert {event.id for event in sent} == {f"{wave.id}/{event.customer.id}" for event in sent}
    await decide(database, *sent)
    await decide(database, *sent)  # read again
    asked = await rows(database, "SELECT DISTINCT survey_id, reason, count(*) FROM decision GROUP BY 1, 2")
    assert [tuple(row) for row in asked] == [(survey.id, "invited", 15)]
    assert await outcomes(database, wave) == {"invited": 15}
    (after,) = await waves(database)
    assert (after.state, after.chosen, after.published) == ("done", 15, 15)
    await run(database)
    assert len(await events(database)) == 15


async def test_a_process_that_is_killed_at_any_place_changes_nothing(
    database: Database, survey: StoredSurvey, monkeypatch: pytest.MonkeyPatch
) -> None:
    await know_many(database)
    wave = await start(database, survey)
    whole = repository.write_progress
    calls = 0

    async def killed(*args: Any, **values: Any) -> None:
        nonlocal calls
        calls += 1
        await whole(*args, **values)
        if calls % 2:
            raise Killed

    monkeypatch.setattr(repository, "write_progress", killed)
    for _ in range(40):
        try:
            await run(database)
        except Killed:
            continue
        break
    assert calls > 6
    interrupted = Counter(event.id for event in await events(database))
    assert set(interrupted.values()) == {1}
    assert len(interrupted) == 15
    await relay_all(database)
    async with database.transaction() as uow:
        await uow.execute(
            "UPDATE wave SET state = 'waiting', position = '', published = 0 WHERE id = :id", {"id": wave.id}
        )
    monkeypatch.setattr(repository, "write_progress", whole)
    await run(database)
    assert Counter(event.id for event in await events(database)) == interrupted


async def test_many_workers_at_once_publish_each_customer_once(
    database: Database, survey: StoredSurvey
) -> None:
    await know_many(database)
    await start(database, survey)
    await start(database, survey, size=100)
    for _ in range(12):
        await asyncio.gather(*(advance_waves(database, SECRET) for _ in range(4)))
    counts = Counter(event.source for event in await events(database))
    assert sorted(counts.values()) == [15, 40]
    assert {wave.state for wave in await waves(database)} == {"done"}


async def test_it_is_spread_over_its_hours_and_who_joins_meanwhile_moves_nobody(
    database: Database, survey: StoredSurvey, clock: Clock
) -> None:
    await know_many(database, 200)
    await start(database, survey, size=100, spread_hours=10)
    await run(database)
    reached = [len(await events(database))]
    clock.on(hours=5)
    await know(database, *(f"late-{n}" for n in range(50)))
    await run(database)
    reached.append(len(await events(database)))
    clock.on(hours=5)
    await run(database)
    reached.append(len(await events(database)))
    assert reached[0] == 0
    assert 25 <= reached[1] <= 75
    assert reached[2] == 100
    assert not any(event.customer.id.startswith("late") for event in await events(database))


async def test_it_waits_for_its_time_and_a_stopped_one_ends(
    database: Database, survey: StoredSurvey, clock: Clock
) -> None:
    await know_many(database)
    wave = await start(database, survey, start_at=NOON + timedelta(hours=3))
    await run(database)
    assert await events(database) == []
    async with database.transaction() as uow:
        assert await stop_wave(uow, TENANT, wave.id, who=WHO)
        assert not await stop_wave(uow, TENANT, wave.id, who=WHO)
    clock.on(hours=4)
    await run(database)
    assert await events(database) == []
    assert (await waves(database))[0].state == "stopped"


@pytest.mark.parametrize(("wanted", "chosen"), [({"size": 50}, 50), ({"size": None, "margin": 20}, 100)])
async def test_a_later_one_is_counted_when_it_begins(
    database: Database, survey: StoredSurvey, clock: Clock, wanted: dict[str, Any], chosen: int
) -> None:
    await know_many(database, 10)
    wave = await start(database, survey, start_at=NOON + timedelta(days=7), **wanted)
    clock.on(days=6)
    await know_many(database, 100)
    clock.on(days=2)
    await know(database, "late")
    await run(database)
    (after,) = await waves(database)
    assert (after.id, after.state, after.size) == (wave.id, "done", chosen)
    assert (after.chosen, after.published) == (chosen, chosen)
    assert len({event.customer.id for event in await events(database)} - {"late"}) == chosen


async def test_one_begins_now_or_later_and_not_in_the_past(
    database: Database, survey: StoredSurvey, clock: Clock
) -> None:
    await know_many(database, 3)
    for before in (timedelta(minutes=11), timedelta(days=9000)):
        with pytest.raises(WaveRefused, match="past") as refused:
            await start(database, survey, start_at=clock() - before)
        assert refused.value.field == "start_at"
    assert await waves(database) == []
    wave = await start(database, survey, start_at=clock() - timedelta(minutes=9))
    assert wave.start_at == clock()


@pytest.mark.parametrize("started", [False, True])
async def test_its_survey_goes_on_measuring_the_relation_until_it_has_ended(
    database: Database, survey: StoredSurvey, clock: Clock, started: bool
) -> None:
    await know_many(database)
    wave = await start(database, survey, start_at=clock() + timedelta(hours=1), spread_hours=10)
    if started:
        clock.on(hours=2)
        await run(database)
    other = replace(survey.draft, measurement="transactional", trigger="order.delivered")
    renamed = replace(survey.draft, name="Another name")
    async with database.transaction() as uow:
        await change_survey(uow, TENANT, survey.id, renamed)
        with pytest.raises(DraftRefused) as refused:
            await change_survey(uow, TENANT, survey.id, other)
        assert refused.value.field == "measurement"
        await stop_wave(uow, TENANT, wave.id, who=WHO)
        await change_survey(uow, TENANT, survey.id, other)


@pytest.mark.parametrize("started", [False, True])
async def test_one_whose_survey_measures_something_else_is_stopped(
    database: Database, survey: StoredSurvey, clock: Clock, started: bool
) -> None:
    await know_many(database)
    await start(database, survey, spread_hours=10)
    if started:
        clock.on(hours=2)
        await run(database)
    before = len(await events(database))
    async with database.transaction() as uow:  # as a version before this one does
        values = {"tenant": TENANT, "id": survey.id}
        await uow.execute(
            "UPDATE survey_words SET measurement = 'transactional' WHERE tenant = :tenant AND survey_id = :id",
            values,
        )
    clock.on(hours=9)
    await run(database)
    assert len(await events(database)) == before
    assert [each.state for each in await waves(database)] == ["stopped"]


async def test_a_wave_that_chooses_is_stopped_at_once(
    database: Database, survey: StoredSurvey, monkeypatch: pytest.MonkeyPatch
) -> None:
    await know_many(database)
    wave, read = await start(database, survey), population_repository.list_persons

    async def stopped_meanwhile(*args: Any) -> list[str]:
        page = await read(*args)
        async with asyncio.timeout(5), database.transaction() as uow:
            await stop_wave(uow, TENANT, wave.id, who=WHO)
        return page

    monkeypatch.setattr(population_repository, "list_persons", stopped_meanwhile)
    await run(database)
    (stopped,) = await waves(database)
    assert (stopped.state, stopped.chosen, await events(database)) == ("stopped", None, [])


async def test_a_wave_that_fails_keeps_no_other_one_waiting_and_is_tried_again_later(
    database: Database, survey: StoredSurvey, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await know_many(database)
    first, second = sorted([await start(database, survey) for _ in range(2)], key=lambda wave: wave.id)
    read = population_repository.list_persons

    async def fails(uow: Any, wave: Wave, *args: Any) -> list[str]:
        if wave.id == first.id:
            raise ValueError("a fault in this wave")
        return await read(uow, wave, *args)

    one_by_one = OneByOne(publishing.WAVES_LOOP, database)
    monkeypatch.setattr(population_repository, "list_persons", fails)
    while await advance_waves(database, SECRET, one_by_one):
        pass
    assert {wave.id: wave.state for wave in await waves(database)} == {first.id: "waiting", second.id: "done"}
    monkeypatch.setattr(population_repository, "list_persons", read)
    assert not await advance_waves(database, SECRET, one_by_one)
    clock.on(minutes=1)
    while await advance_waves(database, SECRET, one_by_one):
        pass
    assert {wave.state for wave in await waves(database)} == {"done"}


async def test_it_chooses_among_those_of_its_segments_who_have_not_said_no(
    database: Database, survey: StoredSurvey
) -> None:
    await know(database, "north-1", "north-2", "north-3", segments={"region": "north", "store": "a"})
    await know(database, "south-1", segments={"region": "south"})
    await say_no(database, a_customer("north-2"))
    wave = await start(database, survey, size=10, segments={"region": "north"})
    assert wave.size == 10
    await run(database)
    assert (await waves(database))[0].chosen == 2
    assert {event.customer.id for event in await events(database)} == {"north-1", "north-3"}
    assert (await events(database))[0].segments == {"region": "north", "store": "a"}


async def test_the_rules_of_every_decision_hold_for_its_customers(
    database: Database, survey: StoredSurvey
) -> None:
    await know(database, "c-1", "c-2", "c-3", "c-4")
    wave = await start(database, survey)
    await run(database)
    sent = await events(database)
    await erase(database, customer_id="c-1")
    await say_no(database, a_customer("c-2"))
    await list_test_addresses(database, "c-4@example.com")
    await decide(database, *sent)
    assert await outcomes(database, wave) == {"invited": 2, "erased": 1, "opted_out": 1}
    again = await start(database, survey)
    await relay_all(database)
    await run(database)
    await decide(database, *await events(database))
    assert await outcomes(database, again) == {"invited": 1, "quarantine": 1}
    await erase(database, customer_id="c-3")
    assert await outcomes(database, wave) == {"invited": 2, "erased": 1, "opted_out": 1}


async def test_it_takes_a_live_relational_survey_of_the_company_and_somebody_to_ask(
    database: Database, survey: StoredSurvey
) -> None:
    with pytest.raises(WaveRefused, match="No customer is known"):
        await start(database, survey)
    await know(database, "c-1")
    other = await make_survey(database, trigger="x")
    paused = await make_survey(database, trigger="y", measurement="relational", state="paused")
    for refused in (other, paused):
        with pytest.raises(WaveRefused) as why:
            await start(database, refused)
        assert why.value.field == "survey_id"
    with pytest.raises(WaveRefused, match="no such survey"):
        await start(database, survey, survey_id=uuid7())
    assert await waves(database) == []
