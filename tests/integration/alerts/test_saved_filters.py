"""Lists of cases that people save: their own, under a name, and without a customer in them."""

import re
from typing import Any

import pytest
from support.alerts_api import AlertsApi, Browser
from support.alerts_builders import rows

from services.alerts.cases import saved_filters
from shared.ids import uuid7

JSON = {"accept": "application/json"}


async def listed(reader: Browser) -> list[dict[str, Any]]:
    answer = await reader.client.get("/v1/saved-filters", headers=JSON)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["saved_filters"]
    return found


async def save(reader: Browser, name: str, query: str, key: object = "") -> Any:
    return await reader.do(f"/inbox/filters?{query}", act="save", id=str(key or uuid7()), name=name)


async def test_a_shown_list_is_saved_opened_renamed_and_deleted(alerts: AlertsApi) -> None:
    jonas, sara = await alerts.signed_in(), await alerts.signed_in(name="Sara Lund")
    assert "Save this list" not in (await jonas.get("/inbox")).text
    assert "Save this list" not in (await jonas.get("/inbox?q=karen&state=all")).text
    query = "state=late&owner=me&priority=urgent&page=2"
    assert "Save this list" in (await jonas.get(f"/inbox?{query}")).text
    answer = await save(jonas, " My urgent ones ", query)
    assert answer.status_code == 303
    page = (await jonas.get("/inbox?state=late&owner=me&priority=urgent")).text
    link = (
        '<a href="/inbox?state=late&amp;owner=me&amp;priority=urgent" aria-current="true">My urgent ones</a>'
    )
    assert link in page
    assert page.count('aria-current="true"') == 1
    (saved,) = await listed(jonas)
    assert (saved["name"], saved["filter"]["priority"]) == ("My urgent ones", "urgent")
    assert await listed(sara) == []
    assert "My urgent ones" not in (await sara.get("/inbox")).text
    for act in ("rename", "delete"):
        foreign = await sara.do("/inbox/filters", act=act, id=saved["id"], name="Taken")
        assert foreign.status_code == 404
    await jonas.do("/inbox/filters", act="rename", id=saved["id"], name="Now")
    assert [one["name"] for one in await listed(jonas)] == ["Now"]
    await jonas.do("/inbox/filters", act="delete", id=saved["id"])
    assert await listed(jonas) == []


async def test_what_another_version_has_saved_costs_nobody_the_inbox(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    await save(jonas, "Mine", "owner=me&state=late")
    async with alerts.database.transaction() as uow:
        await uow.execute("""UPDATE saved_filter SET body = body || '{"state": "snoozed"}'""")
    assert "Mine" in (await jonas.get("/inbox")).text
    (saved,) = await listed(jonas)
    assert (saved["filter"]["owner"], saved["filter"]["state"]) == ("me", "open")


async def test_no_customer_is_kept_in_a_saved_list(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    await save(jonas, "Closed", f"state=closed&customer=c-4711&q=karen&incident={uuid7()}")
    (row,) = await rows(alerts.database, "SELECT CAST(body AS text) AS body FROM saved_filter")
    assert not re.search("c-4711|karen|incident", row.body)
    assert await listed(jonas)


@pytest.mark.parametrize(("name", "status"), [("", 422), ("  ", 422), ("x" * 61, 422), ("x" * 60, 303)])
async def test_a_list_has_a_name(alerts: AlertsApi, name: str, status: int) -> None:
    jonas = await alerts.signed_in()
    assert (await save(jonas, name, "state=late")).status_code == status
    assert len(await listed(jonas)) == (status == 303)


async def test_a_person_saves_so_many_lists_and_no_more(
    alerts: AlertsApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_filters, "MAX_SAVED_FILTERS", 2)
    jonas, key = await alerts.signed_in(), uuid7()
    assert (await save(jonas, "One", "state=late", key)).status_code == 303
    assert (await save(jonas, "Two", "owner=me")).status_code == 303
    refused = await save(jonas, "Three", "owner=nobody")
    assert refused.status_code == 422
    assert "You have 2 lists already. Delete one first." in refused.text
    assert (await save(jonas, "One again", "state=late", key)).status_code == 303
    assert {one["name"] for one in await listed(jonas)} == {"One again", "Two"}


async def test_programs_with_a_persons_session_save_lists_and_keys_do_not(alerts: AlertsApi) -> None:
    jonas, key = await alerts.signed_in(), uuid7()
    headers = JSON | {"x-csrf": await jonas.csrf()}
    body = {"name": "Mine", "filter": {"state": "waiting", "owner": "me"}}
    path = f"/v1/saved-filters/{key}"
    answer = await jonas.client.put(path, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["filter"]["state"] == "waiting"
    assert [one["id"] for one in await listed(jonas)] == [str(key)]
    for wrong in (
        {"name": "", "filter": {}},
        {"name": " ", "filter": {}},
        {"name": "x", "filter": {"q": "karen"}},
        {"name": "x", "filter": {"state": "x"}},
        {"name": "x"},
    ):
        assert (await jonas.client.put(path, json=wrong, headers=headers)).status_code == 422, wrong
    assert (await jonas.client.delete(path, headers=headers)).status_code == 204
    assert (await jonas.client.delete(path, headers=headers)).status_code == 404
    keys = alerts.key("cases:read", "cases:write")
    listed_for_key = await alerts.client().get("/v1/saved-filters", headers=keys)
    assert listed_for_key.json() == {"saved_filters": []}
    assert (await alerts.client().put(path, json=body, headers=keys)).status_code == 422
    assert (await alerts.client().delete(path, headers=keys)).status_code == 404
