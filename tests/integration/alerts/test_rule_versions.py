"""Versions of the rules: listed with what each has changed, read one by one, and restored."""

import re
from uuid import uuid4

from support.alerts_api import AlertsApi
from support.alerts_builders import rows
from support.case_rules import KEY_ACCOUNT, UNHAPPY, a_team, get, put, save
from support.forms import forms_of

from services.alerts.rules.version_pages import SHOWN_VERSIONS


def text_of(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).split())


async def audited(alerts: AlertsApi) -> int:
    lines = (
        "SELECT count(*) AS n FROM outbox WHERE topic = 'audit.v1' AND convert_from(value, 'UTF8') LIKE :act"
    )
    (row,) = await rows(alerts.database, lines, act='%"act":"case_rules"%')
    return int(row.n)


async def test_each_version_is_listed_with_who_saved_it_and_what_it_changed(alerts: AlertsApi) -> None:
    admin, leader = await alerts.signed_in("admin", name="Ada Winther"), await alerts.signed_in("leader")
    await save(alerts, UNHAPPY)
    (form,) = [one for one in forms_of((await admin.get("/rules")).text) if one.action == "/rules"]
    fields = {name: value for name, value in form.fields.items() if name != "csrf"}
    assert (await admin.do("/rules", **{**fields, "rule_1_highest": "5"})).status_code == 303
    page = text_of((await leader.get("/rules/versions")).text)
    assert "The rules have been saved 2 times." in page
    assert re.search("Version 2 holds now .* Ada Winther “Unhappy”: Scores: 0 to 5 instead of 0 to 6.", page)
    assert re.search("Version 1 .* the key crm “Unhappy”: .* The rule “Very unhappy” is gone.", page)
    assert "Version 0 never nobody The rules of everybody who has set none." in page
    agent, foreign = await alerts.signed_in("agent"), await alerts.signed_in("admin", tenant="other")
    assert (await agent.get("/rules/versions")).status_code in {403, 404}
    assert (await agent.get("/rules/versions/1")).status_code in {403, 404}
    assert (await foreign.get("/rules/versions/1")).status_code == 404
    assert "Nobody has changed the rules yet." in (await foreign.get("/rules/versions")).text


async def test_an_earlier_version_holds_again_as_a_new_one(alerts: AlertsApi) -> None:
    admin = await alerts.signed_in("admin")
    await save(alerts, UNHAPPY)
    await save(alerts, KEY_ACCOUNT, UNHAPPY)
    page = (await admin.get("/rules/versions/1")).text
    assert "The rule" not in text_of(page)
    assert 'data-head="Today"' in page
    assert "It is saved as version 3" in page
    before = await audited(alerts)
    done = await admin.do("/rules/versions/1", seen="2")
    assert (done.status_code, done.headers["location"]) == (303, "/rules?did=restored")
    assert await audited(alerts) == before + 1
    assert "An earlier version holds again." in (await admin.get("/rules?did=restored")).text
    now, first = await get(alerts, "/v1/rules"), await get(alerts, "/v1/rules/versions/1")
    assert (now["version"], now["rules"]) == (3, first["rules"])
    assert "Let version 1 hold again" not in (await admin.get("/rules/versions/1")).text
    assert (await admin.do("/rules/versions/1", seen="3")).status_code == 303
    assert (await get(alerts, "/v1/rules"))["version"] == 3  # it says the same already
    assert (await admin.do("/rules/versions/9", seen="3")).status_code == 404
    await admin.do("/rules/versions/0", seen="3")
    names = [rule["name"] for rule in (await get(alerts, "/v1/rules"))["rules"]]
    assert names == ["Very unhappy", "Unhappy"]


async def test_nothing_is_restored_over_what_somebody_saved_meanwhile_or_by_who_only_reads(
    alerts: AlertsApi,
) -> None:
    admin, leader = await alerts.signed_in("admin"), await alerts.signed_in("leader")
    await save(alerts, UNHAPPY)
    await save(alerts, KEY_ACCOUNT)
    for seen in ("1", "", "x"):
        stale = await admin.do("/rules/versions/1", seen=seen)
        assert stale.status_code == 409
        assert "somebody has changed the rules meanwhile" in stale.text
    assert "Let version 1 hold again" not in (await leader.get("/rules/versions/1")).text
    assert (await leader.do("/rules/versions/1", seen="2")).status_code in {403, 404}
    without_token = await admin.client.post("/rules/versions/1", data={"seen": "2"})
    assert without_token.status_code == 403
    assert (await get(alerts, "/v1/rules"))["version"] == 2


async def test_a_version_that_names_what_is_gone_is_not_restored_and_the_page_says_why(
    alerts: AlertsApi,
) -> None:
    admin, team = await alerts.signed_in("admin"), await a_team(alerts)
    await save(alerts, {**UNHAPPY, "to": {"team": str(team)}})
    await save(alerts, UNHAPPY)
    assert (await admin.do(f"/settings/teams/{team}", act="delete")).status_code == 303
    assert "A team that was deleted" in (await admin.get("/rules/versions/1")).text
    refused = await admin.do("/rules/versions/1", seen="2")
    assert refused.status_code == 422
    assert "Unhappy: Your company has no such team." in refused.text


async def test_a_program_pages_through_versions_and_restores_one_by_saving_it(alerts: AlertsApi) -> None:
    for highest in (6, 5, 4):
        await save(alerts, {**UNHAPPY, "highest": highest})
    first = await get(alerts, "/v1/rules/versions?limit=2")
    assert ([one["version"] for one in first["versions"]], first["next"]) == ([3, 2], 2)
    rest = await get(alerts, f"/v1/rules/versions?limit=2&before={first['next']}")
    assert ([one["version"] for one in rest["versions"]], rest["next"]) == ([1], None)
    version = await get(alerts, "/v1/rules/versions/1")
    body = {name: version[name] for name in ("rules", "account_manager", "handler")}
    restored = await put(alerts, "/v1/rules", {**body, "version": 3})
    assert (restored["version"], restored["rules"][0]["highest"]) == (4, 6)
    assert (await get(alerts, "/v1/rules/versions/0"))["rules"][0]["name"] == "Very unhappy"
    async with alerts.client() as client:
        unknown = await client.get("/v1/rules/versions/99", headers=alerts.key("admin"))
        foreign = await client.get("/v1/rules/versions/1", headers=alerts.key("admin", tenant="other"))
        unread = await client.get("/v1/rules/versions/1", headers=alerts.key("scores:read"))
        assert (unknown.status_code, foreign.status_code, unread.status_code) == (404, 404, 403)


async def test_the_list_is_paged(alerts: AlertsApi) -> None:
    admin = await alerts.signed_in("admin")
    for number in range(SHOWN_VERSIONS + 1):
        await save(alerts, {**UNHAPPY, "name": f"Rule {number}"})
    page = (await admin.get("/rules/versions")).text
    assert ('/rules/versions/2"' in page, '/rules/versions/1"' in page) == (True, False)
    older = re.search(r'href="(/rules/versions\?before=\d+)"', page)
    assert older is not None
    rest = (await admin.get(older[1])).text
    assert ('/rules/versions/1"' in rest, '/rules/versions/0"' in rest) == (True, True)
    assert (await admin.get("/rules/versions?before=0")).status_code == 422
    assert (await admin.get(f"/rules/versions/{uuid4()}")).status_code == 422
