"""Decisions are published for companies whose webhooks ask for them: one for each event, and nothing for others."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event as sql_event
from support.dispatcher_builders import (
    CONTACT_POLICY,
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
    reasons,
    relay_all,
    rows,
)
from support.dispatcher_erasing import erase
from support.http_clients import SECRET, context_on

from services.dispatcher.app import SERVICE
from services.dispatcher.decisions.handlers import decide_transactions
from services.dispatcher.decisions.repository.webhook_copies import keep_webhooks
from shared.db.database import Database
from shared.events import DECISIONS, TRANSACTIONS, WEBHOOKS, Decision, TenantWebhooks
from shared.events.envelope import record_key
from shared.privacy.persons import person_of

pytestmark = pytest.mark.usefixtures("survey")


async def ask_for(database: Database, version: int, *types: str, tenant: str = TENANT) -> None:
    """The webhooks of a company are told of these types from now on."""
    told = TenantWebhooks(version=version, types=types, changed_at=database.clock())
    async with database.transaction() as uow:
        await keep_webhooks(uow, [WEBHOOKS.event(tenant, told, database.clock())])


async def told(database: Database) -> Sequence[Decision]:
    return await published(database, DECISIONS)


async def test_each_event_of_a_company_that_asks_is_told_once_from_then_on_and_of_no_other(
    database: Database,
) -> None:
    await keep_tenant(database, "other")
    await make_survey(database, "other")
    await go_live(database, "other")
    await decide(database, a_transaction("before"))
    await ask_for(database, 2, "answer.changed", "decision.made")
    await ask_for(database, 1)  # older: it is late
    earlier = NOON - timedelta(hours=1)
    first = a_transaction("order-1", a_customer("c-2"), occurred_at=earlier)
    second = a_transaction("order-2", a_customer("c-2"))
    context = context_on(SERVICE, database)
    for _ in range(2):
        async with database.transaction() as uow:
            batch = [event_of(TRANSACTIONS, each) for each in (first, second, first)]
            await decide_transactions(context, CONTACT_POLICY, uow, batch)
    await decide(database, a_transaction("order-1", a_customer("c-3")), tenant="other")
    found = {each.source_id: each for each in await told(database)}
    assert {name: (each.outcome, each.reason) for name, each in found.items()} == {
        "order-1": ("invited", "invited"),
        "order-2": ("skipped", "quarantine"),
    }
    assert len(await told(database)) == 2
    invited, skipped = found["order-1"], found["order-2"]
    (row,) = await rows(
        database,
        "SELECT id, survey_id FROM invitation WHERE tenant = :tenant AND event_id = :event",
        tenant=TENANT,
        event=invited.event_id,
    )
    assert (invited.invitation_id, invited.survey_id, invited.channel) == (row.id, row.survey_id, "mail")
    assert (skipped.invitation_id, skipped.survey_id, skipped.channel, skipped.due_at) == (None,) * 4
    assert {each.customer_id for each in found.values()} == {"c-2"}
    assert {each.person for each in found.values()} == {person_of(SECRET, TENANT, "c-2")}
    await ask_for(database, 3)
    await decide(database, a_transaction("after", a_customer("c-4")))
    assert len(await told(database)) == 2


async def test_a_company_that_asks_for_nothing_costs_one_statement_in_a_batch(database: Database) -> None:
    asked: list[str] = []
    sql_event.listen(
        database.engine.sync_engine, "before_cursor_execute", lambda *seen: asked.append(str(seen[2]))
    )
    await decide(database, *(a_transaction(f"order-{n}", a_customer(f"c-{n}")) for n in range(20)))
    assert sum("webhook_copy" in sql for sql in asked) == 1
    assert len(await reasons(database)) == 20


async def test_an_erasure_leaves_nothing_of_the_customer_on_the_topic(
    database: Database, clock: Clock
) -> None:
    await ask_for(database, 1, "decision.made")
    await decide(database, a_transaction("order-1"))
    (decision,) = await told(database)
    await relay_all(database)
    await erase(database, customer_id="c-1")
    found = await rows(database, "SELECT key, value FROM outbox WHERE topic = :topic", topic=DECISIONS.name)
    assert [(bytes(row.key), row.value) for row in found] == [
        (record_key(TENANT, str(decision.event_id)), None)
    ]
    await relay_all(database)
    clock.on(days=1)
    await decide(database, a_transaction("order-2"))
    (later,) = await told(database)
    assert (later.outcome, later.reason, later.erased) == ("skipped", "erased", True)
    blank: Any = (later.source_id, later.customer_id, later.contact_key, later.person)
    assert blank == (None, None, None, "")
