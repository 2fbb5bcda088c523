"""A caller from another company, or without any credentials, finds nothing at any route."""

import httpx
from support.dispatcher_builders import TENANT, a_transaction, decide, list_test_addresses, make_survey, rows
from support.dispatcher_client import FOREIGN_KEY, SURVEY, a_person, by_key, form

from shared.db.database import Database
from shared.ids import uuid7


async def test_another_companys_anything_is_not_there(client: httpx.AsyncClient, database: Database) -> None:
    survey = await make_survey(database)
    transaction = a_transaction()
    await decide(database, transaction)
    await list_test_addresses(database, "canary@example.com")
    stranger, key = a_person(tenant="another"), by_key(FOREIGN_KEY)
    for path in (
        f"/surveys/{survey.id}",
        *(f"/surveys/{survey.id}/{page}" for page in ("mail", "preview", "start", "pause")),
        f"/events/{transaction.event_id}",
        f"/v1/surveys/{survey.id}",
    ):
        assert (
            await client.get(path, headers=key if path.startswith("/v1") else stranger)
        ).status_code == 404, path
    assert (await client.put(f"/v1/surveys/{survey.id}", json=SURVEY, headers=key)).status_code == 404
    assert (
        await client.patch(f"/v1/surveys/{survey.id}", json={"state": "paused"}, headers=key)
    ).status_code == 404
    assert (await client.get("/v1/surveys", headers=key)).json() == {"surveys": []}
    assert (await client.get("/v1/decisions", params={"event_id": "order-1"}, headers=key)).json()[
        "decisions"
    ] == []
    assert ">order-1<" not in (await client.get("/events", headers=stranger)).text
    page = (await client.get("/surveys", headers=stranger)).text
    assert "canary" not in page
    assert "After delivery" not in page
    await client.post("/surveys/stop", data=form(version="0"), headers=stranger)
    found = {row.tenant: row.stopped for row in await rows(database, "SELECT tenant, stopped FROM sending")}
    assert found == {TENANT: False, "another": True}


async def test_without_a_key_or_a_person_there_is_no_door(client: httpx.AsyncClient) -> None:
    for path in ("/v1/surveys", "/v1/suppressions", "/v1/decisions?event_id=x"):
        assert (await client.get(path)).status_code == 401
    for path in ("/surveys", "/events", f"/events/{uuid7()}"):
        answer = await client.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login/renew")
