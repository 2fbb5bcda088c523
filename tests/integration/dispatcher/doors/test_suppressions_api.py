"""The list of those who are not asked, for programs."""

import httpx
from support.asking import a_transaction, decide, make_survey, reasons
from support.dispatcher_door import by_key

from shared.db.database import Database


class TestSuppressions:
    async def test_are_added_listed_by_pages_and_removed(self, door: httpx.AsyncClient, database: Database):
        for number in range(3):
            body = {"email": f"C-{number}@Example.com", "customer_id": f"c-{number}"}
            added = await door.post("/v1/suppressions", json=body, headers=by_key())
            assert added.status_code == 201
            assert len(added.json()["suppressions"]) == 2
        found, after = [], ""
        while after is not None:
            page = (
                await door.get("/v1/suppressions", params={"after": after, "limit": 4}, headers=by_key())
            ).json()
            found += page["suppressions"]
            after = page["next"]
        assert len({one["id"] for one in found}) == 6
        assert "example" not in str(found).lower()
        await make_survey(database)
        await decide(database, a_transaction("before"))
        (entry,) = [one["id"] for one in found if one["id"] == "customer:c-1"]
        address = (
            await door.post("/v1/suppressions", json={"email": "c-1@example.com"}, headers=by_key())
        ).json()
        for one in (entry, address["suppressions"][0]["id"]):
            assert (await door.delete(f"/v1/suppressions/{one}", headers=by_key())).status_code == 204
            assert (await door.delete(f"/v1/suppressions/{one}", headers=by_key())).status_code == 404
        await decide(database, a_transaction("after"))
        assert await reasons(database) == {"before": "suppressed", "after": "invited"}

    async def test_somebody_must_be_named(self, door: httpx.AsyncClient):
        assert (await door.post("/v1/suppressions", json={}, headers=by_key())).status_code == 422
