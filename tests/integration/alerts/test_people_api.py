"""``/v1/people``: who is there, who is invited, and whose access ends."""

from uuid import uuid4

from support.alerts_api import AlertsApi
from support.alerts_builders import rows

from shared.http.csrf import CSRF_HEADER

SECRETS = ("password", "$argon2", "digest", "/login/link/")


async def acts(alerts: AlertsApi) -> list[str]:
    lines = "SELECT convert_from(value, 'UTF8') AS line FROM outbox WHERE topic = 'audit.v1' ORDER BY seq"
    found = await rows(alerts.database, lines)
    return [row.line.partition('"act":"')[2].partition('"')[0] for row in found]


async def test_somebody_is_invited_by_mail_limited_and_let_go(alerts: AlertsApi) -> None:
    admin = await alerts.signed_in("admin")
    key, client = alerts.key("admin"), alerts.client()
    body = {"address": "Mia@example.com", "role": "agent", "segments": ["touchpoint:checkout"]}
    made = await client.post("/v1/people", json=body, headers=key)
    assert made.status_code == 201, made.text
    person = made.json()
    assert (person["address"], person["name"], person["active"]) == ("mia@example.com", "mia", True)
    queued = await rows(alerts.database, "SELECT kind, staff_id FROM notification WHERE kind = 'invite'")
    assert [str(row.staff_id) for row in queued] == [person["id"]]
    assert (await client.post("/v1/people", json=body, headers=key)).status_code == 422
    path = f"/v1/people/{person['id']}"
    again = await client.post(f"{path}/invitation", headers=key)
    assert (again.status_code, again.json()["id"]) == (202, person["id"])
    queued = await rows(alerts.database, "SELECT kind, staff_id FROM notification WHERE kind = 'invite'")
    assert [str(row.staff_id) for row in queued] == [person["id"]] * 2
    changed = await client.patch(path, json={"role": "leader", "segments": []}, headers=key)
    assert (changed.json()["role"], changed.json()["segments"]) == ("leader", [])
    assert (await client.patch(path, json={"role": "leader"}, headers=key)).status_code == 200
    ended = await client.patch(path, json={"active": False}, headers=key)
    assert ended.json()["active"] is False
    assert (await client.post(f"{path}/invitation", headers=key)).status_code == 422
    listed = await client.get("/v1/people", headers=key)
    assert {one["id"]: one["active"] for one in listed.json()["people"]} == {
        person["id"]: False,
        str(admin.person.id): True,
    }
    for answer in (made, again, changed, ended, listed):
        assert not [word for word in SECRETS if word in answer.text.lower()]
    done = ["person_invited", "sign_in_link", "person_changed", "person_deactivated"]
    assert (await acts(alerts))[-4:] == done


async def test_the_last_administrator_stays_and_what_cannot_be_is_refused(alerts: AlertsApi) -> None:
    admin = await alerts.signed_in("admin")
    key, client = alerts.key("admin"), alerts.client()
    path = f"/v1/people/{admin.person.id}"
    for change in ({"active": False}, {"role": "agent"}, {"role": "boss"}, {"segments": ["checkout"]}):
        refused = await client.patch(path, json=change, headers=key)
        assert refused.status_code == 422, change
    assert (await client.get(path, headers=key)).json()["role"] == "admin"
    assert (await client.get(f"/v1/people/{uuid4()}", headers=key)).status_code == 404
    assert (await client.get("/v1/people", headers=alerts.key("cases:write"))).status_code == 403
    for address in ("nobody", "x@example.invalid"):
        body = {"address": address, "role": "agent"}
        refused = await client.post("/v1/people", json=body, headers=key)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "/address")


async def test_an_administrator_of_a_segment_manages_those_who_see_no_more(alerts: AlertsApi) -> None:
    limited = await alerts.signed_in("admin", segments=["touchpoint:checkout"])
    whole = await alerts.signed_in("admin")
    own = await alerts.signed_in("agent", segments=["touchpoint:checkout"])
    client, csrf = limited.client, {CSRF_HEADER: await limited.csrf(), "accept": "application/json"}
    listed = (await client.get("/v1/people", headers=csrf)).json()["people"]
    assert {one["id"] for one in listed} == {str(limited.person.id), str(own.person.id)}
    assert (await client.get(f"/v1/people/{whole.person.id}", headers=csrf)).status_code == 404
    wider = await client.patch(f"/v1/people/{own.person.id}", json={"segments": []}, headers=csrf)
    assert wider.status_code == 422
    narrow = await client.patch(f"/v1/people/{own.person.id}", json={"role": "leader"}, headers=csrf)
    assert narrow.status_code == 200, narrow.text


async def test_a_blank_name_is_refused_wherever_something_is_named(alerts: AlertsApi) -> None:
    key, client = alerts.key("admin"), alerts.client()
    rule = {"name": "\u2003", "lowest": 0, "highest": 6}
    for path, body in (
        (f"/v1/teams/{uuid4()}", {"name": " "}),
        (f"/v1/calendars/{uuid4()}", {"name": "\u200b", "zone": "UTC", "week": {}}),
        ("/v1/rules", {"rules": [rule]}),
        ("/v1/rules", {"rules": [{**rule, "name": "words", "words": ["\u00a0 "]}]}),
    ):
        refused = await client.put(path, json=body, headers=key)
        assert refused.status_code == 422, path
        assert "Is blank" in refused.text, refused.text
