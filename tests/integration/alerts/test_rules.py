"""Which answers open a case: rules, one case for each person, and the page of rules."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace
from support.alerts_api import AlertsApi, Browser
from support.alerts_builders import (
    TENANT,
    act_on_answers,
    an_answer,
    an_invitation,
    deliver,
    keep_invitations,
    rows,
)
from support.case_rules import KEY_ACCOUNT, UNHAPPY, entries, get, put, save, the_case
from support.forms import forms_of

from shared.db.database import Database
from shared.ids import uuid7
from shared.privacy.persons import person_of


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
