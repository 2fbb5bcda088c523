"""On the first day of a survey only so many mails leave in an hour, however many processes send."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import text
from support.audit import an_actor
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
    a_customer,
    a_sender,
    a_transaction,
    decide,
    go_live,
    invite_customer,
    keep_tenant,
    list_test_addresses,
    make_survey,
    relay_all,
    rows,
    states,
    the_state,
)
from support.stack import Mailbox

from services.dispatcher.contact_policies.policy_commands import set_policy
from services.dispatcher.decisions.values import CandidateSurvey
from services.dispatcher.invitations.first_day import FirstDay, give_place_back
from services.dispatcher.sending import sending_commands
from services.dispatcher.surveys.domain import StoredSurvey, SurveyDraft
from services.dispatcher.surveys.survey_commands import change_survey, find_survey
from shared.db.database import Database
from shared.events import ContactRules
from shared.mail import Mailer
from shared.outbound import Sender


async def a_new_survey(database: Database, per_hour: int = 2, **changes: Any) -> StoredSurvey:
    await keep_tenant(database)
    await go_live(database)
    return await make_survey(
        database, **{"delay_minutes": 0, "first_day_per_hour": per_hour, "quarantine_days": 0, **changes}
    )


async def ask(database: Database, *names: str) -> None:
    await decide(database, *(a_transaction(f"order-{name}", a_customer(name)) for name in names))
    await relay_all(database)


async def send(database: Database, *senders: Sender) -> None:
    """All that is due, by several senders at once; a step ends with a mail that may not leave."""

    async def until_all_is_done(sender: Sender) -> None:
        while await sender.step() == 0:
            pass

    await asyncio.gather(*map(until_all_is_done, senders))
    await relay_all(database)


async def sent_at(database: Database) -> list[datetime]:
    found = await rows(database, "SELECT sent_at FROM invitation WHERE state = 'sent' ORDER BY sent_at")
    return [at for (at,) in found]


async def first_live_at(database: Database, survey: StoredSurvey) -> datetime | None:
    async with database.reading() as uow:
        return (await find_survey(uow, TENANT, survey.id)).first_live_at


async def set_state(database: Database, survey: StoredSurvey, state: str) -> None:
    async with database.transaction() as uow:
        draft = (await find_survey(uow, TENANT, survey.id)).draft
        await change_survey(uow, TENANT, survey.id, replace(draft, state=state))


async def test_what_exceeds_the_hour_is_postponed_and_leaves_spread_over_the_next_hours(
    database: Database, mailbox: Mailbox, clock: Clock
) -> None:
    """Three senders claim the mails at the same moment: they count in one place."""
    await a_new_survey(database)
    await ask(database, *(f"spread-{n}" for n in range(7)))
    mailers = [Mailer(mailbox.smtp_url, seconds=5) for _ in range(3)]
    await send(database, *(a_sender(database, mailer, clock) for mailer in mailers))
    now = await states(database)
    assert Counter(now.values()) == {("sent", None): 2, ("waiting", "first_day"): 5}
    due = await rows(database, "SELECT due_at FROM delivery WHERE state = 'waiting' ORDER BY due_at")
    assert [(at - NOON) / timedelta(hours=1) for (at,) in due] == [1, 1.5, 2, 2.5, 3]
    for _ in range(6):
        clock.on(minutes=30)
        await send(database, a_sender(database, mailers[0], clock))
    times = await sent_at(database)
    assert [(at - NOON) / timedelta(hours=1) for at in times] == [0, 0, 1, 1.5, 2, 2.5, 3]
    for mailer in mailers:
        await mailer.close()


async def test_after_the_first_day_nothing_is_counted(
    database: Database, sender: Sender, clock: Clock
) -> None:
    await a_new_survey(database, per_hour=1)
    await ask(database, "first")
    await send(database, sender)
    clock.on(days=1)
    before = await rows(database, "SELECT counts, began_at FROM first_day")
    await ask(database, "late-1", "late-2", "late-3")
    await send(database, sender)
    assert set((await states(database)).values()) == {("sent", None)}
    assert await rows(database, "SELECT counts, began_at FROM first_day") == before


DEFAULT_DELAY = SurveyDraft(name="", trigger="order.delivered").delay_minutes


@pytest.mark.parametrize("delay_minutes", [DEFAULT_DELAY, 90, 6 * DEFAULT_DELAY])
async def test_mails_of_a_survey_with_a_delay_have_the_pace_of_the_first_day_when_they_leave(
    database: Database, mailbox: Mailbox, clock: Clock, delay_minutes: int
) -> None:
    """Whatever the delay: what is due at one moment leaves by the hour, and the day is over 24 hours later."""
    assert DEFAULT_DELAY == 1440
    await a_new_survey(database, per_hour=5, delay_minutes=delay_minutes, max_age_days=30)
    clock.on(minutes=1)
    await ask(database, *(f"delayed-{n}" for n in range(30)))
    clock.on(minutes=delay_minutes)
    mailers = [Mailer(mailbox.smtp_url, seconds=5) for _ in range(3)]
    await send(database, *(a_sender(database, mailer, clock) for mailer in mailers))
    now = await states(database)
    assert Counter(now.values()) == {("sent", None): 5, ("waiting", "first_day"): 25}
    sender = a_sender(database, mailers[0], clock)
    clock.on(minutes=50)
    for sent in (10, 15, 20, 25, 30):
        for _ in range(6):
            clock.on(minutes=10)
            await send(database, sender)
        assert len(await sent_at(database)) == sent
    clock.on(hours=19)
    await ask(database, *(f"later-{n}" for n in range(8)))
    clock.on(minutes=delay_minutes)
    await send(database, sender)
    assert len(await sent_at(database)) == 38
    for mailer in mailers:
        await mailer.close()


async def test_a_day_whose_first_mail_did_not_leave_has_not_begun(
    database: Database, sender: Sender, clock: Clock
) -> None:
    await a_new_survey(database, per_hour=2)
    await invite_customer(database, "defer-451-begin")
    await send(database, sender)
    assert await rows(database, "SELECT counts, began_at FROM first_day") == [([], None)]
    clock.on(days=2)
    await ask(database, *(f"begin-{n}" for n in range(4)))
    await send(database, sender)
    assert Counter((await states(database)).values())[("waiting", "first_day")] >= 2


async def test_a_day_that_began_without_a_limit_has_begun_also_when_a_later_mail_does_not_leave(
    database: Database, sender: Sender, clock: Clock
) -> None:
    survey = await a_new_survey(database, per_hour=0)
    rules: dict[str, Any] = {"trigger": "t", "state": "live", "delay_minutes": 0, "survey_version": 1}
    rules |= {"name": "s", "place": 1, "max_age_days": 365, "first_day_per_hour": 0}
    day = FirstDay(CandidateSurvey(id=survey.id, **rules), NOON)
    await ask(database, "unlimited")
    await send(database, sender)
    async with database.transaction() as uow:
        await give_place_back(uow, TENANT, day, clock.now)
    assert await rows(database, "SELECT counts, began_at FROM first_day") == [([], NOON)]


async def test_a_limit_that_comes_long_after_the_first_mail_begins_no_first_day(
    database: Database, sender: Sender, clock: Clock
) -> None:
    survey = await a_new_survey(database, per_hour=0)
    await ask(database, "unlimited")
    await send(database, sender)
    clock.on(days=3)
    async with database.transaction() as uow:
        draft = (await find_survey(uow, TENANT, survey.id)).draft
        await change_survey(uow, TENANT, survey.id, replace(draft, first_day_per_hour=1))
    await ask(database, "limited-1", "limited-2")
    await send(database, sender)
    assert set((await states(database)).values()) == {("sent", None)}


async def test_places_that_an_earlier_version_took_are_those_of_a_day_since_the_survey_was_live(
    database: Database, sender: Sender, clock: Clock
) -> None:
    survey = await a_new_survey(database, per_hour=1)
    async with database.engine.begin() as connection:
        values = {"tenant": TENANT, "id": survey.id}
        await connection.execute(
            text("INSERT INTO first_day (tenant, survey_id, counts) VALUES (:tenant, :id, '{1, 0}')"), values
        )
    await ask(database, "older-1", "older-2")
    await send(database, sender)
    due = await rows(database, "SELECT due_at FROM delivery WHERE state = 'waiting' ORDER BY due_at")
    assert [(at - NOON) / timedelta(hours=1) for (at,) in due] == [1, 2]
    clock.on(days=1)
    await ask(database, "older-3", "older-4")
    await send(database, sender)
    assert set((await states(database)).values()) == {("sent", None)}


async def test_without_a_limit_all_leave_at_once(database: Database, sender: Sender) -> None:
    await a_new_survey(database, per_hour=0)
    await ask(database, "free-1", "free-2")
    await send(database, sender)
    assert set((await states(database)).values()) == {("sent", None)}


async def test_tests_and_test_addresses_take_no_place(
    database: Database, sender: Sender, mailbox: Mailbox
) -> None:
    survey = await a_new_survey(database, per_hour=1)
    await list_test_addresses(database, "first-day@havnbo.example")
    tester = a_customer("first-day-tester", email="first-day@havnbo.example")
    await decide(database, *(a_transaction(f"test-{n}", tester) for n in range(2)))
    await decide(database, a_transaction("test", tester, survey_id=survey.id))
    await relay_all(database)
    await send(database, sender)
    assert len(await mailbox.mails(to="first-day@havnbo.example")) == 3
    await ask(database, "first-day-1")
    await send(database, sender)
    assert Counter((await states(database)).values()) == {("sent", None): 4}


async def test_a_mail_that_was_refused_leaves_its_place_to_another_one(
    database: Database, sender: Sender, mailbox: Mailbox
) -> None:
    await a_new_survey(database, per_hour=1)
    await invite_customer(database, "defer-451-place")
    await send(database, sender)
    assert (await the_state(database))[0] == "waiting"
    address = await invite_customer(database, "first-day-another")
    await send(database, sender)
    assert len(await mailbox.mails(to=address)) == 1
    ((counts,),) = await rows(database, "SELECT counts FROM first_day")
    assert sum(counts) == 1


async def test_a_mail_that_waits_for_another_mail_to_its_customer_takes_no_place(
    database: Database, sender: Sender
) -> None:
    await a_new_survey(database)
    await decide(database, *(a_transaction(f"order-{n}", a_customer("first-day-twice")) for n in range(2)))
    async with database.transaction() as uow:
        await set_policy(uow, TENANT, an_actor("the test"), ContactRules(quiet_hours={}, cap_hours=24))
    await relay_all(database)
    await send(database, sender)
    assert sorted((await states(database)).values(), key=str) == [("sent", None), ("waiting", "cap")]
    ((counts,),) = await rows(database, "SELECT counts FROM first_day")
    assert sum(counts) == 1


async def test_a_mail_that_would_wait_until_it_is_too_late_is_dropped(
    database: Database, sender: Sender
) -> None:
    await a_new_survey(database, per_hour=1, max_age_days=1)
    occurred_at = NOON - timedelta(hours=23, minutes=30)
    customers = [a_customer(name) for name in ("in-time", "too-late")]
    await decide(
        database,
        *(a_transaction(f"order-{each.id}", each, occurred_at=occurred_at) for each in customers),
    )
    await relay_all(database)
    await send(database, sender)
    assert sorted((await states(database)).values(), key=str) == [
        ("dropped", "first_day"),
        ("sent", None),
    ]


async def test_a_mail_that_waits_for_its_place_keeps_no_other_mail_to_its_customer_from_leaving(
    database: Database, sender: Sender
) -> None:
    await a_new_survey(database, per_hour=1)
    await ask(database, "first-day-1", "first-day-2")
    await send(database, sender)
    kept = await rows(database, "SELECT DISTINCT last_mail FROM customer WHERE last_mail IS NOT NULL")
    assert len(kept) == 1


async def test_when_a_survey_could_first_ask_customers_is_noted_once(
    database: Database, clock: Clock
) -> None:
    await keep_tenant(database)
    survey = await make_survey(database, state="paused")
    clock.on(hours=1)
    await set_state(database, survey, "live")
    assert await first_live_at(database, survey) is None  # the company is in test mode
    clock.on(hours=1)
    await go_live(database)
    began = NOON + timedelta(hours=2)
    assert await first_live_at(database, survey) == began
    clock.on(hours=1)
    await set_state(database, survey, "paused")
    await set_state(database, survey, "live")
    async with database.transaction() as uow:
        await sending_commands.set_mode(uow, TENANT, an_actor("the test"), "test")
        await sending_commands.set_mode(uow, TENANT, an_actor("the test"), "live")
    assert await first_live_at(database, survey) == began
    another = await make_survey(database, trigger="call.ended", state="paused")
    clock.on(hours=1)
    await set_state(database, another, "live")
    assert await first_live_at(database, another) == began + timedelta(hours=2)
    assert await first_live_at(database, survey) == began


async def test_a_survey_that_an_earlier_version_started_has_no_first_day(
    database: Database, sender: Sender
) -> None:
    await a_new_survey(database, per_hour=1)
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE survey SET first_live_at = NULL"))
    await ask(database, "older-1", "older-2")
    await send(database, sender)
    assert set((await states(database)).values()) == {("sent", None)}
