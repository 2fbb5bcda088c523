"""When and how often customers are written to: the API and the page by which an editor sets it."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from support.audit import audit_lines
from support.contact_rules import write_at_any_time
from support.dispatcher_builders import (
    TENANT,
    a_customer,
    a_transaction,
    decide,
    go_live,
    make_survey,
    published,
    relay_all,
    rows,
)
from support.dispatcher_client import FOREIGN_KEY, a_person, by_key, csrf_header, form
from support.forms import forms_of

from services.dispatcher.contact_policies.domain import DEFAULT_POLICY
from services.dispatcher.contact_policies.forms import form_of
from shared.db.database import Database
from shared.events import CONTACT_POLICIES
from shared.permissions import Role

PATH = "/v1/contact-policy"
DEFAULTS: dict[str, Any] = {
    "quiet_hours": {"mail": {"from": "21:00", "to": "07:00"}, "sms": None},
    "sundays": True,
    "holidays": True,
    "sms_sundays": False,
    "sms_holidays": False,
    "cap_hours": 24,
    "counter_events": [],
    "relational_distance_days": 14,
    "ask_with_open_case": False,
    "countries": [],
    "ids_are_shared": False,
    "fewer_months": 6,
    "version": 0,
}
FORM = form_of(DEFAULT_POLICY).fields


def as_role(role: Role, **limited: Any) -> dict[str, str]:
    return {**a_person(role, **limited), **csrf_header(), "accept": "application/json"}


async def test_a_company_that_set_nothing_has_the_defaults(client: httpx.AsyncClient) -> None:
    assert (await client.get(PATH, headers=by_key())).json() == DEFAULTS


async def test_what_is_set_is_answered_published_and_logged_and_only_the_companys_own(
    client: httpx.AsyncClient, database: Database
) -> None:
    rules: dict[str, Any] = {
        "quiet_hours": {"mail": {"from": "20:00", "to": "08:30"}, "sms": {"from": "19:00", "to": "10:00"}},
        "sundays": False, "cap_hours": 48,
        "relational_distance_days": 30, "ask_with_open_case": True,
        "ids_are_shared": True, "fewer_months": 12, "sms_sundays": True, "sms_holidays": True,
    }  # fmt: skip
    expected = {**DEFAULTS, **rules, "version": 1}
    for _ in range(2):  # the second time nothing is published
        put = await client.put(PATH, json=rules, headers=by_key())
        assert (put.status_code, put.json()) == (200, expected)
    assert (await client.get(PATH, headers=by_key())).json() == expected
    assert (await client.get(PATH, headers=by_key(FOREIGN_KEY))).json() == DEFAULTS
    (event,) = await published(database, CONTACT_POLICIES)
    assert (event.version, event.sundays, event.quiet_hours["mail"].end) == (1, False, "08:30")
    assert (event.relational_distance_days, event.ask_with_open_case) == (30, True)
    assert event.ids_are_shared
    assert event.fewer_months == 12
    assert (event.sms_sundays, event.sms_holidays) == (True, True)
    (line,) = await audit_lines(database)
    assert (line.act, line.facts["quiet_hours"], line.facts["cap_hours"]) == (
        "contact_policy", "20:00 - 08:30, sms 19:00 - 10:00", 48,
    )  # fmt: skip
    none = await client.put(PATH, json={**rules, "quiet_hours": None}, headers=by_key())
    assert none.json()["quiet_hours"] == {"mail": None, "sms": None}
    silent = await client.put(PATH, json={"cap_hours": 2}, headers=by_key())
    assert silent.json()["ids_are_shared"] is True, "a client that does not know the rule leaves it as it is"
    assert silent.json()["fewer_months"] == 12


async def test_a_version_that_is_no_longer_the_stored_one_changes_nothing(client: httpx.AsyncClient) -> None:
    assert (await client.put(PATH, json={"version": 0, "cap_hours": 1}, headers=by_key())).status_code == 200
    for stale in (0, 5):
        refused = await client.put(PATH, json={"version": stale, "cap_hours": 2}, headers=by_key())
        assert refused.status_code == 409
    assert (await client.get(PATH, headers=by_key())).json()["cap_hours"] == 1
    unknown = await client.put(PATH, json={"version": 3}, headers=by_key(FOREIGN_KEY))
    assert unknown.status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"quiet_hours": {"mail": {"from": "21:00"}}}, "/quiet_hours/mail/to"),
        ({"quiet_hours": {"mail": {"from": "9", "to": "07:00"}}}, "/quiet_hours/mail/from"),
        ({"quiet_hours": {"mail": {"from": "24:00", "to": "07:00"}}}, "/quiet_hours/mail/from"),
        ({"quiet_hours": {"mail": {"from": "07:00", "to": "07:00"}}}, "/quiet_hours/mail"),
        ({"quiet_hours": {"sms": {"from": "07:00", "to": "07:00"}}}, "/quiet_hours/sms"),
        ({"quiet_hours": {"pigeon": {"from": "20:00", "to": "07:00"}}}, "/quiet_hours/pigeon"),
        ({"sundays": "no"}, "/sundays"),
        ({"ids_are_shared": "yes"}, "/ids_are_shared"),
        ({"fewer_months": 25}, "/fewer_months"),
        ({"cap_hours": -1}, "/cap_hours"),
        ({"cap_hours": 721}, "/cap_hours"),
        ({"version": -1}, "/version"),
        ({"quiet": {}}, "/quiet"),
    ],
)
async def test_what_is_no_rule_is_refused_beside_its_field(
    client: httpx.AsyncClient, body: dict[str, object], field: str
) -> None:
    refused = await client.put(PATH, json=body, headers=by_key())
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


@pytest.mark.parametrize(
    ("role", "limited", "may_set"),
    [
        ("admin", {}, True),
        ("editor", {}, True),
        ("editor", {"segments": ("store:aarhus",)}, False),
        ("leader", {}, False),
        ("agent", {}, False),
        ("analyst", {}, False),
    ],
)
async def test_administrators_and_editors_of_the_whole_company_set_it_and_everybody_sees_the_page(
    client: httpx.AsyncClient, role: Role, limited: dict[str, Any], may_set: bool
) -> None:
    page = await client.get("/contact-policy", headers=a_person(role, **limited))
    assert page.status_code == 200
    assert ("Save the rules" in page.text) is may_set
    put = await client.put(PATH, json={}, headers=as_role(role, **limited))
    assert (put.status_code == 200) is may_set
    typed = form(**{**FORM, "version": "1"})
    posted = await client.post("/contact-policy", data=typed, headers=a_person(role, **limited))
    assert (posted.status_code == 303) is may_set


async def test_the_page_says_what_the_rules_mean_with_an_example(
    client: httpx.AsyncClient, database: Database
) -> None:
    page = await client.get("/contact-policy", headers=a_person())
    assert "Mail leaves from 07:00 to 21:00, by the customer’s clock." in page.text
    due = "A mail that is due on Saturday at 22:10 in Copenhagen leaves"
    assert f"{due} on Sunday at 07:00." in page.text
    assert 'href="/contact-policy"' in (await client.get("/surveys", headers=a_person())).text
    async with database.transaction() as uow:
        await write_at_any_time(uow, TENANT)
    page = await client.get("/contact-policy", headers=a_person())
    assert "Mail may leave at any hour." in page.text
    assert f"{due} at once." in page.text
    monday = {**FORM, "sundays": "no", "shared_ids": "yes", "version": "1"}
    saved = await client.post("/contact-policy", data=form(**monday), headers=a_person())
    assert (saved.status_code, saved.headers["location"]) == (303, "/contact-policy?did=saved")
    page = await client.get("/contact-policy?did=saved", headers=a_person())
    assert f"{due} on Monday at 07:00." in page.text
    assert "Saved. It holds at once" in page.text
    assert '<option value="yes" selected>Each is a person of its own</option>' in page.text
    assert (await client.get(PATH, headers=by_key())).json()["ids_are_shared"] is True


async def test_a_fault_stands_beside_its_field_and_nothing_is_saved(
    client: httpx.AsyncClient, database: Database
) -> None:
    typed = {**FORM, "quiet_from": "9 pm", "cap": "1000"}
    page = await client.post("/contact-policy", data=form(**typed), headers=a_person())
    assert page.status_code == 422
    for shown in (
        'id="quiet_from-wrong"',
        'id="cap-wrong"',
        'value="9 pm"',
        'value="1000"',
        "Nothing was saved.",
    ):
        assert shown in page.text
    assert await published(database, CONTACT_POLICIES) == []


async def test_a_form_that_is_older_than_the_last_change_saves_nothing_and_shows_both(
    client: httpx.AsyncClient,
) -> None:
    await client.put(PATH, json={"cap_hours": 72, "sundays": False}, headers=by_key())
    typed = {**FORM, "quiet_from": "20:00"}
    page = await client.post("/contact-policy", data=form(**typed), headers=a_person())
    assert page.status_code == 409
    for shown in (
        'value="20:00"',
        'value="1"',
        "By now it is “3”.",
        "By now it is “Mail waits for the next day”.",
    ):
        assert shown in page.text
    assert (await client.get(PATH, headers=by_key())).json()["cap_hours"] == 72
    again = await client.post("/contact-policy", data=form(**{**typed, "version": "1"}), headers=a_person())
    assert again.status_code == 303
    stored = (await client.get(PATH, headers=by_key())).json()
    assert (stored["cap_hours"], stored["quiet_hours"]["mail"]["from"]) == (24, "20:00")


async def test_a_form_without_a_version_saves_nothing(client: httpx.AsyncClient) -> None:
    page = await client.post("/contact-policy", data=form(cap="1"), headers=a_person())
    assert page.status_code == 409


async def test_the_events_page_says_until_when_a_mail_is_held_and_that_it_was_postponed(
    client: httpx.AsyncClient, database: Database
) -> None:
    await make_survey(database, delay_minutes=0)
    await go_live(database)
    await client.put(PATH, json={"sundays": False}, headers=by_key())
    database.clock.now += timedelta(days=1, hours=9)  # type: ignore[attr-defined]  # Saturday, 22:00 there
    await decide(database, a_transaction("order-late", a_customer(), occurred_at=database.clock()))
    await relay_all(database)
    ((event_id,),) = await rows(database, "SELECT event_id FROM decision")
    page = await client.get(f"/events/{event_id}", headers=a_person())
    assert "Held until Monday, " in page.text
    assert ": quiet hours, Sunday, by the clock of Copenhagen." in page.text
    values = (await client.get("/v1/decisions", params={"event_id": "order-late"}, headers=by_key())).json()
    found = values["decisions"][0]["values"]
    assert (found["held_by"], found["zone"]) == (["quiet_hours", "sunday"], "Europe/Copenhagen")
    async with database.transaction() as uow:
        await uow.execute("UPDATE invitation SET reason = 'cap'")
    page = await client.get(f"/events/{event_id}", headers=a_person())
    assert "Postponed until Monday, " in page.text
    assert ": another mail to the customer was too close." in page.text


EVERYTHING: dict[str, Any] = {
    "quiet_hours": {"mail": {"from": "20:00", "to": "08:30"}},
    "sundays": False,
    "holidays": False,
    "sms_sundays": True,
    "sms_holidays": True,
    "cap_hours": 48,
    "counter_events": [
        {"event_type": "refund.*", "effect": "cancel", "scope": "order"},
        {"event_type": "complaint", "effect": "hold", "scope": "customer", "hold_hours": 36},
    ],
    "relational_distance_days": 30,
    "ask_with_open_case": True,
    "ids_are_shared": True,
    "fewer_months": 0,
    "countries": [
        {"country": "NL", "needs": "neutral", "incentives": False, "max_age_days": 9},
        {"country": "*", "needs": "evidence", "declared": {"wording": "They are told at the order by us."}},
    ],
}


async def test_a_policy_with_everything_is_read_and_put_again_as_it_was_answered(
    client: httpx.AsyncClient, database: Database
) -> None:
    assert EVERYTHING.keys() == DEFAULTS.keys() - {"version"}
    assert (await client.put(PATH, json=EVERYTHING, headers=by_key())).status_code == 200
    read = (await client.get(PATH, headers=by_key())).json()
    declared = read["countries"][1]["declared"]
    assert declared["by"]
    assert declared["at"]
    again = await client.put(PATH, json=read, headers=by_key())
    assert (again.status_code, again.json()) == (200, read)
    assert len(await published(database, CONTACT_POLICIES)) == 1
    forged = {**declared, "by": "somebody else", "at": "2001-01-01T00:00:00Z"}
    countries = [read["countries"][0], {**read["countries"][1], "declared": forged}]
    put = await client.put(PATH, json={**read, "countries": countries}, headers=by_key())
    assert put.json()["countries"][1]["declared"] == declared


@pytest.mark.parametrize("name", ["countries", "counter_events"])
async def test_a_client_that_does_not_know_a_table_leaves_it_and_takes_it_away_by_an_empty_one(
    client: httpx.AsyncClient, database: Database, name: str
) -> None:
    stored = (await client.put(PATH, json=EVERYTHING, headers=by_key())).json()
    for sent in ({"cap_hours": 24}, {"cap_hours": 25, name: None}):
        put = (await client.put(PATH, json=sent, headers=by_key())).json()
        assert (put["cap_hours"], put[name]) == (sent["cap_hours"], stored[name])
        assert len(put[name]) == 2
    tried = await client.post("/v1/dry-runs", json={"contact_policy": {"cap_hours": 24}}, headers=by_key())
    assert tried.status_code == 201
    assert (await client.put(PATH, json={name: []}, headers=by_key())).json()[name] == []


@pytest.mark.parametrize(
    ("typed", "faulty"),
    [
        ({"country_2_wording": "We may ask all of them there, as they know."}, "country_2_code"),
        ({"country_1_age": "9"}, "country_1_code"),
        ({"country_1_needs": "nothing"}, "country_1_code"),
        ({"counter_1_hold": "3", "counter_1_effect": "hold"}, "counter_1_type"),
        ({"counter_2_scope": "customer"}, "counter_2_type"),
    ],
)
async def test_a_row_that_names_nothing_is_a_fault_and_what_was_typed_in_it_stays(
    client: httpx.AsyncClient, typed: dict[str, str], faulty: str
) -> None:
    page = await client.post("/contact-policy", data=form(**FORM | typed), headers=a_person())
    assert page.status_code == 422
    assert f'id="{faulty}-wrong"' in page.text
    (shown,) = [one for one in forms_of(page.text) if one.action == "/contact-policy"]
    assert {name: shown.fields[name] for name in typed} == typed
    assert (await client.get(PATH, headers=by_key())).json() == DEFAULTS
