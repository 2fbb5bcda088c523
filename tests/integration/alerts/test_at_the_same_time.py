"""Two who change things at the same time: each waits for the other in one order, and nothing named is missing."""

import asyncio
from collections.abc import Collection, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from support.alerts_api import AlertsApi
from support.alerts_builders import TENANT, act_on_answers, an_answer, deliver, rows
from support.eventually import eventually

from services.alerts.calendars.calendar_commands import CalendarInUse, remove_calendar, save_calendar
from services.alerts.calendars.domain import Calendar, Opening
from services.alerts.cases.changes import CASE_DEADLINE
from services.alerts.cases.repository import cases
from services.alerts.cases.schedule import do_case_steps
from services.alerts.errors import SetupFaulty
from services.alerts.notices.choices import NoticeChoices, TopicChoice
from services.alerts.notices.notice_commands import save_choices
from services.alerts.rules.clocks import Recipient
from services.alerts.rules.domain import DEFAULT_RULES
from services.alerts.rules.rule_commands import save_rules
from services.alerts.rules.setup_cache import CompanySetups
from services.alerts.teams.absence_commands import save_absence
from services.alerts.teams.domain import Absence, CaseTeam
from services.alerts.teams.team_commands import remove_team, save_team
from shared.db.database import Database, UnitOfWork
from shared.db.deadlines import Deadline, fire_due
from shared.events.answers import HeldAnswer
from shared.ids import uuid7
from shared.privacy.audit import AuditActor

WHO = AuditActor("command_line", None, "a test")
CALENDAR = Calendar(name="Office", zone="UTC", week=((Opening(start=480, end=960),), *[()] * 6))
KEY, TEAM = uuid7(), uuid7()
NOW = datetime.now(UTC)


async def waits(database: Database) -> bool:
    """Whether a transaction waits for a lock of another one."""
    return bool(
        await rows(
            database,
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
    )


async def second(database: Database, act: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
    """Something that is begun, and waits."""
    task = asyncio.create_task(act)
    await eventually(lambda: waits(database))
    assert not task.done()
    return task


async def in_one_transaction(database: Database, act: Any, *given: Any, **named: Any) -> Any:
    async with database.transaction() as uow:
        return await act(uow, TENANT, WHO, *given, **named)


async def test_a_calendar_that_a_team_takes_meanwhile_is_not_deleted(alerts: AlertsApi) -> None:
    database = alerts.database
    await in_one_transaction(database, save_calendar, KEY, CALENDAR)
    async with database.transaction() as uow:
        await save_team(uow, TENANT, WHO, TEAM, CaseTeam(name="Delivery", calendar=KEY))
        deleting = await second(database, in_one_transaction(database, remove_calendar, KEY))
    with pytest.raises(CalendarInUse) as refused:
        await deleting
    assert refused.value.teams == ["Delivery"]
    assert len(await rows(database, "SELECT id FROM calendar")) == 1


async def test_what_is_deleted_meanwhile_is_named_by_no_team_and_no_rule(alerts: AlertsApi) -> None:
    database = alerts.database
    await in_one_transaction(database, save_calendar, KEY, CALENDAR)
    await in_one_transaction(database, save_team, TEAM, CaseTeam(name="Delivery"))
    rules = replace(
        DEFAULT_RULES, rules=tuple(replace(one, to=Recipient(team=TEAM)) for one in DEFAULT_RULES.rules)
    )
    async with database.transaction() as uow:
        await remove_calendar(uow, TENANT, WHO, KEY)
        team = CaseTeam(name="Repairs", calendar=KEY)
        saving = await second(database, in_one_transaction(database, save_team, uuid7(), team))
    with pytest.raises(SetupFaulty, match="/calendar"):
        await saving
    async with database.transaction() as uow:
        await remove_team(uow, TENANT, WHO, TEAM)
        saving = await second(database, in_one_transaction(database, save_rules, rules, None))
    with pytest.raises(SetupFaulty, match="/rules/0/to/team"):
        await saving
    assert await rows(database, "SELECT 1 FROM team UNION ALL SELECT 1 FROM case_rules") == []


async def test_a_deputy_who_leaves_meanwhile_is_none(alerts: AlertsApi) -> None:
    database = alerts.database
    person, deputy = await alerts.person(), await alerts.person(name="Mette Krogh")
    now = datetime.now(UTC)
    absence = Absence(person=person.id, since=now, until=now + timedelta(days=3), deputy=deputy.id)
    async with database.transaction() as uow:
        await uow.execute("UPDATE staff SET active = false WHERE id = :id", {"id": deputy.id})
        saving = await second(database, in_one_transaction(database, save_absence, absence))
    with pytest.raises(SetupFaulty, match="/deputy"):
        await saving
    assert await rows(database, "SELECT 1 FROM absence") == []


async def test_opening_is_locked_before_a_case_also_for_answers_that_are_left_out(database: Database) -> None:
    """Else somebody who opens a case of the same company, and then locks one, waits for this batch for ever."""
    machine = an_answer()
    await deliver(database, act_on_answers, machine)
    held = replace(
        machine,
        version=2,
        state="clicked",
        score=None,
        comment=None,
        held=HeldAnswer(state="sent", score=2, day=NOW.date(), answered_at=NOW),
    )
    async with database.transaction() as uow:
        await cases.lock_opening(uow, [TENANT])
        batch = await second(database, deliver(database, act_on_answers, held, an_answer()))
        await uow.execute("SET LOCAL lock_timeout = '5s'")
        (case,) = await rows(database, "SELECT id FROM cases")
        assert await cases.lock_cases(uow, [(TENANT, case.id)])
    await batch
    found = await rows(database, "SELECT count(*) AS n FROM timeline WHERE kind = 'left_out'")
    assert (found[0].n, len(await rows(database, "SELECT 1 FROM cases"))) == (1, 2)


async def test_answers_and_deadlines_that_add_to_one_digest_never_wait_for_each_other_in_a_circle(
    alerts: AlertsApi,
) -> None:
    """The loop has the deadlines of both cases, and adds to the digest; the batch does both, too."""
    database = alerts.database
    sara = await alerts.person()
    digest = NoticeChoices(cases=TopicChoice(mail="digest"), deadlines=TopicChoice(mail="digest"))
    async with database.transaction() as uow:
        assert await save_choices(uow, TENANT, sara.id, digest, mail=True)
    mine, other = an_answer(), an_answer()
    await deliver(database, act_on_answers, mine, other)
    await database_without_notices(database)
    later = NOW + timedelta(hours=23)
    database.clock = lambda: later
    has_deadlines, batch_waits = asyncio.Event(), asyncio.Event()

    async def fire(uow: UnitOfWork, due: Sequence[Deadline]) -> Collection[Deadline]:
        assert len(due) == 2
        has_deadlines.set()
        await batch_waits.wait()
        return await do_case_steps(CompanySetups(), uow, due)

    again = an_answer(customer_id=mine.customer_id, may_contact=False, answered_at=later, changed_at=later)
    async with asyncio.timeout(15), asyncio.TaskGroup() as both:
        loop = both.create_task(fire_due("alerts", {CASE_DEADLINE: fire}, database))
        await has_deadlines.wait()
        batch = both.create_task(deliver(database, act_on_answers, again))
        await eventually(lambda: waits(database))
        batch_waits.set()
        assert await loop == 1
        await batch
    found = await rows(database, "SELECT kind, digest_id FROM notification WHERE staff_id = :id", id=sara.id)
    assert sorted(row.kind for row in found) == ["case", "contact_warning", "digest"]
    assert len({row.digest_id for row in found if row.digest_id is not None}) == 1


async def database_without_notices(database: Database) -> None:
    """What was queued so far is gone."""
    async with database.transaction() as uow:
        await uow.execute("DELETE FROM delivery")
        await uow.execute("DELETE FROM notification")
