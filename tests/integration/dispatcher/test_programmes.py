"""A standing programme asks each known customer once in each period, spread evenly, exactly once."""

import asyncio
import itertools
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
from services.dispatcher.sending.sending_commands import set_mode
from services.dispatcher.surveys.domain import StoredSurvey
from services.dispatcher.surveys.survey_commands import change_survey, find_survey
from shared.db.database import Database
from shared.events import SURVEYS, TRANSACTIONS, Transaction
from shared.events.surveys import Programme
from shared.ids import uuid7

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


async def buy(database: Database, *ids: str) -> None:
    """Each is asked about an order."""
    now = database.clock()
    orders = [
        a_transaction(f"{id_} {now}", a_customer(id_), type="order", occurred_at=now, accepted_at=now)
        for id_ in ids
    ]
    await decide(database, *orders)
    await leave(database)


async def leave(database: Database) -> None:
    """The mails that are due leave."""
    async with database.transaction() as uow:
        await uow.execute(
            "UPDATE invitation SET state = 'sent' WHERE state = 'waiting' AND next_at <= :now",
            {"now": uow.now},
        )


async def live(database: Database, clock: Clock, days: int, *, step_days: float = 1) -> list[Transaction]:
    """So many days, on each of which is decided what was published; returns that."""
    found = []
    for _ in range(int(days / step_days)):
        clock.on(days=step_days)
        await run(database)
        today = await events(database)
        await decide(database, *today)
        await relay_all(database)
        await leave(database)
        found += today
    return found


async def outcomes_of(database: Database) -> dict[str, list[str]]:
    """What was decided about each customer by the programme, in its order."""
    found: dict[str, list[str]] = {}
    for row in await rows(
        database,
        "SELECT customer_id, reason FROM decision WHERE source LIKE 'afterword/wave/%' ORDER BY decided_at",
    ):
        found.setdefault(row.customer_id, []).append(row.reason)
    return found


async def asked_in_each_period(database: Database) -> set[int]:
    """How often a customer was asked in a period in which they were."""
    found = await rows(
        database,
        """SELECT count(*) AS n FROM decision WHERE source LIKE 'afterword/wave/%' AND reason = 'invited'
        GROUP BY customer_id, split_part(source, '/', 4)""",
    )
    return {row.n for row in found}


async def test_who_buys_often_is_asked_once_in_each_period_although_turns_are_refused(
    database: Database, clock: Clock
) -> None:
    await keep_tenant(database)
    await make_survey(database, trigger="order", delay_minutes=0, quarantine_days=10)
    await make_survey(
        database, name="R", measurement="relational", trigger="wave.", delay_minutes=0, quarantine_days=10,
        programme=Programme(every_days=28),
    )  # fmt: skip
    await go_live(database)
    ids = [f"c-{n}" for n in range(20)]
    for _ in range(5):
        await buy(database, *ids)
        await live(database, clock, 14)
    outcomes = await outcomes_of(database)
    assert {reasons.count("invited") for reasons in outcomes.values()} <= {2, 3}
    assert outcomes.keys() == set(ids)
    refused = Counter(reason for reasons in outcomes.values() for reason in reasons if reason != "invited")
    assert set(refused) == {"quarantine"}
    assert refused["quarantine"] > len(ids)
    assert await asked_in_each_period(database) == {1}


async def test_a_refused_turn_is_tried_again_once_each_time_whatever_is_killed_by_however_many_workers(
    database: Database, survey: StoredSurvey, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_survey(database, trigger="order", delay_minutes=0)
    ids = [f"c-{n}" for n in range(30)]
    await buy(database, *ids)  # in quarantine for twenty days
    await say_no(database, a_customer("c-0"))
    await go_live(database)
    whole, calls = repository.update, 0

    async def killed(*args: Any) -> None:
        nonlocal calls
        calls += 1
        await whole(*args)
        if calls % 3 == 0:
            raise Killed

    monkeypatch.setattr(publishing, "CUSTOMERS_PER_PAGE", 24)
    monkeypatch.setattr(repository, "update", killed)
    found: list[Transaction] = []
    for day in range(1, 31):
        clock.on(days=1)
        if day == 30:  # what was killed until now is made up for
            monkeypatch.setattr(repository, "update", whole)
        for _ in range(3):
            await asyncio.gather(*(run(database) for _ in range(3)), return_exceptions=True)
        today = await events(database)
        await decide(database, *today)
        await relay_all(database)
        await leave(database)
        found += today
    assert calls > 30
    assert max(Counter(event.event_id for event in found).values()) == 1
    outcomes = await outcomes_of(database)
    assert outcomes.keys() == set(ids) - {"c-0"}
    for reasons in outcomes.values():
        assert reasons.count("invited") <= 1
        assert set(reasons[:-1]) <= {"quarantine"}
    tried = [reasons for reasons in outcomes.values() if len(reasons) > 1]
    assert len([reasons for reasons in tried if reasons[-1] == "invited"]) >= 10
    for customer in {event.customer.id for event in found}:
        times = [event.occurred_at for event in found if event.customer.id == customer]
        gaps = {later - earlier for earlier, later in itertools.pairwise(times)}
        assert all(abs(gap - timedelta(days=4)) < timedelta(seconds=1) for gap in gaps)


@pytest.mark.parametrize(
    ("reason", "state", "tries"),
    [
        ("no_basis", None, False), ("opted_out", None, False), ("conditions", None, False),
        ("invited", "sent", False), ("invited", "waiting", False), ("invited", "bounced", False),
        ("case_open", None, True), ("quiet_dropped", None, True), ("cap", None, True),
        ("invited", "quarantine", True), ("invited", "test_mode", True), ("invited", "opted_out", False),
        ("countered", "hold", True), ("countered", "cancel", False),
    ],
)  # fmt: skip
async def test_what_passes_is_tried_again_and_what_lasts_is_not(
    database: Database, survey: StoredSurvey, clock: Clock, reason: str, state: str | None, tries: bool
) -> None:
    await know(database, "c-1")
    turn: list[Transaction] = []
    while not turn:
        turn = await live(database, clock, 1)
    facts = {"reason": reason, "state": state, "by": uuid7(), "now": clock.now}
    async with database.transaction() as uow:
        await uow.execute("UPDATE decision SET reason = :reason", {"reason": reason})
        if reason == "countered":
            for statement in (
                "INSERT INTO countered SELECT tenant, event_id, :by, 1, 'cancel', :now FROM decision",
                """INSERT INTO counter_event (tenant, event_id, scope, effect, occurred_at, known_at, person)
                SELECT tenant, :by, 'customer', :state, :now, :now, person FROM decision""",
            ):
                await uow.execute(statement, facts)
        if reason == "invited":
            await uow.execute(
                """UPDATE invitation SET
                state = CASE WHEN :state IN ('sent', 'waiting', 'bounced') THEN :state
                    WHEN :state = 'test_mode' THEN 'withheld' ELSE 'dropped' END,
                reason = :state, next_at = CAST(:now AS timestamptz) + interval '90 days'""",
                facts,
            )
        else:
            await uow.execute("UPDATE decision SET invitation_id = NULL")
        await uow.execute("DELETE FROM asked")
        await uow.execute("UPDATE customer SET invited_at = NULL, last_mail_at = NULL")
    again = await live(database, clock, 9)
    assert [event.customer.id for event in again] == (["c-1"] if tries else [])
    if tries:
        assert again[0].id == f"{turn[0].id.rpartition('/')[0]}/2/c-1"


@pytest.mark.parametrize("late_hours", [60, 100])
async def test_its_own_earlier_mail_never_costs_a_customer_a_period(
    database: Database, clock: Clock, late_hours: int
) -> None:
    await keep_tenant(database)
    await make_survey(
        database, name="R", measurement="relational", trigger="wave.", delay_minutes=late_hours * 60,
        quarantine_days=27, programme=Programme(every_days=28),
    )  # fmt: skip
    await go_live(database)
    await know_many(database, 12)
    await live(database, clock, 28, step_days=2)
    async with database.transaction() as uow:
        await uow.execute("UPDATE survey SET delay_minutes = 0")  # the later mails leave without delay
    await live(database, clock, 28 * 2 + 12, step_days=2)
    outcomes = await outcomes_of(database)
    assert outcomes.keys() == {f"c-{n}" for n in range(12)}
    assert min(reasons.count("invited") for reasons in outcomes.values()) == 3
    assert {reason for reasons in outcomes.values() for reason in reasons} == {"invited", "quarantine"}
    assert await asked_in_each_period(database) == {1}


async def test_in_test_mode_nobody_is_asked_and_going_live_begins_so_that_everybody_is_within_a_period(
    database: Database, clock: Clock
) -> None:
    await keep_tenant(database)
    await make_survey(
        database, name="R", measurement="relational", trigger="wave.", delay_minutes=0,
        quarantine_days=20, programme=Programme(every_days=30),
    )  # fmt: skip
    await know_many(database, 60)
    assert await live(database, clock, 10) == []
    await go_live(database)
    await run(database)
    assert await events(database) == []
    first = await live(database, clock, 3)
    assert len(first) <= 15  # of 2 a day
    async with database.transaction() as uow:
        await set_mode(uow, TENANT, WHO, "test")
    assert await live(database, clock, 10) == []
    await go_live(database)
    await run(database)
    assert await events(database) == []
    await live(database, clock, 31)
    outcomes = await outcomes_of(database)
    assert len(outcomes) == 60
    assert {reason for reasons in outcomes.values() for reason in reasons} <= {"invited", "quarantine"}
    assert all("invited" in reasons for reasons in outcomes.values())


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
