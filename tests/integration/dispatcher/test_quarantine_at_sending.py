"""The quarantine once more when a mail leaves: by what has left meanwhile, and by the rules as they are now."""

import asyncio
from typing import Any

import pytest
from msgspec import json
from msgspec.structs import replace
from support.audit import an_actor
from support.dispatcher_builders import (
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    decide,
    go_live,
    keep_tenant,
    list_test_addresses,
    make_survey,
    reasons,
    relay_all,
    rows,
)
from support.dispatcher_reminders import ScriptedChannel, a_scripted_sender, some_reminders
from support.eventually import eventually
from support.http_clients import SECRET

from services.dispatcher.contact_policies.policy_commands import set_policy
from services.dispatcher.decisions.contacts import contact_key_of
from services.dispatcher.decisions.sampling import is_sampled, sampling_key
from services.dispatcher.surveys.domain import StoredSurvey
from services.dispatcher.surveys.survey_commands import change_survey
from shared.db import UnitOfWork
from shared.db.database import Database
from shared.events import ContactRules, Invitation
from shared.events.surveys import QuarantineScope
from shared.outbound import Sender

KIM = a_customer("kim")
SCOPES: tuple[QuarantineScope, ...] = ("any", "measurement", "touchpoint", "survey")
STATES = """
    SELECT d.source_id, i.state, i.reason FROM decision d JOIN invitation i ON i.id = d.invitation_id
"""
CALLS: dict[str, Any] = {"trigger": "call", "delay_minutes": 0, "quarantine_days": 0}
DAYS_5 = 5 * 1440


@pytest.fixture
def channel() -> ScriptedChannel:
    return ScriptedChannel()


@pytest.fixture
def sender(database: Database, clock: Clock, channel: ScriptedChannel) -> Sender:
    return a_scripted_sender(database, clock, channel)


@pytest.fixture(autouse=True)
async def company(database: Database) -> None:
    await keep_tenant(database)
    await go_live(database)
    async with database.transaction() as uow:
        await set_policy(uow, TENANT, an_actor("the test"), ContactRules(quiet_hours={}, cap_hours=0))


async def an_event(database: Database, clock: Clock, type_: str, customer: Any = KIM, **facts: Any) -> None:
    """An event named after its type, which the one survey of that type asks about."""
    event = a_transaction(type_, customer, type=type_, occurred_at=clock(), **facts)
    await decide(database, event)
    assert (await reasons(database))[type_] == "invited"
    await relay_all(database)


async def send(database: Database, sender: Sender) -> None:
    while await sender.step() == 0:
        pass
    await relay_all(database)


async def states(database: Database) -> dict[str, tuple[str, str | None]]:
    return {row.source_id: (row.state, row.reason) for row in await rows(database, STATES)}


async def change(database: Database, survey: StoredSurvey, **changes: Any) -> None:
    async with database.transaction() as uow:
        await change_survey(uow, TENANT, survey.id, replace(survey.draft, **changes))


async def set_days(database: Database, days: int) -> None:
    """Of every survey."""
    async with database.transaction() as uow:
        await uow.execute("UPDATE survey SET quarantine_days = :days", {"days": days})


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_mail_that_was_decided_first_is_dropped_after_another_one_that_left_before_it(
    database: Database, clock: Clock, sender: Sender, scope: QuarantineScope
) -> None:
    orders = await make_survey(
        database, trigger="order", delay_minutes=DAYS_5, quarantine_days=3, quarantine_scope=scope
    )
    await make_survey(database, **CALLS)
    await an_event(database, clock, "order")
    clock.on(days=4)
    await an_event(database, clock, "call")
    await send(database, sender)
    left_at = clock()
    clock.on(days=1)
    await send(database, sender)
    dropped = scope != "survey"
    assert await states(database) == {
        "call": ("sent", None),
        "order": ("dropped", "quarantine") if dropped else ("sent", None),
    }
    (found,) = await rows(database, "SELECT body FROM invitation WHERE survey_id = :id", id=orders.id)
    assert json.decode(found.body, type=Invitation).asked_at == (left_at if dropped else None)
    known = await rows(database, "SELECT DISTINCT asked_at FROM asked WHERE survey_id = :id", id=orders.id)
    assert len(known) == (0 if dropped else 1)
    (contact,) = await rows(database, "SELECT DISTINCT invited_at FROM customer WHERE invited_at IS NOT NULL")
    assert contact.invited_at == (left_at if dropped else clock())


@pytest.mark.parametrize(
    "changes",
    [{"quarantine_days": 10}, {"quarantine_scope": "any"}],
    ids=["its days were raised", "its scope was widened"],
)
async def test_the_rules_as_they_are_when_it_leaves_judge_it(
    database: Database, clock: Clock, sender: Sender, changes: dict[str, Any]
) -> None:
    scope = "any" if "quarantine_days" in changes else "survey"
    days = 1 if "quarantine_days" in changes else 10
    await make_survey(database, **CALLS)
    orders = await make_survey(
        database, trigger="order", delay_minutes=DAYS_5, quarantine_days=days, quarantine_scope=scope
    )
    await an_event(database, clock, "call")
    await send(database, sender)
    await an_event(database, clock, "order")
    await change(database, orders, **changes)
    clock.on(days=5)
    await send(database, sender)
    assert (await states(database))["order"] == ("dropped", "quarantine")


async def test_a_mail_that_left_late_forbids_the_one_behind_it(
    database: Database, clock: Clock, sender: Sender
) -> None:
    await make_survey(database, **CALLS)
    await make_survey(database, trigger="order", delay_minutes=DAYS_5, quarantine_days=5)
    await an_event(database, clock, "call")
    await an_event(database, clock, "order")
    clock.on(days=2)  # the mail server was away
    await send(database, sender)
    clock.on(days=3)
    await send(database, sender)
    assert await states(database) == {"call": ("sent", None), "order": ("dropped", "quarantine")}


@pytest.mark.parametrize("scope", SCOPES)
async def test_of_two_that_are_late_one_leaves_and_the_other_never_does(
    database: Database, clock: Clock, sender: Sender, scope: QuarantineScope
) -> None:
    facts: dict[str, Any] = {"quarantine_days": 3, "quarantine_scope": scope}
    await make_survey(database, trigger="order", delay_minutes=0, **facts)
    await make_survey(database, trigger="order.again", delay_minutes=4 * 1440, **facts)
    await an_event(database, clock, "order")
    await an_event(database, clock, "order.again")
    clock.on(days=5)
    await send(database, sender)
    assert await states(database) == {
        "order": ("sent", None),
        "order.again": ("sent", None) if scope == "survey" else ("dropped", "quarantine"),
    }


@pytest.mark.parametrize("outcome", ["failed", "waiting"])
async def test_a_mail_that_did_not_arrive_or_has_not_yet_left_forbids_nothing(
    database: Database, clock: Clock, sender: Sender, channel: ScriptedChannel, outcome: str
) -> None:
    await make_survey(database, **CALLS)
    await make_survey(database, trigger="order", delay_minutes=1440, quarantine_days=1)
    await an_event(database, clock, "call")
    await an_event(database, clock, "order")
    await set_days(database, 30)
    channel.outcome = outcome
    await send(database, sender)
    await send(database, sender)
    assert (await states(database))["call"][0] == outcome
    async with database.transaction() as uow:  # it is tried again much later
        await uow.execute("UPDATE delivery SET due_at = due_at + interval '20 days' WHERE attempts > 0")
    clock.on(days=1)
    channel.outcome = "sent"
    await send(database, sender)
    assert (await states(database))["order"] == ("sent", None)


async def test_a_mail_forbids_neither_itself_when_it_is_tried_again_nor_its_reminders(
    database: Database, clock: Clock, sender: Sender, channel: ScriptedChannel
) -> None:
    await make_survey(
        database, trigger="order", delay_minutes=0, quarantine_days=90, reminders=some_reminders(3)
    )
    await an_event(database, clock, "order")
    for outcome in ("waiting", "waiting", "sent"):
        channel.outcome = outcome
        clock.on(hours=6)
        await send(database, sender)
    assert await states(database) == {"order": ("sent", None)}
    clock.on(days=3)
    await send(database, sender)
    assert [message.in_reply_to is not None for message, outcome in channel.handed if outcome == "sent"] == [
        False,
        True,
    ]


async def test_a_reminder_of_another_mail_is_no_question(
    database: Database, clock: Clock, sender: Sender
) -> None:
    await make_survey(database, **CALLS, reminders=some_reminders(4))
    await make_survey(database, trigger="order", delay_minutes=DAYS_5, quarantine_days=3)
    await an_event(database, clock, "call")
    await send(database, sender)
    await an_event(database, clock, "order")
    clock.on(days=4)
    await send(database, sender)
    clock.on(days=1)
    await send(database, sender)
    assert (await states(database))["order"] == ("sent", None)


async def test_a_test_address_and_tests_are_exempt(database: Database, clock: Clock, sender: Sender) -> None:
    await list_test_addresses(database, "kim@example.com")
    await make_survey(database, **CALLS)
    await make_survey(database, trigger="order", delay_minutes=0, quarantine_days=90)
    await an_event(database, clock, "call")
    await send(database, sender)
    await an_event(database, clock, "order")
    await send(database, sender)
    assert await states(database) == {"call": ("sent", None), "order": ("sent", None)}


async def test_of_two_that_two_senders_have_at_once_one_is_judged_after_the_other(
    database: Database, clock: Clock
) -> None:
    """Without a cap nothing else keeps the second one: it must learn that the first one has left."""
    for type_ in ("order", "call"):
        await make_survey(database, trigger=type_, delay_minutes=0, quarantine_days=0)
        await an_event(database, clock, type_)
    await set_days(database, 3)
    channels = [ScriptedChannel() for _ in range(2)]
    senders = [a_scripted_sender(database, clock, channel) for channel in channels]
    async with database.transaction() as uow:
        await uow.execute("SELECT 1 FROM customer FOR UPDATE")
        sending = [asyncio.create_task(sender.step()) for sender in senders]
        await eventually(lambda: both_wait(database))
    await asyncio.gather(*sending)
    await relay_all(database)
    for sender in senders:
        await send(database, sender)
    assert sorted((await states(database)).values(), key=str) == [("dropped", "quarantine"), ("sent", None)]
    assert sum(len(channel.handed) for channel in channels) == 1


async def both_wait(database: Database) -> bool:
    found = await rows(
        database,
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    )
    return len(found) == 2


async def test_a_mail_costs_no_further_statement_for_it(
    database: Database, clock: Clock, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A survey whose quarantine has no scope is judged by the one statement that everything comes by."""
    said: list[str] = []
    execute = UnitOfWork.execute

    async def counted(uow: UnitOfWork, sql: str, values: Any = None) -> Any:
        said.append(sql)
        return await execute(uow, sql, values)

    await make_survey(database, trigger="order", delay_minutes=0, quarantine_days=90)
    await make_survey(database, trigger="call", delay_minutes=0, quarantine_days=0)
    counts = []
    for type_ in ("call", "order"):
        await an_event(database, clock, type_, a_customer(f"of-{type_}"))
        monkeypatch.setattr(UnitOfWork, "execute", counted)
        said.clear()
        await send(database, sender)
        monkeypatch.setattr(UnitOfWork, "execute", execute)
        counts.append(len(said))
        assert not any("FROM n JOIN asked" in sql for sql in said)
    assert counts[0] == counts[1]


async def test_a_share_of_customers_that_is_lowered_is_obeyed_by_the_mails_that_wait(
    database: Database, clock: Clock, sender: Sender
) -> None:
    survey = await make_survey(database, delay_minutes=60)
    orders = [a_transaction(f"order-{n:02}", a_customer(f"c-{n}")) for n in range(20)]
    await decide(database, *orders)
    await relay_all(database)
    await change(database, survey, sampling_percent=30)
    clock.on(hours=2)
    while await sender.step() == 0:
        pass
    drawn = {
        order.id: is_sampled(
            sampling_key(SECRET),
            contact_key_of(SECRET, TENANT, order.customer, frozenset()),
            survey.id,
            30,
            "person",
        )
        for order in orders
    }
    assert set(drawn.values()) == {True, False}
    assert await states(database) == {
        id_: ("sent", None) if is_drawn else ("dropped", "sampled_out") for id_, is_drawn in drawn.items()
    }
