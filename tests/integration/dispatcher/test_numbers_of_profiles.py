"""Customers with a number: known by whichever way they come, and asked outside of an event by mail or text."""

from itertools import permutations, product
from typing import Any

import pytest
from support.audit import an_actor
from support.dispatcher_builders import (
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    choose_preference,
    decide,
    go_live,
    invitations,
    keep_tenant,
    make_survey,
    published,
    rows,
    say_no,
)
from support.dispatcher_customers import know_given
from support.dispatcher_erasing import erase
from support.http_clients import SECRET

from services.dispatcher.customers.domain import newest_profiles, profile_of_event
from services.dispatcher.customers.reading import CustomerIn
from services.dispatcher.decisions.contacts import contact_key_of
from services.dispatcher.preferences.domain import PreferenceChoice
from services.dispatcher.programmes.publishing import advance_programmes
from services.dispatcher.suppressions.suppression_commands import drop_address
from services.dispatcher.surveys.domain import StoredSurvey
from services.dispatcher.waves.population_repository import count_eligible
from services.dispatcher.waves.publishing import advance_waves
from services.dispatcher.waves.wave_commands import WaveRefused, WaveRequest, plan, start_wave
from shared.db.database import Database
from shared.events import TRANSACTIONS, Customer
from shared.events.surveys import Programme
from shared.ids import uuid7

MAIL_FIRST, TEXT_FIRST = ("mail", "sms"), ("sms", "mail")
KINDS = ("address", "both", "number")


def a_number(n: int) -> str:
    return f"+45201234{n:02}"


def a_known(n: int, kind: str) -> Customer:
    """The customer of an event, who has an address, a number, or both."""
    return a_customer(
        f"c-{n}",
        email=None if kind == "number" else f"c-{n}@example.com",
        phone=None if kind == "address" else a_number(n),
    )


def given(customer: Customer) -> CustomerIn:
    return CustomerIn(id=customer.id, email=customer.email, phone=customer.phone)


async def relation(database: Database, *channels: str, **changes: Any) -> StoredSurvey:
    await keep_tenant(database)
    made = await make_survey(
        database, name="Relation", trigger="never", measurement="relational", delay_minutes=0,
        channels=channels, **changes,
    )  # fmt: skip
    await go_live(database)
    return made


async def ask_all(database: Database, survey: StoredSurvey) -> dict[str, str | None]:
    """By what a wave asks each customer whom it reaches."""
    async with database.transaction() as uow:
        wanted = WaveRequest(survey.id, 100, None, {}, None, 0)
        await start_wave(uow, TENANT, uuid7(), wanted, "the test", who=an_actor("Sara Lund"))
    while await advance_waves(database, SECRET):
        pass
    await decide(database, *await published(database, TRANSACTIONS))
    return {each.customer.id: each.channel for each in await invitations(database)}


@pytest.mark.parametrize("order", [*permutations(KINDS), ("both", "address", "number")], ids=" ".join)
async def test_what_is_stored_of_one_event_after_another_is_what_the_rule_says(
    database: Database, order: tuple[str, ...], clock: Clock
) -> None:
    await relation(database, *MAIL_FIRST)
    said = []
    for n, kind in enumerate(order):
        clock.on(hours=1)
        event = a_transaction(f"{n}", a_known(1, kind), accepted_at=clock(), occurred_at=clock())
        await decide(database, event)
        said.append(event)
    words = [
        profile_of_event(contact_key_of(SECRET, TENANT, each.customer, frozenset()), each, texts=True)
        for each in said
    ]
    (expected,) = newest_profiles(word for word in words if word is not None)
    (row,) = await rows(database, "SELECT * FROM customer_profile")
    assert (row.contact, row.email, row.phone, row.number) == (
        expected.contact, expected.email or "", expected.phone, expected.number,
    )  # fmt: skip


async def test_a_company_without_texts_keeps_no_number_of_its_events(database: Database) -> None:
    await relation(database, "mail")
    await decide(database, *(a_transaction(kind, a_known(n, kind)) for n, kind in enumerate(KINDS)))
    found = await rows(database, "SELECT customer_id, phone FROM customer_profile ORDER BY 1")
    assert [tuple(row) for row in found] == [("c-0", None), ("c-1", None)]


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        (MAIL_FIRST, {"address": "mail", "both": "mail", "number": "sms"}),
        (TEXT_FIRST, {"address": "mail", "both": "sms", "number": "sms"}),
        (("sms",), {"both": "sms", "number": "sms"}),
        (("mail", "link"), {"address": "mail", "both": "mail"}),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
async def test_a_wave_reaches_each_customer_by_the_first_channel_of_its_survey_that_does(
    database: Database, channels: tuple[str, ...], expected: dict[str, str]
) -> None:
    survey = await relation(database, *channels)
    await know_given(database, *(given(a_known(n, kind)) for n, kind in enumerate(KINDS)))
    asked = await ask_all(database, survey)
    assert {KINDS[int(id_[2:])]: channel for id_, channel in asked.items()} == expected


async def test_a_programme_asks_by_the_channels_of_its_survey(database: Database, clock: Clock) -> None:
    await relation(database, *MAIL_FIRST, quarantine_days=20, programme=Programme(every_days=30))
    while await advance_programmes(database, SECRET):
        pass
    await know_given(database, *(given(a_known(n, kind)) for n, kind in enumerate(KINDS)))
    for _ in range(31):
        clock.on(days=1)
        while await advance_programmes(database, SECRET):
            pass
        await decide(database, *await published(database, TRANSACTIONS))
    asked = {each.customer.id: each.channel for each in await invitations(database)}
    assert asked == {"c-0": "mail", "c-1": "mail", "c-2": "sms"}


async def no_mail(database: Database, customer: Customer) -> None:
    await choose_preference(database, customer, PreferenceChoice("channel", channel="mail"))


async def no_text(database: Database, customer: Customer) -> None:
    await choose_preference(database, customer, PreferenceChoice("channel", channel="sms"))


async def stop_by_number(database: Database, customer: Customer) -> None:
    """STOP from a number of which nothing else is known."""
    if customer.phone:
        await say_no(database, a_customer("guest", email=None, phone=customer.phone))


async def mails_come_back(database: Database, customer: Customer) -> None:
    contact = contact_key_of(SECRET, TENANT, customer, frozenset())
    if customer.email:
        async with database.transaction() as uow:
            await drop_address(uow, TENANT, contact.address or "")


async def nothing(database: Database, customer: Customer) -> None:
    """The customer has said nothing."""


SAID = (nothing, no_mail, no_text, say_no, stop_by_number, mails_come_back)


async def test_who_is_counted_for_a_wave_is_who_is_asked(database: Database) -> None:
    """Whatever customers said by which way, for each order of channels."""
    surveys = {
        channels: await relation(database, *channels) for channels in (MAIL_FIRST, TEXT_FIRST, ("sms",))
    }

    customers: list[Customer] = []
    for kind, say in product(KINDS, SAID):
        customers.append(a_known(len(customers), kind))
        await say(database, customers[-1])
    await know_given(database, *map(given, customers))
    for channels, survey in surveys.items():
        made = [
            a_transaction(f"{survey.id}/{n}", customer, type=f"wave.{survey.id}", survey_id=survey.id,
                          source=f"afterword/wave/{survey.id}")
            for n, customer in enumerate(customers)
        ]  # fmt: skip
        await decide(database, *made)
        (asked,) = await rows(
            database,
            "SELECT count(*) AS n FROM decision WHERE survey_id = :id AND reason = 'invited'",
            id=survey.id,
        )
        async with database.reading() as uow:
            counted = await count_eligible(uow, TENANT, {}, channels)
        assert counted == asked.n > 0
        await rows_away(database)


async def rows_away(database: Database) -> None:
    """Forget whom the survey before has asked: the quarantine is not the claim here."""
    async with database.transaction() as uow:
        for table in ("customer", "asked"):
            await uow.execute(f"DELETE FROM {table}")


async def test_a_wave_by_links_alone_is_refused_in_words(database: Database) -> None:
    survey = await relation(database, "link")
    await know_given(database, given(a_known(1, "both")))
    async with database.reading() as uow:
        with pytest.raises(WaveRefused, match="links alone"):
            await plan(uow, TENANT, WaveRequest(survey.id, 1, None, {}, None, 0))


@pytest.mark.parametrize("name", ["customer_id", "email", "phone"])
async def test_an_erasure_by_whatever_name_takes_the_number_along(database: Database, name: str) -> None:
    await relation(database, *MAIL_FIRST)
    await decide(database, a_transaction("1", a_known(1, "both")), a_transaction("2", a_known(2, "both")))
    named = {"customer_id": "c-1", "email": "c-1@example.com", "phone": a_number(1)}[name]
    await erase(database, **{name: named})
    assert [row.phone for row in await rows(database, "SELECT phone FROM customer_profile")] == [a_number(2)]
