"""The teams of people: shown on their pages and by the API, and changed there by administrators."""

import re
from uuid import UUID, uuid4

from support.alerts_api import AlertsApi, Browser
from support.alerts_builders import rows
from support.case_rules import a_team, get, put

from shared.http.csrf import CSRF_HEADER


async def drawn_of(browser: Browser, person: UUID) -> str:
    page = (await browser.get(f"/settings/people/{person}")).text
    found = re.search(r'name="act" value="teams">.*?name="drawn" value="([0-9a-f]+)"', page, re.DOTALL)
    assert found is not None
    return found[1]


async def members_of(alerts: AlertsApi, team: UUID) -> list[str]:
    found = (await get(alerts, "/v1/teams"))["teams"]
    (one,) = [each for each in found if each["id"] == str(team)]
    return list(one["members"])


async def audited_teams(alerts: AlertsApi) -> list[str]:
    lines = "SELECT convert_from(value, 'UTF8') AS line FROM outbox WHERE topic = 'audit.v1' ORDER BY seq"
    found = [row.line for row in await rows(alerts.database, lines)]
    return [line.partition('"about":"')[2].partition('"')[0] for line in found if '"act":"team"' in line]


async def test_people_and_their_pages_say_in_which_teams_they_are_and_which_they_lead(
    alerts: AlertsApi,
) -> None:
    admin, mia = await alerts.signed_in("admin", name="Ada Winther"), await alerts.person(name="Mia Holm")
    delivery = await a_team(alerts, mia.id)
    returns = await a_team(alerts, name="Returns", leader=str(mia.id))
    listed = (await admin.get("/settings/people")).text
    assert '<td role="cell" data-head="Teams">Delivery, Returns (leads it)</td>' in listed
    page = (await admin.get(f"/settings/people/{mia.id}")).text
    assert "Mia Holm is in Delivery, Returns (leads it)." in page
    assert f'href="/settings/teams/{returns}"' in page
    own = (await admin.get(f"/settings/people/{admin.person.id}")).text
    assert "Ada Winther is in no team." in own
    person = await get(alerts, f"/v1/people/{mia.id}")
    assert ({*person["teams"]}, person["leads"]) == ({str(delivery), str(returns)}, [str(returns)])


async def test_an_administrator_puts_somebody_into_teams_and_takes_them_out(alerts: AlertsApi) -> None:
    admin, mia, jon = await alerts.signed_in("admin"), await alerts.person(), await alerts.person()
    delivery = await a_team(alerts, mia.id, jon.id, segments=["touchpoint:delivery"])
    returns, sales = await a_team(alerts, name="Returns"), await a_team(alerts, jon.id, name="Sales")
    before = await audited_teams(alerts)
    form = {"act": "teams", "person": str(mia.id), "team": [str(returns), str(sales)]}
    done = await admin.do("/settings/people", **form, drawn=await drawn_of(admin, mia.id))
    assert (done.status_code, done.headers["location"]) == (303, f"/settings/people/{mia.id}?did=teams")
    assert await members_of(alerts, delivery) == [str(jon.id)]
    assert await members_of(alerts, returns) == [str(mia.id)]
    assert await members_of(alerts, sales) == [str(jon.id), str(mia.id)]
    (kept,) = [one for one in (await get(alerts, "/v1/teams"))["teams"] if one["id"] == str(delivery)]
    assert kept["segments"] == ["touchpoint:delivery"]
    assert sorted((await audited_teams(alerts))[len(before) :]) == sorted(
        map(str, (delivery, returns, sales))
    )
    again = await admin.do("/settings/people", **form, drawn=await drawn_of(admin, mia.id))
    assert again.status_code == 303
    assert len(await audited_teams(alerts)) == len(before) + 3
    none = {"act": "teams", "person": str(mia.id)}
    assert (await admin.do("/settings/people", **none)).status_code == 303
    assert (await get(alerts, f"/v1/people/{mia.id}"))["teams"] == []


async def test_a_form_that_was_drawn_before_somebody_changed_the_teams_takes_nothing_back(
    alerts: AlertsApi,
) -> None:
    admin, mia = await alerts.signed_in("admin"), await alerts.person()
    delivery, returns = await a_team(alerts), await a_team(alerts, name="Returns")
    drawn = await drawn_of(admin, mia.id)
    await put(alerts, f"/v1/teams/{delivery}", {"name": "Delivery", "members": [str(mia.id)]})
    form = {"act": "teams", "person": str(mia.id), "team": [str(returns)], "drawn": drawn}
    stale = await admin.do("/settings/people", **form)
    assert stale.status_code == 422
    assert "Not saved: somebody changed the teams meanwhile." in stale.text
    assert (await get(alerts, f"/v1/people/{mia.id}"))["teams"] == [str(delivery)]
    same = await admin.do("/settings/people", **{**form, "team": [str(delivery)]})
    assert same.status_code == 303


async def test_what_cannot_be_is_refused(alerts: AlertsApi) -> None:
    admin, mia = await alerts.signed_in("admin"), await alerts.person()
    gone, foreign = await alerts.person(), await alerts.person(tenant="other")
    team = await a_team(alerts, mia.id, gone.id, leader=str(gone.id))
    unknown = await admin.do("/settings/people", act="teams", person=str(mia.id), team=[str(uuid4())])
    assert (unknown.status_code, "Your company has no such team." in unknown.text) == (422, True)
    assert (await admin.do("/settings/people", act="teams", person=str(mia.id), team="x")).status_code == 404
    form = {"act": "teams", "team": [str(team)]}
    assert (await admin.do("/settings/people", **form, person=str(foreign.id))).status_code == 404
    await admin.do("/settings/people", act="deactivate", person=str(gone.id), sure="yes")
    assert (await admin.do("/settings/people", **form, person=str(gone.id))).status_code == 303
    out = await alerts.person()
    await admin.do("/settings/people", act="deactivate", person=str(out.id), sure="yes")
    refused = await admin.do("/settings/people", **form, person=str(out.id))
    assert (refused.status_code, "Nobody of your company who may sign in" in refused.text) == (422, True)
    # Who may not sign in any more leaves a team with its next change, as by the team's own form.
    assert (await admin.do("/settings/people", act="teams", person=str(mia.id))).status_code == 303
    assert await members_of(alerts, team) == []


async def test_only_administrators_of_the_whole_company_change_teams_and_csrf_is_asked_for(
    alerts: AlertsApi,
) -> None:
    limited = await alerts.signed_in("admin", segments=["store:aarhus"])
    leader = await alerts.signed_in("leader")
    mia = await alerts.person(name="Mia Holm", segments=["store:aarhus"])
    team = await a_team(alerts, mia.id)
    page = (await limited.get(f"/settings/people/{mia.id}")).text
    assert "Mia Holm is in Delivery." in page
    assert "Save the teams" not in page
    form = {"act": "teams", "person": str(mia.id)}
    refused = await limited.do("/settings/people", **form)
    assert (refused.status_code, "Only an administrator of the whole company" in refused.text) == (422, True)
    assert (await leader.do("/settings/people", **form)).status_code == 404
    assert (await limited.client.post("/settings/people", data=form)).status_code == 403
    assert await members_of(alerts, team) == [str(mia.id)]


async def test_who_does_not_work_on_cases_can_be_taken_out_of_a_team_alone(alerts: AlertsApi) -> None:
    admin, editor = await alerts.signed_in("admin"), await alerts.person("editor", name="Eda Rask")
    assert "Save the teams" not in (await admin.get(f"/settings/people/{editor.id}")).text
    await a_team(alerts, editor.id)
    await a_team(alerts, name="Returns")
    page = (await admin.get(f"/settings/people/{editor.id}")).text
    assert "Eda Rask is in Delivery." in page
    assert "Returns" not in page
    headers = {CSRF_HEADER: await admin.csrf(), "accept": "application/json"}
    listed = (await admin.client.get("/v1/people", headers=headers)).json()["people"]
    assert {one["id"]: len(one["teams"]) for one in listed} == {str(admin.person.id): 0, str(editor.id): 1}
