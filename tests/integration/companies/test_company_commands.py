"""The commands by which a company is exported and leaves."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from support.companies import World
from support.eventually import eventually
from support.leaving import (
    operate,
    read_export,
)

from services import SERVICES, tenant_leaving
from services.trigger.company_states import let_go
from shared.privacy.company_export import OwnRows
from shared.tenancy.closed import find_closed
from shared.tenancy.tenants import find_tenant


@pytest.fixture(autouse=True)
def databases(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The databases of the world are those of the commands."""
    for name, context in world.contexts.items():
        monkeypatch.setenv(f"{name.upper()}_DATABASE_URL", context.database.url)


@pytest.fixture
def at_the_last_service(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Awaitable[None]]], None]:
    """Lets something happen when an export that runs reads the last service."""
    tables = OwnRows.tables

    def set_up(interrupt: Callable[[], Awaitable[None]]) -> None:
        async def interrupted(self: OwnRows) -> Sequence[str]:
            if self._service == SERVICES[-1]:
                await interrupt()
            return await tables(self)

        monkeypatch.setattr(OwnRows, "tables", interrupted)

    return set_up


async def state_of(world: World, tenant: str) -> tuple[str, datetime | None]:
    """In which state it is, and from when on it is erased."""
    async with world.contexts["trigger"].database.reading() as uow:
        company = await find_tenant(uow, tenant)
    assert company is not None
    return company.state, company.leaves_at


async def leave_heard(world: World, tenant: str, file: Path, grace_days: int) -> datetime:
    """Let it leave while the services hear of it."""
    leaving = asyncio.ensure_future(tenant_leaving.leave(tenant, file, grace_days))

    async def over() -> bool:
        await world.deliver_all()
        return leaving.done()

    await eventually(over, within=60)
    return await leaving


async def test_the_commands_export_to_a_file_of_ones_own_and_let_a_company_leave_and_stay(
    world: World, tmp_path: Path
) -> None:
    body = {"id": "linden", "name": "Linden", "admin": "boss@linden.example.com"}
    await operate(world, "", body, 201)
    await world.deliver_all()
    file = tmp_path / "linden.zip"
    assert await tenant_leaving.export_tenant("linden", file) > 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"boss@linden.example.com" in read_export(file.read_bytes(), "linden")["alerts/staff.ndjson"]
    with pytest.raises(tenant_leaving.TenantNotLeaving, match="there already"):
        await tenant_leaving.leave("linden", file, 30)
    leaves_at = await leave_heard(world, "linden", tmp_path / "again.zip", 30)
    assert leaves_at > world.contexts["trigger"].database.clock() + timedelta(days=29)
    assert set((await tenant_leaving.erasures("linden")).values()) == {"not to be erased"}
    assert (await operate(world, "/linden/stay"))["state"] == "paused"
    with pytest.raises(tenant_leaving.TenantNotLeaving, match="no tenant nobody"):
        await tenant_leaving.leave("nobody", None, 30)
    with pytest.raises(tenant_leaving.TenantNotLeaving, match="no tenant nobody"):
        await tenant_leaving.erasures("nobody")


@pytest.mark.parametrize(("tenant", "grace_days"), [("hazel", 30), ("alder", 0)])
async def test_a_company_is_closed_before_it_is_exported_and_never_erased_meanwhile(
    world: World,
    tmp_path: Path,
    at_the_last_service: Callable[[Callable[[], Awaitable[None]]], None],
    tenant: str,
    grace_days: int,
) -> None:
    await operate(world, "", {"id": tenant, "name": tenant.title()}, 201)
    clock, seen = world.contexts["trigger"].database.clock, []

    async def look() -> None:
        seen.append(await state_of(world, tenant))
        for context in world.contexts.values():
            async with context.database.reading() as uow:
                known = await find_closed(uow, tenant)
            assert known is not None
            assert known.state == "leaving", context.service

    at_the_last_service(look)
    leaves_at = await leave_heard(world, tenant, tmp_path / "all.zip", grace_days)
    ((state, until),) = seen
    assert state == "leaving"
    assert until is not None
    assert until > clock() + timedelta(hours=23)
    assert read_export((tmp_path / "all.zip").read_bytes(), tenant)
    assert abs(leaves_at - clock() - timedelta(days=grace_days)) < timedelta(minutes=5)
    assert await state_of(world, tenant) == ("leaving", leaves_at)


async def test_a_company_whose_export_fails_leaves_nevertheless_and_the_refusal_says_what_to_do(
    world: World, tmp_path: Path, at_the_last_service: Callable[[Callable[[], Awaitable[None]]], None]
) -> None:
    await operate(world, "", {"id": "rowanberry", "name": "Rowanberry"}, 201)

    async def fail() -> None:
        raise OSError("No space left on device")

    at_the_last_service(fail)
    file = tmp_path / "all.zip"
    with pytest.raises(tenant_leaving.LeftWithoutExport, match="afterword tenant export rowanberry"):
        await leave_heard(world, "rowanberry", file, 0)
    assert not file.exists()
    state, until = await state_of(world, "rowanberry")
    assert state == "leaving"
    assert until is not None
    assert until > world.contexts["trigger"].database.clock()


@pytest.mark.parametrize(
    ("tenant", "again", "state"), [("medlar", False, "paused"), ("quince", True, "leaving")]
)
async def test_a_company_that_was_taken_back_while_it_was_exported_is_not_erased(
    world: World,
    tmp_path: Path,
    at_the_last_service: Callable[[Callable[[], Awaitable[None]]], None],
    tenant: str,
    again: bool,
    state: str,
) -> None:
    await operate(world, "", {"id": tenant, "name": tenant.title()}, 201)

    async def stay() -> None:
        await operate(world, f"/{tenant}/stay")
        if again:
            await operate(world, f"/{tenant}/leave", {"grace_days": 20})

    at_the_last_service(stay)
    file = tmp_path / "all.zip"
    with pytest.raises(tenant_leaving.TenantNotLeaving, match=f"but not erased: .*{tenant} is {state}"):
        await leave_heard(world, tenant, file, 0)
    assert read_export(file.read_bytes(), tenant)
    found, until = await state_of(world, tenant)
    assert found == state
    assert until is None or until > world.contexts["trigger"].database.clock() + timedelta(days=19)


async def test_nothing_is_exported_before_all_services_know_that_the_company_leaves(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await operate(world, "", {"id": "sorbus", "name": "Sorbus"}, 201)
    await world.deliver_all()
    monkeypatch.setattr(tenant_leaving, "KNOWN_WITHIN_S", 0.0)
    file, others = tmp_path / "all.zip", "collector, scorer, alerts"
    with pytest.raises(tenant_leaving.LeftWithoutExport, match=f"did not know that it leaves: .*{others}"):
        await tenant_leaving.leave("sorbus", file, 0)
    assert not file.exists()
    assert (await state_of(world, "sorbus"))[0] == "leaving"


async def test_a_company_stays_open_when_its_file_cannot_be_written_and_no_file_stays_of_a_refusal(
    world: World, tmp_path: Path
) -> None:
    await operate(world, "", {"id": "damson", "name": "Damson"}, 201)
    with pytest.raises(tenant_leaving.TenantNotLeaving, match="No such file or directory"):
        await tenant_leaving.leave("damson", tmp_path / "mistyped" / "all.zip", 0)
    assert await state_of(world, "damson") == ("running", None)
    with pytest.raises(tenant_leaving.TenantNotLeaving, match="no tenant nobody"):
        await tenant_leaving.leave("nobody", tmp_path / "nobody.zip", 0)
    assert not (tmp_path / "nobody.zip").exists()


async def test_an_export_to_a_file_ends_without_one_when_the_company_has_left_meanwhile(
    world: World, tmp_path: Path, at_the_last_service: Callable[[Callable[[], Awaitable[None]]], None]
) -> None:
    await operate(world, "", {"id": "willow", "name": "Willow"}, 201)

    async def leave() -> None:
        await operate(world, "/willow/leave", {"grace_days": 0})
        async with world.contexts["trigger"].database.transaction() as uow:
            await let_go(uow, "willow")

    at_the_last_service(leave)
    file = tmp_path / "all.zip"
    with pytest.raises(tenant_leaving.TenantNotLeaving, match="has left"):
        await tenant_leaving.export_tenant("willow", file)
    assert not file.exists()
