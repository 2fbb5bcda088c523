"""How long each kind of data is kept: the API and the page by which an administrator sets it."""

import httpx
import pytest
from support.dispatcher_builders import TENANT, published
from support.dispatcher_client import a_person, by_key, csrf_header, form

from services.dispatcher.retention.repository import write
from shared.db.database import Database
from shared.events import RETENTION, RetentionRules
from shared.events.retention import MIN_AUDIT_DAYS, RETENTION_KINDS

DEFAULTS: dict[str, str] = {kind: str(getattr(RetentionRules(), kind)) for kind in RETENTION_KINDS}


def admin() -> dict[str, str]:
    return {**a_person(), **csrf_header(), "accept": "application/json"}


async def test_a_company_that_set_nothing_has_the_defaults(client: httpx.AsyncClient) -> None:
    read = await client.get("/v1/retention", headers=admin())
    assert read.json() == {kind: int(days) for kind, days in DEFAULTS.items()}


async def test_what_is_set_is_published_and_a_kind_that_is_left_out_has_its_default(
    client: httpx.AsyncClient, database: Database
) -> None:
    for _ in range(2):  # the second time nothing is published
        put = await client.put("/v1/retention", json={"comments": 100}, headers=admin())
        assert (put.status_code, put.json()["comments"], put.json()["contacts"]) == (200, 100, 730)
    (event,) = await published(database, RETENTION)
    assert (event.version, event.comments, event.contacts) == (1, 100, 730)
    await client.put("/v1/retention", json={}, headers=admin())
    assert [event.version for event in await published(database, RETENTION)] == [1, 2]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"contacts": 14}, "/contacts"),
        ({"comments": 3651}, "/comments"),
        ({"decisions": 58}, "/decisions"),
        ({"sessions": 29}, "/sessions"),
        ({"visits": 0}, "/visits"),
        ({"visits": "30"}, "/visits"),
        ({"visit": 30}, "/visit"),
    ],
)
@pytest.mark.parametrize("path", ["", "/dry-runs"])
async def test_what_cannot_be_kept_so_long_is_refused(
    client: httpx.AsyncClient, body: dict[str, object], field: str, path: str
) -> None:
    method = "POST" if path else "PUT"
    refused = await client.request(method, f"/v1/retention{path}", json=body, headers=admin())
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


async def test_only_administrators_set_it(client: httpx.AsyncClient) -> None:
    for role in ("editor", "leader", "agent", "analyst"):
        headers = {**a_person(role), **csrf_header(), "accept": "application/json"}
        assert (await client.get("/v1/retention", headers=headers)).status_code == 403
        assert (await client.get("/retention", headers=a_person(role))).status_code == 404
    assert (await client.get("/v1/retention", headers=by_key())).status_code == 403


async def test_a_dry_run_without_the_other_services_says_which_is_missing(client: httpx.AsyncClient) -> None:
    tried = await client.post("/v1/retention/dry-runs", json={}, headers=admin())
    assert tried.status_code == 503
    assert any(name in tried.json()["detail"] for name in ("collector", "scorer", "alerts"))
    page = await client.post("/retention", data=form(**DEFAULTS, act="try", version="0"), headers=a_person())
    assert page.status_code == 503
    assert 'value="730"' in page.text


async def test_what_removes_more_is_confirmed_first(client: httpx.AsyncClient, database: Database) -> None:
    typed = {**DEFAULTS, "comments": "100", "act": "save", "version": "0"}
    asked = await client.post("/retention", data=form(**typed), headers=a_person())
    assert asked.status_code == 422
    assert 'name="confirmed"' in asked.text
    assert 'value="100"' in asked.text
    assert await published(database, RETENTION) == []
    saved = await client.post("/retention", data=form(**typed, confirmed="on"), headers=a_person())
    assert (saved.status_code, saved.headers["location"]) == (303, "/retention?did=saved")
    assert len(await published(database, RETENTION)) == 1
    longer = {**typed, "comments": "800", "version": "1"}
    assert (await client.post("/retention", data=form(**longer), headers=a_person())).status_code == 303


async def test_a_form_that_is_older_than_the_last_change_saves_nothing(
    client: httpx.AsyncClient, database: Database
) -> None:
    await client.put("/v1/retention", json={"comments": 800}, headers=admin())
    typed = {**DEFAULTS, "cases": "2000", "comments": "900", "act": "save", "version": "0"}
    stale = await client.post("/retention", data=form(**typed), headers=a_person())
    assert stale.status_code == 409
    assert 'value="2000"' in stale.text
    again = await client.post("/retention", data=form(**typed | {"version": "1"}), headers=a_person())
    assert again.status_code == 303


@pytest.mark.parametrize("typed", ["", "abc", "-3", "99999999999999999999", "14"])
async def test_what_is_no_number_of_days_is_named_beside_its_field(
    client: httpx.AsyncClient, typed: str
) -> None:
    sent = form(**{**DEFAULTS, "contacts": typed, "act": "save", "version": "0"})
    refused = await client.post("/retention", data=sent, headers=a_person())
    assert refused.status_code == 422
    assert 'id="contacts-wrong"' in refused.text
    assert refused.text.count('class="wrong"') == 1


@pytest.mark.parametrize(
    ("language", "words"),
    [("da", "Hvem kunderne er"), ("nl", "Wie de klanten zijn"), ("en", "Who the customers")],
)
async def test_the_page_is_in_the_readers_language(
    client: httpx.AsyncClient, language: str, words: str
) -> None:
    page = await client.get("/retention", headers={**a_person(), "accept-language": language})
    assert page.status_code == 200
    assert words in page.text


async def test_the_log_is_kept_for_a_year_at_least(client: httpx.AsyncClient) -> None:
    for path, method in (("/v1/retention", "PUT"), ("/v1/retention/dry-runs", "POST")):
        answer = await client.request(method, path, json={"audit": MIN_AUDIT_DAYS - 1}, headers=admin())
        assert answer.status_code == 422
        assert [fault["field"] for fault in answer.json()["errors"]] == ["/audit"]
    kept = await client.put("/v1/retention", json={"audit": MIN_AUDIT_DAYS}, headers=admin())
    assert kept.json()["audit"] == MIN_AUDIT_DAYS
    assert "kept for a year at least" in (await client.get("/retention", headers=a_person())).text


async def test_rules_of_before_keep_the_log_for_a_year_too(
    client: httpx.AsyncClient, database: Database
) -> None:
    async with database.transaction() as uow:
        await write(uow, TENANT, RetentionRules(), None)
        await uow.execute("UPDATE retention SET audit = 15")
    assert (await client.get("/v1/retention", headers=admin())).json()["audit"] == MIN_AUDIT_DAYS
