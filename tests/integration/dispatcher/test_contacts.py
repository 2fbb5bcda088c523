"""Who one person is: an address under whatever ids, and not an id that many share."""

import asyncio
import hmac
import random
import unicodedata
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace
from support.audit import an_actor
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    consume,
    decide,
    decided,
    invitations,
    reasons,
    relay_all,
    rows,
    say_no,
    share_ids,
)
from support.http_clients import SECRET

from services.dispatcher.contact_policies.policy_commands import set_policy
from services.dispatcher.decisions.explanation import decode_explanation
from services.dispatcher.moving_in.last_asked import keep_last_asked
from services.dispatcher.sending import sending_commands
from services.dispatcher.story.handlers import keep_answers, keep_cases
from services.dispatcher.surveys.domain import StoredSurvey
from shared.db.database import Database
from shared.events import ANSWERS, CASES, Answer, Case, ContactRules, CounterEvent, Customer
from shared.events.contact_policies import CountryRule
from shared.events.transactions import Basis
from shared.ids import uuid7
from shared.outbound import Sender
from shared.privacy.persons import person_of
from shared.secrets import customer_hash, derive

NOBODY = (
    "0",
    "-1",
    "null",
    "NULL",
    " guest ",
    "Guest_User",
    "undefined",
    "N/A",
    str(UUID(int=0)),
    "{{ id }}",
)
pytestmark = pytest.mark.usefixtures("survey")


def case_about(customer_id: str, number: int, **changes: Any) -> Case:
    """An open case of the person who has this id."""
    person = person_of(SECRET, TENANT, customer_id)
    return Case(
        id=uuid7(), number=number, version=1, state="open", answer_id=uuid7(), person=person, score=2,
        opened_at=NOON, due_at=NOON, **changes,
    )  # fmt: skip


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (a_customer("g-1", email="kim@example.com"), a_customer("g-2", email="Kim@Example.com")),
        (a_customer("g-1", email="kim@bücher.de"), a_customer("g-2", email="kim@xn--bcher-kva.de")),
        (a_customer(customer_hash(SECRET, TENANT, "k@example.com"), email="k@example.com"), a_customer("g-2", email="k@example.com")),
        (a_customer("g-1", email="k@example.com"), a_customer(customer_hash(SECRET, TENANT, "k@example.com"), email="k@example.com")),
        (a_customer("0", email="k@example.com"), a_customer("guest", email="k@example.com")),
    ],
)  # fmt: skip
async def test_one_address_is_asked_once_under_whatever_ids_it_comes(
    database: Database, first: Customer, second: Customer, together: bool
) -> None:
    assert await decided(database, first, second, together=together) == ["invited", "quarantine"]


@pytest.mark.parametrize("together", [False, True])
async def test_one_person_is_asked_once_under_whatever_addresses_they_come(
    database: Database, together: bool
) -> None:
    """B11: the same person, two addresses."""
    home, work, new = (a_customer("kim", email=f"kim@{domain}.example") for domain in ("home", "work", "new"))
    family = a_customer("bo", email="kim@home.example")
    found = await decided(database, home, work, family, new, home, together=together)
    assert found == ["invited", *["quarantine"] * 4]
    bo_at_work = a_customer("bo", email="bo@work.example")
    assert await decided(database, bo_at_work, work) == ["invited", "quarantine"]


async def test_a_company_whose_ids_are_shared_finds_its_history_by_either_rule(database: Database) -> None:
    home, work = (a_customer("kim", email=f"kim@{domain}.example") for domain in ("home", "work"))
    await share_ids(database)
    assert await decided(database, home) == ["invited"]
    await share_ids(database, shared=False)
    assert await decided(database, work) == ["quarantine"]
    await share_ids(database)
    assert await decided(database, work, home) == ["invited", "quarantine"]


@pytest.mark.parametrize("together", [False, True])
async def test_where_ids_are_shared_each_contact_of_an_id_has_a_quarantine_of_its_own(
    database: Database, together: bool
) -> None:
    await share_ids(database)
    anna, bo = (a_customer("account", email=f"{name}@example.com", name=name) for name in ("anna", "bo"))
    assert await decided(database, anna, bo, anna, bo, together=together) == [
        *("invited", "invited", "quarantine", "quarantine")
    ]
    assert [(one.customer.name, one.customer.email) for one in await invitations(database)] == [
        ("anna", "anna@example.com"),
        ("bo", "bo@example.com"),
    ]


async def test_where_ids_are_shared_what_is_known_of_one_person_counts_for_nobody_else(
    database: Database, clock: Clock, sender: Sender
) -> None:
    """Evidence, a counter-event and an open case; what names the id alone is about everybody who has it."""
    rules = ContactRules(
        quiet_hours={},
        ids_are_shared=True,
        countries=(CountryRule(country="*", needs="evidence"),),
        counter_events=(CounterEvent(event_type="died", effect="cancel", scope="customer"),),
    )
    async with database.transaction() as uow:
        await set_policy(uow, TENANT, an_actor("the test"), rules)
    consent = Basis(kind="consent", at=NOON)
    anna, bo, cy, dan = (
        a_customer("account", email=f"{name}@b2b.example") for name in ("anna", "bo", "cy", "dan")
    )
    agreed = [replace(each, basis=consent) for each in (anna, cy, dan)]
    assert await decided(database, agreed[0], bo) == ["invited", "no_basis"]
    # The sender reads the evidence, too: without it the mail of somebody who agreed does not leave.
    await relay_all(database)
    clock.on(days=1)
    await sender.step()
    assert [each.state for each in await invitations(database)][-1] == "sent"
    await decide(database, a_transaction("gone", anna, type="died"))
    annas = customer_hash(SECRET, TENANT, "anna@b2b.example")
    await consume(database, keep_cases, CASES, case_about("account", number=1, contact_key=annas))
    assert await decided(database, agreed[1]) == ["invited"]
    await consume(database, keep_cases, CASES, case_about("account", number=2))
    assert await decided(database, agreed[2]) == ["case_open"]


@pytest.mark.parametrize("placeholder", NOBODY)
async def test_an_id_that_stands_for_nobody_is_none(database: Database, placeholder: str) -> None:
    ann, ben = (a_customer(placeholder, email=f"{name}@example.com") for name in ("ann", "ben"))
    assert await decided(database, ann) == ["invited"]
    await say_no(database, ann)
    assert await decided(database, ben, ann) == ["invited", "opted_out"]
    first, second = await invitations(database)
    assert first.customer.id == customer_hash(SECRET, TENANT, "ann@example.com")
    assert second.customer.id == customer_hash(SECRET, TENANT, "ben@example.com")
    for row in await rows(database, "SELECT customer_id, grounds FROM decision"):
        assert row.customer_id in {first.customer.id, second.customer.id}
        assert decode_explanation(row.grounds).ignored_id == placeholder


async def test_a_company_lists_further_ids_that_stand_for_nobody(database: Database) -> None:
    async with database.transaction() as uow:
        await sending_commands.set_placeholder_ids(uow, TENANT, an_actor("the test"), ["Laden-Kunde "])
    customers = [a_customer("LADEN-KUNDE", email=f"{name}@example.com") for name in ("ann", "ben")]
    assert await decided(database, *customers) == ["invited", "invited"]
    assert "LADEN-KUNDE" not in {one.customer.id for one in await invitations(database)}


async def test_without_address_and_id_nobody_is_asked_and_nobody_is_locked(database: Database) -> None:
    assert await decided(database, Customer(id="0"), Customer(id="0")) == ["no_address", "no_address"]
    phone = Customer(id="guest", phone="+4512345678")
    assert await decided(database, phone) == ["no_address"]
    (row,) = await rows(database, "SELECT customer_id FROM decision WHERE customer_id <> '0'")
    assert row.customer_id == customer_hash(SECRET, TENANT, "+4512345678")


class TestANo:
    async def test_holds_for_the_address_under_every_id(self, database: Database) -> None:
        await decided(database, a_customer("g-1", email="kim@bücher.de"))
        await say_no(database, a_customer("g-1", email="kim@bücher.de"))
        again = [a_customer("g-2", email="KIM@xn--bcher-kva.de"), a_customer("0", email="kim@ｂücher.de")]
        assert await decided(database, *again) == ["opted_out", "opted_out"]

    @pytest.mark.parametrize("shared", [False, True])
    async def test_holds_for_an_id_that_had_one_address_whatever_address_comes_next(
        self, database: Database, shared: bool
    ) -> None:
        await share_ids(database, shared=shared)
        await decided(database, a_customer("c-1"))
        await say_no(database, a_customer("c-1"))
        assert await decided(database, a_customer("c-1", email="private@example.com")) == ["opted_out"]
        grounds = [decode_explanation(row.grounds) for row in await rows(database, "SELECT grounds FROM decision ORDER BY decided_at, source_id")]  # fmt: skip
        assert grounds[-1].suppressed_by == "customer"

    @pytest.mark.parametrize("together", [False, True])
    async def test_holds_for_the_person_under_each_address_and_for_the_address_under_each_id(
        self, database: Database, clock: Clock, together: bool
    ) -> None:
        home, work = (a_customer("kim", email=f"kim@{domain}.example") for domain in ("home", "work"))
        bo_at_home, bo = a_customer("bo", email="kim@home.example"), a_customer("bo", email="bo@work.example")
        await decided(database, home, work, bo, together=together)
        await say_no(database, home)
        clock.on(days=91)
        found = await decided(database, home, work, bo_at_home, bo, together=together)
        assert found == ["opted_out", "opted_out", "opted_out", "invited"]

    @pytest.mark.parametrize("together", [False, True])
    async def test_of_one_contact_leaves_the_others_of_a_shared_id_alone(
        self, database: Database, clock: Clock, together: bool
    ) -> None:
        await share_ids(database)
        anna, bo = (
            a_customer("account", email="anna@example.com"),
            a_customer("account", email="bo@example.com"),
        )
        await decided(database, anna, bo, together=together)
        await say_no(database, anna)
        clock.on(days=91)
        assert await decided(database, anna, bo) == ["opted_out", "invited"]

    async def test_that_earlier_versions_kept_is_found_under_every_spelling(self, database: Database) -> None:
        """They hashed NFKC and casefold of what was typed; the address itself is gone."""
        for before in ("kim@bücher.de", "bo@xn--bcher-kva.de", "li@strasse.de"):
            key = await earlier_entry(database, before)
            assert key != customer_hash(SECRET, TENANT, before) or before.isascii()
        for spelled in ("kim@bücher.de", "kim@xn--bcher-kva.de", "bo@BÜCHER.de", "bo@xn--bcher-kva.de"):
            assert await decided(database, a_customer(str(uuid7()), email=spelled)) == ["opted_out"]
        # Which of the two domains it was cannot be known any more: neither is asked.
        either = [a_customer(f"l-{n}", email=f"li@{domain}") for n, domain in enumerate(("strasse.de", "straße.de"))]  # fmt: skip
        assert await decided(database, *either, together=True) == ["opted_out", "opted_out"]

    @pytest.mark.parametrize("together", [False, True])
    async def test_of_today_never_reaches_another_domain(self, database: Database, together: bool) -> None:
        await say_no(database, a_customer("l-1", email="li@strasse.de"))
        customers = a_customer("l-1", email="li@strasse.de"), a_customer("l-2", email="li@straße.de")
        assert await decided(database, *customers, together=together) == ["opted_out", "invited"]


async def earlier_entry(database: Database, address: str) -> str:
    """An entry as versions before the canonical form wrote it."""
    form = unicodedata.normalize("NFKC", address).strip().casefold()
    key = hmac.digest(derive(SECRET, f"customer:{TENANT}"), form.encode(), "sha256").hex()
    async with database.transaction() as uow:
        await uow.execute(
            "INSERT INTO suppression (tenant, kind, key, reason, who, created_at) "
            "VALUES (:tenant, 'address', :key, 'unsubscribed', 'the customer', :now)",
            {"tenant": TENANT, "key": key, "now": NOON},
        )
    return key


class TestWhatIsKnownUnderTheIdAlone:
    async def test_an_imports_invitation_holds_for_every_contact(self, database: Database) -> None:
        imported = Answer(
            id=uuid7(), version=1, state="sent", origin="import", score=9, customer_id="account",
            invited_at=NOON - timedelta(days=10), changed_at=NOON,
        )  # fmt: skip
        await consume(database, keep_answers, ANSWERS, imported)
        contacts = [a_customer("account", email=f"{name}@example.com") for name in ("anna", "bo")]
        assert await decided(database, *contacts) == ["quarantine", "quarantine"]

    async def test_an_imports_invitation_of_an_address_holds_under_every_id(self, database: Database) -> None:
        imported = Answer(
            id=uuid7(), version=1, state="sent", origin="import", score=9, invited_at=NOON - timedelta(days=10),
            customer_id=customer_hash(SECRET, TENANT, "kim@example.com"), changed_at=NOON,
        )  # fmt: skip
        await consume(database, keep_answers, ANSWERS, imported)
        assert await decided(database, a_customer("k-1", email="Kim@example.com")) == ["quarantine"]

    @pytest.mark.parametrize(
        "times",
        [
            {"invited_at": NOON - timedelta(days=10), "answered_at": NOON - timedelta(days=9)},
            {"answered_at": NOON - timedelta(days=9)},
        ],
        ids=["sent then", "answered then"],
    )
    async def test_another_systems_question_holds_under_its_id_and_under_the_address(
        self, database: Database, times: dict[str, Any]
    ) -> None:
        imported = Answer(
            id=uuid7(), version=1, state="sent", origin="import", score=9, customer_id="their-7", changed_at=NOON,
            contact_key=customer_hash(SECRET, TENANT, "kim@example.com"), **times,
        )  # fmt: skip
        await consume(database, keep_answers, ANSWERS, imported)
        customers = (
            a_customer("k-1", email="Kim@example.com"),
            a_customer("their-7", email="other@example.com"),
            a_customer("k-2", email="lee@example.com"),
        )
        assert await decided(database, *customers) == ["quarantine", "quarantine", "invited"]

    async def test_a_last_question_of_another_system_holds_under_its_id_and_under_the_address(
        self, database: Database
    ) -> None:
        line = f"kim@example.com,,their-7,{NOON - timedelta(days=10):%Y-%m-%dT%H:%M:%S+00:00}\n"
        file = BytesIO(f"email,phone,customer_id,asked_at\n{line}".encode())
        await keep_last_asked(database, SECRET, TENANT, file)
        customers = (
            a_customer("k-1", email="Kim@example.com"),
            a_customer("their-7", email="other@example.com"),
        )
        assert await decided(database, *customers) == ["quarantine", "quarantine"]

    async def test_an_imports_invitation_of_nobody_holds_for_nobody(self, database: Database) -> None:
        imported = Answer(
            id=uuid7(), version=1, state="sent", origin="import", score=9, customer_id="guest",
            invited_at=NOON - timedelta(days=10), changed_at=NOON,
        )  # fmt: skip
        await consume(database, keep_answers, ANSWERS, imported)
        assert await decided(database, a_customer("guest", email="kim@example.com")) == ["invited"]

    async def test_what_earlier_versions_knew_holds_for_every_contact(self, database: Database) -> None:
        async with database.transaction() as uow:
            await uow.execute(
                "INSERT INTO customer (tenant, id, invited_at) VALUES (:tenant, 'account', :now)",
                {"tenant": TENANT, "now": NOON - timedelta(days=10)},
            )
        contacts = [a_customer("account", email=f"{name}@example.com") for name in ("anna", "bo")]
        assert await decided(database, *contacts) == ["quarantine", "quarantine"]


class TestAtOnce:
    async def test_two_events_of_one_address_under_two_ids_are_one_mail(self, database: Database) -> None:
        for number in range(10):
            email = f"kim-{number}@example.com"
            both = [
                a_transaction(f"{number}-{n}", a_customer(f"g-{number}-{n}", email=email)) for n in range(4)
            ]
            await asyncio.gather(*(decide(database, one) for one in both))
        found = list((await reasons(database)).values())
        assert (found.count("invited"), found.count("quarantine")) == (10, 30)

    async def test_batches_that_share_ids_and_addresses_crosswise_wait_for_each_other_and_never_for_ever(
        self, database: Database
    ) -> None:
        chance = random.Random(11)

        def a_batch(batch: int) -> list[Any]:
            return [
                a_transaction(f"{batch}-{n}", a_customer(f"c-{chance.randrange(6)}", email=f"a-{chance.randrange(6)}@example.com"))
                for n in range(8)
            ]  # fmt: skip

        await asyncio.gather(*(decide(database, *a_batch(number)) for number in range(24)))
        invited = await invitations(database)
        asked = [name for one in invited for name in (one.customer.id, one.customer.email or "")]
        assert len(asked) == len(set(asked)) >= 2
        decisions = await rows(database, "SELECT reason, customer_id, contact_key FROM decision")
        assert len(decisions) == 24 * 8
        keys = {one.customer.id for one in invited} | {one.contact_key for one in invited}
        for row in decisions:
            assert row.reason == "invited" or {row.customer_id, row.contact_key} & keys


async def test_the_same_contacts_again_write_no_row_of_theirs(
    database: Database, survey: StoredSurvey
) -> None:
    """Who has nothing new to tell is locked, not rewritten."""
    customers = [a_customer("account", email=f"{name}@example.com") for name in ("anna", "bo")]
    await decided(database, *customers)
    before = await rows(database, "SELECT xmin::text, id FROM customer ORDER BY id")
    assert await decided(database, *customers, together=True) == ["quarantine", "quarantine"]
    assert await rows(database, "SELECT xmin::text, id FROM customer ORDER BY id") == before
