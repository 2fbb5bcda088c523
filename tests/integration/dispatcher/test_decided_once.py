"""One decision and one invitation for each event, however often and beside whatever others it comes."""

import asyncio

import pytest
from support.dispatcher_builders import (
    CONTACT_POLICY,
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    decide,
    event_of,
    go_live,
    invitations,
    keep_tenant,
    make_survey,
    reasons,
    rows,
    states,
)
from support.http_clients import SECRET, context_on

from services.dispatcher.app import SERVICE
from services.dispatcher.decisions import handlers
from services.dispatcher.decisions.explanation import decode_facts
from services.dispatcher.decisions.handlers import decide_transactions
from shared.db.database import Database
from shared.events import TRANSACTIONS
from shared.ids import uuid7
from shared.secrets import customer_hash


async def test_two_batches_of_one_customer_at_once_invite_once(database: Database) -> None:
    await keep_tenant(database)
    await make_survey(database)
    await go_live(database)
    await asyncio.gather(*(decide(database, a_transaction(f"order-{n}")) for n in range(6)))
    found = list((await reasons(database)).values())
    assert sorted(found) == ["invited", *["quarantine"] * 5]


async def test_a_hundred_copies_of_one_event_give_one_invitation(database: Database) -> None:
    await keep_tenant(database)
    await make_survey(database)
    await go_live(database)
    event = event_of(TRANSACTIONS, a_transaction())

    async def once(copies: int) -> None:
        async with database.transaction() as uow:
            await decide_transactions(context_on(SERVICE, database), CONTACT_POLICY, uow, [event] * copies)

    await asyncio.gather(*(once(10) for _ in range(10)))
    assert len(await states(database)) == 1
    assert len(await invitations(database)) == 1
    assert len(await rows(database, "SELECT 1 FROM decision")) == 1


async def test_one_identity_of_two_customers_at_once_is_decided_once(database: Database) -> None:
    await keep_tenant(database)
    await make_survey(database)
    await go_live(database)
    await asyncio.gather(*(decide(database, a_transaction(customer=a_customer(f"c-{n}"))) for n in range(6)))
    assert len(await states(database)) == 1
    invited = await rows(database, "SELECT id FROM customer WHERE invited_at IS NOT NULL")
    (row,) = await rows(database, "SELECT customer_id FROM decision")
    asked = customer_hash(SECRET, TENANT, f"{row.customer_id}@example.com")
    assert {one.id for one in invited} == {asked, row.customer_id}


async def test_an_invitation_whose_id_is_taken_gets_another_and_is_not_lost(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep_tenant(database)
    await make_survey(database)
    await go_live(database)
    await decide(database, a_transaction("order-1"))
    ids = iter([*await states(database), uuid7()])
    monkeypatch.setattr(handlers, "uuid7", lambda: next(ids))
    await decide(database, a_transaction("order-2", a_customer("c-2")))
    found = await rows(
        database,
        "SELECT d.source_id, i.customer_id FROM decision d JOIN invitation i ON i.id = d.invitation_id "
        "AND i.event_id = d.event_id ORDER BY 1",
    )
    assert [tuple(row) for row in found] == [("order-1", "c-1"), ("order-2", "c-2")]
    assert {one.id for one in await invitations(database)} == {*await states(database)}


async def test_what_is_heard_again_changes_nothing(database: Database, clock: Clock) -> None:
    await keep_tenant(database)
    await make_survey(database)
    await go_live(database)
    batch = [a_transaction(f"order-{n}", a_customer(f"c-{n % 3}")) for n in range(9)]
    everything = "SELECT d::text FROM decision d UNION ALL SELECT i::text FROM invitation i UNION ALL SELECT o::text FROM outbox o ORDER BY 1"
    await decide(database, *batch)
    before = await rows(database, everything)
    clock.on(days=200)
    await decide(database, *batch)
    await decide(database, *batch[:4])
    assert await rows(database, everything) == before


async def test_the_same_identity_with_other_content_is_kept_to_be_shown_and_changes_nothing(
    database: Database,
) -> None:
    await keep_tenant(database)
    await make_survey(database)
    await decide(database, a_transaction(digest="one"))
    await decide(database, a_transaction(digest="two", segments={"touchpoint": "store"}))
    await decide(database, a_transaction(digest="three"))
    (row,) = await rows(database, "SELECT * FROM decision")
    assert row.difference_at is not None
    assert decode_facts(row.difference).segments == {"touchpoint": "store"}
    assert decode_facts(row.facts).segments["touchpoint"] == "checkout"
    assert len(await states(database)) == 1


async def test_two_contents_of_one_identity_in_one_batch_are_seen_too(database: Database) -> None:
    await keep_tenant(database)
    await decide(database, a_transaction(digest="one"), a_transaction(digest="two"))
    (row,) = await rows(database, "SELECT digest, difference_at FROM decision")
    assert row.digest == "one"
    assert row.difference_at is not None


async def test_the_same_id_of_two_sources_is_two_events(database: Database) -> None:
    await keep_tenant(database)
    await make_survey(database)
    await decide(database, a_transaction(), a_transaction(source="store", customer=a_customer("c-2")))
    assert len(await states(database)) == 2
