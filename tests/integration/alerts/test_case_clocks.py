"""When a case is due, and who is told of a delay."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from support.alerts_api import AlertsApi
from support.alerts_builders import (
    TENANT,
    act_on_answers,
    an_answer,
    deliver,
    fire_deadlines,
    rows,
)
from support.case_rules import OFFICE, UNHAPPY, a_team, at_time, close, entries, put, save, the_case

from services.alerts.cases.changes import CASE_DEADLINE
from services.alerts.notices.case_kinds import prepare_deadline
from services.alerts.notices.kinds import WaitingNotice
from services.alerts.recovery import handlers as recovery
from shared.ids import uuid7
from shared.values.zones import zone_of


class TestClocks:
    async def test_b36_a_case_of_friday_evening_is_due_when_mondays_hours_end(
        self, alerts: AlertsApi
    ) -> None:
        calendar, bo = uuid7(), await alerts.person(name="Bo")
        await put(alerts, f"/v1/calendars/{calendar}", OFFICE)
        await a_team(alerts, bo.id, calendar=str(calendar))
        await save(alerts, UNHAPPY)
        friday = datetime.fromisoformat("2026-11-20T16:30+01:00")
        await deliver(alerts.database, act_on_answers, an_answer(answered_at=friday, changed_at=friday))
        case = await the_case(alerts.database)
        assert case.contact_due_at == datetime.fromisoformat("2026-11-23T16:00+01:00")
        assert case.close_due_at == datetime.fromisoformat("2026-12-01T16:00+01:00")

    async def test_b37_each_level_is_told_once_and_never_of_a_closed_case(self, alerts: AlertsApi) -> None:
        database = alerts.database
        bo, lea, adam = [
            await alerts.person(role, name=name)
            for role, name in (("agent", "Bo"), ("leader", "Lea"), ("admin", "Adam"))
        ]
        await a_team(alerts, bo.id, leader=str(lea.id))
        levels = [{"to": {"role": "team_leader"}}, {"after": {"hours": 4}, "to": {"person": str(adam.id)}}]
        await save(alerts, {**UNHAPPY, "escalations": levels})
        answer = an_answer()
        start = answer.answered_at
        assert start is not None
        await deliver(database, act_on_answers, answer)
        kinds: list[list[tuple[str, UUID]]] = []
        for hours in (17, 19, 19, 25, 25, 29, 29):
            at_time(database, start + timedelta(hours=hours))
            while await fire_deadlines(database):
                pass
            found = await rows(
                database,
                "SELECT kind, staff_id FROM notification WHERE kind <> 'case' ORDER BY created_at, kind",
            )
            kinds.append([(row.kind, row.staff_id) for row in found])
        warned, late, very_late = (
            ("contact_warning", bo.id),
            ("contact_escalation", lea.id),
            ("contact_escalation", adam.id),
        )
        assert kinds == [
            [],
            [warned],
            [warned],
            [warned, late],
            [warned, late],
            [warned, late, very_late],
            [warned, late, very_late],
        ]
        assert [one["level"] for one in await entries(database, "escalated")] == [1, 2]
        case = await the_case(database)
        page = (await (await alerts.signed_in()).get(f"/cases/{case.id}")).text
        assert "First contact is late: level 2 is told." in page
        await close(alerts, case.id)
        assert await rows(database, "SELECT 1 FROM clock WHERE kind = :kind", kind=CASE_DEADLINE) == []
        at_time(database, start + timedelta(days=30))
        assert await fire_deadlines(database) == 0

    async def test_no_contact_clock_runs_where_the_customer_said_no(self, alerts: AlertsApi) -> None:
        answer = an_answer(may_contact=False)
        await deliver(alerts.database, act_on_answers, answer)
        at_time(alerts.database, datetime.now(UTC) + timedelta(days=3))
        assert await fire_deadlines(alerts.database) == 0
        at_time(alerts.database, datetime.now(UTC) + timedelta(days=6))
        assert await fire_deadlines(alerts.database) == 1
        assert [one["clock"] for one in await entries(alerts.database, "warned")] == ["closing"]

    async def test_after_an_outage_a_late_case_is_escalated_and_not_warned_of(
        self, alerts: AlertsApi
    ) -> None:
        await deliver(alerts.database, act_on_answers, an_answer(may_contact=True))
        at_time(alerts.database, datetime.now(UTC) + timedelta(days=2))
        assert await fire_deadlines(alerts.database) == 1
        assert (
            await entries(alerts.database, "warned"),
            len(await entries(alerts.database, "escalated")),
        ) == ([], 1)

    async def test_a_restored_database_does_not_tell_again_what_was_due(self, alerts: AlertsApi) -> None:
        database = alerts.database
        await alerts.person("admin")
        await deliver(database, act_on_answers, an_answer())
        at_time(database, datetime.now(UTC) + timedelta(hours=25))
        async with database.transaction() as uow:
            await recovery.settle(uow, 100)
        assert await fire_deadlines(database) == 0
        assert await rows(database, "SELECT 1 FROM notification WHERE kind LIKE '%escalation'") == []
        (next_one,) = await rows(database, "SELECT due_at FROM clock WHERE kind = :kind", kind=CASE_DEADLINE)
        assert next_one.due_at > database.clock()

    async def test_the_mail_about_a_deadline_leaves_only_while_it_is_missed(self, alerts: AlertsApi) -> None:
        database = alerts.database
        await alerts.person("admin", name="Adam")
        await deliver(database, act_on_answers, an_answer())
        at_time(database, datetime.now(UTC) + timedelta(hours=25))
        await fire_deadlines(database)
        case = await the_case(database)
        (row,) = await rows(database, "SELECT * FROM notification WHERE kind <> 'case'")
        notice = WaitingNotice(
            tenant=TENANT,
            id=row.id,
            kind=row.kind,
            case_id=row.case_id,
            staff_id=row.staff_id,
            role="admin",
            segments=(),
            company=None,
            zone=zone_of("UTC"),
        )
        async with database.transaction() as uow:
            text = await prepare_deadline(uow, notice)
            assert text is not None
            assert text.subject == f"Case {case.number}: nobody has spoken to the customer in time"
            await uow.execute("UPDATE cases SET first_contact_at = now()")
            assert await prepare_deadline(uow, notice) is None
