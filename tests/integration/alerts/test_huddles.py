"""The weekly page of a team: what it tells to whom, and what is promised on it."""

from asyncio import Semaphore
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
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
from support.audit import audit_lines

from services.alerts.huddles.domain import MOST_PROMISES, HuddleWeek
from services.alerts.teams.domain import CaseTeam
from services.alerts.teams.team_commands import save_team
from shared.privacy.audit import AuditActor

WHO = AuditActor("command_line", None, "a test")
JSON = {"accept": "application/json"}
CLOSE = {"act": "close", "cause": "delivery.late", "told": True}


async def a_team(alerts: AlertsApi, name: str, *members: UUID, **facts: Any) -> UUID:
    key = uuid4()
    async with alerts.database.transaction() as uow:
        await save_team(uow, TENANT, WHO, key, CaseTeam(name=name, members=members, **facts))
    return key


async def a_comment(alerts: AlertsApi, score: int, comment: str, **facts: Any) -> None:
    """What a customer wrote just now, who gets a case where the score is low."""
    answer = an_answer(score=score, comment=comment, **facts)
    await deliver(alerts.database, keep_invitations, an_invitation(answer))
    await deliver(alerts.database, act_on_answers, answer)


async def a_closed_case(alerts: AlertsApi, outcome: str, action: str, **facts: Any) -> UUID:
    case = await alerts.open_case(**facts)
    key = alerts.key("cases:write")
    body = {**CLOSE, "outcome": outcome, "action": action}
    done = await alerts.client().post(f"/v1/cases/{case}/actions", json=body, headers=key)
    assert done.status_code == 200, done.text
    return case


async def told(alerts: AlertsApi, team: UUID, who: Browser | None = None, **query: str) -> Any:
    """The page for programs; the status where it is refused."""
    client, headers = (
        (who.client, JSON) if who else (alerts.client(), alerts.key("cases:read", "answers:read"))
    )
    answer = await client.get(f"/v1/huddles/{team}", params=query, headers=headers)
    return answer.json() if answer.status_code == 200 else answer.status_code


def until(alerts: AlertsApi, days: int = 7) -> str:
    return (alerts.database.clock() + timedelta(days=days)).date().isoformat()


async def test_it_tells_what_happened_to_the_cases_and_customers_of_the_team(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    shop = await a_team(alerts, "Shop", jonas.person.id, segments=("touchpoint:shop",))
    rest = await a_team(alerts, "Rest", jonas.person.id)
    here: dict[str, Any] = {"touchpoint": "shop", "segments": {"touchpoint": "shop"}}
    await a_comment(alerts, 3, "Karen Whitfield waited, mail me at karen@example.com", **here)
    await a_comment(alerts, 9, "Quick and kind.", **here)
    await a_comment(alerts, 2, "The driver was late.")
    done = await a_closed_case(alerts, "recovered", "Jonas Holt sent Karen a new leg.", **here)
    await a_closed_case(alerts, "lost", "Nothing.")
    late = await alerts.open_case(**here)
    await rows_due(alerts, late)

    page = await told(alerts, shop, jonas)
    assert page["name"] == "Shop"
    (number,) = await rows(alerts.database, "SELECT number FROM cases WHERE id = :id", id=done)
    assert page["win"] == {
        "case": str(done),
        "number": number.number,
        "score": 2,
        "text": "… … sent … a new leg.",
    }
    quotes = [(one["score"], one["text"]) for one in page["comments"]]
    assert (9, "Quick and kind.") in quotes
    assert not any("driver" in text or "Karen" in text or "@" in text for _, text in quotes)
    assert page["theme"] == {"cause": "delivery.late", "n": 1, "before": 0}
    assert (page["overdue_in_all"], [one["case"] for one in page["overdue"]]) == (1, [str(late)])

    others = await told(alerts, rest, jonas)
    assert [one["text"] for one in others["comments"]][-1:] != []
    assert not any("Quick" in one["text"] for one in others["comments"])
    assert others["win"] is None
    assert (others["theme"]["n"], others["overdue"]) == (1, [])


async def rows_due(alerts: AlertsApi, case: UUID) -> None:
    async with alerts.database.transaction() as uow:
        await uow.execute(
            "UPDATE cases SET due_at = :due WHERE tenant = :tenant AND id = :id",
            {"due": uow.now - timedelta(hours=2), "tenant": TENANT, "id": case},
        )


async def test_a_promoters_comment_is_the_win_of_a_week_without_a_recovered_case(alerts: AlertsApi) -> None:
    team = await a_team(alerts, "All")
    await a_comment(alerts, 10, "Lovely.")
    page = await told(alerts, team)
    assert page["win"] == {"case": None, "number": None, "score": 10, "text": "Lovely."}
    assert page["comments"] == []


async def test_a_key_that_reads_no_answers_gets_no_comment_of_an_answer_without_a_case(
    alerts: AlertsApi,
) -> None:
    team = await a_team(alerts, "All")
    await a_comment(alerts, 10, "Lovely.")
    await a_comment(alerts, 9, "Quick and kind.")

    async def read() -> Any:
        key = alerts.key("cases:read")
        return (await alerts.client().get(f"/v1/huddles/{team}", headers=key)).json()

    assert ((await read())["win"], (await read())["comments"]) == (None, [])
    assert len((await told(alerts, team))["comments"]) == 1
    case = await a_closed_case(alerts, "recovered", "Sent a new leg.")
    assert ((await read())["win"]["case"], (await read())["comments"]) == (str(case), [])


async def test_who_is_limited_to_segments_gets_of_it_what_they_may_see(alerts: AlertsApi) -> None:
    leader = await alerts.signed_in("leader", segments=("organisation:north",))
    team = await a_team(alerts, "All", leader=leader.person.id)
    await a_comment(alerts, 9, "Of the south.", organisation=("south",))
    await a_closed_case(alerts, "recovered", "So.", organisation=("south",))
    page = await told(alerts, team, leader)
    assert (page["win"], page["comments"], page["theme"], page["overdue"]) == (None, [], None, [])
    assert (await told(alerts, team))["win"] is not None


async def test_an_erased_customer_is_on_no_page(alerts: AlertsApi) -> None:
    team = await a_team(alerts, "All")
    case = await a_closed_case(alerts, "recovered", "Sent a new leg.")
    assert (await told(alerts, team))["win"]["case"] == str(case)
    async with alerts.database.transaction() as uow:
        await uow.execute("UPDATE cases SET erased = true, action = NULL", {})
    assert (await told(alerts, team))["win"] is None


async def test_a_leader_writes_down_what_the_team_promises_and_the_next_week_shows_it(
    alerts: AlertsApi,
) -> None:
    leader, jonas = await alerts.signed_in("leader"), await alerts.signed_in(name="Jonas Berg")
    team = await a_team(alerts, "Shop", jonas.person.id, leader=leader.person.id)
    zone_day = alerts.database.clock().date()
    last = HuddleWeek.of(zone_day).before
    promise = str(uuid4())
    form = {"act": "promise", "team": str(team), "promise": promise, "week": last.name}
    typed = {"text": " Call  each late order <b> ", "person": str(jonas.person.id), "until": until(alerts, 1)}
    for _ in range(2):  # the same form twice is one promise
        done = await leader.do("/huddle", **form, **typed)
        assert (done.status_code, done.headers["location"][:8]) == (303, "/huddle?")
    page = await leader.get(f"/huddle?team={team}")
    assert "Call each late order &lt;b&gt;" in page.text
    assert "Jonas Berg" in page.text
    shown = await told(alerts, team, jonas)
    assert [(one["id"], one["kept_at"]) for one in shown["promised_before"]] == [(promise, None)]
    assert shown["promised"] == []

    for act, kept in (("kept", True), ("kept", True), ("open", False), ("kept", True)):
        assert (await leader.do("/huddle", **{**form, "act": act})).status_code == 303
        now = await told(alerts, team)
        assert (now["promised_before"][0]["kept_at"] is not None) is kept
    lines = [one for one in await audit_lines(alerts.database) if one.act == "promise"]
    assert len(lines) == 4  # written down, kept, not kept, kept
    assert (await leader.do("/huddle", **{**form, "act": "delete"})).status_code == 303
    assert (await told(alerts, team))["promised_before"] == []
    assert (await leader.do("/huddle", **{**form, "act": "kept"})).status_code == 404


async def test_what_is_wrong_with_a_promise_is_said_and_what_was_typed_stays(alerts: AlertsApi) -> None:
    admin = await alerts.signed_in("admin")
    team = await a_team(alerts, "Shop")
    form = {"act": "promise", "team": str(team), "promise": str(uuid4())}
    good = {"text": "Call them.", "person": str(admin.person.id), "until": until(alerts)}
    for field, value in (
        *(("text", " "), ("text", "x" * 201), ("person", ""), ("person", str(uuid4()))),
        *(("until", ""), ("until", "2020-01-01"), ("until", "9999-12-31")),
    ):
        refused = await admin.do("/huddle", **form, **{**good, field: value})
        assert refused.status_code == 422, (field, value)
        assert 'class="faults"' in refused.text
        assert (good["text"] if field != "text" else value.strip()) in refused.text
        assert form["promise"] in refused.text
    assert (await told(alerts, team))["promised"] == []


async def test_a_promise_is_refused_without_a_second_connection(
    alerts: AlertsApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, team = await alerts.signed_in("admin"), await a_team(alerts, "Shop")
    csrf, kind, held = await admin.csrf(), type(alerts.database), Semaphore()

    def alone(name: str) -> None:
        opened = getattr(kind, name)

        @asynccontextmanager
        async def counted(self: Any) -> AsyncIterator[Any]:
            assert not held.locked(), name
            async with held, opened(self) as uow:
                yield uow

        monkeypatch.setattr(kind, name, counted)

    alone("reading")
    alone("transaction")
    form = {"act": "promise", "team": str(team), "promise": str(uuid4()), "text": "x" * 201, "csrf": csrf}
    form |= {"person": str(admin.person.id), "until": until(alerts)}
    assert (await admin.client.post("/huddle", data=form)).status_code == 422


async def test_no_more_promises_than_fit_on_the_page(alerts: AlertsApi) -> None:
    jonas = await alerts.person()
    team = await a_team(alerts, "Shop")
    key, client = alerts.key("cases:write"), alerts.client()
    body = {"text": "Call them.", "person": str(jonas.id), "until": until(alerts)}
    kept = [str(uuid4()) for _ in range(MOST_PROMISES)]
    for promise in (*kept, kept[0]):
        done = await client.put(f"/v1/huddles/{team}/promises/{promise}", json=body, headers=key)
        assert done.status_code == 200, done.text
    one_more = await client.put(f"/v1/huddles/{team}/promises/{uuid4()}", json=body, headers=key)
    assert one_more.status_code == 422
    assert one_more.json()["errors"][0]["field"] == "/text"
    assert len((await told(alerts, team))["promised"]) == MOST_PROMISES
    admin = await alerts.signed_in("admin")
    form = {"act": "promise", "team": str(team), "promise": str(uuid4()), **body}
    refused = await admin.do("/huddle", **form)
    assert (refused.status_code, 'class="faults"' in refused.text) == (422, True)
    assert f"Promise at most {MOST_PROMISES} things a week." in refused.text
    assert "Write it down" not in (await admin.get(f"/huddle?team={team}")).text
    gone = await client.delete(f"/v1/huddles/{team}/promises/{kept[0]}", headers=key)
    assert gone.status_code == 204
    again = await client.delete(f"/v1/huddles/{team}/promises/{kept[0]}", headers=key)
    assert again.status_code == 404


async def test_members_read_it_leaders_of_the_team_write_on_it_and_nobody_else_does(
    alerts: AlertsApi,
) -> None:
    leader, other = await alerts.signed_in("leader"), await alerts.signed_in("leader", name="Sara Lund")
    agent, stranger = await alerts.signed_in(), await alerts.signed_in(name="Ben Sund")
    team = await a_team(alerts, "Shop", agent.person.id, leader=leader.person.id)
    form = {"act": "promise", "team": str(team), "promise": str(uuid4()), "text": "So."}
    form |= {"person": str(agent.person.id), "until": until(alerts)}
    for who, reads, writes in (
        (leader, 200, 303),
        (other, 403, 403),
        (agent, 200, 404),
        (stranger, 403, 404),
    ):
        assert (await who.get(f"/huddle?team={team}")).status_code == reads
        assert (await who.do("/huddle", **form)).status_code == writes
    assert "Write it down" in (await leader.get("/huddle")).text
    assert "Write it down" not in (await agent.get("/huddle")).text
    assert "You are in no team yet." in (await stranger.get("/huddle")).text
    without_token = await leader.client.post("/huddle", data=form)
    assert without_token.status_code == 403
    foreign = await alerts.signed_in("admin", tenant="other")
    assert await told(alerts, team, foreign) == 404
    assert (await foreign.do("/huddle", **form)).status_code == 404
    assert 'href="/huddle"' in (await agent.get("/inbox")).text


@pytest.mark.parametrize("week", ["x", "2026-W60", "1999-W01", "9999-W52"])
async def test_a_week_that_is_none_or_to_come_is_refused(alerts: AlertsApi, week: str) -> None:
    team = await a_team(alerts, "Shop")
    assert await told(alerts, team, week=week) == 422
