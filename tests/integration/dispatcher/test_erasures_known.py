"""Whom an erasure knows, when all services have confirmed it, and what a restored dispatcher knows of it."""

from typing import Any

import pytest
from support.dispatcher_builders import (
    NOON,
    TENANT,
    a_customer,
    a_transaction,
    consume,
    decide,
    decided,
    invitations,
    invite_customer,
    published,
    rows,
)
from support.dispatcher_customer import KIM, WORDS
from support.dispatcher_erasing import ask, erase
from support.erasing import places_of
from support.http_clients import SECRET, context_on

from services.dispatcher import backfill
from services.dispatcher.app import SERVICE
from services.dispatcher.erasures.requests import ErasureRefused
from services.dispatcher.handlers import handle_answers
from services.dispatcher.recovery import erased_page, recovery
from shared.db.database import Database
from shared.events import (
    ANSWERS,
    CUSTOMERS,
    ERASURES,
    INVITATIONS,
    Answer,
    ErasureConfirmed,
)
from shared.ids import uuid7
from shared.privacy.erased import CONFIRMING_SERVICES
from shared.privacy.persons import person_of

pytestmark = pytest.mark.usefixtures("survey")


class TestKnown:
    async def test_is_what_versions_before_stored_as_soon_as_the_worker_has_gone_through_it(
        self, database: Database
    ) -> None:
        await decided(database, KIM, a_customer("bo"))
        await decide(database, a_transaction("order-x", a_customer("bo")))
        await decide(database, a_transaction("order-x", KIM, digest="another"))
        known = "SELECT person, contact, phone, customer_id FROM known_customer ORDER BY 1, 2, 3"
        before = await rows(database, known)
        names = list(backfill.KNOWN_BATCHES)
        async with database.transaction() as uow:
            await uow.execute("DELETE FROM known_customer")
            await uow.execute(
                "UPDATE decision SET person = NULL, contact_key = NULL, difference_person = NULL"
            )
            await uow.execute("UPDATE customer SET person = NULL")
            await uow.execute("INSERT INTO backfill (name) SELECT unnest(CAST(:n AS text[]))", {"n": names})
        with pytest.raises(ErasureRefused) as refused:
            await ask(database, email="kim@example.com")
        assert refused.value.status == 503
        while await backfill.backfill_known(database, SECRET):
            pass
        after = await rows(database, known)
        assert {row for row in after if row.phone or row.contact} >= set(before)
        assert {row.person for row in after} == {row.person for row in before}
        assert await rows(database, "SELECT 1 FROM backfill") == []
        await erase(database, email="kim@example.com")
        assert await places_of(database, WORDS, without=("outbox",)) == set()

    async def test_covers_an_import_that_had_no_event(self, database: Database) -> None:
        imported = Answer(
            id=uuid7(), version=1, state="sent", origin="import", score=9, customer_id="old-4711",
            answered_at=NOON, changed_at=NOON,
        )  # fmt: skip
        context = context_on(SERVICE, database)

        async def keep(uow: Any, events: Any) -> None:
            await handle_answers(context, uow, events)

        await consume(database, keep, ANSWERS, imported)
        assert (await ask(database, customer_id="old-4711")).person == person_of(SECRET, TENANT, "old-4711")


class TestConfirmations:
    async def test_of_all_services_end_an_erasure(self, database: Database) -> None:

        await decided(database, KIM)
        asked = await ask(database, customer_id=KIM.id)
        context = context_on(SERVICE, database)
        (subscription,) = [each for each in SERVICE.consumed(context) if each.topic is ERASURES]
        events = [
            ERASURES.event(TENANT, ErasureConfirmed(id=asked.target, service=name, confirmed_at=NOON), NOON)
            for name in CONFIRMING_SERVICES
        ]
        for _ in range(2):
            async with database.transaction() as uow:
                await subscription.handle(uow, [*events, events[0]])
        again = await ask(database, customer_id=KIM.id)
        assert again.id == asked.id
        assert set(again.confirmed) == set(CONFIRMING_SERVICES)


class TestRecovery:
    async def test_publishes_all_erased_customers_and_learns_of_them_first(self, database: Database) -> None:
        customers = [a_customer(f"c-{n}") for n in range(3)]
        await decided(database, *customers)
        for customer in customers:
            await ask(database, customer_id=customer.id)
        sent = await published(database, CUSTOMERS)
        pages, after = [], None
        async with database.transaction() as uow:
            while True:
                page, after = await erased_page(uow, after, 2)
                pages += page
                if after is None:
                    break
        assert sorted(each.id for _, each in pages) == sorted(each.id for each in sent)
        assert {each.version for _, each in pages} == {each.version for each in sent}
        context = context_on(SERVICE, database)
        assert SERVICE.restored(context).reads[0].topic is CUSTOMERS
        assert CUSTOMERS in SERVICE.owns
        assert CUSTOMERS in [owned.topic for owned in recovery(context).owned]

    async def test_of_an_erased_invitation_restores_nothing_of_its_customer(self, database: Database) -> None:
        await invite_customer(database, "kim")
        await erase(database, customer_id="kim")
        (erased_form,) = await invitations(database)
        async with database.transaction() as uow:
            for table in ("delivery", "invitation", "decision", "customer", "known_customer"):
                await uow.execute(f"DELETE FROM {table}")
        context = context_on(SERVICE, database)
        (reads,) = [each for each in SERVICE.restored(context).reads if each.topic is INVITATIONS]
        await consume(database, reads.handle, INVITATIONS, erased_form)
        (row,) = await rows(database, "SELECT customer_id, person, reason FROM decision")
        assert tuple(row) == ("", "", "invited")
        assert await rows(database, "SELECT 1 FROM known_customer") == []
        assert await rows(database, "SELECT 1 FROM customer") == []
