"""Promoters' answers open tasks to ask for an introduction, in any order of what comes, and what is done to them."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.alerts_api import AlertsApi, Browser
from support.alerts_builders import POLICY, TENANT, an_answer, rows
from support.audit import audit_lines
from support.examples import examples
from support.introductions import (
    WHO,
    a_promoter,
    a_task_of,
    consume_all,
    decide,
    invitation_by,
    reasons,
    states,
    switched_on,
)

from services.alerts.calendars.calendar_commands import save_calendar
from services.alerts.calendars.domain import Calendar, Opening
from services.alerts.erasing import erase
from services.alerts.introductions.domain import INTRODUCTION_ACTS
from services.alerts.introductions.handlers import keep_restored
from services.alerts.introductions.notices import prepare_introduction
from services.alerts.introductions.repository import setting
from services.alerts.notices.kinds import WaitingNotice
from services.alerts.teams.domain import Absence, CaseTeam
from services.alerts.teams.repository import write_absence
from services.alerts.teams.team_commands import save_team
from shared.clock import system_clock
from shared.db.database import Database
from shared.events import ANSWERS, Answer
from shared.privacy.erased import Target

JSON = {"accept": "application/json"}


async def told(alerts: AlertsApi, who: Browser | None = None, path: str = "", **query: Any) -> Any:
    """What the API answers; the status where it is refused."""
    client, headers = (who.client, JSON) if who else (alerts.client(), alerts.key("cases:read"))
    answer = await client.get(f"/v1/introductions{path}", params=query, headers=headers)
    return answer.json() if answer.status_code == 200 else answer.status_code


async def did(alerts: AlertsApi, task: UUID, act: str, who: Browser | None = None, **more: Any) -> Any:
    """An act by the version that the task has now; the status where it is refused."""
    known = await told(alerts, None, f"/{task}")
    body = {"act": act, "version": known["version"], **more}
    if who is None:
        answer = await alerts.client().post(
            f"/v1/introductions/{task}/actions", json=body, headers=alerts.key("cases:write")
        )
    else:
        headers = {**JSON, "x-csrf": await who.csrf()}
        answer = await who.client.post(f"/v1/introductions/{task}/actions", json=body, headers=headers)
    return answer.json() if answer.status_code == 200 else answer.status_code


async def a_team(alerts: AlertsApi, *members: UUID, **facts: Any) -> UUID:
    key = uuid4()
    async with alerts.database.transaction() as uow:
        await save_team(uow, TENANT, WHO, key, CaseTeam(name="Key accounts", members=members, **facts))
    return key


def later(database: Database, by: timedelta) -> None:
    now = database.clock() + by
    database.clock = lambda: now


async def test_nothing_is_opened_until_the_company_wants_it(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    answer = a_promoter(alerts.database)
    await consume_all(alerts.database, invitation_by(answer, jonas.person.id), answer)
    assert await decide(alerts.database) == 0
    await switched_on(alerts.database)
    # What is read again from before it was switched on opens nothing either.
    await consume_all(alerts.database, answer)
    await decide(alerts.database)
    assert (await states(alerts.database), await reasons(alerts.database)) == ([], [])
    await a_task_of(alerts, jonas)
    assert await states(alerts.database) == [("open", None)]


async def test_a_promoter_opens_a_task_for_the_manager_of_the_account_who_is_told(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    await switched_on(alerts.database)
    task = await a_task_of(alerts, jonas)
    got = await told(alerts, jonas, f"/{task}")
    assert (got["state"], got["owner"], got["owner_name"]) == ("open", str(jonas.person.id), "Jonas Holt")
    assert (got["account_id"], got["score"], got["late"]) == ("a-9", 10, False)
    assert [step["act"] for step in got["steps"]] == ["opened"]
    notices = await rows(alerts.database, "SELECT kind, staff_id, about FROM notification")
    assert [(one.kind, one.staff_id) for one in notices] == [("introduction", jonas.person.id)]
    assert notices[0].about == {"introduction": str(task)}
    page = await jonas.get(f"/introductions/{task}")
    assert "Karen Whitfield" in page.text
    assert "Quick and kind." in page.text
    assert f'href="/introductions/{task}"' in (await jonas.get("/introductions")).text
    assert 'href="/introductions"' in (await jonas.get("/inbox")).text


async def test_an_event_that_comes_after_its_answer_opens_the_task_then(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    await switched_on(alerts.database)
    answer = a_promoter(alerts.database)
    await consume_all(alerts.database, answer)
    await decide(alerts.database)
    assert (await states(alerts.database), await reasons(alerts.database)) == ([], ["event_unknown"])
    await consume_all(alerts.database, invitation_by(answer, jonas.person.id))
    await decide(alerts.database)
    assert (await states(alerts.database), await reasons(alerts.database)) == ([("open", None)], [])


async def test_it_waits_until_the_customer_has_finished(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    await switched_on(alerts.database)
    answer = a_promoter(alerts.database, state="saved")
    await consume_all(alerts.database, answer, invitation_by(answer, jonas.person.id))
    await decide(alerts.database)
    assert await states(alerts.database) == []
    later(alerts.database, timedelta(minutes=3))
    await decide(alerts.database)
    assert await states(alerts.database) == [("open", None)]


@pytest.mark.parametrize(
    ("changes", "event", "why"),
    [
        ({"may_contact": None}, {}, "no_permission"),
        ({"may_contact": None}, {"country": "SE"}, "no_permission"),
        ({"may_contact": None}, {"country": None}, "no_permission"),  # the company's is DK
        ({"may_contact": False}, {"country": "NL"}, "contact_refused"),
        ({}, {"account": None}, "no_account"),
        ({}, {"manager": "nobody@example.com"}, "no_manager"),
    ],
)
async def test_who_is_not_asked_and_why(
    alerts: AlertsApi, changes: dict[str, Any], event: dict[str, Any], why: str
) -> None:
    jonas = await alerts.signed_in()
    await switched_on(alerts.database)
    answer = a_promoter(alerts.database, **changes)
    found = invitation_by(answer, event.get("manager", jonas.person.id), country=event.get("country", "DK"))
    if "account" in event:
        found = msgspec.structs.replace(found, account=None)
    await consume_all(alerts.database, answer, found)
    await decide(alerts.database)
    assert (await states(alerts.database), await reasons(alerts.database)) == ([], [why])
    admin = await alerts.signed_in("admin")
    assert (await told(alerts, admin, "/figures"))["not_opened"] == {why: 1}
    assert (await told(alerts, jonas, "/figures"))["not_opened"] == {}
    page = (await admin.get("/introductions")).text
    assert "Answers of 9 and 10 that opened no task" in page
    assert "Answers of 9 and 10 that opened no task" not in (await jonas.get("/introductions")).text


async def test_a_manager_who_may_not_see_the_answer_gets_no_task_and_a_deputy_stands_in(
    alerts: AlertsApi,
) -> None:
    far = await alerts.signed_in(segments=("organisation:south",))
    jonas, mira = await alerts.signed_in(), await alerts.signed_in(name="Mira Poulsen")
    await switched_on(alerts.database)
    answer = a_promoter(alerts.database)
    await consume_all(alerts.database, invitation_by(answer, far.person.id), answer)
    await decide(alerts.database)
    assert await reasons(alerts.database) == ["no_manager"]
    async with alerts.database.transaction() as uow:
        away = Absence(
            person=jonas.person.id,
            since=uow.now - timedelta(days=1),
            until=uow.now + timedelta(days=1),
            deputy=mira.person.id,
        )
        await write_absence(uow, TENANT, away)
    task = await a_task_of(alerts, jonas)
    assert (await told(alerts, mira, f"/{task}"))["owner"] == str(mira.person.id)


async def test_it_is_due_after_two_working_days_of_the_managers_team_and_the_owner_hears_when_it_is_late(
    alerts: AlertsApi,
) -> None:
    jonas = await alerts.signed_in()
    noon = alerts.database.clock().replace(hour=12, minute=0, second=0, microsecond=0)
    alerts.database.clock = lambda: noon
    calendar, night = uuid4(), ((Opening(start=60, end=120),),) * 7
    async with alerts.database.transaction() as uow:
        await save_calendar(uow, TENANT, WHO, calendar, Calendar(name="Nights", zone="UTC", week=night))
    await a_team(alerts, jonas.person.id, calendar=calendar)
    await switched_on(alerts.database)
    task = await a_task_of(alerts, jonas)
    (row,) = await rows(alerts.database, "SELECT due_at FROM introduction")
    assert row.due_at == noon.replace(hour=2) + timedelta(days=2)  # an hour is open in each night
    later(alerts.database, timedelta(days=3))
    await decide(alerts.database)
    kinds = [one.kind for one in await rows(alerts.database, "SELECT kind FROM notification ORDER BY kind")]
    assert kinds == ["introduction", "introduction_overdue"]
    assert (await told(alerts, None, f"/{task}"))["late"]
    assert await decide(alerts.database) == 0


@pytest.mark.parametrize("order", [0, 1, 2, 3])
async def test_a_case_of_the_customer_blocks_the_task_in_whatever_order_both_come(
    alerts: AlertsApi, order: int
) -> None:
    jonas = await alerts.signed_in()
    await switched_on(alerts.database)
    who: dict[str, Any] = {"customer_id": "c-karen", "person": "p-karen", "contact_key": "k"}
    happy, unhappy = a_promoter(alerts.database, **who), an_answer(score=2, **who)
    things = [happy, unhappy, invitation_by(happy, jonas.person.id)]
    random.Random(order).shuffle(things)
    for thing in things:
        await consume_all(alerts.database, thing)
        await decide(alerts.database)
    found = await states(alerts.database)
    assert found in ([], [("blocked", "case_open")]), found
    if not found:
        assert await reasons(alerts.database) == ["case_open"]


async def test_a_detractors_answer_without_a_case_blocks_an_earlier_task_and_no_later_one(
    alerts: AlertsApi,
) -> None:
    jonas = await alerts.signed_in()
    await switched_on(alerts.database)
    who: dict[str, Any] = {"customer_id": "c-karen", "contact_key": "k"}
    old = a_promoter(alerts.database, **who)
    await consume_all(alerts.database, invitation_by(old, jonas.person.id), old)
    await decide(alerts.database)
    # Said before the promoter's answer: it is older news.
    imported: dict[str, Any] = {"origin": "import", "score": 3, **who}
    before = an_answer(**{**imported, "changed_at": old.changed_at - timedelta(hours=1)})
    await consume_all(alerts.database, before)
    assert await states(alerts.database) == [("open", None)]
    after = an_answer(**{**imported, "changed_at": old.changed_at + timedelta(seconds=1)})
    await consume_all(alerts.database, after)
    assert await states(alerts.database) == [("blocked", "unhappy_answer")]


async def test_an_answer_that_is_no_promoters_any_more_blocks_its_own_task(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    await switched_on(alerts.database)
    answer = a_promoter(alerts.database)
    await consume_all(alerts.database, invitation_by(answer, jonas.person.id), answer)
    await decide(alerts.database)
    lower = msgspec.structs.replace(answer, version=2, score=8)
    await consume_all(alerts.database, lower)
    assert await states(alerts.database) == [("blocked", "answer_changed")]
    again = msgspec.structs.replace(answer, version=3, score=10)
    await consume_all(alerts.database, again)
    await decide(alerts.database)
    assert await states(alerts.database) == [("blocked", "answer_changed")]


async def test_a_customer_who_permits_it_later_is_asked_then(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    await switched_on(alerts.database)
    answer = a_promoter(alerts.database, may_contact=None)
    await consume_all(alerts.database, invitation_by(answer, jonas.person.id), answer)
    await decide(alerts.database)
    assert await reasons(alerts.database) == ["no_permission"]
    await consume_all(alerts.database, msgspec.structs.replace(answer, version=2, may_contact=True))
    await decide(alerts.database)
    assert (await states(alerts.database), await reasons(alerts.database)) == ([("open", None)], [])


async def test_a_customer_is_asked_once_in_180_days_and_an_account_has_one_open_task(
    alerts: AlertsApi,
) -> None:
    jonas = await alerts.signed_in()
    await switched_on(alerts.database)
    first = await a_task_of(alerts, jonas, customer_id="c-1", contact_key="k1")

    async def another(customer: str, account: str) -> list[str]:
        answer = a_promoter(alerts.database, customer_id=customer, contact_key=f"of {customer}")
        await consume_all(alerts.database, invitation_by(answer, jonas.person.id, account), answer)
        await decide(alerts.database)
        return await reasons(alerts.database)

    assert await another("c-2", "a-9") == ["has_task"]
    assert (await did(alerts, first, "ask"))["state"] == "asked"
    assert await another("c-3", "a-9") == ["has_task"]
    third = a_promoter(alerts.database, customer_id="c-1", contact_key="k1")
    await consume_all(alerts.database, invitation_by(third, jonas.person.id, "a-10"), third)
    await decide(alerts.database)
    assert sorted(await reasons(alerts.database)) == ["asked_recently", "has_task"]
    later(alerts.database, timedelta(days=181))
    fourth = a_promoter(alerts.database, customer_id="c-1", contact_key="k1")
    await consume_all(alerts.database, invitation_by(fourth, jonas.person.id, "a-10"), fourth)
    await decide(alerts.database)
    assert ("open", None) in await states(alerts.database)


@pytest.mark.parametrize(
    ("outcome", "days", "asked"), [("recovered", 1, True), ("lost", 1, False), ("lost", 31, True)]
)
async def test_after_a_case_that_was_not_recovered_a_customer_is_left_alone_for_30_days(
    alerts: AlertsApi, outcome: str, days: int, asked: bool
) -> None:
    jonas = await alerts.signed_in()
    await switched_on(alerts.database)
    await alerts.open_case(customer_id="c-1", contact_key="k")
    async with alerts.database.transaction() as uow:
        closed = "UPDATE cases SET state = 'closed', outcome = :outcome, closed_at = :at"
        await uow.execute(closed, {"outcome": outcome, "at": uow.now - timedelta(days=days)})
        await uow.execute("UPDATE answer SET answered_at = :at", {"at": uow.now - timedelta(days=days)})
    answer = a_promoter(alerts.database, customer_id="c-1", contact_key="k")
    await consume_all(alerts.database, invitation_by(answer, jonas.person.id), answer)
    await decide(alerts.database)
    assert await reasons(alerts.database) == ([] if asked else ["case_not_recovered"])


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


async def test_who_was_asked_outside_of_afterword_counts_as_asked(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    await switched_on(alerts.database)
    task = await a_task_of(alerts, jonas, customer_id="c-1", contact_key="k")
    await did(alerts, task, "not_ask", reason="asked_before")
    again = a_promoter(alerts.database, customer_id="c-1", contact_key="k")
    await consume_all(alerts.database, invitation_by(again, jonas.person.id), again)
    await decide(alerts.database)
    assert await reasons(alerts.database) == ["asked_recently"]


async def test_after_a_restore_what_came_since_the_backup_opens_no_task(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    await switched_on(alerts.database)
    known, lost = a_promoter(alerts.database), a_promoter(alerts.database)
    await consume_all(alerts.database, invitation_by(known, jonas.person.id), known)
    async with alerts.database.transaction() as uow:
        events = [ANSWERS.event(TENANT, answer, uow.now) for answer in (known, lost)]
        await keep_restored(POLICY, uow, events)
    later_version = msgspec.structs.replace(lost, version=2, comment="Still so.")
    await consume_all(alerts.database, invitation_by(lost, jonas.person.id, "a-10"), lost, later_version)
    await decide(alerts.database)
    opened = await rows(alerts.database, "SELECT answer_id FROM introduction")
    assert ([row.answer_id for row in opened], await reasons(alerts.database)) == ([known.id], ["restored"])


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


async def test_while_a_case_is_being_stored_no_task_is_opened(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    await switched_on(alerts.database)
    answer = a_promoter(alerts.database)
    await consume_all(alerts.database, invitation_by(answer, jonas.person.id), answer)
    async with alerts.database.transaction() as uow:
        await setting.keep_from_opening(uow, {TENANT})
        assert await decide(alerts.database) == 0
        assert await states(alerts.database) == []
    assert await decide(alerts.database) > 0
    assert await states(alerts.database) == [("open", None)]


CUSTOMERS: tuple[dict[str, Any], ...] = (
    {"customer_id": "c-1", "person": "p-1", "contact_key": "k-1"},
    {"customer_id": "c-2", "person": "p-2", "contact_key": "k-2"},
)
STEP = st.one_of(
    st.tuples(st.just("answer"), st.integers(0, 1), st.sampled_from([1, 3, 8, 9, 10])),
    st.tuples(st.just("close"), st.integers(0, 1), st.sampled_from(["recovered", "lost"])),
    st.tuples(st.just("act"), st.integers(0, 3), st.sampled_from(INTRODUCTION_ACTS[:6])),
    st.tuples(st.just("hours"), st.integers(1, 100), st.just(0)),
    st.tuples(st.just("decide"), st.just(0), st.just(0)),
)


@given(st.lists(STEP, min_size=3, max_size=14), st.randoms(use_true_random=False))
@settings(
    max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_in_any_order_of_answers_cases_and_acts_nobody_unhappy_is_to_be_asked_or_asked_twice(
    alerts: AlertsApi, steps: list[tuple[str, int, Any]], chance: random.Random
) -> None:
    database = alerts.database
    database.clock = system_clock
    async with database.transaction() as uow:
        for table in ("introduction", "introduction_step", "introduction_judgement", "cases", "case_answer",
                      "timeline", "answer", "invitation", "clock", "introduction_setting"):  # fmt: skip
            await uow.execute(f"DELETE FROM {table}")
    jonas = await alerts.person()
    await switched_on(database)
    held: list[Answer] = []
    for kind, number, what in steps:
        if kind == "answer":
            answer = a_promoter(database, score=what, **CUSTOMERS[number])
            things = [answer, invitation_by(answer, jonas.id, account=f"a-{number}")]
            chance.shuffle(things)
            for thing in things:
                await consume_all(database, thing)
            held.append(answer)
        elif kind == "close":
            async with database.transaction() as uow:
                await uow.execute(
                    "UPDATE cases SET state = 'closed', outcome = :outcome, closed_at = :now WHERE customer_id = :c",
                    {"outcome": what, "now": uow.now, "c": CUSTOMERS[number]["customer_id"]},
                )
        elif kind == "act":
            tasks = await rows(database, "SELECT id FROM introduction ORDER BY opened_at, id")
            if tasks:
                await did(alerts, UUID(str(tasks[number % len(tasks)].id)), what, reason="other")
        elif kind == "hours":
            later(database, timedelta(hours=number))
        else:
            await decide(database)
        if held and chance.random() < 0.3:  # what came is read again
            await consume_all(database, chance.choice(held))
        await holds(database)
    await decide(database)
    await holds(database)
    promoters = [answer for answer in held if (answer.score or 0) > 8]
    judged = await rows(database, "SELECT answer_id FROM introduction_judgement")
    opened = await rows(database, "SELECT answer_id FROM introduction")
    decided = [row.answer_id for row in (*judged, *opened)]
    assert sorted(decided) == sorted(answer.id for answer in promoters)


async def holds(database: Database) -> None:
    """What must be true whenever nobody writes."""
    unhappy = await rows(
        database,
        "SELECT i.id FROM introduction i JOIN cases c ON c.customer_id = i.customer_id"
        " WHERE i.state = 'open' AND c.state <> 'closed'",
    )
    assert unhappy == []
    twice = await rows(
        database,
        "SELECT i.customer_id FROM introduction i JOIN introduction o"
        " ON o.customer_id = i.customer_id AND o.id <> i.id AND o.asked_at >= i.asked_at"
        " AND o.asked_at < i.asked_at + interval '180 days'",
    )
    assert twice == []
    many = await rows(
        database, "SELECT account_id FROM introduction WHERE state = 'open' GROUP BY 1 HAVING count(*) > 1"
    )
    assert many == []
    steps = await rows(
        database,
        "SELECT i.id FROM introduction i WHERE i.version <> "
        "(SELECT count(*) FROM introduction_step s WHERE s.introduction_id = i.id)",
    )
    assert steps == []
