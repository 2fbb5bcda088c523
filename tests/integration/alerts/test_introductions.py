"""Promoters' answers open tasks to ask for an introduction: whose, when, and why not, in any order of what comes."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.alerts_api import AlertsApi
from support.alerts_builders import POLICY, TENANT, an_answer, rows
from support.examples import examples
from support.introductions import (
    WHO,
    a_promoter,
    a_task_of,
    a_team,
    consume_all,
    decide,
    did,
    invitation_by,
    later,
    reasons,
    states,
    switched_on,
    told,
)

from services.alerts.calendars.calendar_commands import save_calendar
from services.alerts.calendars.domain import Calendar, Opening
from services.alerts.introductions.domain import INTRODUCTION_ACTS
from services.alerts.introductions.handlers import keep_restored
from services.alerts.introductions.repository import setting
from services.alerts.teams.domain import Absence
from services.alerts.teams.repository import write_absence
from shared.clock import system_clock
from shared.db.database import Database
from shared.events import ANSWERS, Answer


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
