"""A customer who says that it is not solved: the case is open again, once, in whatever order events come."""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import pytest
from msgspec.structs import replace
from support.alerts_api import AlertsApi, Person
from support.alerts_builders import TENANT, act_on_answers, an_answer, deliver, rows
from support.erasing import erase_customer
from support.http_clients import SECRET
from support.webhooks import MovedClock

from services.alerts.app import SERVICE
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.repository.cases import find_case
from services.alerts.notice_kinds import NOTICE_KINDS
from services.alerts.notices.topics import TOPIC_BY_KIND
from shared.events import CASES, Answer, Case, Objection
from shared.privacy.persons import person_of
from shared.privacy.subjects import erase_event

DAY = timedelta(days=1)
erase = partial(erase_customer, SERVICE, secret=SECRET)


@pytest.fixture
def clock(alerts: AlertsApi) -> MovedClock:
    clock = MovedClock()
    alerts.database.clock = clock
    return clock


async def act(alerts: AlertsApi, case: UUID, **action: Any) -> httpx.Response:
    headers = alerts.key("cases:write", "cases:read")
    return await alerts.client().post(f"/v1/cases/{case}/actions", json=action, headers=headers)


async def close(alerts: AlertsApi, case: UUID) -> datetime:
    """Close it as solved; when that was."""
    done = await act(
        alerts, case, act="close", cause="delivery.late", action="A new leg.", outcome="recovered", told=True
    )
    assert done.status_code == 200, done.text
    closed_at = (await file_of(alerts, case)).closed_at
    assert closed_at is not None
    return closed_at


async def file_of(alerts: AlertsApi, case: UUID) -> CaseFile:
    async with alerts.database.reading() as uow:
        found = await find_case(uow, TENANT, case)
    assert found is not None
    return found


async def case_with(alerts: AlertsApi, answer: Answer) -> UUID:
    await deliver(alerts.database, act_on_answers, answer)
    (row,) = await rows(
        alerts.database, "SELECT case_id FROM case_answer WHERE answer_id = :id", id=answer.id
    )
    return UUID(str(row.case_id))


def objecting(
    answer: Answer, closed_at: datetime, words: str | None = "Split again.", after: timedelta = DAY
) -> Answer:
    """The next version of an answer, with an objection to a closing."""
    one = Objection(closed_at=closed_at, said_at=closed_at + after, words=words)
    return replace(answer, version=answer.version + 1, objections=(*answer.objections, one))


async def entries(alerts: AlertsApi, case: UUID) -> list[dict[str, Any]]:
    """The objections in the timeline, as the API tells them."""
    found = await alerts.client().get(f"/v1/cases/{case}", headers=alerts.key("cases:read"))
    return [one for one in found.json()["timeline"] if one["kind"] == "objected"]


async def told(alerts: AlertsApi, person: Person) -> list[UUID]:
    found = await rows(
        alerts.database,
        "SELECT case_id FROM notification WHERE staff_id = :id AND kind = 'objected'",
        id=person.id,
    )
    return [UUID(str(row.case_id)) for row in found]


async def published(alerts: AlertsApi) -> list[Case]:
    found = await rows(alerts.database, "SELECT value FROM outbox WHERE topic = 'cases.v1' ORDER BY seq")
    return [CASES.decode(row.value).data for row in found]


async def test_the_case_is_open_again_its_time_to_close_begins_anew_and_its_owner_is_told(
    alerts: AlertsApi, clock: MovedClock
) -> None:
    jonas, ada = await alerts.signed_in(), await alerts.person(name="Ada Winther")
    answer = an_answer()
    case = await case_with(alerts, answer)
    await jonas.do(f"/cases/{case}", act="take", version=1)
    due_before = (await file_of(alerts, case)).close_due_at
    closed_at = await close(alerts, case)
    clock.ahead = DAY
    for _ in range(2):
        await deliver(alerts.database, act_on_answers, objecting(answer, closed_at))
    now = await file_of(alerts, case)
    assert (now.state, now.owner_id, now.closed_at, now.told) == ("assigned", jonas.person.id, None, None)
    assert now.close_due_at > due_before
    (entry,) = await entries(alerts, case)
    assert (entry["by"], entry["facts"]) == (
        "",
        {"text": "Split again.", "opened": True, "closed_at": closed_at.isoformat()},
    )
    assert (await told(alerts, jonas.person), await told(alerts, ada)) == ([case], [])
    assert ((await published(alerts))[-1].stage, (await published(alerts))[-1].closed_at) == (
        "reopened",
        None,
    )
    page = (await jonas.get(f"/cases/{case}")).text
    assert "The customer says that it is not solved: the case is open again." in page
    assert "Split again." in page
    assert "objected" in NOTICE_KINDS
    assert "objected" in TOPIC_BY_KIND


async def test_without_an_owner_all_who_may_see_it_are_told(alerts: AlertsApi) -> None:
    jonas, elsewhere = await alerts.person(), await alerts.person(segments=["organisation:south"])
    answer = an_answer()
    case = await case_with(alerts, answer)
    await deliver(alerts.database, act_on_answers, objecting(answer, await close(alerts, case)))
    assert (await file_of(alerts, case)).state == "open"
    assert (await told(alerts, jonas), await told(alerts, elsewhere)) == ([case], [])


@pytest.mark.parametrize(("after", "state"), [(14 * DAY, "open"), (14 * DAY + DAY / 86_400, "closed")])
async def test_after_fourteen_days_it_is_recorded_alone(
    alerts: AlertsApi, after: timedelta, state: str
) -> None:
    jonas, answer = await alerts.person(), an_answer()
    case = await case_with(alerts, answer)
    closed_at = await close(alerts, case)
    await deliver(alerts.database, act_on_answers, objecting(answer, closed_at, after=after))
    assert (await file_of(alerts, case)).state == state
    assert [one["facts"]["opened"] for one in await entries(alerts, case)] == [state == "open"]
    assert len(await told(alerts, jonas)) == (state == "open")


async def test_where_the_person_has_another_open_case_the_work_goes_on_there(alerts: AlertsApi) -> None:
    jonas, answer = await alerts.signed_in(), an_answer(customer_id="c-17")
    case = await case_with(alerts, answer)
    closed_at = await close(alerts, case)
    other = await case_with(alerts, an_answer(customer_id="c-17"))
    for _ in range(2):
        await deliver(alerts.database, act_on_answers, objecting(answer, closed_at))
    states = [(await file_of(alerts, one)).state for one in (case, other)]
    assert states == ["closed", "open"]
    (here,), (there,) = await entries(alerts, case), await entries(alerts, other)
    assert here["facts"]["text"] == "Split again."
    assert here["facts"]["case_id"] == str(other)
    assert "text" not in there["facts"]
    assert there["facts"]["case_id"] == str(case)
    assert await told(alerts, jonas.person) == [other]
    assert "The work goes on here." in (await jonas.get(f"/cases/{other}")).text
    assert "The work goes on in case" in (await jonas.get(f"/cases/{case}")).text


async def test_an_objection_ends_the_wait_of_the_case_in_which_the_work_goes_on(alerts: AlertsApi) -> None:
    answer = an_answer(customer_id="c-17")
    case = await case_with(alerts, answer)
    closed_at = await close(alerts, case)
    other = await case_with(alerts, an_answer(customer_id="c-17"))
    jonas = await alerts.signed_in()
    await jonas.do(f"/cases/{other}", act="take")
    until = (alerts.database.clock() + timedelta(days=9)).isoformat()
    assert (await act(alerts, other, act="wait", until=until, text="A photo.")).status_code == 200
    await deliver(alerts.database, act_on_answers, objecting(answer, closed_at))
    assert (await file_of(alerts, other)).waiting_since is None


async def test_of_one_that_a_colleague_has_opened_before_its_owner_is_told(alerts: AlertsApi) -> None:
    jonas, answer = await alerts.signed_in(), an_answer()
    case = await case_with(alerts, answer)
    closed_at = await close(alerts, case)
    assert (await act(alerts, case, act="reopen", text="Wrong part.")).status_code == 200
    await jonas.do(f"/cases/{case}", act="take")
    await deliver(alerts.database, act_on_answers, objecting(answer, closed_at))
    assert await told(alerts, jonas.person) == [case]


async def test_one_that_a_colleague_has_opened_meanwhile_stays_as_it_is(alerts: AlertsApi) -> None:
    answer = an_answer()
    case = await case_with(alerts, answer)
    first = await close(alerts, case)
    assert (await act(alerts, case, act="reopen", text="Wrong part.")).status_code == 200
    second = await close(alerts, case)
    one = objecting(answer, first)
    await deliver(alerts.database, act_on_answers, one)
    assert (await file_of(alerts, case)).closed_at == second
    await deliver(alerts.database, act_on_answers, objecting(one, second, "Still."))
    assert (await file_of(alerts, case)).state == "open"
    assert [(e["facts"]["text"], e["facts"]["opened"]) for e in await entries(alerts, case)] == [
        ("Split again.", False),
        ("Still.", True),
    ]


ORDERS = [
    order
    for length in (1, 2, 3)
    for order in itertools.product(range(3), repeat=length)
    if 2 in order  # the newest version comes sometime
]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "".join(map(str, order)))
async def test_in_every_order_and_however_often_it_is_one_entry(
    alerts: AlertsApi, order: Sequence[int]
) -> None:
    """Versions: as it was, amended, and with the objection; each alone, again, before and after another."""
    jonas, answer = await alerts.person(), an_answer()
    case = await case_with(alerts, answer)
    closed_at = await close(alerts, case)
    amended = replace(answer, version=2, comment="The leg is split, and the top.")
    versions = [answer, amended, objecting(amended, closed_at)]
    for number in order:
        await deliver(alerts.database, act_on_answers, versions[number])
    await deliver(alerts.database, act_on_answers, *(versions[number] for number in order))
    assert (await file_of(alerts, case)).state == "open"
    assert len(await entries(alerts, case)) == 1
    assert await told(alerts, jonas) == [case]


async def test_the_case_tells_which_answers_belong_to_it(alerts: AlertsApi) -> None:
    first, second = an_answer(customer_id="c-17"), an_answer(customer_id="c-17")
    case = await case_with(alerts, first)
    assert await case_with(alerts, second) == case
    told = (await published(alerts))[-1]
    assert (told.answer_id, told.later_answers) == (first.id, (second.id,))
    closed_at = await close(alerts, case)
    await deliver(alerts.database, act_on_answers, objecting(second, closed_at))
    assert (await file_of(alerts, case)).state == "open"
    await deliver(alerts.database, act_on_answers, objecting(first, closed_at, "I, too."))
    assert [one["facts"]["opened"] for one in await entries(alerts, case)] == [True, False]


async def test_what_the_customer_wrote_is_erased_with_them(alerts: AlertsApi) -> None:
    answer = an_answer(customer_id="c-17", person=person_of(SECRET, TENANT, "c-17"))
    case = await case_with(alerts, answer)
    said = objecting(answer, await close(alerts, case))
    await deliver(alerts.database, act_on_answers, said)
    await erase(alerts.database, TENANT, "c-17")
    # What comes later of them has nothing personal when a handler gets it.
    late = erase_event(objecting(said, said.objections[0].closed_at + DAY, "And more."))
    await deliver(alerts.database, act_on_answers, late)
    for table in ("timeline", "answer", "cases"):
        found = await rows(alerts.database, f"SELECT CAST(to_jsonb(t) AS text) AS row FROM {table} t")
        assert "Split again." not in " ".join(row.row for row in found)
    bodies = await rows(alerts.database, "SELECT convert_from(body, 'UTF8') AS body FROM answer")
    assert not any("Split again." in row.body for row in bodies)
    assert (await file_of(alerts, case)).state == "closed"
