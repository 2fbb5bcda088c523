"""What people do about tasks to ask for an introduction: their steps, who may see them, lists, notices, erasure."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from support.alerts_api import AlertsApi
from support.alerts_builders import TENANT, rows
from support.audit import audit_lines
from support.introductions import (
    JSON,
    a_task_of,
    a_team,
    decide,
    did,
    later,
    switched_on,
    told,
)

from services.alerts.erasing import erase
from services.alerts.introductions.notices import prepare_introduction
from services.alerts.notices.kinds import WaitingNotice
from shared.privacy.erased import Target


async def test_the_steps_of_a_task_with_who_and_when_to_what_came_of_it(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    await switched_on(alerts.database)
    task = await a_task_of(alerts, jonas)
    assert await did(alerts, task, "agree", jonas) == 409
    for act, state in (("ask", "asked"), ("agree", "agreed"), ("introduce", "introduced"), ("meet", "met")):
        assert (await did(alerts, task, act, jonas))["state"] == state
    done = await did(alerts, task, "conclude", result="contract")
    assert (done["state"], done["result"]) == ("met", "contract")
    named = [(step["act"], step["by"], step["detail"]) for step in done["steps"]]
    assert named == [
        ("opened", "Afterword", None),
        *((act, "Jonas Holt", None) for act in ("ask", "agree", "introduce", "meet")),
        ("conclude", "crm", "contract"),
    ]
    figures = await told(alerts, None, "/figures")
    counted = {
        name: figures[name] for name in ("opened", "asked", "agreed", "introduced", "met", "contracts")
    }
    assert set(counted.values()) == {1}
    assert (figures["meetings"], figures["nothing"], figures["waiting"]) == (0, 0, 0)


async def test_what_came_after_90_days_is_not_counted(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    await switched_on(alerts.database)
    task = await a_task_of(alerts, jonas)
    for act in ("ask", "agree", "introduce"):
        await did(alerts, task, act)
    assert (await told(alerts, None, "/figures"))["waiting"] == 1
    later(alerts.database, timedelta(days=91))
    await did(alerts, task, "meet")
    figures = await told(alerts, None, "/figures")
    assert (figures["met"], figures["meetings"], figures["waiting"]) == (1, 0, 0)


async def test_the_same_request_sent_again_changes_nothing_and_another_ones_act_is_refused(
    alerts: AlertsApi,
) -> None:
    jonas, admin = await alerts.signed_in(), await alerts.signed_in("admin", name="Ada Winther")
    await switched_on(alerts.database)
    task = await a_task_of(alerts, jonas)
    form = {"act": "ask", "version": "1"}
    for _ in range(2):
        assert (await jonas.do(f"/introductions/{task}", **form)).status_code == 303
    assert [step["act"] for step in (await told(alerts, None, f"/{task}"))["steps"]] == ["opened", "ask"]
    refused = await admin.do(f"/introductions/{task}", **form)
    assert refused.status_code == 409
    assert "The task has gone on meanwhile." in refused.text
    both = await asyncio.gather(
        *(who.do(f"/introductions/{task}", act="agree", version="2") for who in (jonas, admin))
    )
    assert sorted(answer.status_code for answer in both) == [303, 409]


async def test_its_owner_leaders_of_the_team_and_administrators_see_it_and_nobody_else(
    alerts: AlertsApi,
) -> None:
    jonas, other = await alerts.signed_in(), await alerts.signed_in(name="Ben Sund")
    leader = await alerts.signed_in("leader", name="Sara Lund")
    stranger = await alerts.signed_in("leader", name="Nina Falk")
    south = await alerts.signed_in("admin", name="Ada Winther", segments=("organisation:south",))
    admin = await alerts.signed_in("admin", name="Ida Krogh")
    foreign = await alerts.signed_in("admin", tenant="other")
    await a_team(alerts, jonas.person.id, leader=leader.person.id)
    await switched_on(alerts.database)
    task = await a_task_of(alerts, jonas)
    for who, sees in (
        *((jonas, True), (leader, True), (admin, True)),
        *((other, False), (stranger, False), (south, False), (foreign, False)),
    ):
        listed = await told(alerts, who)
        assert bool(listed["introductions"]) is sees, who
        assert (await who.get(f"/introductions/{task}")).status_code == (200 if sees else 404)
        headers = {**JSON, "x-csrf": await who.csrf()}
        body = {"act": "note", "version": 1, "note": "Call in spring."}
        if not sees:
            answer = await who.client.post(f"/v1/introductions/{task}/actions", json=body, headers=headers)
            assert answer.status_code == 404
            assert (await who.do(f"/introductions/{task}", act="ask", version="1")).status_code == 404
            assert str(task) not in (await who.get("/introductions")).text
            assert (await told(alerts, who, "/figures"))["opened"] == 0
    assert (await did(alerts, task, "note", leader, note="Call in spring."))["note"] == "Call in spring."


async def test_a_task_is_handed_over_to_a_colleague_who_may_see_it_and_who_is_told(alerts: AlertsApi) -> None:
    jonas, mira = await alerts.signed_in(), await alerts.signed_in(name="Mira Poulsen")
    far = await alerts.signed_in(name="Ben Sund", segments=("organisation:south",))
    analyst = await alerts.signed_in("analyst", name="Eva Dam")
    await switched_on(alerts.database)
    task = await a_task_of(alerts, jonas)
    for nobody in (far.person.id, analyst.person.id, uuid4()):
        assert await did(alerts, task, "hand_over", person=str(nobody)) == 422
    assert (await did(alerts, task, "hand_over", person=str(mira.person.id)))["owner_name"] == "Mira Poulsen"
    assert await told(alerts, jonas, f"/{task}") == 404
    await decide(alerts.database)
    heard = await rows(alerts.database, "SELECT staff_id FROM notification WHERE kind = 'introduction'")
    assert {one.staff_id for one in heard} == {jonas.person.id, mira.person.id}


async def test_what_is_wrong_with_a_form_is_said_and_what_was_typed_stays(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    await switched_on(alerts.database)
    task = await a_task_of(alerts, jonas)
    for fields in (
        {"act": "not_ask"},
        {"act": "hand_over"},
        {"act": "note", "note": "x" * 1001},
        {"act": "hand_over", "person": str(uuid4())},
    ):
        refused = await jonas.do(f"/introductions/{task}", version="1", **fields)
        assert (refused.status_code, 'class="faults"' in refused.text) == (422, True), fields
    assert (
        "x" * 1001
        in (await jonas.do(f"/introductions/{task}", version="1", act="note", note="x" * 1001)).text
    )
    done = await jonas.do(f"/introductions/{task}", version="1", act="not_ask", reason="bad_time")
    assert done.status_code == 303
    assert "It is a bad time for this customer." in (await jonas.get(f"/introductions/{task}")).text
    for body in ({"act": "not_ask", "version": 1}, {"act": "x", "version": 1}, {"act": "ask"}):
        answer = await alerts.client().post(
            f"/v1/introductions/{task}/actions", json=body, headers=alerts.key("cases:write")
        )
        assert answer.status_code == 422


async def test_only_an_administrator_of_the_whole_company_switches_it_and_the_log_has_it(
    alerts: AlertsApi,
) -> None:
    admin, leader = await alerts.signed_in("admin"), await alerts.signed_in("leader", name="Sara Lund")
    south = await alerts.signed_in("admin", name="Ada Winther", segments=("organisation:south",))
    for who, refused in ((leader, 404), (south, 403)):
        assert (await who.do("/settings/introductions", act="on")).status_code == refused
    for _ in range(2):
        assert (await admin.do("/settings/introductions", act="on")).status_code == 303
    page = (await admin.get("/settings/introductions")).text
    assert "Account managers ask happy customers for introductions." in page
    got = await told(alerts, admin, "/settings")
    assert got["enabled"] is True
    assert {one["country"]: one["needs_permission"] for one in got["countries"]}["NL"] is False
    key = alerts.key("admin")
    for _ in range(2):
        off = await alerts.client().put("/v1/introductions/settings", json={"enabled": False}, headers=key)
        assert off.json()["enabled"] is False
    lines = [one.facts for one in await audit_lines(alerts.database) if one.act == "introductions"]
    assert lines == [{"enabled": True}, {"enabled": False}]


async def test_lists_are_paged_and_filtered(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    await switched_on(alerts.database)
    tasks = [await a_task_of(alerts, jonas, account=f"a-{number}") for number in range(5)]
    await did(alerts, tasks[0], "ask")
    found: list[str] = []
    after = ""
    while True:
        page = await told(alerts, jonas, limit=2, **({"after": after} if after else {}))
        found += [one["id"] for one in page["introductions"]]
        after = page["next"]
        if not after:
            break
    assert found == [str(task) for task in reversed(tasks)]
    asked = await told(alerts, None, state="asked")
    assert [one["id"] for one in asked["introductions"]] == [str(tasks[0])]
    assert (await told(alerts, None, owner=str(uuid4())))["introductions"] == []
    assert await told(alerts, None, after="x") == 422


async def test_an_erased_customers_task_is_withdrawn_and_names_nobody(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    await switched_on(alerts.database)
    who: dict[str, Any] = {"customer_id": "c-karen", "person": "p-karen", "contact_key": "k"}
    task = await a_task_of(alerts, jonas, **who)
    await did(alerts, task, "note", note="Karen is in a good mood.")
    async with alerts.database.transaction() as uow:
        await erase(uow, [Target(TENANT, "p-karen", "p-karen", None)])
    (row,) = await rows(alerts.database, "SELECT * FROM introduction")
    assert (row.state, row.person, row.customer_id, row.account_id, row.note) == (
        "withdrawn",
        "",
        None,
        None,
        None,
    )
    assert "Karen" not in (await jonas.get(f"/introductions/{task}")).text
    assert await did(alerts, task, "ask") == 409


async def test_a_notice_names_no_customer_and_is_not_told_once_they_were_asked(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    await switched_on(alerts.database)
    task = await a_task_of(alerts, jonas)
    notice = WaitingNotice(
        tenant=TENANT,
        id=uuid4(),
        kind="introduction",
        about={"introduction": str(task)},
        staff_id=jonas.person.id,
        role="agent",
        segments=(),
        company=None,
        zone=ZoneInfo("UTC"),
    )
    for kind in ("introduction", "introduction_overdue"):
        async with alerts.database.reading() as uow:
            text = await prepare_introduction(uow, replace(notice, kind=kind))
            assert await prepare_introduction(uow, replace(notice, kind=kind, staff_id=uuid4())) is None
        assert text is not None
        assert text.path == f"/introductions/{task}"
        assert "Karen" not in text.subject + "".join(text.paragraphs)
    await did(alerts, task, "ask")
    async with alerts.database.reading() as uow:
        assert await prepare_introduction(uow, notice) is None
