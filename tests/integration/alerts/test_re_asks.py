"""What customers of cases say when they are asked again: counted as one by one, and told to whom it is for."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from support.alerts_api import AlertsApi
from support.alerts_builders import TENANT, act_on_answers, an_answer, deliver, rows
from support.re_asks import AskedCase, ask_again

from services.alerts.replicas.answer_updates import has_quotable_comment

JSON = {"accept": "application/json"}


def some_cases(seed: int, n: int = 30) -> list[AskedCase]:
    chance = Random(seed)
    return [
        AskedCase(
            score=chance.randint(0, 6),
            reached=chance.random() < 0.5,
            outcome=chance.choice(("recovered", "explained", None)),
            again=chance.choice((None, 2, 6, 7, 8, 9, 10)),
        )
        for _ in range(n)
    ]


def one_by_one(cases: list[AskedCase]) -> dict[str, Any]:
    """What the API says of a group, as far as it is counted."""
    answered = [each for each in cases if each.again is not None]
    return {
        "asked": len(cases),
        "answered": len(answered),
        "better": sum((each.again or 0) >= 7 for each in answered),
        "promoters": sum((each.again or 0) >= 9 for each in answered),
        "change": sum((each.again or 0) - each.score for each in answered),
    }


def told(group: dict[str, Any]) -> dict[str, Any]:
    found = {name: group[name] for name in ("asked", "answered")}
    found |= {name: group[name]["part"] for name in ("better", "promoters")}
    mean = group["mean_change"]
    return {**found, "change": None if mean is None else round(mean * group["answered"])}


async def figures(alerts: AlertsApi, query: str = "") -> dict[str, Any]:
    answer = await alerts.client().get(f"/v1/recovery{query}", headers=alerts.key("cases:read"))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_figures_are_those_of_the_customers_one_by_one(alerts: AlertsApi) -> None:
    cases = some_cases(seed=3, n=60)
    await ask_again(alerts, cases)
    found = await figures(alerts)
    groups = {
        "reached": [each for each in cases if each.reached],
        "not_reached": [each for each in cases if not each.reached],
    }
    for name, group in groups.items():
        assert told(found[name]) == one_by_one(group)
    for outcome in ("recovered", "explained"):
        own = one_by_one([each for each in groups["reached"] if each.outcome == outcome])
        if own["answered"] < 10:
            own["change"] = None
        assert told(found["outcomes"][outcome]) == own
    ours, others = found["reached"]["better"], found["not_reached"]["better"]
    assert found["better"]["points"] == pytest.approx(ours["percent"] - others["percent"])
    assert found["better"]["low"] < found["better"]["points"] < found["better"]["high"]


async def test_of_nine_answers_only_their_number_is_told(alerts: AlertsApi) -> None:
    await ask_again(alerts, [AskedCase(again=9)] * 9)
    found = await figures(alerts)
    assert told(found["reached"])["answered"] == 9
    assert found["reached"]["better"] == {"part": 9, "whole": 9, "percent": None, "low": None, "high": None}
    assert (found["better"], found["promoters"]) == (None, None)


@pytest.mark.parametrize(
    "invited", [{"test": True}, {"state": "bounced"}, {"state": "waiting", "sent_at": None}]
)
async def test_whoever_was_not_asked_is_not_counted(alerts: AlertsApi, invited: dict[str, Any]) -> None:
    await ask_again(alerts, [AskedCase(again=9)], **invited)
    assert told((await figures(alerts))["reached"])["asked"] == 0


async def test_a_customer_who_is_reached_after_the_question_was_not_reached(alerts: AlertsApi) -> None:
    (case,) = await ask_again(alerts, [AskedCase(reached=False, outcome=None, again=3)])
    async with alerts.database.transaction() as uow:
        await uow.execute(
            "UPDATE cases SET first_contact_at = :now WHERE tenant = :tenant AND id = :case",
            {"now": uow.now, "tenant": TENANT, "case": case},
        )
    found = await figures(alerts)
    assert (found["reached"]["asked"], found["not_reached"]["asked"]) == (0, 1)


async def test_only_the_days_that_are_asked_for_count(alerts: AlertsApi) -> None:
    await ask_again(alerts, [AskedCase(again=8)])
    today = alerts.database.clock().date()
    assert (await figures(alerts, f"?from={today - timedelta(days=5)}"))["reached"]["asked"] == 1
    assert (await figures(alerts, f"?to={today - timedelta(days=5)}"))["reached"]["asked"] == 0
    refused = await alerts.client().get(
        "/v1/recovery?from=2026-02-02&to=2026-01-01", headers=alerts.key("cases:read")
    )
    assert refused.status_code == 422


async def test_who_sees_what(alerts: AlertsApi) -> None:
    south = {"organisation": ("south",)}
    await ask_again(alerts, [AskedCase(again=8), AskedCase(again=8), AskedCase(again=8, more=south)])
    admin = await alerts.signed_in("admin")
    limited = await alerts.signed_in("leader", segments=["organisation:south"])
    agent = await alerts.signed_in("agent", name="Mia Rask")
    for browser, asked in ((admin, 3), (limited, 1), (agent, 0)):
        got = await browser.client.get("/v1/recovery", headers=JSON)
        assert (got.status_code, got.json()["reached"]["asked"]) == (200, asked)
    analyst = await alerts.signed_in("analyst", name="Bo Lind")
    assert (await analyst.client.get("/v1/recovery", headers=JSON)).status_code == 403
    assert (await analyst.get("/recovery")).status_code == 404


async def test_the_page_says_what_came_of_it_and_names_regression_to_the_mean(alerts: AlertsApi) -> None:
    admin = await alerts.signed_in("admin")
    assert "No customer of a case was asked again" in (await admin.get("/recovery")).text
    ours = [AskedCase(again=9)] * 12
    others = [AskedCase(reached=False, outcome=None, again=each) for each in [3] * 8 + [8] * 4]
    await ask_again(alerts, ours + others)
    page = (await admin.get("/recovery")).text
    assert "of those we reached give 7 to 10 now" in page
    assert "more than chance" in page
    assert "regression to the mean" in page
    assert 'href="/recovery"' in (await admin.get("/team")).text
    assert (await admin.get("/recovery?from=yesterday")).status_code == 422


async def test_the_case_tells_both_scores(alerts: AlertsApi) -> None:
    answered, waiting = await ask_again(alerts, [AskedCase(score=3, again=8), AskedCase(again=None)])
    admin = await alerts.signed_in("admin")
    for case, words, score in ((answered, "3 then, 8 now", 8), (waiting, "no answer yet", None)):
        assert words in (await admin.get(f"/cases/{case}")).text
        told = (await admin.client.get(f"/v1/cases/{case}", headers=JSON)).json()
        assert told["asked_again_at"] is not None
        assert (told["asked_again_score"], told["asks_about"]) == (score, None)


async def test_an_answer_of_0_to_6_opens_a_case_that_names_the_first_one(alerts: AlertsApi) -> None:
    (first,) = await ask_again(alerts, [AskedCase(score=3, again=1)])
    (row,) = await rows(
        alerts.database,
        "SELECT id, score FROM cases WHERE tenant = :tenant AND id <> :id",
        tenant=TENANT,
        id=first,
    )
    assert row.score == 1
    admin = await alerts.signed_in("admin")
    page = (await admin.get(f"/cases/{row.id}")).text
    assert f'href="/cases/{first}">about case' in page
    told = (await admin.client.get(f"/v1/cases/{row.id}", headers=JSON)).json()
    assert (told["asks_about"], told["asked_again_at"]) == (str(first), None)


async def test_while_the_case_is_open_such_an_answer_joins_it(alerts: AlertsApi) -> None:
    (first,) = await ask_again(alerts, [AskedCase(score=3, reached=False, outcome=None, again=1)])
    found = await rows(alerts.database, "SELECT id FROM cases WHERE tenant = :tenant", tenant=TENANT)
    assert [row.id for row in found] == [first]


async def test_what_a_machine_gave_is_no_answer(alerts: AlertsApi) -> None:
    await ask_again(alerts, [AskedCase(again=9)])
    (row,) = await rows(
        alerts.database,
        "SELECT a.id FROM answer a JOIN invitation i USING (tenant, id) WHERE i.recovery_of IS NOT NULL",
    )
    judged = an_answer(id=row.id, version=2, score=9, measurement="recovery", judgement="machine")
    await deliver(alerts.database, act_on_answers, judged)
    assert told((await figures(alerts))["reached"])["answered"] == 0


def test_letters_and_huddles_quote_no_comment_of_such_an_answer() -> None:
    assert has_quotable_comment(an_answer())
    assert not has_quotable_comment(an_answer(measurement="recovery"))
