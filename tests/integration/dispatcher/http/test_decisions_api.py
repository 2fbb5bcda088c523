"""``GET /v1/decisions``: by the back-end's id, page by page, one's own segments."""

import httpx
from support.dispatcher_builders import a_customer, a_transaction, decide, make_survey
from support.dispatcher_client import a_person, by_key

from services.dispatcher.decisions.policy import current_contact_policy
from shared.db.database import Database


async def test_decisions_are_found_by_the_back_ends_id(client: httpx.AsyncClient, database: Database) -> None:
    await make_survey(database)
    await decide(
        database, a_transaction("o/1 ?"), a_transaction("o/1 ?", source="store", customer=a_customer("c-2"))
    )
    told = (await client.get("/v1/decisions", params={"event_id": "o/1 ?"}, headers=by_key())).json()
    assert {one["source"] for one in told["decisions"]} == {"webshop", "store"}
    one = (
        await client.get("/v1/decisions", params={"event_id": "o/1 ?", "source": "store"}, headers=by_key())
    ).json()
    (decision,) = one["decisions"]
    assert decision["reason"] == "invited"
    assert decision["invitation"]["state"] == "withheld"
    assert decision["values"]["quarantine_days"] == 90
    assert decision["values"]["policy_version"] == current_contact_policy().version
    assert decision["considered"][0]["why"] == "invited"
    assert decision["see"] == f"http://afterword.example/events/{decision['id']}"
    params = {"event_id": "o/1 ?", "limit": "1"}
    first = (await client.get("/v1/decisions", params=params, headers=by_key())).json()
    rest = (
        await client.get("/v1/decisions", params={**params, "after": first["next"]}, headers=by_key())
    ).json()
    assert rest["next"] is None
    assert {first["decisions"][0]["id"], rest["decisions"][0]["id"]} == {
        each["id"] for each in told["decisions"]
    }


async def test_who_is_limited_to_segments_gets_full_pages_of_their_own_decisions(
    client: httpx.AsyncClient, database: Database
) -> None:
    await decide(
        database,
        *(
            a_transaction("one", source=f"shop-{number}", segments={"store": store})
            for number, store in enumerate(("aarhus", "odense") * 4)
        ),
    )
    person = a_person("agent", segments=("store:odense",))
    params = {"event_id": "one", "limit": "3"}
    first = (await client.get("/v1/decisions", params=params, headers=person)).json()
    rest = (
        await client.get("/v1/decisions", params={**params, "after": first["next"]}, headers=person)
    ).json()
    assert (len(first["decisions"]), len(rest["decisions"]), rest["next"]) == (3, 1, None)
    assert {each["source"] for each in (*first["decisions"], *rest["decisions"])} == {
        f"shop-{number}" for number in (1, 3, 5, 7)
    }
