"""People: whom administrators invite, change and dismiss, and what everybody sets for themselves."""

import re

from support.alerts_api import STAFF_URL, AlertsApi, Browser
from support.alerts_builders import TENANT, rows

from services.alerts.staff.staff_commands import create_staff


async def test_the_last_administrator_stays(alerts: AlertsApi) -> None:
    admin = await alerts.signed_in("admin")
    for fields in ({"act": "deactivate", "sure": "yes"}, {"act": "change", "role": "agent"}):
        answer = await admin.do("/settings/people", person=str(admin.person.id), **fields)
        assert answer.status_code == 422
        assert "This is the last administrator." in answer.text


async def test_only_administrators_manage_people_and_only_their_own(alerts: AlertsApi) -> None:
    agent, admin = await alerts.signed_in("agent"), await alerts.signed_in("admin")
    victim, foreign = await alerts.person(), await alerts.person(tenant="other")
    for fields in (
        {"act": "invite", "address": "new@example.com", "role": "admin"},
        {"act": "deactivate", "person": str(victim.id)},
        {"act": "change", "person": str(agent.person.id), "role": "admin"},
    ):
        assert (await agent.do("/settings/people", **fields)).status_code == 404
    for act in ("deactivate", "change", "link", "activate"):
        answer = await admin.do("/settings/people", act=act, person=str(foreign.id), role="agent")
        assert answer.status_code == 404
    assert foreign.address not in (await admin.get("/settings/people")).text
    for path in ("/settings/people", f"/settings/people/{victim.id}"):
        assert (await agent.get(path)).status_code == 404


async def test_an_invitation_goes_out_by_mail_and_wrong_fields_are_named(alerts: AlertsApi) -> None:
    admin = await alerts.signed_in("admin")
    sent = await admin.do(
        "/settings/people",
        act="invite",
        address="New@Example.com",
        name="Sara",
        role="leader",
        segments="touchpoint:shop",
    )
    assert sent.status_code == 303
    (notice,) = await rows(alerts.database, "SELECT kind, state FROM notification")
    assert (notice.kind, notice.state) == ("invite", "waiting")
    for fields, words in (
        ({"address": "new@example.com", "role": "agent"}, "Somebody with this address is here already."),
        ({"address": "no address", "role": "agent"}, "Write an address such as"),
        ({"address": "a@example.com", "role": "king"}, "Choose one of admin"),
        ({"address": "a@example.com", "role": "agent", "segments": "shop"}, "dimension:value"),
    ):
        answer = await admin.do("/settings/people", act="invite", **fields)
        assert answer.status_code == 422
        assert words in answer.text


async def test_an_administrator_of_one_segment_gives_nobody_more_than_that(alerts: AlertsApi) -> None:
    limited = await alerts.signed_in("admin", segments=["store:aarhus"])
    colleague = await alerts.person("agent", name="Everywhere")
    page = (await limited.get("/settings/people")).text
    assert "Everywhere" not in page
    own = str(limited.person.id)
    for wanted in ("", "store:odense", "store:aarhus\nstore:odense"):
        for person in (own, str(colleague.id)):
            form = {"act": "change", "person": person, "role": "admin", "segments": wanted, "sure": wanted}
            assert (await limited.do("/settings/people", **form)).status_code == (
                422 if person == own else 404
            )
    for act in ("link", "deactivate", "activate"):
        answer = await limited.do("/settings/people", act=act, person=str(colleague.id), sure="yes")
        assert answer.status_code == 404
    assert (await limited.get(f"/settings/people/{colleague.id}")).status_code == 404
    kept = {
        row.id: list(row.segments) for row in await rows(alerts.database, "SELECT id, segments FROM staff")
    }
    assert kept == {limited.person.id: ["store:aarhus"], colleague.id: []}


async def test_a_segment_with_blanks_can_be_saved_again_and_a_misspelt_one_is_pointed_out(
    alerts: AlertsApi,
) -> None:
    await alerts.open_case(segments={"store": "aarhus"}, organisation=("North Jutland",))
    admin = await alerts.signed_in("admin")
    person = await alerts.person("agent", segments=["organisation:North Jutland"])
    form = {"act": "change", "person": str(person.id), "role": "agent"}
    assert (
        await admin.do("/settings/people", **form, segments="organisation:North Jutland")
    ).status_code == 303
    wrong = await admin.do("/settings/people", **form, segments="store:aarhuss\norganisation:North Jutland")
    assert wrong.status_code == 422
    assert "No case has come from store:aarhuss yet. Do you mean store:aarhus?" in wrong.text
    sure = re.search(r'name="sure" value="([^"]+)"', wrong.text)
    assert sure is not None
    meant = await admin.do("/settings/people", **form, segments="store:aarhuss", sure=sure[1])
    assert meant.status_code == 303


async def test_access_ends_only_when_it_is_meant(alerts: AlertsApi) -> None:
    admin, person = await alerts.signed_in("admin"), await alerts.person("agent")
    once = await admin.do("/settings/people", act="deactivate", person=str(person.id))
    assert once.status_code == 422
    assert (
        await admin.do("/settings/people", act="deactivate", person=str(person.id), sure="yes")
    ).status_code == 303


async def test_people_are_invited_active_or_ended_and_the_list_says_so(alerts: AlertsApi) -> None:
    admin = await alerts.signed_in("admin", name="Anna Admin")
    left, seen = await alerts.person(name="Lea Left"), await alerts.signed_in(name="Sam Seen")
    await create_staff(alerts.database, STAFF_URL, TENANT, "iris@example.com", "leader", name="Iris Invited")
    await admin.do("/settings/people", act="deactivate", person=str(left.id), sure="yes")
    text = " ".join(re.sub("<[^>]+>", " ", (await admin.get("/settings/people")).text).split())
    for words in (
        f"Lea Left {left.address} Agent everything – off access ended",
        f"Sam Seen {seen.person.address} Agent everything – off last active",
        "Iris Invited iris@example.com Team leader everything – off invited",
    ):
        assert words in text
    assert "You are an administrator of Havnbo." in (await admin.get("/settings")).text
    assert "You are an agent of Havnbo." in (await seen.get("/settings")).text


async def test_a_form_that_was_drawn_before_somebody_changed_it_takes_nothing_back(alerts: AlertsApi) -> None:
    admin, jonas = await alerts.signed_in("admin"), await alerts.signed_in()

    async def fingerprint(browser: Browser, act: str) -> str:
        path = "/settings" if act == "me" else f"/settings/people/{jonas.person.id}"
        page = (await browser.get(path)).text
        found = re.search(rf'name="act" value="{act}">.*?name="drawn" value="([0-9a-f]+)"', page, re.DOTALL)
        assert found is not None
        return found[1]

    before = await fingerprint(admin, "change")
    fields = {"act": "change", "person": str(jonas.person.id), "role": "leader", "segments": "store:x"}
    assert (await admin.do("/settings/people", **fields, sure="store:x", drawn=before)).status_code == 303
    stale = await admin.do("/settings/people", **{**fields, "segments": ""}, drawn=before)
    assert (stale.status_code, "Not saved: somebody changed" in stale.text) == (422, True)
    (row,) = await rows(alerts.database, "SELECT segments FROM staff WHERE id = :id", id=jonas.person.id)
    assert row.segments == ["store:x"]
    again = await admin.do(
        "/settings/people", **{**fields, "segments": ""}, drawn=await fingerprint(admin, "change")
    )
    assert again.status_code == 303

    mia = await alerts.signed_in()
    own = await fingerprint(mia, "me")
    assert (
        await mia.do("/settings", act="me", name="Jo Holt", wants_mail="on", drawn=own)
    ).status_code == 303
    stale = await mia.do("/settings", act="me", name="Mia Before", drawn=own)
    assert (stale.status_code, "You changed this elsewhere meanwhile." in stale.text) == (422, True)
    (row,) = await rows(alerts.database, "SELECT name FROM staff WHERE id = :id", id=mia.person.id)
    assert row.name == "Jo Holt"
