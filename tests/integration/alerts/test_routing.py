"""For whom a case is, and that whoever handled the event is never told alone."""

from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import permutations

import msgspec
from support.alerts_api import AlertsApi
from support.alerts_builders import (
    POLICY,
    act_on_answers,
    an_answer,
    an_invitation,
    deliver,
    fire_deadlines,
    keep_invitations,
    rows,
)
from support.case_rules import (
    KEY_ACCOUNT,
    UNHAPPY,
    a_team,
    act,
    at_time,
    entries,
    get,
    put,
    save,
    the_case,
    told_of,
)

from services.alerts.cases import handlers
from services.alerts.rules.setup_cache import CompanySetups
from shared.events import Account
from shared.ids import uuid7


class TestRouting:
    async def test_answer_and_event_open_and_route_the_same_case_in_either_order(
        self, alerts: AlertsApi
    ) -> None:
        dina = await alerts.person(name="Dina")
        await save(alerts, KEY_ACCOUNT, UNHAPPY, account_manager="account.manager")
        seen = []
        for order in permutations(("answer", "event")):
            for score in (9, 2):
                answer = an_answer(score=score)
                event = an_invitation(
                    answer,
                    account=Account(id="a", manager=dina.address),
                    attributes=msgspec.Raw(b'{"key_account":true}'),
                )
                for thing in order:
                    if thing == "answer":
                        await deliver(alerts.database, act_on_answers, answer)
                    else:
                        await deliver(alerts.database, keep_invitations, event)
                (case,) = await rows(
                    alerts.database, "SELECT * FROM cases WHERE answer_id = :id", id=answer.id
                )
                due = case.contact_due_at - answer.answered_at
                seen.append((case.rule_name, case.priority, case.owner_id, case.state, due))
        assert set(seen) == {("Key account", "urgent", dina.id, "assigned", timedelta(hours=2))}

    async def test_the_case_says_in_words_for_whom_it_is_and_only_they_get_a_mail(
        self, alerts: AlertsApi
    ) -> None:
        bo, lea, _ = [
            await alerts.person(name=name, role=role)
            for name, role in (("Bo", "agent"), ("Lea", "leader"), ("Carl", "agent"))
        ]
        team = await a_team(alerts, bo.id, leader=str(lea.id), segments=["touchpoint:home delivery"])
        await save(alerts, UNHAPPY, handler="handled_by")
        answer = an_answer()
        await deliver(alerts.database, keep_invitations, an_invitation(answer, handled_by="Bo"))
        await deliver(alerts.database, act_on_answers, answer)
        case = await the_case(alerts.database)
        assert (case.owner_id, case.team_id, case.state) == (bo.id, team, "assigned")
        told = await rows(alerts.database, "SELECT staff_id FROM notification")
        assert {row.staff_id for row in told} == {bo.id, lea.id}
        page = (await (await alerts.signed_in()).get(f"/cases/{case.id}")).text
        assert "For who handled the event. Bo has it. Team: Delivery. The leader is told too" in page
        listed = (await get(alerts, f"/v1/cases?team={team}&priority=normal&overdue=false"))["cases"]
        assert [one["id"] for one in listed] == [str(case.id)]
        assert (await get(alerts, f"/v1/cases?team={uuid7()}"))["cases"] == []

    async def test_a_deputy_gets_the_cases_of_who_is_away(self, alerts: AlertsApi) -> None:
        dina, carl = await alerts.person(name="Dina"), await alerts.person(name="Carl")
        await save(alerts, {**UNHAPPY, "to": {"person": str(dina.id)}})
        now = datetime.now(UTC)
        away = {
            "from": (now - timedelta(1)).isoformat(),
            "to": (now + timedelta(1)).isoformat(),
            "deputy": str(carl.id),
        }
        await put(alerts, f"/v1/absences/{dina.id}", away)
        await deliver(alerts.database, act_on_answers, an_answer())
        assert (await the_case(alerts.database)).owner_id == carl.id
        (facts,) = await entries(alerts.database, "routed")
        assert (facts["to"], facts["away"]) == ("Carl", "Dina")

    async def test_the_setup_is_read_again_when_a_person_leaves(self, alerts: AlertsApi) -> None:
        dina = await alerts.person(name="Dina")
        admin = await alerts.person("admin", name="Adam")
        await save(alerts, {**UNHAPPY, "to": {"person": str(dina.id)}})
        with_memory = partial(handlers.act_on_answers, POLICY, CompanySetups())
        await deliver(alerts.database, with_memory, an_answer())
        assert (await the_case(alerts.database)).owner_id == dina.id
        async with alerts.database.transaction() as uow:
            await uow.execute("UPDATE staff SET active = false WHERE id = :id", {"id": dina.id})
        later = an_answer()
        await deliver(alerts.database, with_memory, later)
        (case,) = await rows(alerts.database, "SELECT * FROM cases WHERE answer_id = :id", id=later.id)
        assert (case.owner_id, case.routed_to) == (None, [admin.id])


class TestWhoHandledTheEvent:
    """They may be criticized, and are never told alone."""

    async def test_the_leader_who_handled_it_is_told_of_the_delay_beside_the_administrators(
        self, alerts: AlertsApi
    ) -> None:
        database = alerts.database
        bo, lea, adam = [
            await alerts.person(role, name=name)
            for role, name in (("agent", "Bo"), ("leader", "Lea"), ("admin", "Adam"))
        ]
        await a_team(alerts, bo.id, leader=str(lea.id))
        await save(alerts, {**UNHAPPY, "escalations": [{"to": {"role": "team_leader"}}]})
        answer = an_answer()
        await deliver(database, keep_invitations, an_invitation(answer, handled_by="Lea"))
        await deliver(database, act_on_answers, answer)
        assert await told_of(database, "case") == {bo.id}
        assert answer.answered_at is not None
        at_time(database, answer.answered_at + timedelta(hours=25))
        while await fire_deadlines(database):
            pass
        assert await told_of(database, "contact_escalation") == {lea.id, adam.id}

    async def test_who_took_it_is_warned_woken_and_told_of_a_later_answer_beside_the_leader(
        self, alerts: AlertsApi
    ) -> None:
        database = alerts.database
        anna, bo, lea = [
            await alerts.person(role, name=name)
            for role, name in (("agent", "Anna"), ("agent", "Bo"), ("leader", "Lea"))
        ]
        await a_team(alerts, anna.id, bo.id, leader=str(lea.id))
        await save(alerts, UNHAPPY)
        answer = an_answer()
        await deliver(database, keep_invitations, an_invitation(answer, handled_by="Bo"))
        await deliver(database, act_on_answers, answer)
        assert await told_of(database, "case") == {anna.id, bo.id}
        case = await the_case(database)
        await act(alerts, case.id, act="assign", to=str(bo.id))
        await deliver(database, act_on_answers, an_answer(customer_id=answer.customer_id))
        assert await told_of(database, "case") == {anna.id, bo.id, lea.id}
        until = datetime.now(UTC) + timedelta(hours=2)
        await act(alerts, case.id, act="wait", until=until.isoformat(), text="Parts are on order.")
        at_time(database, until + timedelta(minutes=1))
        while await fire_deadlines(database):
            pass
        assert await told_of(database, "woken") == {bo.id, lea.id}
        at_time(database, until + timedelta(hours=19))
        while await fire_deadlines(database):
            pass
        assert await told_of(database, "contact_warning") == {bo.id, lea.id}

    async def test_an_event_that_comes_after_the_mail_tells_the_leader_then(self, alerts: AlertsApi) -> None:
        database = alerts.database
        bo, lea = await alerts.person(name="Bo"), await alerts.person("leader", name="Lea")
        await a_team(alerts, bo.id, leader=str(lea.id))
        await save(alerts, UNHAPPY)
        answer = an_answer()
        await deliver(database, act_on_answers, answer)
        assert await told_of(database, "case") == {bo.id}
        await deliver(database, keep_invitations, an_invitation(answer, handled_by="Bo"))
        assert await told_of(database, "case") == {bo.id, lea.id}
        sent = await rows(database, "SELECT staff_id FROM notification")
        assert len(sent) == 2, "nobody is told twice"
