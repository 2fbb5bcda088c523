"""What an event is decided to be, and why."""

from datetime import timedelta
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from support.dispatcher_builders import (
    CONTACT_POLICY,
    NOON,
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    consume,
    decide,
    event_of,
    go_live,
    invitations,
    keep_tenant,
    list_test_addresses,
    make_survey,
    reasons,
    rows,
)
from support.http_clients import SECRET, context_on

from services.dispatcher.app import SERVICE
from services.dispatcher.decisions.explanation import decode_explanation, decode_facts
from services.dispatcher.decisions.handlers import decide_transactions
from services.dispatcher.models import metadata
from services.dispatcher.story.handlers import keep_answers
from services.dispatcher.suppressions import repository
from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.survey_commands import change_survey
from shared.db.database import Database
from shared.events import ANSWERS, TRANSACTIONS, Answer, Transaction
from shared.ids import uuid7
from shared.secrets import customer_hash


async def suppress(database: Database, kind: str, key: str, reason: str) -> None:
    async with database.transaction() as uow:
        await repository.add(uow, TENANT, [(kind, key)], reason=reason, who="the test")


async def test_a_migrated_database_equals_the_metadata(database: Database) -> None:
    async with database.engine.connect() as connection:
        difference = await connection.run_sync(
            lambda sync: compare_metadata(
                MigrationContext.configure(sync, opts={"compare_server_default": True}), metadata
            )
        )
    assert difference == []


async def test_an_event_of_an_unknown_tenant_gets_a_decision_and_no_dead_letter(database: Database) -> None:
    await decide(database, a_transaction())
    assert await reasons(database) == {"order-1": "unknown_tenant"}
    assert await invitations(database) == []


async def test_an_event_that_no_survey_hears(database: Database) -> None:
    await keep_tenant(database)
    await make_survey(database, trigger="contact.*")
    await decide(database, a_transaction())
    assert await reasons(database) == {"order-1": "no_survey"}


async def test_an_invited_event_has_one_invitation_with_all_that_others_need(database: Database) -> None:
    await keep_tenant(database)
    survey = await make_survey(database)
    await go_live(database)
    await decide(database, a_transaction())
    (invitation,) = await invitations(database)
    assert invitation.state == "waiting"
    assert invitation.version == 1
    assert (invitation.survey_id, invitation.survey_version) == (survey.id, 1)
    assert invitation.language == "da"
    assert not invitation.test
    assert invitation.due_at == NOON + timedelta(hours=1)
    assert invitation.expires_at == invitation.due_at + timedelta(days=30)
    assert invitation.touchpoint == "checkout"
    assert invitation.organisation == ("north", "sales")
    (row,) = await rows(database, "SELECT * FROM decision")
    assert row.invitation_id == invitation.id
    assert row.segments == [
        "store:aarhus",
        "touchpoint:checkout",
        "organisation:north",
        "organisation:north/sales",
    ]
    grounds = decode_explanation(row.grounds)
    assert grounds.quarantine_days == 90
    assert grounds.policy_version == CONTACT_POLICY.version
    assert grounds.due_at == invitation.due_at
    assert [one.why for one in grounds.considered] == ["invited"]


async def test_a_decision_keeps_no_address_no_phone_and_no_name(database: Database) -> None:
    await keep_tenant(database)
    await make_survey(database)
    await decide(
        database,
        a_transaction(customer=a_customer(email="canary@example.com", phone="+4512345678", name="Canary")),
    )
    (row,) = await rows(database, "SELECT facts, grounds FROM decision")
    kept = (bytes(row.facts) + bytes(row.grounds)).lower()
    assert b"canary" not in kept
    assert b"12345678" not in kept
    assert decode_facts(row.facts).customer.id == "c-1"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"email": None}, "no_address"),
        ({"email": " "}, "no_address"),
        ({"email": "not an address"}, "bad_address"),
        ({"email": "a@nowhere.test"}, "bad_address"),
        ({}, "invited"),
    ],
)
async def test_the_address_is_judged(database: Database, changes: dict[str, Any], reason: str) -> None:
    await keep_tenant(database)
    await make_survey(database)
    await decide(database, a_transaction(customer=a_customer(**changes)))
    assert await reasons(database) == {"order-1": reason}


async def test_who_has_unsubscribed_is_not_asked_under_this_id_or_this_address(database: Database) -> None:
    await keep_tenant(database)
    await make_survey(database)
    await go_live(database)
    await suppress(database, "customer", "c-1", "unsubscribed")
    await suppress(database, "address", customer_hash(SECRET, TENANT, "C-2@Example.com"), "unsubscribed")
    await suppress(database, "address", customer_hash(SECRET, TENANT, "c-3@example.com"), "listed")
    await suppress(database, "address", customer_hash(SECRET, "another", "c-4@example.com"), "listed")
    await decide(database, *(a_transaction(f"order-{n}", a_customer(f"c-{n}")) for n in range(1, 5)))
    assert await reasons(database) == {
        "order-1": "opted_out",
        "order-2": "opted_out",
        "order-3": "suppressed",
        "order-4": "invited",
    }


async def test_a_paused_survey_asks_nobody_and_the_next_in_order_does(database: Database) -> None:
    await keep_tenant(database)
    await make_survey(database, name="first", state="paused", place=1)
    await decide(database, a_transaction("order-1"))
    await make_survey(database, name="third", place=3)
    second = await make_survey(database, name="second", place=2, trigger="order.*")
    await decide(database, a_transaction("order-2", a_customer("c-2")))
    assert await reasons(database) == {"order-1": "paused", "order-2": "invited"}
    (row,) = await rows(database, "SELECT * FROM decision WHERE source_id = 'order-2'")
    assert row.survey_id == second.id
    considered = [(one.name, one.why) for one in decode_explanation(row.grounds).considered]
    assert considered == [("first", "paused"), ("second", "invited"), ("third", "order")]


async def test_an_event_that_is_too_old_is_not_asked_about(database: Database, clock: Clock) -> None:
    await keep_tenant(database)
    await make_survey(database)
    clock.on(days=7, minutes=1)
    await decide(database, a_transaction())
    assert await reasons(database) == {"order-1": "too_old"}


async def test_the_quarantine_ends_after_exactly_its_days(database: Database, clock: Clock) -> None:
    await keep_tenant(database)
    await make_survey(database, delay_minutes=0)
    await go_live(database)
    await decide(database, a_transaction("order-1"))
    clock.on(days=90, microseconds=-1)
    await decide(database, a_transaction("order-2", occurred_at=clock.now))
    clock.on(microseconds=1)
    await decide(database, a_transaction("order-3", occurred_at=clock.now))
    assert await reasons(database) == {"order-1": "invited", "order-2": "quarantine", "order-3": "invited"}


async def test_of_several_events_of_one_customer_in_a_batch_the_first_that_happened_is_asked_about(
    database: Database,
) -> None:
    await keep_tenant(database)
    await make_survey(database)
    await go_live(database)
    await decide(
        database,
        *(a_transaction(f"order-{n}", occurred_at=NOON - timedelta(minutes=n)) for n in range(5)),
        a_transaction("other", a_customer("c-2")),
    )
    assert await reasons(database) == {
        **{f"order-{n}": "quarantine" for n in range(4)}, "order-4": "invited", "other": "invited",
    }  # fmt: skip


class TestTestMode:
    async def test_everybody_but_test_addresses_would_have_been_sent_and_is_not_in_quarantine(
        self, database: Database
    ) -> None:
        await keep_tenant(database)
        await make_survey(database)
        await decide(database, a_transaction("order-1"), a_transaction("order-2"))
        found = await invitations(database)
        assert [(one.state, one.reason, one.test) for one in found] == [("withheld", "test_mode", True)] * 2
        await go_live(database)
        await decide(database, a_transaction("order-3"))
        assert (await reasons(database))["order-3"] == "invited"

    async def test_a_test_address_waits_for_nothing_and_counts_for_nothing(self, database: Database) -> None:
        await keep_tenant(database)
        await make_survey(database, delay_minutes=3 * 1440)
        await list_test_addresses(database, "Me@Example.com")
        for number in range(2):
            await decide(database, a_transaction(f"order-{number}", a_customer("me", email="me@example.com")))
        found = await invitations(database)
        assert [(one.state, one.test, one.due_at) for one in found] == [("waiting", True, NOON)] * 2

    async def test_in_live_mode_a_test_address_is_still_a_test(self, database: Database) -> None:
        await keep_tenant(database)
        await make_survey(database)
        await list_test_addresses(database, "me@example.com")
        await go_live(database)
        await decide(
            database,
            a_transaction("mine", a_customer("me")),
            a_transaction("theirs", a_customer("other")),
        )
        assert {one.customer.id: one.test for one in await invitations(database)} == {
            "me": True,
            "other": False,
        }


async def test_an_imports_invitation_feeds_the_quarantine(database: Database) -> None:
    await keep_tenant(database)
    await make_survey(database)
    await go_live(database)
    imported = Answer(
        id=uuid7(), version=1, state="sent", origin="import", score=9, customer_id="c-1",
        invited_at=NOON - timedelta(days=10), changed_at=NOON,
    )  # fmt: skip
    await consume(database, keep_answers, ANSWERS, imported)
    await decide(database, a_transaction("order-1"), a_transaction("order-2", a_customer("c-2")))
    assert await reasons(database) == {"order-1": "quarantine", "order-2": "invited"}


async def test_an_old_import_does_not_shorten_a_quarantine(database: Database, clock: Clock) -> None:
    await keep_tenant(database)
    await make_survey(database)
    await go_live(database)
    await decide(database, a_transaction("order-1"))
    imported = Answer(
        id=uuid7(), version=1, state="sent", origin="import", score=9, customer_id="c-1",
        invited_at=NOON - timedelta(days=300), changed_at=NOON,
    )  # fmt: skip
    await consume(database, keep_answers, ANSWERS, imported)
    clock.on(days=1)
    await decide(database, a_transaction("order-2", occurred_at=clock.now))
    assert (await reasons(database))["order-2"] == "quarantine"


async def test_the_words_of_the_decision_are_those_of_then(database: Database) -> None:
    await keep_tenant(database)
    survey = await make_survey(database)
    await decide(database, a_transaction("order-1"))
    async with database.transaction() as uow:
        await change_survey(
            uow,
            TENANT,
            survey.id,
            SurveyDraft(
                name="After delivery", trigger="order.delivered", state="live", default_language="nl"
            ),
        )
    await decide(database, a_transaction("order-2", a_customer("c-2")))
    assert [one.survey_version for one in await invitations(database)] == [1, 2]


async def test_a_batch_costs_as_many_statements_as_one_event(database: Database) -> None:
    await keep_tenant(database)
    await make_survey(database)
    await go_live(database)

    async def statements(*batch: Transaction) -> int:
        events = [event_of(TRANSACTIONS, each) for each in batch]
        async with database.transaction() as uow:
            said: list[str] = []
            execute = uow.execute

            async def counted(sql: str, values: Any = None) -> Any:
                said.append(sql)
                return await execute(sql, values)

            uow.execute = counted  # type: ignore[method-assign]
            await decide_transactions(context_on(SERVICE, database), CONTACT_POLICY, uow, events)
            return len(said)

    one = await statements(a_transaction("one", a_customer("one")))
    many = await statements(*(a_transaction(f"many-{n}", a_customer(f"many-{n}")) for n in range(300)))
    assert many == one
