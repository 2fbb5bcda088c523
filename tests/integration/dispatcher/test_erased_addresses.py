"""The addresses of erased customers: nobody is asked under them, and who else is known under them is shown."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    consume,
    decide,
    decided,
    published,
    reasons,
    relay_all,
    rows,
    say_no,
    states,
)
from support.dispatcher_erasing import ask, erase, execute, run_erasing
from support.http_clients import SECRET, context_on
from support.stack import Mailbox

from services.dispatcher.app import SERVICE
from services.dispatcher.decisions.contacts import contact_key_of
from services.dispatcher.recovery import erased_page
from services.dispatcher.repository.erased_addresses import find_others
from services.dispatcher.suppressions import repository as suppression_rows
from services.dispatcher.suppressions.suppression_commands import resubscribe, suppress_addresses
from shared.db.database import Database
from shared.events import CUSTOMERS, Customer
from shared.outbound import Sender
from shared.secrets import customer_hash

pytestmark = pytest.mark.usefixtures("survey")

ADDRESS = "karen@example.com"
KAREN = a_customer("c-17", email=ADDRESS)
GUEST = a_customer("guest", email="Karen@Example.com")
OTHER = a_customer("c-99", email=ADDRESS)
KEY = customer_hash(SECRET, TENANT, ADDRESS)


async def suppressions(database: Database) -> dict[str, str]:
    return {row.key: row.reason for row in await rows(database, "SELECT key, reason FROM suppression")}


async def others(database: Database, erasure: Any) -> set[tuple[str, bool]]:
    async with database.reading() as uow:
        found = await find_others(uow, TENANT, [erasure.id])
    return {(each.customer_id, each.without_id) for each in found[erasure.id]}


@pytest.mark.parametrize("later", [GUEST, OTHER], ids=["without an id", "under another id"])
async def test_nobody_is_asked_under_the_address_when_the_quarantine_has_ended(
    database: Database, clock: Clock, later: Customer
) -> None:
    await decided(database, KAREN)
    await erase(database, customer_id=KAREN.id)
    clock.on(days=100)
    assert await decided(database, later) == ["suppressed"]
    found = await rows(database, "SELECT grounds FROM decision WHERE reason = 'suppressed'")
    assert b'"suppressed_by":"address","address_erased":true' in bytes(found[0].grounds)


async def test_a_purchase_without_an_id_does_not_keep_the_address_from_being_suppressed(
    database: Database,
) -> None:
    await decided(database, KAREN, GUEST)
    await erase(database, customer_id=KAREN.id)
    assert await suppressions(database) == {KEY: "erased"}


async def test_a_mail_to_another_customer_that_waits_under_the_address_does_not_leave(
    database: Database, sender: Sender, clock: Clock, mailbox: Mailbox
) -> None:
    # Other tests write to the same address of the same mailbox.
    before = await mailbox.mails(to=ADDRESS)
    assert await decided(database, OTHER, KAREN) == ["invited", "quarantine"]
    await relay_all(database)
    await erase(database, customer_id=KAREN.id, email=ADDRESS)
    clock.on(hours=2)
    await sender.step()
    assert list((await states(database)).values()) == [("dropped", "suppressed")]
    assert await mailbox.mails(to=ADDRESS) == before


@pytest.mark.parametrize(
    ("request_", "suppressed"),
    [
        ({"customer_id": KAREN.id}, set()),
        ({"customer_id": KAREN.id, "email": ADDRESS}, {KEY}),
    ],
    ids=["unless it is named", "if it is named"],
)
async def test_an_address_that_another_customer_has_is_not_suppressed(
    database: Database, request_: dict[str, str], suppressed: set[str]
) -> None:
    await decided(database, KAREN, OTHER)
    asked = await erase(database, **request_)
    assert set(await suppressions(database)) == suppressed
    assert await others(database, asked) == {(OTHER.id, False)}
    last = await erase(database, customer_id=OTHER.id)
    assert set(await suppressions(database)) == {KEY}
    assert await others(database, asked) == await others(database, last) == set()


async def test_who_else_is_known_under_an_address_is_found_also_when_they_come_later(
    database: Database,
) -> None:
    await decided(database, KAREN)
    asked = await erase(database, customer_id=KAREN.id)
    assert await others(database, asked) == set()
    await decided(database, GUEST, OTHER, a_customer("c-1"))
    assert await others(database, asked) == {(OTHER.id, False), (KEY, True)}
    await erase(database, customer_id=KEY)
    assert await others(database, asked) == {(OTHER.id, False)}


async def test_of_an_id_with_several_addresses_only_the_erased_one_is_suppressed(database: Database) -> None:
    anna, bo = (a_customer("family-17", email=f"{name}@example.com") for name in ("anna", "bo"))
    await decided(database, anna, bo)
    await erase(database, customer_id="family-17", email="anna@example.com")
    assert set(await suppressions(database)) == {customer_hash(SECRET, TENANT, "anna@example.com")}


async def test_a_mail_that_an_erasure_kept_from_leaving_keeps_nobody_else_under_the_address_from_being_asked(
    database: Database, clock: Clock
) -> None:
    """As if it had never been to leave: what had left before it counts again, and what is sent counts."""
    await know(database, OTHER)
    assert await decided(database, KAREN) == ["invited"]
    assert await decided(database, OTHER) == ["quarantine"]
    await erase(database, customer_id=KAREN.id)
    assert await rows(database, "SELECT 1 FROM asked") == []
    assert await rows(database, "SELECT 1 FROM customer WHERE invited_at IS NOT NULL") == []
    assert await decided(database, OTHER) == ["invited"]
    clock.on(hours=1)
    assert await decided(database, OTHER) == ["quarantine"]


async def test_a_mail_that_had_left_keeps_its_quarantine_when_its_customer_is_erased(
    database: Database, sender: Sender, clock: Clock
) -> None:
    await know(database, OTHER)
    await decided(database, KAREN)
    await relay_all(database)
    await sender.step()
    clock.on(days=89)
    await execute(database, "UPDATE survey SET quarantine_days = 10")
    assert await decided(database, KAREN) == ["invited"]
    await execute(database, "UPDATE survey SET quarantine_days = 90")
    await erase(database, customer_id=KAREN.id)
    assert await decided(database, OTHER) == ["quarantine"]
    clock.on(days=1)
    assert await decided(database, OTHER) == ["invited"]


@pytest.mark.parametrize("of_one_address", [True, False])
async def test_many_customers_of_one_address_are_erased_at_once(
    database: Database, clock: Clock, of_one_address: bool
) -> None:
    await know(database, OTHER)
    await execute(database, "UPDATE survey SET quarantine_days = 0")
    family = [a_customer(f"c-{number}", email=ADDRESS) for number in range(1, 6)]
    for customer in family:
        assert await decided(database, customer) == ["invited"]
        clock.on(minutes=1)
    await execute(database, "UPDATE survey SET quarantine_days = 90")
    assert await decided(database, OTHER) == ["quarantine"]
    for customer in family[:-1]:
        await ask(database, customer_id=customer.id)
    assert await run_erasing(database) == []
    kept = {f"c-{number}" for number in range(5, 6)}
    found = await rows(database, "SELECT customer_id FROM invitation WHERE state = 'waiting'")
    assert {row.customer_id for row in found} == kept
    assert await decided(database, OTHER) == ["quarantine"]
    last = {"customer_id": family[-1].id, **({"email": ADDRESS} if of_one_address else {})}
    await execute(database, "DELETE FROM suppression")
    await erase(database, **last)
    await execute(database, "DELETE FROM suppression")
    assert await rows(database, "SELECT 1 FROM customer WHERE invited_at IS NOT NULL") == []
    assert await decided(database, OTHER) == ["invited"]


async def know(database: Database, customer: Customer) -> None:
    """Let a customer be known by an event that nobody is asked about."""
    await decide(database, a_transaction("known", customer, occurred_at=NOON - timedelta(days=300)))
    assert (await reasons(database))["known"] == "too_old"


async def test_a_restored_database_and_a_replay_suppress_the_address_again(database: Database) -> None:
    await decided(database, KAREN, OTHER)
    await erase(database, customer_id=KAREN.id, email=ADDRESS)
    (customer,) = await published(database, CUSTOMERS)
    before = await rows(database, "SELECT * FROM suppression")
    await consume(database, suppress_addresses, CUSTOMERS, customer, customer)
    assert await rows(database, "SELECT * FROM suppression") == before
    async with database.transaction() as uow:
        again = replace(customer, erasure_id=None)
        assert [each for _, each in (await erased_page(uow, None, 10))[0]] == [again]

    await execute(database, "DELETE FROM suppression")
    for read in SERVICE.restored(context_on(SERVICE, database)).reads:
        if read.topic is CUSTOMERS:
            await consume(database, read.handle, CUSTOMERS, customer)
    assert await rows(database, "SELECT * FROM suppression") == before
    assert await decided(database, OTHER) == ["suppressed"]


async def test_an_unsubscription_stays_one_and_a_list_is_remembered(database: Database) -> None:
    await decided(database, KAREN)
    await say_no(database, KAREN)
    await erase(database, customer_id=KAREN.id)
    assert await suppressions(database) == {KEY: "unsubscribed"}
    async with database.transaction() as uow:
        assert [each.addresses for _, each in (await erased_page(uow, None, 10))[0]] == [(KEY,)]

    bo = a_customer("bo")
    bos = customer_hash(SECRET, TENANT, bo.email or "")
    await decided(database, bo)
    async with database.transaction() as uow:
        await suppression_rows.add(uow, TENANT, [("address", bos)], reason="listed", who="Sara Lund")
    await erase(database, customer_id=bo.id)
    async with database.transaction() as uow:
        await suppression_rows.add(uow, TENANT, [("address", bos)], reason="listed", who="Sara Lund")
    found = await rows(database, "SELECT reason, listed FROM suppression WHERE key = :key", key=bos)
    assert [tuple(row) for row in found] == [("erased", True)]


async def test_whoever_has_the_address_may_say_no_and_yes_themselves(database: Database) -> None:
    await decided(database, KAREN, OTHER)
    await erase(database, customer_id=KAREN.id, email=ADDRESS)
    await say_no(database, OTHER)
    assert (await suppressions(database))[KEY] == "unsubscribed"
    async with database.transaction() as uow:
        await resubscribe(uow, contact_key_of(SECRET, TENANT, OTHER, frozenset()))
    assert await suppressions(database) == {}
