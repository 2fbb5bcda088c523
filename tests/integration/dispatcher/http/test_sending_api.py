"""``/v1/sending``: whether mails and texts leave, and to whom, for programs; the switches of the pages."""

import httpx
from support.audit import audit_lines
from support.dispatcher_builders import published
from support.dispatcher_client import FOREIGN_KEY, a_person, by_key, csrf_header

from shared.db.database import Database
from shared.events import SENDING
from shared.permissions import Role

ADDRESSES = "/v1/sending/test-addresses"
NOTHING = {"mode": "test", "stopped": False, "test_addresses": [], "version": "0"}


def by_script(role: Role = "admin") -> dict[str, str]:
    return {**a_person(role), **csrf_header(), "accept": "application/json"}


async def test_a_company_goes_live_and_stops_and_a_change_that_changes_nothing_leaves_no_line(
    client: httpx.AsyncClient, database: Database
) -> None:
    assert (await client.get("/v1/sending", headers=by_key())).json() == NOTHING
    for _ in range(2):
        live = await client.patch("/v1/sending", json={"mode": "live"}, headers=by_script())
        assert (live.status_code, live.json()["mode"], live.json()["stopped"]) == (200, "live", False)
    seen = (await client.get("/v1/sending", headers=by_script())).json()["version"]
    both = {"mode": "test", "stopped": True, "version": seen}
    stopped = await client.patch("/v1/sending", json=both, headers=by_script())
    assert (stopped.status_code, stopped.json()["mode"], stopped.json()["stopped"]) == (200, "test", True)
    late = await client.patch("/v1/sending", json={**both, "stopped": False}, headers=by_script())
    assert late.status_code == 409
    assert (await client.get("/v1/sending", headers=by_script())).json() == stopped.json()
    facts = [(line.facts["mode"], line.facts["stopped"]) for line in await audit_lines(database)]
    assert facts == [("live", False), ("live", True), ("test", True)]
    assert [(one.mode, one.stopped) for one in await published(database, SENDING)] == facts
    assert (await client.get("/v1/sending", headers=by_key(FOREIGN_KEY))).json() == NOTHING


async def test_test_addresses_are_listed_as_they_are_compared_and_what_cannot_be_one_is_refused(
    client: httpx.AsyncClient, database: Database
) -> None:
    sent = {"addresses": ["Ask@Example.com", "+4520123456"], "version": "0"}
    listed = await client.put(ADDRESSES, json=sent, headers=by_script("editor"))
    assert listed.json()["test_addresses"] == ["+4520123456", "ask@example.com"]
    late = await client.put(ADDRESSES, json={"addresses": [], "version": "0"}, headers=by_script("editor"))
    assert late.status_code == 409
    wrong = await client.put(ADDRESSES, json={"addresses": ["a@example.com", "nobody"]}, headers=by_script())
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "/addresses/1")
    many = [f"n{n}@example.com" for n in range(51)]
    assert (await client.put(ADDRESSES, json={"addresses": many}, headers=by_script())).status_code == 422
    assert (await client.get("/v1/sending", headers=by_script())).json() == listed.json()
    assert [line.act for line in await audit_lines(database)] == ["sending"]


async def test_only_administrators_press_the_switches(client: httpx.AsyncClient, database: Database) -> None:
    roles: tuple[Role, ...] = ("editor", "leader", "agent", "analyst")
    for role in roles:
        refused = await client.patch("/v1/sending", json={"mode": "live"}, headers=by_script(role))
        assert refused.status_code == 403, role
    weak: tuple[Role, ...] = ("leader", "agent", "analyst")
    for role in weak:
        refused = await client.put(ADDRESSES, json={"addresses": []}, headers=by_script(role))
        assert refused.status_code == 403, role
    assert await audit_lines(database) == []
