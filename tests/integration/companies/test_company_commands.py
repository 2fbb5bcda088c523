"""The commands by which a company is exported and leaves."""

from datetime import timedelta
from pathlib import Path

import pytest
from support.companies import World
from support.leaving import (
    operate,
    read_export,
)

from services import tenant_leaving


async def test_the_commands_export_to_a_file_of_ones_own_and_let_a_company_leave_and_stay(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, context in world.contexts.items():
        monkeypatch.setenv(f"{name.upper()}_DATABASE_URL", context.database.url)
    body = {"id": "linden", "name": "Linden", "admin": "boss@linden.example.com"}
    await operate(world, "", body, 201)
    await world.deliver_all()
    file = tmp_path / "linden.zip"
    assert await tenant_leaving.export_tenant("linden", file) > 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"boss@linden.example.com" in read_export(file.read_bytes(), "linden")["alerts/staff.ndjson"]
    with pytest.raises(tenant_leaving.TenantNotLeaving, match="there already"):
        await tenant_leaving.leave("linden", file, 30)
    leaves_at = await tenant_leaving.leave("linden", tmp_path / "again.zip", 30)
    assert leaves_at > world.contexts["trigger"].database.clock() + timedelta(days=29)
    assert set((await tenant_leaving.erasures("linden")).values()) == {"not to be erased"}
    assert (await operate(world, "/linden/stay"))["state"] == "paused"
    with pytest.raises(tenant_leaving.TenantNotLeaving, match="no tenant nobody"):
        await tenant_leaving.leave("nobody", None, 30)
