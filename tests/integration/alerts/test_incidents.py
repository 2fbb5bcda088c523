"""Many cases of one segment: told as one, exactly once, in whatever order, twice, and by two workers at a time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.alerts_api import Person
from support.alerts_builders import a_tenant, act_on_answers, deliver, rows
from support.chats import ChatBench, a_chat_bench
from support.falls import a_segment_fall
from support.lent_databases import LentDatabases

from services.alerts.incidents.counting import INCIDENT_DEADLINE
from services.alerts.incidents.domain import IncidentPolicy
from services.alerts.incidents.ending import end_incidents
from services.alerts.notices.choices import NoticeChoices, TopicChoice
from services.alerts.notices.notice_commands import save_choices
from services.alerts.notices.repository import notifications
from services.alerts.recovery.handlers import settle
from services.alerts.segment_alerts.handlers import act_on_falls
from shared.db.database import UnitOfWork
from shared.db.deadlines import fire_due
from shared.events import Answer, People
from shared.ids import uuid7
from shared.tenancy.tenants import keep_tenants

POLICY = IncidentPolicy()
PER_TEST = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=8
)
NORTH = ("north",)


@pytest.fixture
async def bench(databases_to_lend: LentDatabases) -> AsyncIterator[ChatBench]:
    async with databases_to_lend.lend("alerts") as database, a_chat_bench(database) as bench:
        yield bench


def unhappy(bench: ChatBench, number: int, touchpoint: str = "delivery", **changes: object) -> list[Answer]:
    """Answers of the last seconds."""
    facts = {"touchpoint": touchpoint, "segments": {"touchpoint": touchpoint}, "organisation": ()}
    return [bench.unhappy(**{**facts, **changes}) for _ in range(number)]


async def told(bench: ChatBench, person: UUID) -> dict[str, int]:
    """How many notices of each kind wait for somebody."""
    found = await rows(
        bench.database,
        "SELECT kind, count(*) AS n FROM notification WHERE staff_id = :person GROUP BY 1",
        person=person,
    )
    return {row.kind: row.n for row in found}


async def end_due(bench: ChatBench) -> int:
    return await fire_due("alerts", {INCIDENT_DEADLINE: end_incidents}, bench.database)


async def test_the_eleventh_case_opens_an_incident_and_further_ones_are_not_told_one_by_one(
    bench: ChatBench,
) -> None:
    alerts = bench.alerts
    leader, limited = await alerts.person("leader"), await alerts.person(segments=("organisation:north",))
    editor = await alerts.person("editor")
    channel = await bench.make(topics=["cases", "incidents"])
    cases_alone = await bench.make("/services/cases", topics=["cases"])
    await bench.open_cases(*unhappy(bench, 10))
    assert await told(bench, leader.id) == {"case": 10}
    await bench.open_cases(*unhappy(bench, 4), *unhappy(bench, 1, organisation=NORTH))
    assert await told(bench, leader.id) == {"case": 10, "incident_began": 1}
    assert await told(bench, limited.id) == {"case": 1}  # who may not see the segment is told of each case
    assert await told(bench, editor.id) == {}
    await bench.open_cases(*unhappy(bench, 1, "checkout"))
    assert (await told(bench, leader.id))["case"] == 11
    kinds = [each["kind"] for each in await bench.messages(channel)]
    assert (kinds.count("case"), kinds.count("incident_began")) == (11, 1)
    assert len(await bench.messages(cases_alone)) == 16  # nothing told it of the incident
    (count,) = await rows(bench.database, "SELECT count(*) AS n FROM cases WHERE state <> 'closed'")
    assert count.n == 16


async def test_an_incident_is_told_in_numbers_and_its_end_with_the_total(bench: ChatBench) -> None:
    channel = await bench.make(topics=["incidents"])
    async with bench.sending():
        await bench.open_cases(*unhappy(bench, 11))
        (began,) = await bench.came(1)
        await bench.open_cases(*unhappy(bench, 1))
        bench.later(timedelta(minutes=20))
        await bench.open_cases(*unhappy(bench, 3))
        bench.later(timedelta(minutes=9))
        assert await end_due(bench) == 0
        bench.later(timedelta(minutes=2))
        assert await end_due(bench) == 1
        assert await end_due(bench) == 0
        *_, ended = await bench.came(2)
        await bench.until(channel, "sent", "sent")
    assert began.message["text"] == "11 cases from Delivery in 10 minutes"
    assert ended.message["text"] == "Few cases from Delivery again: 15 in all"
    await bench.open_cases(*unhappy(bench, 10))
    assert len(await bench.messages(channel)) == 2
    await bench.open_cases(*unhappy(bench, 1))
    assert len(await bench.messages(channel)) == 3  # another incident


async def test_a_message_that_an_incident_began_is_dropped_once_it_is_over(bench: ChatBench) -> None:
    channel = await bench.make(topics=["incidents"])
    await bench.open_cases(*unhappy(bench, 11))
    bench.later(timedelta(minutes=31))
    await end_due(bench)
    async with bench.sending():
        await bench.until(channel, "sent", "dropped")


@PER_TEST
@given(order=st.permutations(range(14)), twice=st.lists(st.integers(0, 13), max_size=6), both=st.booleans())
async def test_one_incident_whatever_the_order_however_often_answers_come_and_by_two_workers_at_once(
    bench: ChatBench, order: Sequence[int], twice: Sequence[int], both: bool
) -> None:
    touchpoint = f"t{datetime.now().timestamp()}"  # noqa: DTZ005  (a name of its own for each example)
    answers = unhappy(bench, 14, touchpoint)
    sent = [answers[n] for n in [*order, *twice]]
    if both:
        halves = [sent[::2], sent[1::2], sent[: len(sent) // 2]]
        await asyncio.gather(*(_consume(bench, half) for half in halves))
    else:
        await _consume(bench, sent)
    found = await rows(
        bench.database,
        """
            SELECT i.id, count(ic.case_id) AS n FROM incident i
            JOIN incident_case ic ON ic.tenant = i.tenant AND ic.incident_id = i.id
            WHERE i.segment = :segment GROUP BY 1
        """,
        segment=f"touchpoint:{touchpoint}",
    )
    assert [row.n for row in found] == [14]


async def _consume(bench: ChatBench, answers: Sequence[Answer]) -> None:
    for at in range(0, len(answers), 3):
        batch = {answer.id: answer for answer in answers[at : at + 3]}
        await deliver(bench.database, act_on_answers, *batch.values())


async def test_cases_that_come_late_count_by_when_their_customers_answered(bench: ChatBench) -> None:
    began = bench.clock() - timedelta(hours=3)
    spread = [
        unhappy(
            bench,
            1,
            answered_at=began + timedelta(minutes=2 * n),
            changed_at=began + timedelta(minutes=2 * n),
        )
        for n in range(30)
    ]
    await bench.open_cases(*[answer for each in spread for answer in each])
    assert await rows(bench.database, "SELECT * FROM incident") == []


async def test_a_backlog_that_is_read_in_parts_is_one_incident_as_long_as_customers_said(
    bench: ChatBench,
) -> None:
    began = bench.clock() - timedelta(hours=20)
    times = [began + timedelta(minutes=minutes / 2) for minutes in range(60)]
    times += [times[-1] + timedelta(minutes=27), times[-1] + timedelta(hours=2)]
    spread = [unhappy(bench, 1, answered_at=at, changed_at=at)[0] for at in times]
    for at in range(0, len(spread), 9):
        await bench.open_cases(*spread[at : at + 9])
        assert await end_due(bench) == 0
    bench.later(POLICY.settles + timedelta(minutes=1))
    assert await end_due(bench) == 1
    (found,) = await rows(
        bench.database,
        """
            SELECT i.runs_until, count(*) AS n FROM incident i
            JOIN incident_case ic ON ic.tenant = i.tenant AND ic.incident_id = i.id GROUP BY 1
        """,
    )
    assert (found.n, found.runs_until) == (61, times[55] + timedelta(minutes=30))


async def test_one_case_in_twenty_nine_minutes_ends_it_and_is_told_again(bench: ChatBench) -> None:
    leader = await bench.alerts.person("leader")
    await bench.open_cases(*unhappy(bench, 11))
    for _ in range(4):
        bench.later(timedelta(minutes=29))
        await bench.open_cases(*unhappy(bench, 1))
        await end_due(bench)
    # Ten before it, and the last three: only the first of the four came while it went on.
    assert await told(bench, leader.id) == {"case": 13, "incident_began": 1, "incident_ended": 1}


async def test_only_the_channel_that_told_of_an_incident_at_once_is_spared_its_cases(
    bench: ChatBench,
) -> None:
    alerts = bench.alerts
    at_once, in_digest, dropped, pushed = [await alerts.person("leader") for _ in range(4)]
    await choose(bench, in_digest, TopicChoice(mail="digest"))
    await choose(bench, pushed, TopicChoice(mail="never"))
    await add_browser(bench, pushed)
    await bench.open_cases(*unhappy(bench, 11))
    channel = await bench.make(topics=["cases", "incidents"])
    async with bench.database.transaction() as uow:
        await uow.execute(
            "UPDATE delivery d SET state = 'dropped' FROM notification n "
            "WHERE n.id = d.about_id AND n.kind = 'incident_began' AND n.staff_id = :person",
            {"person": dropped.id},
        )
    before = {each.id: (await told(bench, each.id))["case"] for each in (at_once, in_digest, dropped, pushed)}
    await bench.open_cases(*unhappy(bench, 2))
    assert (await told(bench, at_once.id))["case"] == before[at_once.id]
    assert (await told(bench, in_digest.id))["case"] == before[in_digest.id] + 2
    assert (await told(bench, dropped.id))["case"] == before[dropped.id] + 2
    by_channel = await rows(
        bench.database,
        "SELECT channel, count(*) AS n FROM notification WHERE staff_id = :person AND kind = 'case' GROUP BY 1",
        person=pushed.id,
    )
    assert {row.channel: row.n for row in by_channel} == {"mail": 13, "push": 10}
    assert [each["kind"] for each in await bench.messages(channel)] == ["case"] * 2  # it heard of no incident


async def test_the_incident_of_a_batch_and_its_answers_lock_digests_by_one_call(
    bench: ChatBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By two calls, two batches of other companies could each wait for a digest that the other has."""
    leader = await bench.alerts.person("leader")
    digest = TopicChoice(mail="digest")
    async with bench.database.transaction() as uow:
        chosen = NoticeChoices(cases=digest, incidents=digest)
        assert await save_choices(uow, leader.tenant, leader.id, chosen, mail=True)
    calls: list[object] = []
    hold = notifications.hold_digests

    async def counted(uow: UnitOfWork, digests: Sequence[tuple[str, UUID]]) -> set[tuple[str, UUID]]:
        calls.append(digests)
        return await hold(uow, digests)

    monkeypatch.setattr(notifications, "hold_digests", counted)
    await deliver(bench.database, act_on_answers, *unhappy(bench, 11))
    assert await told(bench, leader.id) == {"case": 11, "incident_began": 1, "digest": 1}
    assert len(calls) == 1


async def choose(bench: ChatBench, person: Person, incidents: TopicChoice) -> None:
    chosen = NoticeChoices(incidents=incidents)
    async with bench.database.transaction() as uow:
        assert await save_choices(uow, person.tenant, person.id, chosen, mail=True)


async def add_browser(bench: ChatBench, person: Person) -> None:
    """A browser of this person with a session, which takes push messages."""
    session = uuid7()
    async with bench.database.transaction() as uow:
        values = {"tenant": person.tenant, "person": person.id, "session": session, "id": uuid7()}
        values["until"] = uow.now + timedelta(days=1)
        await uow.execute(
            "INSERT INTO session (tenant, id, staff_id, digest, created_at, expires_at) "
            "VALUES (:tenant, :session, :person, 'x', now(), :until)",
            values,
        )
        await uow.execute(
            "INSERT INTO push_subscription (tenant, id, staff_id, session_id, digest, sealed, device, created_at)"
            " VALUES (:tenant, :id, :person, :session, 'x', '', '', now())",
            values,
        )


async def test_no_incident_is_named_after_an_employee_in_any_list_message_or_api(bench: ChatBench) -> None:
    channel = await bench.make(topics=["incidents"])
    leader = await bench.alerts.signed_in("leader")
    desk = ("north", "sales", "anna")
    cases = [unhappy(bench, 1, f"t{number}", organisation=desk)[0] for number in range(11)]
    await bench.open_cases(*cases)
    headers = {"accept": "application/json"}
    listed = (await leader.client.get("/v1/incidents", headers=headers)).json()["incidents"]
    assert [each["segment"] for each in listed] == ["organisation:north/sales"]
    named = replace(a_tenant(), people=People(level=2), version=2)  # from now on that is an employee
    await deliver(bench.database, keep_tenants, named)
    assert (await leader.client.get("/v1/incidents", headers=headers)).json()["incidents"] == []
    assert 'class="incident"' not in (await leader.client.get("/inbox")).text
    await bench.open_cases(unhappy(bench, 1, "elsewhere", organisation=desk)[0])
    (joined,) = await rows(
        bench.database, "SELECT count(*) AS n FROM incident_case WHERE incident_id IS NOT NULL"
    )
    assert joined.n == 11
    async with bench.sending():
        await bench.until(channel, "dropped")


async def test_who_may_see_few_segments_gets_whole_pages_of_incidents_by_a_cursor(bench: ChatBench) -> None:
    async with bench.database.transaction() as uow:
        await uow.execute(
            """
                INSERT INTO incident (tenant, id, segment, case_id, began_at, opened_at, runs_until, ended_at)
                SELECT 'havnbo', uuidv7(),
                    CASE WHEN n < 4 THEN 'organisation:north/sales' ELSE 'touchpoint:delivery' END,
                    uuidv7(), now(), now() - (90 - n / 2) * interval '1 minute', now(), now()
                FROM generate_series(1, 80) n
            """
        )
    leader = await bench.alerts.signed_in("leader")
    limited = await bench.alerts.signed_in(segments=("organisation:north", "touchpoint:deliver"))
    headers = {"accept": "application/json"}
    first = (await limited.client.get("/v1/incidents", params={"limit": 2}, headers=headers)).json()
    after = {"limit": 2, "after": first["next"]}
    second = (await limited.client.get("/v1/incidents", params=after, headers=headers)).json()
    own = [each["segment"] for each in [*first["incidents"], *second["incidents"]]]
    assert (own, second["next"]) == (["organisation:north/sales"] * 3, None)
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        params = {"limit": "33", "after": cursor}
        page = (await leader.client.get("/v1/incidents", params=params, headers=headers)).json()
        seen += [each["id"] for each in page["incidents"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 80
    refused = await leader.client.get("/v1/incidents", params={"after": "x"}, headers=headers)
    assert refused.status_code == 422


async def test_the_inbox_shows_it_with_a_link_to_its_cases_to_who_may_see_the_segment(
    bench: ChatBench,
) -> None:
    await bench.open_cases(*unhappy(bench, 1, "checkout", organisation=NORTH), *unhappy(bench, 12))
    leader = await bench.alerts.signed_in("leader")
    page = (await leader.client.get("/inbox")).text
    assert "12 cases from" in page
    address = page.partition('<p class="incident">')[2].partition('href="')[2].partition('"')[0]
    cases = (await leader.client.get(address.replace("&amp;", "&"))).text
    assert "Twelve cases of one incident." in cases
    limited = await bench.alerts.signed_in(segments=("organisation:north",))
    assert 'class="incident"' not in (await limited.client.get("/inbox")).text
    listed = (await leader.client.get("/v1/incidents", headers={"accept": "application/json"})).json()
    ((found,),) = (listed["incidents"],)
    assert (found["segment"], found["cases"], found["ended_at"]) == ("touchpoint:delivery", 12, None)
    own = await bench.client.get("/v1/cases", params={"incident": found["id"]}, headers=bench.key)
    assert len(own.json()["cases"]) == 12
    none = await limited.client.get("/v1/incidents", headers={"accept": "application/json"})
    assert none.json()["incidents"] == []


async def test_after_a_restore_an_incident_is_over_and_nobody_is_told(bench: ChatBench) -> None:
    channel = await bench.make(topics=["incidents"])
    await bench.open_cases(*unhappy(bench, 11))
    async with bench.database.transaction() as uow:
        await settle(uow, 100)
    bench.later(timedelta(hours=1))
    await end_due(bench)
    kinds = [each["kind"] for each in await bench.messages(channel)]
    assert kinds == ["incident_began"]


async def test_a_fall_is_told_in_channels_of_its_segment_until_it_is_closed(bench: ChatBench) -> None:
    channel = await bench.make(topics=["incidents"])
    other = await bench.make("/services/other", topics=["incidents"], segments=["touchpoint:elsewhere"])
    fall = a_segment_fall(bench.clock())
    await deliver(bench.database, act_on_falls, fall)
    await deliver(bench.database, act_on_falls, fall)
    async with bench.sending():
        (posted,) = await bench.came(1)
        await bench.until(channel, "sent")
    assert "/segment-alerts/" in str(posted.message)
    assert await bench.messages(other) == []
