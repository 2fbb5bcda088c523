"""The company's table of counter-events by API and page, and what the events' pages and the search say of them."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from msgspec import Raw
from support.audit import audit_lines
from support.counter_model import set_table
from support.dispatcher_builders import (
    Clock,
    a_customer,
    a_transaction,
    decide,
    go_live,
    keep_tenant,
    make_survey,
    published,
    rows,
)
from support.dispatcher_client import a_person, by_key, form
from support.forms import forms_of

from services.dispatcher.contact_policies.domain import DEFAULT_POLICY
from services.dispatcher.contact_policies.forms import form_of
from shared.db.database import Database
from shared.events import CONTACT_POLICIES, CounterEvent, Transaction

PATH = "/v1/contact-policy"
REFUND = {"event_type": "refund.*", "effect": "cancel", "scope": "order"}
COMPLAINT = {"event_type": "complaint", "effect": "hold", "scope": "customer", "hold_hours": 336}
DEATH = {"event_type": "died", "effect": "cancel", "scope": "customer", "for_good": True}
TABLE = (
    CounterEvent(event_type="refund.*", effect="cancel", scope="order"),
    CounterEvent(event_type="complaint", effect="hold", scope="customer", hold_hours=48),
)


def about(id_: str, **changes: Any) -> Transaction:
    return a_transaction(id_, a_customer("kim"), attributes=Raw(b'{"order_id":"A-17"}'), **changes)


async def test_the_table_is_set_answered_published_and_logged(
    client: httpx.AsyncClient, database: Database
) -> None:
    put = await client.put(PATH, json={"counter_events": [REFUND, COMPLAINT, DEATH]}, headers=by_key())
    assert put.status_code == 200, put.text
    expected = [
        {**REFUND, "hold_hours": None, "for_good": False},
        {**COMPLAINT, "for_good": False},
        {**DEATH, "hold_hours": None},
    ]
    assert put.json()["counter_events"] == expected
    assert (await client.get(PATH, headers=by_key())).json()["counter_events"] == expected
    (event,) = await published(database, CONTACT_POLICIES)
    assert [each.event_type for each in event.counter_events] == ["refund.*", "complaint", "died"]
    (line,) = await audit_lines(database)
    assert line.facts["counter_events"] == 3
    again = await client.put(PATH, json=put.json(), headers=by_key())
    assert (again.status_code, again.json()["version"]) == (200, 1)
    assert (await client.put(PATH, json={}, headers=by_key())).json()["counter_events"] == expected
    emptied = await client.put(PATH, json={"counter_events": []}, headers=by_key())
    assert emptied.json()["counter_events"] == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"event_type": "*"}, "/counter_events/0/event_type"),
        ({"effect": "hold"}, "/counter_events/0"),
        ({"hold_hours": 4}, "/counter_events/0"),
        ({"scope": "everybody"}, "/counter_events/0/scope"),
    ],
)
async def test_what_is_no_counter_event_is_refused_beside_its_field(
    client: httpx.AsyncClient, changes: dict[str, Any], field: str
) -> None:
    refused = await client.put(PATH, json={"counter_events": [{**REFUND, **changes}]}, headers=by_key())
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


async def test_an_editor_writes_rows_and_takes_one_out(client: httpx.AsyncClient) -> None:
    page = await client.get("/contact-policy", headers=a_person())
    assert "refund.* and order.cancelled" in page.text
    (empty,) = [one for one in forms_of(page.text) if one.action == "/contact-policy"]
    typed = {
        **empty.fields, "counter_1_type": "refund.*", "counter_2_type": "complaint", "counter_2_effect": "hold",
        "counter_2_scope": "customer", "counter_2_hold": "14", "counter_2_hold_unit": "days",
    }  # fmt: skip
    saved = await client.post("/contact-policy", data=typed, headers=a_person())
    assert saved.status_code == 303, saved.text
    stored = (await client.get(PATH, headers=by_key())).json()
    assert stored["counter_events"] == [
        {**REFUND, "hold_hours": None, "for_good": False},
        {**COMPLAINT, "for_good": False},
    ]
    page = await client.get("/contact-policy", headers=a_person())
    (filled,) = [one for one in forms_of(page.text) if one.action == "/contact-policy"]
    assert (filled.fields["counter_2_hold"], filled.fields["counter_2_hold_unit"]) == ("14", "days")
    assert "counter_4_type" in filled.fields
    lost = {**filled.fields, "counter_1_type": " ", "counter_3_hold": "9"}
    refused = await client.post("/contact-policy", data=lost, headers=a_person())
    assert refused.status_code == 422
    assert 'id="counter_3_type-wrong"' in refused.text
    without = {**filled.fields, "counter_1_type": " "}
    assert (await client.post("/contact-policy", data=without, headers=a_person())).status_code == 303
    stored = (await client.get(PATH, headers=by_key())).json()
    assert stored["counter_events"] == [{**COMPLAINT, "for_good": False}]
    # A form without any of the rows, as a version before had it, leaves them.
    old = {**{name: value for name, value in form_of(DEFAULT_POLICY).fields.items() if "counter" not in name}}
    old |= {"version": str(stored["version"]), "cap": "30"}
    assert (await client.post("/contact-policy", data=form(**old), headers=a_person())).status_code == 303
    stored = (await client.get(PATH, headers=by_key())).json()
    assert (stored["counter_events"], stored["cap_hours"]) == ([{**COMPLAINT, "for_good": False}], 30)


async def test_a_fault_stands_beside_its_row_and_an_old_form_shows_both(client: httpx.AsyncClient) -> None:
    fields = form_of(DEFAULT_POLICY).fields
    typed = {**fields, "counter_2_type": "complaint", "counter_2_effect": "hold"}
    page = await client.post("/contact-policy", data=form(**typed), headers=a_person())
    assert page.status_code == 422
    for shown in ('id="counter_2_hold-wrong"', 'value="complaint"', "Counter-event 2, For how long"):
        assert shown in page.text
    await client.put(PATH, json={"counter_events": [REFUND]}, headers=by_key())
    old = {**fields, "counter_1_type": "complaint"}
    page = await client.post("/contact-policy", data=form(**old), headers=a_person())
    assert page.status_code == 409
    assert "By now it is “refund.*”." in page.text
    assert 'value="complaint"' in page.text


@pytest.fixture
async def cancelled(database: Database) -> tuple[Transaction, Transaction]:
    """An order whose mail was cancelled by a refund."""
    await keep_tenant(database)
    await make_survey(database, delay_minutes=60)
    await go_live(database)
    await set_table(database, *TABLE)
    order, refund = about("order-1"), about("refund-1", type="refund.made", segments={"store": "odense"})
    await decide(database, order)
    clock: Clock = database.clock  # type: ignore[assignment]
    clock.on(minutes=10)
    await decide(database, refund)
    return order, refund


async def test_both_pages_say_it_with_a_link_to_the_other(
    client: httpx.AsyncClient, cancelled: tuple[Transaction, Transaction]
) -> None:
    order, refund = cancelled
    page = (await client.get(f"/events/{order.event_id}", headers=a_person())).text
    for shown in (
        "The mail was not sent. A counter-event came.",
        "A counter-event cancelled the mail.",
        f'href="/events/{refund.event_id}"',
        "refund.made",
    ):
        assert shown in page
    page = (await client.get(f"/events/{refund.event_id}", headers=a_person())).text
    assert "This counter-event cancelled a mail." in page
    assert f'href="/events/{order.event_id}"' in page


async def test_a_reader_of_a_segment_is_not_told_of_events_elsewhere(
    client: httpx.AsyncClient, cancelled: tuple[Transaction, Transaction]
) -> None:
    order, refund = cancelled
    reader = a_person("editor", segments=("store:aarhus",))
    page = (await client.get(f"/events/{order.event_id}", headers=reader)).text
    assert "A counter-event cancelled the mail." in page
    assert str(refund.event_id) not in page
    assert "refund-1" not in page


@pytest.mark.usefixtures("cancelled")
async def test_the_search_finds_what_was_decided_so_and_what_was_cancelled_later(
    client: httpx.AsyncClient, database: Database
) -> None:
    await decide(database, about("order-2", occurred_at=database.clock() - timedelta(minutes=10)))
    found = await rows(database, "SELECT source_id, reason FROM decision ORDER BY 1")
    assert [tuple(row) for row in found] == [
        ("order-1", "invited"), ("order-2", "countered"), ("refund-1", "no_survey"),
    ]  # fmt: skip
    api = await client.get("/v1/decisions", params={"reason": "countered"}, headers=by_key())
    assert {each["event_id"] for each in api.json()["decisions"]} == {"order-1", "order-2"}
    page = (await client.get("/events", params={"reason": "countered"}, headers=a_person())).text
    assert "order-1" in page
    assert "order-2" in page
    assert "refund-1" not in page
    late = about("order-2").event_id
    page = (await client.get(f"/events/{late}", headers=a_person())).text
    assert "Nobody was asked. A counter-event came, after which nobody is asked about this." in page


async def test_the_page_of_a_mail_that_is_held_says_until_when_and_by_what(
    client: httpx.AsyncClient, cancelled: tuple[Transaction, Transaction], database: Database
) -> None:
    order = about("order-3", occurred_at=database.clock())
    await decide(database, order)
    database.clock.on(minutes=10)  # type: ignore[attr-defined]
    await decide(database, about("complaint-1", type="complaint", occurred_at=database.clock()))
    before = about("order-4", occurred_at=database.clock() - timedelta(minutes=1), delay_minutes=0)
    page = (await client.get(f"/events/{order.event_id}", headers=a_person())).text
    assert "A counter-event lets the mail wait." in page
    assert "Postponed until " in page
    assert ": counter-event." in page
    assert "complaint-1" in page
    await decide(database, before)
    assert cancelled


async def test_a_counter_event_that_found_nothing_or_names_no_order_says_so(
    client: httpx.AsyncClient, database: Database
) -> None:
    await keep_tenant(database)
    await set_table(database, *TABLE)
    idle, nameless = about("refund-1", type="refund.made"), a_transaction("refund-2", type="refund.made")
    other = a_transaction("order-1")
    await decide(database, idle, nameless, other)
    words = (
        "It is a counter-event; nothing of its order or its customer waited.",
        "By the rules of today it is a counter-event of its order, but it names none",
    )
    for event, said in zip((idle, nameless), words, strict=True):
        page = (await client.get(f"/events/{event.event_id}", headers=a_person())).text
        assert [each for each in words if each in page] == [said]
    page = (await client.get(f"/events/{other.event_id}", headers=a_person())).text
    assert "counter-event" not in page


async def test_after_a_death_its_page_says_that_the_customer_is_asked_never_again_and_the_list_by_what(
    client: httpx.AsyncClient, database: Database
) -> None:
    await keep_tenant(database)
    await client.put(PATH, json={"counter_events": [DEATH]}, headers=by_key())
    died = about("died-1", type="died")
    await decide(database, died)
    page = (await client.get(f"/events/{died.event_id}", headers=a_person("editor"))).text
    assert "the customer is asked never again" in page
    listed = (await client.get("/suppressions", headers=a_person("editor"))).text
    assert "the counter-event died" in listed
