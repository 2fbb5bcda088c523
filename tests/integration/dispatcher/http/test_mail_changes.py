"""Pages, search and API tell what postponed a mail and why it was dropped when it was due."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID

import httpx
import pytest
from support.audit import an_actor
from support.dispatcher_builders import (
    TENANT,
    Clock,
    a_customer,
    a_sender,
    a_transaction,
    consume,
    decide,
    go_live,
    make_survey,
    relay_all,
    say_no,
)
from support.dispatcher_client import a_person, by_key
from support.http_clients import SECRET
from support.stack import Mailbox

from services.dispatcher.contact_policies.policy_commands import set_policy
from services.dispatcher.story.handlers import keep_cases
from shared.db.database import Database
from shared.events import CASES, Case, ContactRules, CounterEvent, CountryRule, Customer, QuietHours
from shared.ids import uuid7
from shared.mail import Mailer
from shared.privacy.persons import person_of

MORNING = datetime(2026, 11, 21, 6, tzinfo=UTC)
NIGHTS = ContactRules(quiet_hours={"mail": QuietHours(start="21:00", end="07:00")}, cap_hours=0)
GERMANY = ContactRules(
    quiet_hours={},
    cap_hours=0,
    countries=(CountryRule(country="DE", needs="evidence"),),
    counter_events=(CounterEvent(event_type="refund", effect="cancel", scope="customer"),),
)


@pytest.fixture
async def clock(database: Database) -> Clock:
    """Of a company that asks an hour after each event."""
    await make_survey(database, delay_minutes=60, quarantine_days=0)
    await go_live(database)
    assert isinstance(database.clock, Clock)
    return database.clock


async def set_rules(database: Database, rules: ContactRules) -> None:
    async with database.transaction() as uow:
        await set_policy(uow, TENANT, an_actor(), rules)


async def decided(database: Database, *customers: Customer) -> None:
    for customer in customers:
        event = a_transaction(f"of {customer.id}", customer, occurred_at=database.clock())
        await decide(database, event)
    await relay_all(database)


async def send(database: Database, mailbox: Mailbox, clock: Clock) -> None:
    mailer = Mailer(mailbox.smtp_url, seconds=5)
    sender = a_sender(database, mailer, clock)
    while await sender.step() == 0:
        pass
    await relay_all(database)
    await mailer.close()


def in_words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


async def the_page(client: httpx.AsyncClient, name: str) -> str:
    event_id = a_transaction(f"of {name}").event_id
    shown = await client.get(f"/events/{event_id}", headers=a_person())
    assert shown.status_code == 200, shown.text
    return in_words(shown.text)


async def found(client: httpx.AsyncClient, **wanted: str) -> dict[str, Any]:
    answer = await client.get("/v1/decisions", params=wanted, headers=by_key())
    assert answer.status_code == 200, answer.text
    return {each["event_id"]: each["invitation"] for each in answer.json()["decisions"]}


async def the_decision(client: httpx.AsyncClient, event_id: str) -> dict[str, Any]:
    answer = await client.get("/v1/decisions", params={"event_id": event_id}, headers=by_key())
    (decision,) = answer.json()["decisions"]
    assert isinstance(decision, dict)
    return decision


@pytest.fixture
async def dropped(database: Database, clock: Clock, mailbox: Mailbox) -> None:
    """Three mails that were dropped by three rules, and one event that was decided by one of them."""
    await decided(
        database,
        a_customer("gone"),
        a_customer("german", country="DE"),
        a_customer("refunded"),
        a_customer("asked"),
    )
    await say_no(database, a_customer("gone"))
    await set_rules(database, GERMANY)
    await decide(database, a_transaction("refund", a_customer("refunded"), type="refund"))
    await decided(database, a_customer("another-german", country="DE"))
    clock.on(minutes=60)
    await send(database, mailbox, clock)


@pytest.mark.usefixtures("dropped")
async def test_search_count_list_and_api_agree_about_each_reason(client: httpx.AsyncClient) -> None:
    expected = {
        "opted_out": {"of gone"},
        "no_basis": {"of german", "of another-german"},
        "countered": {"of refunded"},
        "expired": set(),
    }
    for reason, events in expected.items():
        by_api = await found(client, reason=reason)
        assert by_api.keys() == events
        assert {each["reason"] for each in by_api.values() if each is not None} <= {reason}
        listed = (await client.get("/events", params={"reason": reason}, headers=a_person())).text
        assert {event for event in ("of gone", "of german", "of refunded", "of another-german", "of asked")
                if f">{event}</a>" in listed} == events  # fmt: skip
    assert (await found(client, reason="opted_out", state="sent")) == {}
    assert (await found(client, state="dropped")).keys() == {"of gone", "of german", "of refunded"}
    page = in_words((await client.get("/events", headers=a_person())).text)
    for words in ("Has unsubscribed : 1", "Law of the country : 2", "Counter-event : 1"):
        assert words in page
    for words in ("Has unsubscribed", "Law of the country", "Counter-event"):
        assert f"Not asked after all: {words}" in page
    assert "Not asked after all : " not in page


@pytest.mark.usefixtures("dropped")
async def test_a_drop_by_the_law_says_what_was_missing_and_how_to_mend_it(client: httpx.AsyncClient) -> None:
    page = await the_page(client, "german")
    lines = (
        "By the law of the country it could not be sent.",
        "The customer lives in DE. The customer must have given consent there",
        "There was no evidence of the customer.",
        "Send customer.basis with the event or with the customer",
        "The words of this mail are those of version 1 of the survey.",
    )
    for line in lines:
        assert line in page
    (invitation,) = (await found(client, event_id="of german")).values()
    (change,) = invitation["changes"]
    assert (change["mail"], change["what"], change["reason"]) == (1, "dropped", "no_basis")
    assert change["considered"]["basis"]["fault"] == "evidence"


async def test_a_postponement_is_told_while_the_mail_waits_and_after_it_has_left(
    client: httpx.AsyncClient, database: Database, clock: Clock, mailbox: Mailbox
) -> None:
    clock.now = MORNING - timedelta(hours=10)
    await decided(database, a_customer("kim"))
    clock.on(minutes=60)
    await set_rules(database, NIGHTS)
    await send(database, mailbox, clock)
    told = "Postponed until Saturday, 21 November, 07:00 : quiet hours. By the clock of Copenhagen."
    waiting = await the_page(client, "kim")
    assert waiting.count("Postponed until") == 1
    assert told in waiting
    clock.now = MORNING
    await send(database, mailbox, clock)
    left = await the_page(client, "kim")
    assert told in left
    assert "The mail was sent." in left
    (invitation,) = (await found(client, event_id="of kim")).values()
    assert [(each["what"], each["reason"], each["zone"]) for each in invitation["changes"]] == [
        ("postponed", "quiet_hours", "Europe/Copenhagen")
    ]
    assert invitation["reason"] is None


async def test_a_decision_that_it_is_too_late_is_explained_as_a_drop_when_the_mail_was_due(
    client: httpx.AsyncClient, database: Database, clock: Clock, mailbox: Mailbox
) -> None:
    """By the quiet hours: until when, by which rule and whose clock, and after how many days."""
    (survey,) = (await client.get("/v1/surveys", headers=by_key())).json()["surveys"]
    changed = await client.patch(f"/v1/surveys/{survey['id']}", json={"max_age_days": 1}, headers=by_key())
    assert changed.status_code == 200, changed.text
    clock.now = MORNING - timedelta(hours=9, minutes=30)  # 21:30 in Copenhagen
    happened = MORNING - timedelta(days=1, minutes=1)
    await decide(database, a_transaction("of was-asked", a_customer("was-asked"), occurred_at=happened))
    await relay_all(database)
    await set_rules(database, NIGHTS)
    await decide(database, a_transaction("of late", a_customer("late"), occurred_at=happened))
    await send(database, mailbox, clock)
    lines = (
        "It might have left Saturday, 21 November, 07:00 . Held by: quiet hours.",
        "By the clock of Copenhagen.",
        "Asked about for: 1\xa0day after it happened.",
    )
    for page in (await the_page(client, "late"), await the_page(client, "was-asked")):
        for line in (" ".join(line.split()) for line in lines):
            assert line in page
    values = {"max_age_days": 1, "held_by": ["quiet_hours"], "zone": "Europe/Copenhagen"}
    (considered,) = (await the_decision(client, "of late"))["considered"]
    assert considered.items() >= {**values, "why": "quiet_dropped", "due_at": "2026-11-21T06:00:00Z"}.items()
    (change,) = (await the_decision(client, "of was-asked"))["invitation"]["changes"]
    assert (
        change.items() >= {**values, "reason": "quiet_dropped", "held_until": "2026-11-21T06:00:00Z"}.items()
    )


async def test_whoever_may_see_cases_is_told_which_one_kept_a_customer_from_being_asked(
    client: httpx.AsyncClient, database: Database, clock: Clock, mailbox: Mailbox
) -> None:
    await set_rules(database, ContactRules(quiet_hours={}, cap_hours=0))
    await decided(database, a_customer("waits"))
    for number, name in ((41, "waits"), (42, "decided")):
        person = person_of(SECRET, TENANT, name)
        case = Case(
            id=UUID(int=number), number=number, version=1, state="open", answer_id=uuid7(), score=1,
            opened_at=MORNING, due_at=MORNING, person=person,
        )  # fmt: skip
        await consume(database, keep_cases, CASES, case)
    await decided(database, a_customer("decided"))
    clock.on(minutes=60)
    await send(database, mailbox, clock)
    for number, name in ((41, "waits"), (42, "decided")):
        path = f"/events/{a_transaction(f'of {name}').event_id}"
        link = f'<a href="/cases/{UUID(int=number)}">Case {number}</a>'
        for reader, sees_it in (
            (a_person(), True),
            (a_person("analyst"), False),
            (a_person("leader", segments=("store:aarhus",)), False),
        ):
            shown = await client.get(path, headers=reader)
            assert (link in shown.text) is sees_it
            assert "case of the customer was open" in shown.text
            found = await client.get("/v1/decisions", params={"event_id": f"of {name}"}, headers=reader)
            (each,) = found.json()["decisions"]
            (judged,) = each["invitation"]["changes"] if each["invitation"] else each["considered"]
            expected = {"id": str(UUID(int=number)), "number": number} if sees_it else None
            assert judged["open_case"] == expected


async def test_a_survey_in_rehearsal_explains_itself_as_one_that_asks(
    client: httpx.AsyncClient, database: Database, clock: Clock, mailbox: Mailbox
) -> None:
    await make_survey(database, name="Rehearsed", place=2, state="rehearsal", quarantine_days=30)
    await decided(database, a_customer("asked"))
    clock.on(minutes=60)
    await send(database, mailbox, clock)
    (asks, _) = (await client.get("/v1/surveys", headers=by_key())).json()["surveys"]
    await client.patch(f"/v1/surveys/{asks['id']}", json={"state": "paused"}, headers=by_key())
    await decide(database, a_transaction("of again", a_customer("asked"), occurred_at=clock()))
    assert "Last asked" in (await the_page(client, "again")).partition("In rehearsal, Rehearsed")[2]
    await set_rules(database, GERMANY)
    await decided(database, a_customer("german", country="DE"))
    page = await the_page(client, "german")
    assert "In rehearsal, Rehearsed : the law of the country forbids it." in page
    _, rehearsed = page.split("In rehearsal, Rehearsed")
    for line in (
        "The customer lives in DE.",
        "There was no evidence of the customer.",
        "Send customer.basis",
    ):
        assert line in rehearsed
