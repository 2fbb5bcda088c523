"""Rules of countries by API and page, and what the event's page says of them."""

import httpx
from support.audit import audit_lines
from support.dispatcher_builders import (
    a_customer,
    a_transaction,
    decide,
    decided,
    go_live,
    keep_tenant,
    make_survey,
    published,
)
from support.dispatcher_client import a_person, by_key, form
from support.forms import forms_of

from services.dispatcher.contact_policies.domain import DEFAULT_POLICY
from services.dispatcher.contact_policies.forms import form_of
from services.dispatcher.contact_policies.recommended_countries import RECOMMENDED_COUNTRIES
from shared.db.database import Database
from shared.events import CONTACT_POLICIES

PATH = "/v1/contact-policy"
WHY = "All customers are told at the order, and can say no there."
GERMANY = {"country": "de", "needs": "evidence"}
NOTHING_CHECKED = "No rule is set: the law of no country is checked"


async def test_rules_are_set_answered_published_and_logged_and_who_declared_it_stays(
    client: httpx.AsyncClient, database: Database
) -> None:
    rules = [{**GERMANY, "declared": {"wording": WHY}}, {"country": "*", "needs": "nothing"}]
    put = await client.put(PATH, json={"quiet_hours": {}, "countries": rules}, headers=by_key())
    assert put.status_code == 200, put.text
    first, other = put.json()["countries"]
    assert (first["country"], first["declared"]["wording"]) == ("DE", WHY)
    assert first["declared"]["by"].startswith("the key ")
    assert other == {
        "country": "*", "needs": "nothing", "incentives": True, "max_age_days": None, "declared": None,
    }  # fmt: skip
    (event,) = await published(database, CONTACT_POLICIES)
    assert [each.country for each in event.countries] == ["DE", "*"]
    (line,) = await audit_lines(database)
    assert (line.facts["countries"], line.facts["declared"]) == ("DE evidence, * nothing", "DE")
    assert WHY not in str(line.facts)
    # The same words, saved again by somebody else, were declared before.
    page = await client.get("/contact-policy", headers=a_person())
    assert "declared by" in page.text
    assert NOTHING_CHECKED not in page.text
    (shown,) = [one for one in forms_of(page.text) if one.action == "/contact-policy"]
    typed = {**shown.fields, "country_1_needs": "neutral"}
    assert (await client.post("/contact-policy", data=typed, headers=a_person())).status_code == 303
    stored = (await client.get(PATH, headers=by_key())).json()["countries"]
    assert (stored[0]["needs"], stored[0]["declared"]) == ("neutral", first["declared"])


async def test_the_recommended_rules_are_filled_in_by_a_button_and_saved_by_another(
    client: httpx.AsyncClient,
) -> None:
    page = await client.get("/contact-policy", headers=a_person())
    assert NOTHING_CHECKED in page.text
    fields = {**form_of(DEFAULT_POLICY).fields, "cap": "30"}
    filled = await client.post("/contact-policy/recommended", data=form(**fields), headers=a_person())
    assert (await client.get(PATH, headers=by_key())).json()["countries"] == []
    (shown,) = [one for one in forms_of(filled.text) if one.action == "/contact-policy"]
    assert shown.fields["cap"] == "30"
    assert (await client.post("/contact-policy", data=shown.fields, headers=a_person())).status_code == 303
    stored = (await client.get(PATH, headers=by_key())).json()
    assert [(each["country"], each["needs"]) for each in stored["countries"]] == [
        (rule.country, rule.needs) for rule in RECOMMENDED_COUNTRIES
    ]


async def test_a_fault_stands_beside_its_row_and_the_api_says_what_to_do(client: httpx.AsyncClient) -> None:
    twice = {"country_1_code": "DK", "country_2_code": "dk", "country_2_wording": "short"}
    page = await client.post(
        "/contact-policy", data=form(**form_of(DEFAULT_POLICY).fields | twice), headers=a_person()
    )
    assert page.status_code == 422
    assert 'id="country_2_wording-wrong"' in page.text
    twice["country_2_wording"] = ""
    page = await client.post(
        "/contact-policy", data=form(**form_of(DEFAULT_POLICY).fields | twice), headers=a_person()
    )
    assert 'id="country_2_code-wrong"' in page.text
    refused = await client.put(PATH, json={"countries": [{**GERMANY, "country": "XQ"}]}, headers=by_key())
    (error,) = refused.json()["errors"]
    assert (refused.status_code, error["field"]) == (422, "/countries/0/country")
    assert "Write two letters such as DK" in error["detail"]


async def test_the_page_of_an_event_says_what_the_country_needs_and_how_to_mend_it(
    client: httpx.AsyncClient, database: Database
) -> None:
    await keep_tenant(database)
    await make_survey(database)
    await go_live(database)
    await client.put(PATH, json={"countries": [GERMANY]}, headers=by_key())
    event = a_transaction("order-1", a_customer("kim", country="DE"))
    await decide(database, event)
    page = (await client.get(f"/events/{event.event_id}", headers=a_person())).text
    for shown in (
        "Nobody was asked. The law of the country of the customer forbids to ask so.",
        "The customer lives in DE.",
        "There was no evidence of the customer.",
        "Send customer.basis with the event or with the customer",
    ):
        assert shown in page
    found = await client.get("/v1/decisions", params={"reason": "no_basis"}, headers=by_key())
    (decision,) = found.json()["decisions"]
    assert decision["considered"][0]["basis"] == {
        "fault": "evidence", "country": "DE", "by_other": False, "needs": "evidence", "evidence": [],
        "max_age_days": None,
    }  # fmt: skip


async def test_a_customer_who_is_given_with_evidence_is_asked_and_bad_evidence_is_refused(
    client: httpx.AsyncClient, database: Database
) -> None:
    await keep_tenant(database)
    await make_survey(database)
    await go_live(database)
    await client.put(PATH, json={"quiet_hours": {}, "countries": [GERMANY]}, headers=by_key())
    notice = {"kind": "notice", "at": "2026-03-02T09:00:00Z", "wording": "We ask how it went."}
    kim = {"id": "kim", "email": "kim@example.com", "country": "DE"}
    for basis, field in (
        ({"kind": "hearsay", "at": notice["at"]}, "/basis/kind"),
        ({"kind": "notice"}, "/basis"),
        ({**notice, "at": "2026-03-02"}, "/basis/at"),
        ({**notice, "at": "2999-03-02T09:00:00Z"}, "/basis/at"),
        ({**notice, "wording": "x" * 1_001}, "/basis/wording"),
    ):
        answer = await client.post(
            "/v1/customers", json={"customers": [{**kim, "basis": basis}]}, headers=by_key()
        )
        (result,) = answer.json()["results"]
        assert [result["status"], result["errors"][0]["field"].startswith(field)] == ["refused", True]
    answer = await client.post(
        "/v1/customers", json={"customers": [{**kim, "basis": notice}]}, headers=by_key()
    )
    assert answer.json()["accepted"] == 1
    assert await decided(database, a_customer("kim", country="DE")) == ["invited"]


async def test_going_live_says_that_no_law_is_checked(client: httpx.AsyncClient, database: Database) -> None:
    await keep_tenant(database)
    await make_survey(database)
    words = "The law of no country is checked"
    assert words in (await client.get("/surveys/live", headers=a_person("admin"))).text
    await client.put(PATH, json={"countries": [GERMANY]}, headers=by_key())
    assert words not in (await client.get("/surveys/live", headers=a_person("admin"))).text


async def test_a_neutral_survey_refuses_praise_beside_its_field_and_the_preview_warns_of_it(
    client: httpx.AsyncClient,
) -> None:
    body = {"name": "s", "trigger": "x", "texts": {"en": {"intro": "We are the best shop."}}}
    made = (await client.post("/v1/surveys", json=body, headers=by_key())).json()
    assert (made["neutral"], made["incentive"]) == (False, False)
    preview = await client.get(f"/surveys/{made['id']}/preview", headers=a_person())
    assert "“best” praises." in preview.text
    patch = await client.patch(f"/v1/surveys/{made['id']}", json={"neutral": True}, headers=by_key())
    assert patch.status_code == 422
    assert patch.json()["errors"][0]["field"] == "/texts/en/intro"
    page = await client.get(f"/surveys/{made['id']}", headers=a_person())
    (shown,) = [one for one in forms_of(page.text) if one.action == f"/surveys/{made['id']}"]
    saved = await client.post(
        f"/surveys/{made['id']}", data={**shown.fields, "neutral": "yes"}, headers=a_person()
    )
    assert saved.status_code == 422
    assert 'id="en.intro-wrong"' in saved.text
    fine = {**shown.fields, "neutral": "yes", "en.intro": "We ask how it went."}
    assert (await client.post(f"/surveys/{made['id']}", data=fine, headers=a_person())).status_code == 303
    assert (await client.get(f"/v1/surveys/{made['id']}", headers=by_key())).json()["neutral"] is True
