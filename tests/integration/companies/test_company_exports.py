"""The export of a company by a link: all of it, once at a time, or no file that looks complete."""

import base64
import io
import zipfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
from support.companies import Company, World
from support.leaving import OPERATOR, acts_of, operate, read_export

from services import SERVICES
from services.command import service
from services.trigger.company_exports import HELD_FOR, ExportLinkEnded, ExportRuns, hold, release
from services.trigger.company_states import let_go
from shared.ids import uuid7
from shared.privacy.company_rows import SECRET_COLUMNS, exported_tables
from shared.privacy.service_client import ServiceUnavailable


async def test_the_export_has_all_of_the_company_and_nothing_of_another(
    world: World, company: Company, neighbour: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await operate(world, "/yewtree/export", status=201)
    path = made["url"].partition("afterword.example")[2]
    monkeypatch.setattr("shared.privacy.company_rows.ROWS_PER_PAGE", 1)  # every table has several pages
    await world.deliver_all()
    found = await world.clients["trigger"].get(path)
    assert found.status_code == 200, found.text
    assert await acts_of(world, "yewtree") == ["company_export_opened"]
    assert found.headers["cache-control"] == "no-store"
    files = read_export(found.content, "yewtree")
    rows = await world.rows()
    for name in SERVICES:
        for table in exported_tables(name, service(name).metadata):
            own = [row for row in rows[f"{name}.{table}"] if row[0] == "yewtree"]
            assert own or table != "tenant"
            assert len(files[f"{name}/{table}.ndjson"].splitlines()) == len(own), table
    everything = b"".join(files.values())
    for word in (b"yewtree was late", b"yewtree-customer", b"yewtree called back", b"yewtree hours"):
        assert word in everything, word
    own = msgspec.json.decode(files["trigger/tenant.ndjson"])["body"]
    assert (own["id"], own["time_zone"], len(own["keys"])) == ("yewtree", "Europe/Copenhagen", 2)
    assert {"name", "languages", "people", "display_names", "accent", "postal_address"} <= own.keys()
    assert all(key["scopes"] and "digest" not in key for key in own["keys"])
    assert neighbour.name.encode() not in everything
    assert b"$argon2" not in everything
    for row in (row for content in files.values() for row in content.splitlines()):
        assert not SECRET_COLUMNS & msgspec.json.decode(row).keys()
    assert (await world.clients["trigger"].get(path[:-1])).status_code == 410
    clock = world.contexts["trigger"].database.clock
    with monkeypatch.context() as later:
        later.setattr(world.contexts["trigger"].database, "clock", lambda: clock() + timedelta(days=8))
        links = world.app("trigger").state.context.company_links
        later.setattr(links, "_clock", lambda: clock() + timedelta(days=8))
        assert (await world.clients["trigger"].get(path)).status_code == 410


async def test_a_link_is_withdrawn_and_one_download_of_a_company_runs_at_a_time(
    world: World, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = world.clients["trigger"]
    path = (await operate(world, "/yewtree/export", status=201))["url"].partition("afterword.example")[2]
    database = world.contexts["trigger"].database
    _, series = world.app("trigger").state.context.company_links.read(path.rpartition("/")[2])
    other = uuid7()
    async with database.transaction() as uow:
        await hold(uow, "yewtree", series, other)
    busy = await client.get(path)
    assert (busy.status_code, busy.headers["retry-after"]) == (429, "60")
    clock = database.clock
    with monkeypatch.context() as later:
        later.setattr(database, "clock", lambda: clock() + HELD_FOR * 2)
        assert (await client.get(path)).status_code == 200  # of one that was killed
    async with database.transaction() as uow:
        await hold(uow, "yewtree", series, other)
        with pytest.raises(ExportRuns):
            await hold(uow, "yewtree", series, uuid7())
        await release(uow, "yewtree", other)
    assert (await client.get(path)).status_code == 200

    # A download that runs goes on with its link, and ends with it.
    monkeypatch.setattr("services.trigger.company_export_api.HELD_AGAIN_AFTER", timedelta(0))
    assert (await client.get(path)).status_code == 200
    withdrawn = await client.delete("/v1/companies/yewtree/export", headers=OPERATOR)
    assert withdrawn.status_code == 204
    assert (await client.get(path)).status_code == 410
    async with database.transaction() as uow:
        with pytest.raises(ExportLinkEnded):
            await hold(uow, "yewtree", series, other)
    assert (await acts_of(world, "yewtree"))[-1] == "company_export_withdrawn"
    again = (await operate(world, "/yewtree/export", status=201))["url"].partition("afterword.example")[2]
    assert (await client.get(again)).status_code == 200
    nobody = await client.delete("/v1/companies/nobody/export", headers=OPERATOR)
    assert nobody.status_code == 404


async def test_a_page_that_a_service_does_not_answer_is_asked_for_again(
    world: World, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await operate(world, "/yewtree/export", status=201)
    client = type(world.app("trigger").state.context.services)
    get_body: Callable[..., Awaitable[bytes]] = client.get_body
    asked = 0

    async def sometimes(self: Any, service: str, path: str, **given: Any) -> bytes:
        nonlocal asked
        asked += "/tables/" in path
        if "/tables/" in path and asked % 3:
            raise ServiceUnavailable(service)
        return await get_body(self, service, path, **given)

    monkeypatch.setattr(client, "get_body", sometimes)
    monkeypatch.setattr("shared.privacy.company_export.FIRST_PAUSE_S", 0.0)
    found = await world.clients["trigger"].get(made["url"].partition("afterword.example")[2])
    assert found.status_code == 200
    assert "alerts/staff.ndjson" in read_export(found.content, "yewtree")
    assert asked > 100


async def test_an_export_says_which_service_is_away(
    world: World,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = await operate(world, "/yewtree/export", status=201)
    client = world.app("trigger").state.context.services

    async def away(*_: Any, **__: Any) -> bytes:
        raise ServiceUnavailable("scorer")

    monkeypatch.setattr(type(client), "get_body", away)
    found = await world.clients["trigger"].get(made["url"].partition("afterword.example")[2])
    assert found.status_code == 503
    assert "scorer" in found.json()["detail"]


Interrupt = Callable[[], Awaitable[None]]


@pytest.fixture
def at_the_last_page(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[Interrupt], None]:
    """Lets something happen when the last service is asked for a page of a download that runs."""
    client = type(world.app("trigger").state.context.services)
    get_body: Callable[..., Awaitable[bytes]] = client.get_body

    def set_up(interrupt: Interrupt) -> None:
        waiting = [interrupt]

        async def interrupted(self: Any, service: str, path: str, **given: Any) -> bytes:
            if service == SERVICES[-1] and "/tables/" in path and waiting:
                await waiting.pop()()
            return await get_body(self, service, path, **given)

        monkeypatch.setattr(client, "get_body", interrupted)

    return set_up


async def expect_broken_off(client: httpx.AsyncClient, path: str) -> None:
    """A download that begins and is never complete: the transport without a socket asserts that one is."""
    with pytest.raises(AssertionError) as raised:
        await client.get(path)
    assert "response_complete" in str(raised.traceback[-1].statement)


async def test_a_download_that_runs_ends_when_its_link_is_withdrawn_and_is_no_complete_file(
    world: World, company: Company, at_the_last_page: Callable[[Interrupt], None]
) -> None:
    made = await operate(world, f"/{company.name}/export", status=201)
    client = world.clients["trigger"]

    async def withdraw() -> None:
        withdrawn = await client.delete(f"/v1/companies/{company.name}/export", headers=OPERATOR)
        assert withdrawn.status_code == 204

    at_the_last_page(withdraw)
    await expect_broken_off(client, made["url"].partition("afterword.example")[2])
    again = await operate(world, f"/{company.name}/export", status=201)
    complete = await client.get(again["url"].partition("afterword.example")[2])
    assert zipfile.is_zipfile(io.BytesIO(complete.content)), "nobody holds the download any more"


async def test_an_export_in_which_bytes_look_like_json_has_them_as_what_they_are(
    world: World, company: Company
) -> None:
    digest = b"1" * 32
    async with world.contexts["dispatcher"].database.transaction() as uow:
        values = {"tenant": company.name, "digest": digest}
        await uow.execute("UPDATE import_job SET digest = :digest WHERE tenant = :tenant", values)
    made = await operate(world, f"/{company.name}/export", status=201)
    found = await world.clients["trigger"].get(made["url"].partition("afterword.example")[2])
    rows = read_export(found.content, company.name)["dispatcher/import_job.ndjson"].splitlines()
    assert {msgspec.json.decode(row)["digest"] for row in rows} == {base64.b64encode(digest).decode()}
    assert {type(msgspec.json.decode(row)["columns"]) for row in rows} == {list}


async def test_a_download_ends_when_the_company_has_left_meanwhile_and_is_no_complete_file(
    world: World, company: Company, at_the_last_page: Callable[[Interrupt], None]
) -> None:
    made = await operate(world, f"/{company.name}/export", status=201)

    async def leave() -> None:
        await operate(world, f"/{company.name}/leave", {"grace_days": 0})
        async with world.contexts["trigger"].database.transaction() as uow:
            await let_go(uow, company.name)
        await world.deliver_all()

    at_the_last_page(leave)
    path = made["url"].partition("afterword.example")[2]
    await expect_broken_off(world.clients["trigger"], path)
    assert (await world.clients["trigger"].get(path)).status_code == 410
