"""Companies are made, paused and let go by the operator's API."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from support.companies import OPERATOR_KEY, Company, World, an_answer, an_event
from support.leaving import OPERATOR, operate

from services.alerts.errors import BadAccount
from services.alerts.staff.staff_commands import create_staff, sign_in_link
from services.trigger import operator_api
from services.trigger.company_states import let_go
from services.trigger.tenants import create_key, free_short_name
from shared.events import TRANSACTIONS
from shared.tenancy.tenants import find_tenant


async def invited_by(world: World, company: str) -> list[str]:
    """Who invited people of the company, by the log."""
    async with world.contexts["dispatcher"].database.reading() as uow:
        values = {"tenant": company}
        rows = await uow.execute(
            "SELECT who FROM audit_line WHERE tenant = :tenant AND act = 'person_invited'", values
        )
        return list(rows.scalars())


async def test_without_the_operators_key_nobody_makes_or_sees_companies(
    world: World, neighbour: Company
) -> None:
    for headers in ({}, neighbour.headers, {"authorization": f"Bearer {OPERATOR_KEY}x"}):
        for method, path in (("GET", ""), ("POST", ""), ("POST", "/rowan/leave"), ("POST", "/rowan/export")):
            answer = await world.clients["trigger"].request(
                method, f"/v1/companies{path}", json={"id": "stolen", "name": "Stolen"}, headers=headers
            )
            assert answer.status_code == 401, (method, path)
    found = (await world.clients["trigger"].get("/v1/companies", headers=OPERATOR)).json()["companies"]
    assert {each["id"]: each["state"] for each in found} == {"rowan": "running"}


async def test_a_company_is_made_with_a_key_and_its_first_administrator(world: World) -> None:
    body = {"id": "maple", "name": "Maple", "admin": "boss@maple.example.com", "languages": ["da"]}
    made = await operate(world, "", body, 201)
    await world.deliver_all()
    assert (made["state"], made["name"]) == ("running", "Maple")
    sent = await world.clients["trigger"].post(
        "/v1/events", json=an_event("maple"), headers={"authorization": f"Bearer {made['key']}"}
    )
    assert sent.status_code == 202
    link = made["sign_in_link"].partition("afterword.example")[2]
    assert (await world.clients["alerts"].get(link)).status_code == 200
    assert "another short name" in (await operate(world, "", body, 409))["detail"]
    assert await invited_by(world, "maple") == ["the operator"]
    refused = await operate(world, "", {**body, "id": "Not A Name"}, 422)
    assert "short name" in refused["detail"]


async def test_while_a_company_is_paused_nobody_is_asked_and_links_still_take_answers(
    world: World, company: Company
) -> None:
    assert (await operate(world, "/yewtree/pause"))["state"] == "paused"
    assert (await operate(world, "/yewtree/pause"))["state"] == "paused"
    await world.deliver_all()
    await world.post("trigger", company, "/v1/events", an_event("yewtree", id="while-paused"))
    (event,) = [each for each in await world.transactions() if each.data.id == "while-paused"]
    await world.deliver(event, TRANSACTIONS.name)
    decided = await world.clients["dispatcher"].get(
        "/v1/decisions", params={"event_id": "while-paused"}, headers=company.headers
    )
    assert [each["reason"] for each in decided.json()["decisions"]] == ["company_paused"]
    answered = await world.clients["collector"].post(
        f"/s/{company.token('answer')}", data={**an_answer(company), "score": "3"}
    )
    assert answered.status_code == 303
    admin = company.people["admin"]
    page = await world.clients["dispatcher"].get("/surveys", headers=admin.headers(page=True))
    assert "This company is paused." in page.text
    link = await world.clients["dispatcher"].post(
        "/v1/invitations", json={**an_event("yewtree", id="link"), "channel": "link"}, headers=company.headers
    )
    assert link.status_code == 409
    assert (await operate(world, "/yewtree/resume"))["state"] == "running"
    await operate(world, "/yewtree/stay", status=409)
    await world.deliver_all()


async def test_the_day_on_which_a_company_leaves_is_moved(world: World) -> None:
    await operate(world, "", {"id": "larch", "name": "Larch"}, 201)
    now = world.contexts["trigger"].database.clock()
    days = []
    for body in ({"grace_days": 60}, {}, {"grace_days": 5}, {"grace_days": 40}):
        left = msgspec.convert(await operate(world, "/larch/leave", body), type=dict[str, Any])
        days.append(round((datetime.fromisoformat(left["leaves_at"]) - now) / timedelta(days=1)))
    assert days == [60, 60, 5, 40]
    async with world.contexts["trigger"].database.reading() as uow:
        rows = await uow.execute(
            "SELECT convert_from(value, 'UTF8') FROM outbox WHERE topic = 'audit.v1' ORDER BY seq"
        )
        lines = [msgspec.json.decode(row)["data"] for row in rows.scalars()]
    assert [each["facts"]["grace_days"] for each in lines if each["act"] == "company_leaves"] == [60, 5, 40]
    # Nobody is made in a company that leaves, nor in one that has left.
    larch = {"id": "larch", "name": "Larch", "admin": "boss@larch.example.com"}
    assert "stay" in (await operate(world, "", larch, 409))["detail"]
    await operate(world, "/larch/leave", {"grace_days": 0})
    async with world.contexts["trigger"].database.transaction() as uow:
        await let_go(uow, "larch")
    for name in ("Larch", "larch"):
        assert "never given again" in (await operate(world, "", {**larch, "name": name}, 409))["detail"]
    assert await free_short_name(world.contexts["trigger"].database, "larch") != "larch"
    await world.deliver_all()
    alerts = world.contexts["alerts"].database
    for make in (
        create_staff(alerts, "https://x.example", "larch", "boss@larch.example.com", "admin"),
        sign_in_link(alerts, "https://x.example", "larch", "boss@larch.example.com"),
    ):
        with pytest.raises(BadAccount, match="has left"):
            await make
    async with alerts.reading() as uow:
        assert (await uow.execute("SELECT 1 FROM staff WHERE tenant = 'larch'")).all() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"admin": "boss@birch.test"},
        {"admin": "nobody"},
        {"languages": ["klingonish-x"]},
        {"time_zone": "Europe/Nowhere"},
        {"country": "Denmark"},
        {"postal_address": "\u0007"},
    ],
    ids=lambda wrong: next(iter(wrong.items()))[1],
)
async def test_nothing_of_a_company_is_written_that_cannot_be_so(world: World, wrong: dict[str, Any]) -> None:
    body = {"id": "spruce", "name": "Spruce", "admin": "boss@spruce.example.com", **wrong}
    await operate(world, "", body, 422)
    assert (await world.clients["trigger"].get("/v1/companies/spruce", headers=OPERATOR)).status_code == 404


async def test_of_two_equal_requests_at_once_one_makes_the_company_with_one_key(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = asyncio.Barrier(2)

    async def together(*given: Any, **options: Any) -> str:
        await both.wait()
        return await create_key(*given, **options)

    first_admin, asked = operator_api._first_admin, []

    async def counted(*given: Any) -> str:
        asked.append(given)
        return await first_admin(*given)

    monkeypatch.setattr(operator_api, "create_key", together)
    monkeypatch.setattr(operator_api, "_first_admin", counted)
    body = {"id": "cedar", "name": "Cedar", "admin": "boss@cedar.example.com"}
    post = world.clients["trigger"].post
    async with asyncio.timeout(30):
        answers = await asyncio.gather(
            *(post("/v1/companies", json=body, headers=OPERATOR) for _ in range(2))
        )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    (made,) = [answer.json() for answer in answers if answer.status_code == 201]
    link = made["sign_in_link"].partition("afterword.example")[2]
    assert 'name="password"' in (await world.clients["alerts"].get(link)).text
    assert len(asked) == 1, "another link would end this one"
    async with world.contexts["trigger"].database.reading() as uow:
        company = await find_tenant(uow, "cedar")
    assert company is not None
    assert len(company.keys) == 1


@pytest.mark.parametrize("answered", [b"<html>", b"{}"])
async def test_an_answer_of_a_service_that_cannot_be_read_is_a_part_that_is_away(
    world: World, monkeypatch: pytest.MonkeyPatch, answered: bytes
) -> None:
    async def unreadable(*_: Any, **__: Any) -> bytes:
        return answered

    monkeypatch.setattr(type(world.app("trigger").state.context.services), "post", unreadable)
    name = f"aspen{len(answered)}"
    body = {"id": name, "name": name, "admin": f"boss@{name}.example.com"}
    refused = await operate(world, "", body, 503)
    assert "alerts" in refused["detail"]
    monkeypatch.undo()
    assert (await operate(world, "", body, 201))["key"], "the same again completes it"
    async with world.contexts["trigger"].database.reading() as uow:
        company = await find_tenant(uow, name)
    assert company is not None
    assert len(company.keys) == 1, "the key that nobody was told is gone"


async def test_a_progress_that_cannot_be_read_is_a_part_that_is_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await operate(world, "", {"id": "poplar", "name": "Poplar"}, 201)
    await operate(world, "/poplar/leave", {"grace_days": 0})
    async with world.contexts["trigger"].database.transaction() as uow:
        await let_go(uow, "poplar")

    async def unreadable(*_: Any, **__: Any) -> bytes:
        return b"\xff"

    monkeypatch.setattr(type(world.app("trigger").state.context.services), "get_body", unreadable)
    shown = await world.clients["trigger"].get("/v1/companies/poplar", headers=OPERATOR)
    assert shown.status_code == 503, shown.text
