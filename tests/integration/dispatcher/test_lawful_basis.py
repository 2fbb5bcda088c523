"""The law of a country at the decision and at sending, with the evidence that events and requests bring."""

from datetime import timedelta
from typing import Any

from support.audit import an_actor
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    decide,
    decided,
    go_live,
    keep_tenant,
    make_survey,
    relay_all,
    rows,
    states,
)

from services.dispatcher.contact_policies.policy_commands import set_policy
from services.dispatcher.contact_policies.recommended_countries import RECOMMENDED_COUNTRIES
from shared.db.database import Database
from shared.events import ContactRules, CountryRule, Customer
from shared.events.transactions import Basis
from shared.outbound import Sender

CONSENT = Basis(kind="consent", at=NOON - timedelta(days=3), source="order form")


async def set_countries(database: Database, *rules: CountryRule) -> None:
    made = ContactRules(quiet_hours={}, cap_hours=0, countries=rules)
    async with database.transaction() as uow:
        await set_policy(uow, TENANT, an_actor("the test"), made)


async def start(database: Database, *rules: CountryRule, **survey: Any) -> None:
    await keep_tenant(database)
    await make_survey(database, **{"quarantine_days": 0, **survey})
    await go_live(database)
    await set_countries(database, *rules)


def a_german(id_: str, **changes: Any) -> Customer:
    return a_customer(id_, country="DE", **changes)


async def test_evidence_counts_for_its_customer_from_its_event_on_also_within_one_batch(
    database: Database,
) -> None:
    await start(database, *RECOMMENDED_COUNTRIES)
    assert await decided(database, a_german("kim"), a_german("kit")) == ["no_basis", "no_basis"]
    together = [a_german("kim"), a_german("kim", basis=CONSENT), a_german("kim"), a_german("kit")]
    assert await decided(database, *together, together=True) == ["no_basis", "invited", "invited", "no_basis"]
    assert await decided(database, a_german("kim"), a_german("kit")) == ["invited", "no_basis"]


async def test_the_newest_of_each_kind_is_kept_and_what_is_no_evidence_is_not(database: Database) -> None:
    await start(database, *RECOMMENDED_COUNTRIES)
    newer = Basis(kind="consent", at=NOON, wording="Yes, ask me.")
    for basis in (
        CONSENT,
        newer,
        CONSENT,
        Basis(kind="notice", at=None),
        Basis(kind="hearsay", at=NOON),
        None,
    ):
        await decided(database, a_german("kim", basis=basis))
    (row,) = await rows(database, "SELECT bases FROM customer_profile")
    assert set(row.bases) == {"consent", "notice"}
    assert row.bases["consent"]["wording"] == "Yes, ask me."
    assert row.bases["notice"]["at"].startswith("2026-")


async def test_it_is_judged_again_when_the_mail_is_due(
    database: Database, sender: Sender, clock: Clock
) -> None:
    await start(database, delay_minutes=60)
    for name, basis in (("kim", None), ("kit", CONSENT)):
        event = a_transaction(f"of {name}", a_german(name, basis=basis), occurred_at=NOON)
        await decide(database, event)
    await relay_all(database)
    await set_countries(database, *RECOMMENDED_COUNTRIES)
    clock.on(minutes=61)
    for _ in range(2):
        await sender.step()
    assert sorted((await states(database)).values()) == [("dropped", "no_basis"), ("sent", None)]


async def test_evidence_that_came_while_the_mail_waited_lets_it_go(
    database: Database, sender: Sender, clock: Clock
) -> None:
    await start(database, delay_minutes=60)
    await decide(database, a_transaction("of kim", a_german("kim"), occurred_at=NOON))
    await decide(database, a_transaction("visit", a_german("kim", basis=CONSENT), type="visit"))
    await relay_all(database)
    await set_countries(database, *RECOMMENDED_COUNTRIES)
    clock.on(minutes=61)
    await sender.step()
    assert list((await states(database)).values()) == [("sent", None)]


async def test_a_customer_without_a_country_has_that_of_the_company(database: Database) -> None:
    await start(database, CountryRule(country="DK", needs="neutral"), neutral=True)
    assert await decided(database, a_customer("kim"), a_german("kit")) == ["invited", "invited"]
    await set_countries(database, CountryRule(country="DK", needs="evidence"))
    assert await decided(database, a_customer("kim"), a_german("kit")) == ["no_basis", "invited"]
