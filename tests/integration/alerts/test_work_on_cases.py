"""Cases that are handed over, asked about, wait, are merged, or end without contact: by program and by page."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from msgspec.structs import replace
from support.alerts_api import AlertsApi
from support.alerts_builders import TENANT, act_on_answers, an_answer, deliver, fire_deadlines, rows
from support.webhooks import MovedClock

from services.alerts.cases.repository.cases import find_case
from services.alerts.notice_kinds import NOTICE_KINDS
from services.alerts.notices.topics import TOPIC_BY_KIND
from services.alerts.recovery.handlers import restore_cases

DAY = timedelta(days=1)


@pytest.fixture
def clock(alerts: AlertsApi) -> MovedClock:
    clock = MovedClock()
    alerts.database.clock = clock
    return clock


async def act(alerts: AlertsApi, case: UUID, key: str = "", **action: Any) -> httpx.Response:
    headers = alerts.key("cases:write", "cases:read") | ({"idempotency-key": key} if key else {})
    return await alerts.client().post(f"/v1/cases/{case}/actions", json=action, headers=headers)


async def kinds_told(alerts: AlertsApi, person: UUID) -> list[str]:
    found = await rows(
        alerts.database, "SELECT kind FROM notification WHERE staff_id = :id ORDER BY created_at", id=person
    )
    return [row.kind for row in found if row.kind in {"handed_over", "asked", "woken"}]


async def test_a_case_is_handed_over_once_and_the_colleague_is_told(alerts: AlertsApi) -> None:
    case, sara = await alerts.open_case(), await alerts.person(name="Sara Lund")
    given: dict[str, Any] = {"act": "hand_over", "to": str(sara.id), "text": "Call after four."}
    first, again = await act(alerts, case, "same", **given), await act(alerts, case, "same", **given)
    assert (again.status_code, again.json()) == (200, first.json())
    assert (again.json()["owner_name"], again.json()["stage"]) == ("Sara Lund", "assigned")
    last = again.json()["timeline"][-1]
    assert (last["kind"], last["facts"]) == ("handed_over", {"to": "Sara Lund", "text": "Call after four."})
    assert await kinds_told(alerts, sara.id) == ["handed_over"]


async def test_only_somebody_who_may_see_the_case_is_asked_or_gets_it(alerts: AlertsApi) -> None:
    case = await alerts.open_case()
    elsewhere = await alerts.person(segments=["organisation:south"])
    for name in ("hand_over", "ask"):
        for person in (elsewhere.id, uuid4()):
            answer = await act(alerts, case, act=name, to=str(person), text="Yours?")
            assert (answer.status_code, answer.json()["title"]) == (
                409,
                "Choose somebody who works on the cases of this segment.",
            )


async def test_a_colleague_who_is_asked_is_told_and_the_case_stays(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    case, sara = await alerts.open_case(), await alerts.person(name="Sara Lund")
    await jonas.do(f"/cases/{case}", act="take", version=1)
    asked = await jonas.do(f"/cases/{case}", act="ask", to=str(sara.id), text="Do you know this carrier?")
    assert asked.status_code == 303
    page = (await jonas.get(f"/cases/{case}")).text
    assert "Jonas Holt asked Sara Lund." in page
    assert "Do you know this carrier?" in page
    assert "(you)" in page
    assert await kinds_told(alerts, sara.id) == ["asked"]


async def test_a_case_that_waits_is_not_due_and_its_owner_is_told_when_it_goes_on(
    alerts: AlertsApi, clock: MovedClock
) -> None:
    jonas, case = await alerts.signed_in(), await alerts.open_case()
    await jonas.do(f"/cases/{case}", act="take", version=1)
    until = datetime.now(UTC) + 9 * DAY
    answer = await act(alerts, case, act="wait", until=until.isoformat(), text="The receipt.")
    assert (answer.status_code, answer.json()["stage"]) == (200, "waiting_customer")
    assert datetime.fromisoformat(answer.json()["waits_until"]) == until
    clock.ahead = 8 * DAY
    assert await fire_deadlines(alerts.database) == 0
    late = await alerts.client().get("/v1/cases?overdue=true", headers=alerts.key("cases:read"))
    assert late.json()["cases"] == []
    assert "waits until" in (await jonas.get("/inbox")).text
    page = (await jonas.get(f"/cases/{case}")).text
    assert "Nothing is due until then." in page
    assert "First contact by" not in page
    clock.ahead = 9 * DAY + timedelta(hours=1)
    await fire_deadlines(alerts.database)
    assert await kinds_told(alerts, jonas.person.id) == ["woken"]
    async with alerts.database.reading() as uow:
        file = await find_case(uow, jonas.person.tenant, case)
    assert file is not None
    assert file.waiting_since is None
    assert file.contact_due_at > clock()


async def test_a_page_lets_a_case_wait_until_the_morning_of_a_day(alerts: AlertsApi) -> None:
    jonas, case = await alerts.signed_in(), await alerts.open_case()
    await jonas.do(f"/cases/{case}", act="take", version=1)
    day = (datetime.now(UTC) + 5 * DAY).date()
    for until in ("soon", "9999-12-31", "0001-01-01", "2026-13-01"):
        refused = await jonas.do(f"/cases/{case}", act="wait", until=until, text="")
        assert refused.status_code == 422
        assert "Choose the day on which you go on." in refused.text
        assert "Write what you wait for." in refused.text
    waits = await jonas.do(f"/cases/{case}", act="wait", until=day.isoformat(), text="The receipt.")
    assert waits.status_code == 303
    (row,) = await rows(
        alerts.database,
        "SELECT wake_at AT TIME ZONE 'Europe/Copenhagen' AS at FROM cases WHERE id = :id",
        id=case,
    )
    assert (row.at.date(), row.at.hour) == (day, 8)
    page = (await jonas.get(f"/cases/{case}")).text
    assert "Waits for the customer" in page
    assert (await jonas.do(f"/cases/{case}", act="resume")).status_code == 303
    assert "Jonas Holt goes on with the case." in (await jonas.get(f"/cases/{case}")).text


async def test_another_answer_of_the_customer_ends_the_wait(alerts: AlertsApi) -> None:
    jonas, answer = await alerts.signed_in(), an_answer(customer_id="c-77", score=2)
    await deliver(alerts.database, act_on_answers, answer)
    (row,) = await rows(alerts.database, "SELECT id FROM cases")
    await jonas.do(f"/cases/{row.id}", act="take", version=1)
    until = (datetime.now(UTC) + 9 * DAY).isoformat()
    assert (await act(alerts, row.id, act="wait", until=until, text="A call.")).status_code == 200
    again = an_answer(customer_id="c-77", score=1, contact_key=answer.contact_key, person=answer.person)
    await deliver(alerts.database, act_on_answers, again)
    (case,) = await rows(alerts.database, "SELECT waiting_since, wake_at, next_step_at FROM cases")
    assert (case.waiting_since, case.wake_at) == (None, None)
    assert case.next_step_at is not None


@pytest.mark.parametrize(
    "said",
    [{"comment": "Here is the receipt."}, {"may_contact": False}, {"score": 9}],
    ids=["more words", "no contact", "another score"],
)
async def test_whatever_the_customer_changes_ends_the_wait(
    alerts: AlertsApi, clock: MovedClock, said: dict[str, Any]
) -> None:
    at = clock()
    answer = an_answer(score=2, state="sent", answered_at=at, changed_at=at)
    await deliver(alerts.database, act_on_answers, answer)
    (row,) = await rows(alerts.database, "SELECT id FROM cases")
    jonas = await alerts.signed_in()
    await jonas.do(f"/cases/{row.id}", act="take", version=1)
    until = (clock() + 9 * DAY).isoformat()
    assert (await act(alerts, row.id, act="wait", until=until, text="The receipt.")).status_code == 200
    await deliver(alerts.database, act_on_answers, replace(answer, version=2, changed_at=at))
    assert (await act(alerts, row.id, act="note", text="x")).json()["stage"] == "waiting_customer"
    clock.ahead = DAY
    later = replace(answer, version=3, changed_at=clock(), **said)
    await deliver(alerts.database, act_on_answers, later)
    (case,) = await rows(alerts.database, "SELECT waiting_since, wake_at FROM cases")
    assert (case.waiting_since, case.wake_at) == (None, None)
    assert "The customer has said something" in (await jonas.get(f"/cases/{row.id}")).text


async def test_a_restored_case_has_the_priority_and_the_team_of_its_event(alerts: AlertsApi) -> None:
    case = await alerts.open_case()
    async with alerts.database.reading() as uow:
        file = await find_case(uow, TENANT, case)
    assert file is not None
    team = uuid4()
    told = replace(file.published([file.answer_id]), version=9, priority="urgent", team_id=team)
    await deliver(alerts.database, restore_cases, told)
    await deliver(
        alerts.database, restore_cases, replace(told, version=10, stage=None, priority=None, team_id=None)
    )
    (row,) = await rows(alerts.database, "SELECT version, priority, team_id FROM cases")
    assert (row.version, row.priority, row.team_id) == (10, "urgent", team)


async def test_who_sees_a_part_of_a_case_sees_that_another_was_merged_into_it(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in(segments=["organisation:north"])
    case = await alerts.open_case(organisation=("north",), customer_id="c-1", person="p1")
    other = await alerts.open_case(organisation=("north",), customer_id="c-2", person="p2")
    await deliver(
        alerts.database,
        act_on_answers,
        an_answer(organisation=("south",), customer_id="c-2", person="p2", contact_key=None),
    )
    (row,) = await rows(alerts.database, "SELECT number FROM cases WHERE id = :id", id=other)
    assert (await jonas.do(f"/cases/{case}", act="merge", version=1, into=str(row.number))).status_code == 303
    assert "into this one." in (await jonas.get(f"/cases/{other}")).text


async def test_a_merged_case_ends_and_both_lead_to_each_other(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    case = await alerts.open_case(customer_id="c-1", person="p1")
    other = await alerts.open_case(customer_id="c-2", person="p2")
    (row,) = await rows(alerts.database, "SELECT number FROM cases WHERE id = :id", id=other)
    merged = await jonas.do(f"/cases/{case}", act="merge", version=1, into=str(row.number))
    assert merged.status_code == 303
    page = (await jonas.get(f"/cases/{case}")).text
    assert "Closed: a duplicate" in page
    assert f'href="/cases/{other}"' in page
    assert f'href="/cases/{case}"' in (await jonas.get(f"/cases/{other}")).text
    found = (await act(alerts, case, act="note", text="x")).json()
    assert (found["outcome"], found["merged_into"], found["stage"]) == ("duplicate", str(other), "duplicate")


@pytest.mark.parametrize("number", ["", "seven", "9" * 18, "٣", "1" * 5_000])
async def test_a_case_is_merged_only_into_one_that_the_person_may_see(alerts: AlertsApi, number: str) -> None:
    jonas, case = (
        await alerts.signed_in(segments=["organisation:north"]),
        await alerts.open_case(organisation=("north",)),
    )
    refused = await jonas.do(f"/cases/{case}", act="merge", version=1, into=number)
    assert refused.status_code in {409, 422}
    hidden = await alerts.open_case(organisation=("south",), customer_id="c-9", person="p9")
    (row,) = await rows(alerts.database, "SELECT number FROM cases WHERE id = :id", id=hidden)
    refused = await jonas.do(f"/cases/{case}", act="merge", version=1, into=str(row.number))
    assert (refused.status_code, f"There is no case {row.number}." in refused.text) == (409, True)
    foreign = await alerts.open_case(tenant="other")
    refused = await act(alerts, case, act="merge", into=str(foreign))
    assert (refused.status_code, refused.json()["title"]) == (
        409,
        "There is no such case. Choose another one.",
    )


async def test_a_case_ends_without_contact_only_when_it_was_tried_enough(
    alerts: AlertsApi, clock: MovedClock
) -> None:
    case = await alerts.open_case()
    end: dict[str, Any] = {
        "act": "close",
        "cause": "other",
        "action": "Gave up.",
        "outcome": "no_contact",
        "told": False,
    }
    for days, how in ((0, "call"), (2, "call"), (6, "mail")):
        refused = await act(alerts, case, **end)
        assert (refused.status_code, refused.json()["title"]) == (
            409,
            "“Not reached” needs 3 tries by 2 ways over 5 days. Log each of them.",
        )
        clock.ahead = days * DAY
        tried = await act(alerts, case, act="contact", how=how, reached=False, text="Nobody there.")
        assert tried.status_code == 200
    ended = await act(alerts, case, **end)
    assert (ended.status_code, ended.json()["stage"], ended.json()["outcome"]) == (
        200,
        "no_contact",
        "no_contact",
    )


def test_whatever_colleagues_are_told_can_be_rendered_and_chosen() -> None:
    assert {"handed_over", "asked", "woken"} <= set(NOTICE_KINDS) & set(TOPIC_BY_KIND)
