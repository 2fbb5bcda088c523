"""One act on several cases, and the way from case to case through a list."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from support.alerts_api import AlertsApi, Browser
from support.alerts_builders import rows

from services.alerts.cases.schemas import MAX_CASES_AT_ONCE
from shared.ids import uuid7

CLOSING = {
    "act": "close", "cause": "delivery.late", "action": "Called.", "outcome": "recovered", "told": "yes",
}  # fmt: skip


async def owners(alerts: AlertsApi) -> dict[UUID, UUID | None]:
    return {row.id: row.owner_id for row in await rows(alerts.database, "SELECT id, owner_id FROM cases")}


async def act(alerts: AlertsApi, cases: list[Any], key: str = "", **action: Any) -> Any:
    """Ask for an act on several cases by an API key."""
    headers = alerts.key("cases:write") | ({"idempotency-key": key} if key else {})
    body = {"cases": [str(one) for one in cases], "action": action}
    return await alerts.client().post("/v1/cases/actions", json=body, headers=headers)


async def test_chosen_cases_are_taken_and_put_back_from_the_list(alerts: AlertsApi) -> None:
    first, second, third = [await alerts.open_case() for _ in range(3)]
    jonas = await alerts.signed_in()
    page = (await jonas.get("/inbox")).text
    assert page.count('type="checkbox" name="case"') == 3
    answer = await jonas.do("/inbox?owner=nobody", act="take", case=[str(first), str(second)])
    assert answer.headers["location"] == "/inbox?owner=nobody&did=take&n=2"
    assert await owners(alerts) == {first: jonas.person.id, second: jonas.person.id, third: None}
    assert "2 cases are yours." in (await jonas.get(answer.headers["location"])).text
    answer = await jonas.do("/inbox", act="release", case=str(first))
    assert "One case is put back." in (await jonas.get(answer.headers["location"])).text
    assert (await owners(alerts))[first] is None


async def test_what_is_refused_says_why_and_the_others_are_done(alerts: AlertsApi) -> None:
    taken, free = await alerts.open_case(), await alerts.open_case()
    sara, jonas = await alerts.signed_in(name="Sara Lund"), await alerts.signed_in()
    await sara.do(f"/cases/{taken}", act="take")
    page = await jonas.do("/inbox", act="take", case=[str(taken), str(free), str(uuid7())])
    assert page.status_code == 409
    assert "Nothing was done to 2 cases." in page.text
    assert "Somebody else has this case." in page.text
    assert "There is no such case." in page.text
    assert "One case is yours." in page.text
    assert str(free) not in re.findall(r'name="case" value="([^"]*)" checked', page.text)
    assert await owners(alerts) == {taken: sara.person.id, free: jonas.person.id}


async def test_chosen_cases_are_handed_over_and_wait(alerts: AlertsApi) -> None:
    cases = [await alerts.open_case() for _ in range(2)]
    chosen = [str(one) for one in cases]
    jonas, sara = await alerts.signed_in(), await alerts.signed_in(name="Sara Lund")
    await jonas.do("/inbox", act="take", case=chosen)
    until = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    await jonas.do("/inbox", act="wait", case=chosen, until=until, wait_text="Parts.", text="other")
    waiting = await rows(alerts.database, "SELECT wake_at FROM cases WHERE wake_at IS NOT NULL")
    assert len(waiting) == 2
    texts = await rows(
        alerts.database, "SELECT facts ->> 'text' AS text FROM timeline WHERE kind = 'waiting'"
    )
    assert {row.text for row in texts} == {"Parts."}
    assert 'value="resume"' in (await jonas.get("/inbox?state=waiting")).text
    await jonas.do("/inbox", act="resume", case=chosen)
    await jonas.do("/inbox", act="hand_over", case=chosen, to=str(sara.person.id), text="Please.")
    assert set((await owners(alerts)).values()) == {sara.person.id}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"act": "take"}, "Choose the cases first."),
        ({"act": "take", "case": ["x"]}, "Choose the cases first."),
        (
            {"act": "take", "case": [str(uuid7()) for _ in range(MAX_CASES_AT_ONCE + 1)]},
            "Choose 100 cases at most.",
        ),
        ({"act": "hand_over", "case": [str(uuid7())], "text": "x"}, "Choose a colleague."),
        ({"act": "hand_over", "case": [str(uuid7())], "to": str(uuid7())}, "Write what they must know."),
        ({"act": "wait", "case": [str(uuid7())], "wait_text": "x"}, "Choose the day on which you go on."),
        ({"act": "wait", "case": [str(uuid7())], "until": "2999-01-01"}, "Write what you wait for."),
        ({"act": "close", "case": [str(uuid7())]}, "This is done to one case at a time: open it."),
    ],
)
async def test_what_is_missing_is_said_and_nothing_is_done(
    alerts: AlertsApi, fields: dict[str, Any], words: str
) -> None:
    case, jonas = await alerts.open_case(), await alerts.signed_in()
    page = await jonas.do("/inbox", **fields)
    assert page.status_code == 422
    assert words in page.text
    assert await owners(alerts) == {case: None}


async def test_what_was_chosen_stays_chosen_when_something_is_missing(alerts: AlertsApi) -> None:
    case, jonas = await alerts.open_case(), await alerts.signed_in()
    await alerts.open_case()
    page = await jonas.do("/inbox", act="hand_over", case=str(case))
    assert re.findall(r'name="case" value="([^"]*)" checked', page.text) == [str(case)]


async def test_a_version_which_no_list_has_is_left_out(alerts: AlertsApi) -> None:
    case, jonas = await alerts.open_case(), await alerts.signed_in()
    assert (await jonas.do("/inbox", act="take", case=str(case), version="3")).status_code == 303
    assert await owners(alerts) == {case: jonas.person.id}


async def test_a_form_that_is_sent_twice_does_it_once(alerts: AlertsApi) -> None:
    case, jonas = await alerts.open_case(), await alerts.signed_in()
    for _ in range(2):
        answer = await jonas.do("/inbox", act="take", case=str(case), key=str(UUID(int=5)))
        assert answer.status_code == 303
    assert len(await rows(alerts.database, "SELECT seq FROM timeline WHERE kind = 'taken'")) == 1


async def test_programs_act_on_several_cases_and_get_a_result_for_each(alerts: AlertsApi) -> None:
    first, second = await alerts.open_case(), await alerts.open_case()
    sara = await alerts.person(name="Sara Lund")
    closer = await alerts.signed_in()
    await closer.do(f"/cases/{second}", **CLOSING)
    unknown = uuid7()
    answer = await act(alerts, [first, second, unknown, first], act="assign", to=str(sara.id), key="k")
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [(one["case"], one["done"]) for one in results] == [
        (str(first), True), (str(second), False), (str(unknown), False),
    ]  # fmt: skip
    assert "closed" in results[1]["reason"]
    assert results[0]["reason"] is None
    again = await act(alerts, [first], act="assign", to=str(sara.id), key="k")
    assert again.json()["results"][0]["done"] is True
    assert len(await rows(alerts.database, "SELECT seq FROM timeline WHERE kind = 'assigned'")) == 1
    assert (await act(alerts, [first], act="release", key="k")).status_code == 422


@pytest.mark.parametrize(
    ("cases", "action"),
    [
        ([], {"act": "take"}),
        ([UUID(int=1)] * 101, {"act": "take"}),
        ([UUID(int=1)], {"act": "close"}),
        ([UUID(int=1)], {"act": "reveal"}),
        ([UUID(int=1)], {"act": "take", "version": 1}),
        (["x"], {"act": "take"}),
    ],
)
async def test_what_is_no_act_on_several_cases_is_refused(
    alerts: AlertsApi, cases: list[Any], action: dict[str, Any]
) -> None:
    assert (await act(alerts, cases, **action)).status_code == 422


async def test_cases_of_other_segments_and_companies_are_not_there(alerts: AlertsApi) -> None:
    case, foreign = await alerts.open_case(), await alerts.open_case(tenant="other")
    limited = await alerts.signed_in(segments=["touchpoint:web"])
    page = await limited.do("/inbox", act="take", case=[str(case), str(foreign)])
    assert page.text.count("There is no such case.") == 2
    assert "Case 1" not in page.text
    assert set((await owners(alerts)).values()) == {None}


async def next_of(reader: Browser, path: str) -> UUID | None:
    found = re.search(r'href="/cases/([0-9a-f-]{36})[^"]*" rel="next"', (await reader.get(path)).text)
    return UUID(found[1]) if found else None


async def test_the_next_case_is_that_of_the_list_from_which_one_came(alerts: AlertsApi) -> None:
    now = datetime.now(UTC)
    cases = [await alerts.open_case(score=5, answered_at=now - timedelta(hours=9 - n)) for n in range(4)]
    jonas = await alerts.signed_in()
    for case in (cases[1], cases[3]):
        await jonas.do(f"/cases/{case}", act="take")
    page = (await jonas.get("/inbox?owner=me")).text
    path = f"/cases/{cases[1]}?in=owner%3Dme"
    assert f'href="{path}"' in page
    assert await next_of(jonas, f"/cases/{cases[1]}") == cases[2]
    assert await next_of(jonas, path) == cases[3]
    assert await next_of(jonas, f"/cases/{cases[3]}?in=owner%3Dme") == cases[1]
    assert 'href="/inbox?owner=me">Back to the list</a>' in (await jonas.get(path)).text
    answer = await jonas.do(path, **CLOSING)
    assert answer.headers["location"] == f"/cases/{cases[1]}?did=close&in=owner%3Dme#now"
    closed = (await jonas.get(answer.headers["location"])).text
    assert f'Next: <a href="/cases/{cases[3]}?in=owner%3Dme">' in closed
    assert await next_of(jonas, f"/cases/{cases[3]}?in=owner%3Dme") is None
    assert await next_of(jonas, f"/cases/{cases[3]}?in=state%3Dnonsense") == cases[0]
