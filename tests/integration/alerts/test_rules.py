"""From an answer to the person who must act: rules, routing, clocks and escalation, as the service does it."""

import random
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import permutations
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace
from support.alerts_api import AlertsApi, Browser
from support.alerts_builders import (
    POLICY,
    TENANT,
    act_on_answers,
    an_answer,
    an_invitation,
    deliver,
    fire_deadlines,
    keep_invitations,
    rows,
)
from support.forms import forms_of

from services.alerts.cases import handlers
from services.alerts.cases.changes import CASE_DEADLINE
from services.alerts.notices.case_kinds import prepare_deadline
from services.alerts.notices.kinds import WaitingNotice
from services.alerts.recovery import handlers as recovery
from services.alerts.rules.setup_cache import CompanySetups
from shared.db.database import Database
from shared.events import Account
from shared.ids import uuid7
from shared.privacy.persons import person_of
from shared.values.zones import zone_of

DAY = {"days": 1}
UNHAPPY = {"name": "Unhappy", "highest": 6, "first_contact": DAY, "closing": {"days": 7}}
KEY_ACCOUNT = {
    "name": "Key account",
    "priority": "urgent",
    "condition": {"field": "attributes.key_account", "op": "=", "value": True},
    "first_contact": {"hours": 2},
    "closing": {"days": 2},
}
OFFICE = {
    "name": "Office",
    "zone": "Europe/Copenhagen",
    "country": "DK",
    "week": {
        day: [{"from": "08:00", "to": "16:00"}]
        for day in ("monday", "tuesday", "wednesday", "thursday", "friday")
    },
}


async def save(alerts: AlertsApi, *rules: dict[str, Any], **fields: Any) -> None:
    await put(alerts, "/v1/rules", {"rules": list(rules), **fields})


async def put(alerts: AlertsApi, path: str, body: dict[str, Any], status: int = 200) -> Any:
    async with alerts.client() as client:
        answer = await client.put(path, json=body, headers=alerts.key("admin"))
    assert answer.status_code == status, answer.text
    return answer.json()


async def get(alerts: AlertsApi, path: str) -> Any:
    async with alerts.client() as client:
        answer = await client.get(path, headers=alerts.key("admin"))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def the_case(database: Database) -> Any:
    (case,) = await rows(database, "SELECT * FROM cases")
    return case


async def entries(database: Database, kind: str) -> list[dict[str, Any]]:
    found = await rows(
        database,
        "SELECT CAST(facts AS text) AS facts FROM timeline WHERE kind = :kind ORDER BY seq",
        kind=kind,
    )
    return [msgspec.json.decode(row.facts) for row in found]


def at_time(database: Database, now: datetime) -> None:
    database.clock = lambda: now


async def a_team(alerts: AlertsApi, *members: UUID, **fields: Any) -> UUID:
    team = uuid7()
    body = {"name": "Delivery", "members": [str(one) for one in members], **fields}
    await put(alerts, f"/v1/teams/{team}", {name: value for name, value in body.items() if value is not None})
    return team


class TestRules:
    async def test_a_case_says_which_rule_in_which_version_opened_it_and_by_what(
        self, alerts: AlertsApi
    ) -> None:
        await save(
            alerts, {**UNHAPPY, "name": "Law", "words": ["lawyer"], "highest": 10, "priority": "urgent"}
        )
        await deliver(alerts.database, act_on_answers, an_answer(score=9, comment="Ask my lawyer."))
        case = await the_case(alerts.database)
        assert (case.rule_name, case.rules_version, case.priority) == ("Law", 1, "urgent")
        (facts,) = await entries(alerts.database, "opened")
        assert (facts["rule"], facts["rules_version"], facts["word"]) == ("Law", 1, "lawyer")
        page = (await (await alerts.signed_in()).get(f"/cases/{case.id}")).text
        assert "By the rule “Law”: a score from 0 to 10, the word “lawyer”." in page
        shown = await get(alerts, f"/v1/cases/{case.id}")
        assert (shown["rule_name"], shown["rules_version"], shown["priority"]) == ("Law", 1, "urgent")

    async def test_what_the_customer_writes_after_the_score_makes_the_open_case_more_urgent(
        self, alerts: AlertsApi
    ) -> None:
        law = {
            **UNHAPPY,
            "name": "Law",
            "words": ["lawyer"],
            "priority": "urgent",
            "first_contact": {"hours": 1},
        }
        await save(alerts, law, UNHAPPY)
        answer = an_answer(state="saved", comment=None)
        await deliver(alerts.database, act_on_answers, answer)
        assert (await the_case(alerts.database)).priority == "normal"
        more = replace(answer, version=2, comment="My lawyer calls.", changed_at=datetime.now(UTC))
        await deliver(alerts.database, act_on_answers, more)
        case = await the_case(alerts.database)
        assert (case.rule_name, case.priority) == ("Unhappy", "urgent")
        assert case.contact_due_at == more.changed_at + timedelta(hours=1)
        assert [one["rule"] for one in await entries(alerts.database, "judged")] == ["Law"]

    async def test_another_version_holds_for_the_next_answer_and_leaves_cases_as_they_are(
        self, alerts: AlertsApi
    ) -> None:
        await save(alerts, UNHAPPY)
        await deliver(alerts.database, act_on_answers, an_answer(score=5))
        await save(alerts, {**UNHAPPY, "highest": 2})
        await deliver(alerts.database, act_on_answers, an_answer(score=5), an_answer(score=1))
        found = await rows(alerts.database, "SELECT score, rules_version FROM cases ORDER BY score")
        assert [tuple(row) for row in found] == [(1, 2), (5, 1)]
        assert [one["version"] for one in (await get(alerts, "/v1/rules/versions"))["versions"]] == [2, 1]
        assert (await get(alerts, "/v1/rules?version=1"))["rules"][0]["highest"] == 6

    async def test_who_saves_over_somebody_elses_rules_is_told(self, alerts: AlertsApi) -> None:
        await save(alerts, UNHAPPY, version=0)
        await put(alerts, "/v1/rules", {"rules": [UNHAPPY], "version": 0}, 409)

    @pytest.mark.parametrize(
        ("rule", "field"),
        [
            ({"lowest": 7}, "/rules/0"),
            ({"closing": {"days": 0}}, "/rules/0/closing"),
            ({"to": {"person": str(UUID(int=9))}}, "/rules/0/to/person"),
            (
                {"escalations": [{"to": {"role": "admin"}}, {"to": {"role": "leader"}}]},
                "/rules/0/escalations",
            ),
            ({"condition": {"field": "nothing", "op": "="}}, "/rules/0/condition/field"),
        ],
        ids=["scores", "time", "person", "levels", "condition"],
    )
    async def test_rules_that_cannot_be_are_refused_with_the_field(
        self, alerts: AlertsApi, rule: dict[str, Any], field: str
    ) -> None:
        answer = await put(alerts, "/v1/rules", {"rules": [{**UNHAPPY, **rule}]}, 422)
        assert field in [error["field"] for error in answer["errors"]]

    async def test_a_dry_run_compares_with_todays_rules_and_changes_nothing(self, alerts: AlertsApi) -> None:
        answers = [an_answer(score=score) for score in (1, 5, 9)]
        await deliver(alerts.database, act_on_answers, *answers)
        await deliver(
            alerts.database,
            keep_invitations,
            an_invitation(answers[2], attributes=msgspec.Raw(b'{"key_account":true}')),
        )
        async with alerts.client() as client:
            tried = await client.post(
                "/v1/rules/dry-runs", json={"rules": [KEY_ACCOUNT]}, headers=alerts.key("admin")
            )
        result = tried.json()
        assert (result["answers"], result["was"]["cases"], result["would_be"]["cases"]) == (3, 2, 1)
        assert result["would_be"]["by_priority"] == {"urgent": 1}
        assert len(result["examples"]) == 3
        assert (await get(alerts, "/v1/rules"))["version"] == 0
        assert len(await rows(alerts.database, "SELECT 1 FROM cases")) == 2


class TestOnePerson:
    async def test_b38_a_new_answer_of_the_person_joins_the_open_case_by_the_pseudonym(
        self, alerts: AlertsApi
    ) -> None:
        """Also of a customer who has an address alone."""
        person = person_of("s" * 32, TENANT, "the hash of her address")
        first, second = (
            an_answer(customer_id=None, person=person, contact_key="k", score=score) for score in (5, 2)
        )
        await deliver(alerts.database, act_on_answers, first)
        await deliver(alerts.database, act_on_answers, second)
        case = await the_case(alerts.database)
        assert (case.score, case.priority) == (5, "high")
        assert case.contact_due_at - timedelta(days=1) == second.answered_at

    async def test_b35_who_may_see_one_of_the_answers_sees_the_case_and_that_answer_only(
        self, alerts: AlertsApi
    ) -> None:
        shop = {"touchpoint": "shop", "segments": {"touchpoint": "shop"}}
        await deliver(alerts.database, act_on_answers, an_answer(customer_id="c-1", comment="Split leg."))
        await deliver(alerts.database, act_on_answers, an_answer(customer_id="c-1", comment="Rude.", **shop))
        case = await the_case(alerts.database)
        of_shop = await alerts.signed_in("leader", segments=["touchpoint:shop"])
        page = (await of_shop.get(f"/cases/{case.id}")).text
        assert "Rude." in page
        assert "Split leg." not in page
        elsewhere = await alerts.signed_in("leader", segments=["touchpoint:web"])
        assert (await elsewhere.get(f"/cases/{case.id}")).status_code == 404

    async def test_amended_from_2_to_9_both_are_shown_and_nothing_is_closed(self, alerts: AlertsApi) -> None:
        answer = an_answer(score=2)
        await deliver(alerts.database, act_on_answers, answer)
        await deliver(
            alerts.database, act_on_answers, replace(answer, version=2, score=9, changed_at=datetime.now(UTC))
        )
        assert (await the_case(alerts.database)).state == "open"
        inbox = (await (await alerts.signed_in()).get("/inbox")).text
        assert '<s><span class="vh">at first </span>2</s>' in inbox

    @pytest.mark.parametrize("seed", range(4))
    async def test_one_open_case_for_each_person_in_every_order(self, database: Database, seed: int) -> None:
        rng = random.Random(seed)
        answers = [
            an_answer(customer_id=None, person=f"p-{n % 5}", score=rng.randint(0, 10)) for n in range(20)
        ] * 2
        rng.shuffle(answers)
        while answers:
            batch, answers = answers[:7], answers[7:]
            await deliver(database, act_on_answers, *batch)
        found = await rows(database, "SELECT person, count(*) AS n FROM cases GROUP BY 1")
        assert {row.n for row in found} == {1}


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


async def told_of(database: Database, *kinds: str) -> set[UUID]:
    told = await rows(
        database,
        "SELECT staff_id FROM notification WHERE kind = ANY(CAST(:kinds AS text[]))",
        kinds=list(kinds),
    )
    return {row.staff_id for row in told}


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


async def close(alerts: AlertsApi, case: UUID) -> None:
    await act(alerts, case, act="close", cause="other", action="Called.", outcome="explained", told=True)


async def act(alerts: AlertsApi, case: UUID, **body: Any) -> None:
    async with alerts.client() as client:
        done = await client.post(f"/v1/cases/{case}/actions", json=body, headers=alerts.key("cases:write"))
    assert done.status_code == 200, done.text


class TestPage:
    async def test_rules_are_edited_tried_and_saved_without_json(self, alerts: AlertsApi) -> None:
        await deliver(
            alerts.database,
            act_on_answers,
            an_answer(score=8, comment="I ask my lawyer."),
            an_answer(score=1),
        )
        admin = await alerts.signed_in("admin")
        fields = await self.fields(admin)
        fields |= {
            "rule_3_name": "Law",
            "rule_3_place": "0",
            "rule_3_words": "lawyer\ncourt",
            "rule_3_priority": "urgent",
            "rule_3_condition_1_op": "=",
        }
        tried = (await admin.do("/rules/dry-run", **fields)).text
        assert "2 would have opened a case; by today’s rules 1." in tried.replace("&#39;", "’")
        assert (await get(alerts, "/v1/rules"))["version"] == 0
        saved = await admin.do("/rules", **fields)
        assert saved.status_code == 303
        rules = await get(alerts, "/v1/rules")
        assert [rule["name"] for rule in rules["rules"]] == ["Law", "Very unhappy", "Unhappy"]
        assert rules["rules"][0]["words"] == ["lawyer", "court"]
        stale = await admin.do("/rules", **fields)
        assert stale.status_code == 409

    async def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
        self, alerts: AlertsApi
    ) -> None:
        admin = await alerts.signed_in("admin")
        fields = await self.fields(admin) | {"rule_1_first": "soon", "rule_2_name": "very unhappy "}
        page = await admin.do("/rules", **fields)
        assert page.status_code == 422
        assert 'id="rule_1_first-wrong"' in page.text
        assert 'value="soon"' in page.text

    async def test_a_rule_for_a_team_that_was_deleted_shows_it_and_is_for_nobody_else_unnoticed(
        self, alerts: AlertsApi
    ) -> None:
        admin, team = await alerts.signed_in("admin"), str(uuid7())
        assert (await admin.do("/settings/teams", new_id=team, name="Delivery")).status_code == 303
        await save(alerts, {**UNHAPPY, "to": {"team": team}})
        assert (await admin.do(f"/settings/teams/{team}", act="delete")).status_code == 303
        fields = await self.fields(admin)
        assert fields["rule_1_to"] == f"team:{team}"
        again = await admin.do("/rules", **fields)
        rules = await get(alerts, "/v1/rules")
        assert rules["rules"][0]["to"]["team"] == team
        assert again.status_code == 422, again.status_code

    async def test_a_leader_reads_and_an_agent_does_not(self, alerts: AlertsApi) -> None:
        leader, agent = await alerts.signed_in("leader"), await alerts.signed_in("agent")
        assert "Save the rules" not in (await leader.get("/rules")).text
        assert (await agent.get("/rules")).status_code in {403, 404}

    async def fields(self, browser: Browser) -> dict[str, str]:
        """What the form sends when nobody has touched it."""
        page = (await browser.get("/rules")).text
        (form,) = [one for one in forms_of(page) if one.action == "/rules"]
        return {name: value for name, value in form.fields.items() if name != "csrf"}
