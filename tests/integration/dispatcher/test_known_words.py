"""What is known of a customer counts where an event does not say it: for the law, the hours and the language."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from msgspec.structs import replace
from support.audit import an_actor
from support.contact_rules import AT_ANY_TIME
from support.dispatcher_builders import (
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    decide,
    go_live,
    invitations,
    keep_tenant,
    make_survey,
    reasons,
    relay_all,
    rows,
    share_ids,
    the_state,
)
from support.http_clients import SECRET

from services.dispatcher.contact_policies.policy_commands import set_policy
from services.dispatcher.customers.customer_commands import keep_customers
from services.dispatcher.customers.reading import CustomerIn, ReadCustomer
from services.dispatcher.decisions.explanation import decode_explanation
from services.dispatcher.dry_runs import simulation
from shared.db.database import Database
from shared.events import ContactRules, CounterEvent, CountryRule, Customer, QuietHours
from shared.ids import uuid7
from shared.outbound import Sender

Door = Literal["event", "same batch", "request"]
DOORS: tuple[Door, ...] = ("event", "same batch", "request")
EVENING = datetime(2026, 11, 20, 20, 30, tzinfo=UTC)
"""21:30 in Copenhagen, where the company is; 15:30 in New York, and 05:30 in Tokyo."""
MORNING = datetime(2026, 11, 21, 6, tzinfo=UTC)
MORNING_IN_TOKYO = datetime(2026, 11, 20, 22, tzinfo=UTC)
NIGHTS = replace(AT_ANY_TIME, quiet_hours={"mail": QuietHours(start="21:00", end="07:00")})
EVIDENCE_IN_GERMANY = replace(AT_ANY_TIME, countries=(CountryRule(country="DE", needs="evidence"),))


@pytest.fixture(autouse=True)
async def company(database: Database, clock: Clock) -> None:
    await keep_tenant(database)
    await make_survey(database, delay_minutes=0, quarantine_days=0, max_age_days=7)
    await go_live(database)
    clock.now = EVENING


async def set_rules(database: Database, rules: ContactRules) -> None:
    async with database.transaction() as uow:
        await set_policy(uow, TENANT, an_actor("the test"), rules)


def kim(**said: Any) -> Customer:
    return a_customer("kim", **{"locale": None, **said})


async def ask(database: Database, door: Door, known: dict[str, Any], **said: Any) -> str:
    """What becomes of kim's event, which says this, when that was said before by this door."""
    event = a_transaction(f"event-{uuid7()}", kim(**said), occurred_at=database.clock())
    before = a_transaction(
        f"visit-{uuid7()}", kim(**known), type="visit", occurred_at=database.clock() - timedelta(hours=1)
    )
    if door == "request":
        given = CustomerIn(id="kim", email="kim@example.com", **known)
        async with database.transaction() as uow:
            await keep_customers(
                uow, SECRET, TENANT, [ReadCustomer("kim", given, [])], who=an_actor("the test")
            )
    elif door == "event":
        await decide(database, before)
    await decide(database, *([before, event] if door == "same batch" else [event]))
    await relay_all(database)
    return (await reasons(database))[event.id]


@pytest.mark.parametrize("door", DOORS)
async def test_the_law_of_the_country_that_is_known_holds_and_the_events_own_word_stands_before_it(
    database: Database, door: Door
) -> None:
    await set_rules(database, EVIDENCE_IN_GERMANY)
    assert await ask(database, door, {"country": "DE"}) == "no_basis"
    assert await ask(database, door, {"country": "DE"}, country="DK") == "invited"
    assert await ask(database, door, {"country": "DK"}, country="DE") == "no_basis"


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("known", "said", "due_at"),
    [
        ({}, {}, MORNING),
        ({"time_zone": "America/New_York"}, {}, EVENING),
        ({"time_zone": "Asia/Tokyo"}, {}, MORNING_IN_TOKYO),
        ({"country": "JP"}, {}, MORNING_IN_TOKYO),
        ({"country": "US", "time_zone": "America/New_York"}, {"country": "JP"}, MORNING_IN_TOKYO),
        ({"time_zone": "America/New_York"}, {"time_zone": "Asia/Tokyo"}, MORNING_IN_TOKYO),
    ],
)
async def test_the_hours_are_those_of_the_customers_own_zone(
    database: Database, door: Door, known: dict[str, Any], said: dict[str, Any], due_at: datetime
) -> None:
    await set_rules(database, NIGHTS)
    assert await ask(database, door, known, **said) == "invited"
    (invitation,) = await invitations(database)
    assert invitation.due_at == due_at


@pytest.mark.parametrize("door", DOORS)
async def test_the_holidays_are_those_of_the_country_that_is_known(
    database: Database, clock: Clock, door: Door
) -> None:
    clock.now = datetime(2026, 11, 26, 15, tzinfo=UTC)  # Thanksgiving, at ten in New York
    await set_rules(database, replace(AT_ANY_TIME, holidays=False))
    await ask(database, door, {"country": "US", "time_zone": "America/New_York"})
    (invitation,) = await invitations(database)
    assert invitation.due_at == datetime(2026, 11, 27, 5, tzinfo=UTC)


@pytest.mark.parametrize("door", DOORS)
async def test_the_mail_is_in_the_language_that_is_known(database: Database, door: Door) -> None:
    await ask(database, door, {"locale": "de-AT"})
    await ask(database, door, {"locale": "de-AT"}, locale="nl")
    assert {each.language for each in await invitations(database)} == {"de", "nl"}


@pytest.mark.parametrize("known", [{}, {"time_zone": "America/New_York"}])
async def test_a_mail_that_is_due_is_judged_by_what_is_known_then(
    database: Database, sender: Sender, known: dict[str, Any]
) -> None:
    await ask(database, "event", {})
    await decide(database, a_transaction("visit", kim(**known), type="visit", accepted_at=EVENING))
    await set_rules(database, NIGHTS)
    await sender.step()
    assert await the_state(database) == (("sent", None) if known else ("waiting", "quiet_hours"))


async def test_the_law_is_judged_by_the_country_that_is_known_when_the_mail_is_due(
    database: Database, sender: Sender
) -> None:
    await ask(database, "event", {})
    await decide(database, a_transaction("visit", kim(country="DE"), type="visit", accepted_at=EVENING))
    await set_rules(database, EVIDENCE_IN_GERMANY)
    await sender.step()
    assert await the_state(database) == ("dropped", "no_basis")


@pytest.mark.parametrize(
    ("known", "due_at"), [({}, MORNING), ({"time_zone": "America/New_York"}, EVENING + timedelta(hours=1))]
)
async def test_a_mail_that_another_event_holds_leaves_at_an_hour_of_the_zone_that_is_known(
    database: Database, known: dict[str, Any], due_at: datetime
) -> None:
    complaint = CounterEvent(event_type="complaint", effect="hold", scope="customer", hold_hours=1)
    await ask(database, "event", known)
    await set_rules(database, replace(NIGHTS, counter_events=(complaint,)))
    await decide(database, a_transaction("bad", kim(), type="complaint", occurred_at=EVENING))
    (row,) = await rows(database, "SELECT due_at FROM delivery")
    assert row.due_at == due_at


async def test_a_dry_run_knows_the_same_of_the_customers(database: Database) -> None:
    await ask(database, "event", {"country": "DE"}, country="DK")
    await ask(database, "event", {"country": "DE"})
    found = await simulation.run(
        database, SECRET, TENANT, survey=None, company=EVIDENCE_IN_GERMANY, period=timedelta(days=1)
    )
    assert (found.was["invited"], found.would_be["invited"], found.would_be["no_basis"]) == (2, 1, 1)


async def test_of_an_id_that_several_people_share_nothing_is_known_but_of_the_same_address(
    database: Database,
) -> None:
    await set_rules(database, EVIDENCE_IN_GERMANY)
    await share_ids(database)
    assert await ask(database, "event", {"country": "DE"}, email="another@example.com") == "invited"
    assert await ask(database, "event", {"country": "DE"}) == "no_basis"


async def test_the_decision_keeps_what_the_event_did_not_say(database: Database) -> None:
    await ask(database, "event", {"country": "DE", "locale": "de"}, locale="nl", time_zone="Mars/Base")
    (row,) = await rows(database, "SELECT grounds FROM decision WHERE reason = 'invited'")
    assert decode_explanation(row.grounds).from_profile == ("country",)
