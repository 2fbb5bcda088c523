"""What is left in the dispatcher of a customer who was erased, and what comes of them later."""

import asyncio
from typing import Any

import msgspec
import pytest
from support.audit import an_actor
from support.dispatcher_builders import (
    CONTACT_POLICY,
    NOON,
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    consume,
    decide,
    decided,
    event_of,
    invitations,
    invite_customer,
    list_test_addresses,
    published,
    relay_all,
    rows,
    say_no,
    share_ids,
    states,
    waits_for_a_lock,
)
from support.dispatcher_customer import KIM, WORDS
from support.dispatcher_erasing import ask, erase, execute, run_erasing
from support.erasing import places_of
from support.eventually import eventually
from support.http_clients import SECRET, context_on
from support.stack import Mailbox

from services.dispatcher.app import SERVICE
from services.dispatcher.decisions.contacts import contact_key_of
from services.dispatcher.decisions.handlers import decide_transactions
from services.dispatcher.handlers import handle_answers
from services.dispatcher.models import metadata
from services.dispatcher.sending.sending_commands import set_placeholder_ids
from services.dispatcher.story.handlers import keep_cases
from services.dispatcher.suppressions import repository as suppression_rows
from services.dispatcher.suppressions.suppression_commands import resubscribe
from shared.db.database import Database
from shared.events import (
    ANSWERS,
    CASES,
    CUSTOMERS,
    TRANSACTIONS,
    Answer,
    Case,
    Customer,
)
from shared.events.envelope import record_key
from shared.events.transactions import Account
from shared.ids import uuid7
from shared.outbound import Sender
from shared.privacy.erased import Target
from shared.privacy.persons import person_of
from shared.privacy.subjects import NO_DIGEST
from shared.secrets import customer_hash

pytestmark = pytest.mark.usefixtures("survey")


def a_case(number: int, **facts: Any) -> Case:
    case = Case(
        id=uuid7(), number=number, version=1, state="open", answer_id=uuid7(), score=2, opened_at=NOON, due_at=NOON
    )  # fmt: skip
    return msgspec.structs.replace(case, **facts)


class TestErase:
    async def test_leaves_no_word_of_the_customer_in_any_table(self, database: Database) -> None:

        about = {
            "account": Account(id="account-1", manager="manager-of-kim"),
            "handled_by": "handler-of-kim",
            "attributes": msgspec.Raw(b'{"word":"attribute-of-kim"}'),
        }
        await decide(database, a_transaction("order-1", KIM, **about))
        await decide(database, a_transaction("order-of-kim-4711", KIM, digest="x", **about))
        await decide(database, a_transaction("order-1", KIM, digest="another", **about))
        await decide(database, a_transaction("order-2", a_customer("bo")))
        await decide(database, a_transaction("order-2", KIM, digest="another", **about))
        await say_no(database, KIM)
        async with database.transaction() as uow:
            await suppression_rows.add(uow, TENANT, [("customer", KIM.id)], reason="listed", who="Sara Lund")
        await list_test_addresses(database, "kim@example.com", "tester@example.com")
        imported = Answer(
            id=uuid7(), version=1, state="sent", origin="import", score=9, customer_id=KIM.id,
            invited_at=NOON, answered_at=NOON, changed_at=NOON,
        )  # fmt: skip
        context = context_on(SERVICE, database)

        async def keep(uow: Any, events: Any) -> None:
            await handle_answers(context, uow, events)

        await consume(database, keep, ANSWERS, imported)
        await relay_all(database)
        assert len(await places_of(database, WORDS)) > 8
        before = await rows(database, "SELECT reason, count(*) FROM decision GROUP BY 1 ORDER BY 1")

        await erase(database, customer_id=KIM.id, reason="asked by letter")

        assert await places_of(database, WORDS) == set()
        assert await rows(database, "SELECT reason, count(*) FROM decision GROUP BY 1 ORDER BY 1") == before
        assert (await rows(database, "SELECT test_addresses FROM sending"))[0][0] == ["tester@example.com"]

    async def test_leaves_the_cases_of_other_addresses_their_person(self, database: Database) -> None:
        await decide(database, a_transaction("order-1", a_customer("kim", email="kim@example.com")))
        await decide(database, a_transaction("order-2", a_customer("kim", email="home@example.com")))
        person = person_of(SECRET, TENANT, "kim")
        for number, address in enumerate(("kim@example.com", "home@example.com"), 1):
            contact_key = customer_hash(SECRET, TENANT, address)
            case = a_case(number, person=person, contact_key=contact_key)
            await consume(database, keep_cases, CASES, case)
        await erase(database, customer_id="kim", email="home@example.com")
        persons = await rows(database, "SELECT person, contact_key IS NULL FROM case_heard ORDER BY number")
        assert [tuple(row) for row in persons] == [(person, False), ("", True)]
        await erase(database, customer_id="kim")
        assert not (await rows(database, "SELECT 1 FROM case_heard WHERE person <> ''"))

    async def test_finds_a_case_that_a_version_without_pseudonyms_stored(self, database: Database) -> None:
        events = [a_transaction(f"order-{who}", a_customer(who)) for who in ("kim", "bo")]
        await decide(database, *events)
        for number, event in enumerate(events, 1):
            await consume(database, keep_cases, CASES, a_case(number, event_id=event.event_id))
        await consume(database, keep_cases, CASES, a_case(3))
        await execute(database, "UPDATE case_heard SET person = NULL")
        await erase(database, customer_id="kim")
        persons = await rows(database, "SELECT person FROM case_heard ORDER BY number")
        assert [row.person for row in persons] == ["", person_of(SECRET, TENANT, "bo"), ""]

    @pytest.mark.parametrize("at_once", [True, False])
    async def test_compares_nothing_with_the_event_of_an_erased_customer(
        self, database: Database, at_once: bool
    ) -> None:
        await decide(database, a_transaction("order-1", KIM))
        await erase(database, customer_id=KIM.id)
        first, later = a_transaction("order-2", KIM), a_transaction("order-2", a_customer("bo"), digest="x")
        if at_once:
            await decide(database, first, later)
        else:
            await decide(database, first)
            await decide(database, later)
        await decide(database, a_transaction("order-1", a_customer("bo"), digest="x"))
        stored = await rows(database, "SELECT digest, difference_at FROM decision")
        assert [tuple(row) for row in stored] == [(NO_DIGEST, None)] * 2

    async def test_publishes_the_erased_form_and_tombstones_of_the_events(self, database: Database) -> None:
        await invite_customer(database, "kim")
        (event_id,) = (await rows(database, "SELECT event_id FROM decision"))[0]
        await erase(database, customer_id="kim")
        (invitation,) = await invitations(database)
        assert (invitation.erased, invitation.person, invitation.version) == (True, "", 2)
        assert (invitation.state, invitation.reason) == ("dropped", "erased")
        assert invitation.customer == Customer(id="erased")
        tombstones = await rows(
            database, "SELECT key FROM outbox WHERE value IS NULL AND topic = 'transactions.v1'"
        )
        assert [bytes(row.key) for row in tombstones] == [record_key(TENANT, str(event_id))]
        (customer,) = await published(database, CUSTOMERS)
        assert customer.person == person_of(SECRET, TENANT, "kim")

    async def test_again_changes_nothing(self, database: Database) -> None:
        await invite_customer(database, "kim")
        await erase(database, customer_id="kim")
        assert SERVICE.personal_data is not None
        await relay_all(database)
        before = [await rows(database, f"SELECT * FROM {t.name}") for t in metadata.sorted_tables]
        async with database.transaction() as uow:
            person = person_of(SECRET, TENANT, "kim")
            assert not await SERVICE.personal_data.erase(uow, [Target(TENANT, person, person, None)])
        assert [await rows(database, f"SELECT * FROM {t.name}") for t in metadata.sorted_tables] == before

    async def test_keeps_the_no_of_the_address(self, database: Database, clock: Clock) -> None:
        await decided(database, KIM)
        await say_no(database, KIM)
        await erase(database, customer_id=KIM.id)
        other = a_customer("another-id", email="kim@example.com")
        clock.on(days=100)
        assert await decided(database, other) == ["opted_out"]

    async def test_strips_what_was_written_about_who_was_taken_from_a_list(self, database: Database) -> None:
        await decided(database, KIM)
        await say_no(database, KIM)

        async with database.transaction() as uow:
            await resubscribe(uow, contact_key_of(SECRET, TENANT, KIM, frozenset()))
            await uow.execute("UPDATE suppression_lift SET reason = 'Kim Wexelblatt called'")
        await erase(database, customer_id=KIM.id)
        assert await places_of(database, WORDS, without=("outbox",)) == set()

    async def test_of_one_address_leaves_the_others_of_the_id(self, database: Database) -> None:
        await share_ids(database)
        anna, bo = (a_customer("family-17", email=f"{name}@example.com") for name in ("anna", "bo"))
        await decided(database, anna, bo)
        await erase(database, customer_id="family-17", email="anna@example.com")
        left = await rows(database, "SELECT customer_id FROM decision ORDER BY customer_id")
        assert [row.customer_id for row in left] == ["", "family-17"]
        assert await places_of(database, ["anna@example"], without=("outbox",)) == set()
        found = await places_of(database, ["bo@example"], without=("outbox",))
        assert found == {"invitation.body", "customer_profile.email"}
        assert sorted(state for state, _ in (await states(database)).values()) == ["dropped", "waiting"]

    async def test_takes_many_at_once(self, database: Database) -> None:
        customers = [a_customer(f"many-{n:03}") for n in range(60)]
        await decided(database, *customers, together=True)
        for customer in customers[:50]:
            await ask(database, customer_id=customer.id)
        assert await run_erasing(database) == []
        left = await rows(database, "SELECT count(*) AS n FROM decision WHERE person <> ''")
        assert left[0].n == 10

    async def test_leaves_other_companies_alone(self, database: Database) -> None:
        await decide(database, a_transaction("order-1", KIM), tenant="another")
        await decide(database, a_transaction("order-1", KIM))
        await erase(database, customer_id=KIM.id)
        (row,) = await rows(database, "SELECT customer_id FROM decision WHERE tenant = 'another'")
        assert row.customer_id == KIM.id


class TestMail:
    async def test_that_is_being_sent_is_waited_for(self, database: Database) -> None:
        await invite_customer(database, "kim")
        await execute(database, "UPDATE delivery SET state = 'sending', lease_until = now()")
        await execute(database, "UPDATE invitation SET state = 'sending'")
        await ask(database, customer_id="kim")
        (waiting,) = await run_erasing(database)
        assert waiting.person == person_of(SECRET, TENANT, "kim")
        assert await places_of(database, ["kim@example"], without=("outbox",)) == {"invitation.body"}
        await execute(database, "UPDATE delivery SET state = 'sent', lease_until = NULL")
        await execute(database, "UPDATE invitation SET state = 'sent'")
        assert await run_erasing(database) == []
        assert await places_of(database, ["kim@example"], without=("outbox",)) == set()
        assert list((await states(database)).values()) == [("sent", None)]

    async def test_that_waits_never_leaves_from_the_request_on(
        self, database: Database, sender: Sender, mailbox: Mailbox
    ) -> None:
        address = await invite_customer(database, "asked-to-be-erased")
        await ask(database, customer_id="asked-to-be-erased")
        await sender.step()
        assert await mailbox.mails(to=address) == []
        assert list((await states(database)).values()) == [("dropped", "erased")]

    async def test_a_sender_that_has_claimed_is_waited_for_and_sends_once(
        self, database: Database, sender: Sender, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        address = await invite_customer(database, "claimed")
        claimed, go_on = asyncio.Event(), asyncio.Event()
        real = sender._channel.send

        async def send(message: Any) -> Any:
            claimed.set()
            await go_on.wait()
            return await real(message)

        monkeypatch.setattr(sender._channel, "send", send)
        sending = asyncio.create_task(sender.step())
        await claimed.wait()
        await ask(database, customer_id="claimed")
        assert len(await run_erasing(database)) == 1
        go_on.set()
        await sending
        assert await run_erasing(database) == []
        assert len(await mailbox.mails(to=address)) == 1
        assert list((await states(database)).values()) == [("sent", None)]
        assert await places_of(database, ["claimed@example"], without=("outbox",)) == set()


class TestLater:
    async def test_the_customer_buys_again_and_is_not_asked(self, database: Database, clock: Clock) -> None:
        await decided(database, KIM)
        await erase(database, customer_id=KIM.id)
        clock.on(days=200)
        assert await decided(database, KIM) == ["erased"]
        assert await places_of(database, WORDS, without=("outbox",)) == set()
        assert await rows(database, "SELECT 1 FROM known_customer") == []

    async def test_the_event_comes_again_and_changes_nothing(self, database: Database) -> None:
        await decide(database, a_transaction("order-1", KIM))
        await erase(database, customer_id=KIM.id)
        before = await rows(database, "SELECT * FROM decision")
        await decide(database, a_transaction("order-1", KIM), a_transaction("order-1", KIM, digest="another"))
        assert await rows(database, "SELECT * FROM decision") == before

    async def test_two_contents_in_one_batch_store_nothing_of_who_is_erased(self, database: Database) -> None:
        await decided(database, KIM)
        await erase(database, customer_id=KIM.id)
        await relay_all(database)
        other = a_transaction("order-x", a_customer("bo"))
        await decide(database, other, a_transaction("order-x", KIM, digest="another"))
        assert await places_of(database, WORDS, without=("outbox",)) == set()

    async def test_a_guest_under_a_companys_own_placeholder_stays_erased(self, database: Database) -> None:

        async with database.transaction() as uow:
            await set_placeholder_ids(uow, TENANT, an_actor("the test"), ["walk-by 9"])
        guest = a_customer("walk-by 9", email="guest@example.com")
        await decide(database, a_transaction("order-1", guest))
        await erase(database, email="guest@example.com")
        await decide(database, a_transaction("order-1", guest, digest="another"))
        assert await places_of(database, ["walk-by 9"], without=("outbox", "sending")) == set()
        assert (await rows(database, "SELECT difference_at FROM decision"))[0].difference_at is None

    async def test_an_import_of_them_is_not_known_again(self, database: Database) -> None:
        await decided(database, KIM)
        await erase(database, customer_id=KIM.id)
        imported = Answer(
            id=uuid7(), version=1, state="sent", origin="import", score=9, customer_id=KIM.id,
            invited_at=NOON, answered_at=NOON, changed_at=NOON,
        )  # fmt: skip
        context = context_on(SERVICE, database)
        (subscription,) = [each for each in SERVICE.consumed(context) if each.topic is ANSWERS]
        await consume(database, subscription.handle, ANSWERS, imported)
        assert await places_of(database, WORDS, without=("outbox",)) == set()


class TestRaces:
    async def test_a_decision_that_did_not_know_is_waited_for_and_erased(self, database: Database) -> None:
        await decided(database, KIM)
        context = context_on(SERVICE, database)
        async with database.transaction() as uow:
            again = event_of(TRANSACTIONS, a_transaction("order-late", KIM))
            await decide_transactions(context, CONTACT_POLICY, uow, [again])
            await ask(database, customer_id=KIM.id)
            erasing = asyncio.create_task(run_erasing(database))
            await eventually(lambda: waits_for_a_lock(database))
        assert await erasing == []
        assert await places_of(database, WORDS, without=("outbox",)) == set()

    async def test_the_same_from_two_processes_is_one_erasure(self, database: Database) -> None:
        await decided(database, KIM)
        asked = await asyncio.gather(
            *(ask(database, customer_id=KIM.id) for _ in range(4)),
            *(ask(database, email="kim@example.com") for _ in range(3)),
        )
        assert len({row.id for row in asked}) == 1
        assert len(await published(database, CUSTOMERS)) == 1
