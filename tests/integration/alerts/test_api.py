"""Cases for programs."""

from typing import Any
from uuid import uuid4

import pytest
from support.alerts_api import AlertsApi
from support.alerts_builders import act_on_answers, an_answer, deliver, rows

CLOSE = {"act": "close", "cause": "delivery.late", "action": "Called.", "outcome": "recovered", "told": True}


async def test_cases_are_listed_page_by_page_by_due_time(alerts: AlertsApi) -> None:
    wanted = {str(await alerts.open_case(score=score)) for score in (0, 1, 4, 5, 6)}
    await alerts.open_case(tenant="other")
    key, client = alerts.key("cases:read"), alerts.client()
    seen, after = [], None
    while True:
        page = (
            await client.get(
                "/v1/cases", params={"limit": 2, **({"after": after} if after else {})}, headers=key
            )
        ).json()
        seen += page["cases"]
        after = page["next"]
        if after is None:
            break
        assert len(page["cases"]) == 2
    assert [one["id"] for one in seen] == [
        one["id"] for one in sorted(seen, key=lambda one: (one["due_at"], one["id"]))
    ]
    assert {one["id"] for one in seen} == wanted
    assert len(seen) == 5


async def test_filters_and_their_faults(alerts: AlertsApi) -> None:
    north, _ = (
        await alerts.open_case(organisation=("north",)),
        await alerts.open_case(organisation=("south",)),
    )
    key, client = alerts.key("cases:read"), alerts.client()
    got = (
        await client.get("/v1/cases?segment=organisation:north&state=open&owner=nobody", headers=key)
    ).json()
    assert [one["id"] for one in got["cases"]] == [str(north)]
    assert (await client.get(f"/v1/cases?owner={uuid4()}", headers=key)).json()["cases"] == []
    for query in ("state=lost", "owner=me", "after=x", "after=eA==", "limit=0", "limit=201"):
        answer = await client.get(f"/v1/cases?{query}", headers=key)
        assert answer.status_code == 422, query
        assert answer.json()["errors"][0]["field"].startswith("query/")


async def test_the_segment_of_the_whole_company_lists_a_case_that_belongs_to_no_other(
    alerts: AlertsApi,
) -> None:
    case = await alerts.open_case(touchpoint=None, segments={}, organisation=())
    found = await alerts.client().get("/v1/cases?segment=", headers=alerts.key("cases:read"))
    assert [one["id"] for one in found.json()["cases"]] == [str(case)]


async def test_a_case_tells_all_but_the_address_until_it_is_asked_for(alerts: AlertsApi) -> None:
    case = await alerts.open_case()
    key, client = alerts.key("cases:read", "cases:write"), alerts.client()
    told = await client.get(f"/v1/cases/{case}", headers=key)
    assert told.json()["contact"] is None
    assert "karen@example.com" not in told.text
    shown = await client.post(f"/v1/cases/{case}/actions", json={"act": "reveal"}, headers=key)
    assert shown.json()["contact"] == {"email": "karen@example.com", "phone": "+4512345678"}
    assert shown.json()["timeline"][-1]["kind"] == "revealed"
    assert shown.json()["timeline"][-1]["by"] == "crm"


async def test_the_customers_last_word_on_contact_is_told_everywhere(alerts: AlertsApi) -> None:
    first = an_answer(may_contact=True)
    case = await alerts.open_case(
        **{name: getattr(first, name) for name in ("id", "customer_id", "may_contact")}
    )
    key, client = alerts.key("cases:read", "cases:write"), alerts.client()
    agent = await alerts.signed_in()
    assert (await client.get("/v1/cases", headers=key)).json()["cases"][0]["may_contact"] is True
    assert "wants to be contacted" in (await agent.get("/inbox")).text
    later = an_answer(customer_id=first.customer_id, may_contact=False)
    await deliver(alerts.database, act_on_answers, later)
    for path in (f"/v1/cases/{case}", "/v1/cases"):
        told = (await client.get(path, headers=key)).json()
        assert (told["cases"][0] if "cases" in told else told)["may_contact"] is False
    assert "wants to be contacted" not in (await agent.get("/inbox")).text
    shown = await client.post(f"/v1/cases/{case}/actions", json={"act": "reveal"}, headers=key)
    assert shown.status_code == 409


async def test_an_idempotency_key_does_a_thing_once(alerts: AlertsApi) -> None:
    case = await alerts.open_case()
    key, client = {**alerts.key("cases:write"), "idempotency-key": "n-1"}, alerts.client()
    for _ in range(3):
        answer = await client.post(
            f"/v1/cases/{case}/actions", json={"act": "note", "text": "Seen."}, headers=key
        )
        assert answer.status_code == 200
    assert len(await rows(alerts.database, "SELECT 1 FROM timeline WHERE kind = 'note'")) == 1


async def test_an_old_version_decides_nothing(alerts: AlertsApi) -> None:
    case, person = await alerts.open_case(), await alerts.person()
    key, client = alerts.key("cases:write"), alerts.client()
    assign = {"act": "assign", "to": str(person.id), "version": 1}
    assert (await client.post(f"/v1/cases/{case}/actions", json=assign, headers=key)).json()[
        "state"
    ] == "assigned"
    late = await client.post(f"/v1/cases/{case}/actions", json={**CLOSE, "version": 1}, headers=key)
    assert late.status_code == 409
    assert late.json()["title"] == "Not saved: crm changed this case a moment ago."
    done = await client.post(f"/v1/cases/{case}/actions", json={**CLOSE, "version": 2}, headers=key)
    assert (done.status_code, done.json()["state"]) == (200, "closed")


async def test_a_key_cannot_take_a_case(alerts: AlertsApi) -> None:
    case = await alerts.open_case()
    answer = await alerts.client().post(
        f"/v1/cases/{case}/actions", json={"act": "take"}, headers=alerts.key("cases:write")
    )
    assert answer.status_code == 409
    assert "Assign it to a person." in answer.json()["title"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"act": "fly"},
        {"act": "note", "text": ""},
        {"act": "note", "text": "x" * 10_001},
        {"act": "note", "text": "x", "extra": 1},
        {**CLOSE, "cause": "the weather"},
        {**CLOSE, "told": "yes"},
        {"act": "assign", "to": "Sara"},
    ],
    ids=str,
)
async def test_wrong_bodies_are_refused_by_name(alerts: AlertsApi, body: Any) -> None:
    case = await alerts.open_case()
    answer = await alerts.client().post(
        f"/v1/cases/{case}/actions", json=body, headers=alerts.key("cases:write")
    )
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_another_companys_case_is_not_there_and_scopes_are_kept(alerts: AlertsApi) -> None:
    case = await alerts.open_case()
    client, note = alerts.client(), {"act": "note", "text": "x"}
    foreign = alerts.key("cases:read", "cases:write", tenant="other")
    assert (await client.get(f"/v1/cases/{case}", headers=foreign)).status_code == 404
    assert (await client.post(f"/v1/cases/{case}/actions", json=note, headers=foreign)).status_code == 404
    assert (await client.get("/v1/cases", headers=foreign)).json()["cases"] == []
    reads = alerts.key("cases:read")
    assert (await client.post(f"/v1/cases/{case}/actions", json=note, headers=reads)).status_code == 403
    assert (await client.get("/v1/cases", headers=alerts.key("scores:read"))).status_code == 403
    assert (await client.get("/v1/cases", headers={"accept": "application/json"})).status_code == 401


async def test_staff_use_the_same_door_within_their_segments_and_with_their_token(alerts: AlertsApi) -> None:
    mine, other = (
        await alerts.open_case(organisation=("north",)),
        await alerts.open_case(organisation=("south",)),
    )
    jonas = await alerts.signed_in(segments=["organisation:north"])
    json = {"accept": "application/json"}
    got = (await jonas.client.get("/v1/cases", headers=json)).json()
    assert [one["id"] for one in got["cases"]] == [str(mine)]
    assert (await jonas.client.get(f"/v1/cases/{other}", headers=json)).status_code == 404
    take = {"act": "take"}
    assert (await jonas.client.post(f"/v1/cases/{mine}/actions", json=take, headers=json)).status_code == 403
    token = {**json, "x-csrf": await jonas.csrf()}
    done = await jonas.client.post(f"/v1/cases/{mine}/actions", json=take, headers=token)
    assert done.json()["owner"] == str(jonas.person.id)


async def test_the_document_of_the_api_is_complete(alerts: AlertsApi) -> None:
    document = (await alerts.client().get("/openapi/alerts.json")).json()
    assert set(document["paths"]) == {
        *("/v1/cases", "/v1/cases/actions", "/v1/cases/{case}", "/v1/cases/{case}/actions"),
        *("/v1/saved-filters", "/v1/saved-filters/{filter_id}"),
        *("/v1/rules", "/v1/rules/versions", "/v1/rules/versions/{version}", "/v1/rules/dry-runs"),
        *("/v1/teams", "/v1/teams/{team}", "/v1/absences", "/v1/absences/{person}"),
        *("/v1/calendars", "/v1/calendars/{calendar}"),
        *("/v1/text-blocks", "/v1/text-blocks/{block}", "/v1/attributes", "/v1/attributes/{entry}"),
        *("/v1/case-links", "/v1/case-links/{link}"),
        *("/v1/segment-alerts", "/v1/segment-alerts/{alert_id}", "/v1/segment-alerts/{alert_id}/acknowledge"),
        "/v1/segment-alerts/{alert_id}/close",
        *("/v1/identity-provider", "/v1/sign-in-rules"),
        *("/v1/people/{person}/sessions", "/v1/people/{person}/sessions/{session}"),
        "/v1/people/{person}/second-factor",
        *("/v1/incidents", "/v1/chats", "/v1/chats/{chat_id}"),
        *("/v1/team-figures", "/v1/team-figures/export", "/v1/recovery"),
        *("/v1/huddles/{team}", "/v1/huddles/{team}/promises/{promise}"),
        *("/v1/introductions", "/v1/introductions/figures", "/v1/introductions/settings"),
        *("/v1/introductions/{introduction}", "/v1/introductions/{introduction}/actions"),
        *("/v1/chats/{chat_id}/test", "/v1/chats/{chat_id}/messages"),
        *("/v1/notices/{person}", "/v1/notices/{person}/devices/{device}"),
        *("/v1/people", "/v1/people/{person}", "/v1/people/{person}/invitation"),
        *("/v1/webhooks", "/v1/webhooks/{webhook_id}", "/v1/webhooks/{webhook_id}/deliveries"),
        *(f"/v1/webhooks/{{webhook_id}}/{act}" for act in ("secret", "test", "replay")),
    }
    for path in document["paths"].values():
        for operation in path.values():
            assert operation["summary"]
            assert {"401", "404", "422", "429", "503"} <= set(operation["responses"])
            assert {"200", "201", "202", "204"} & set(operation["responses"])
