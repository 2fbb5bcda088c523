"""A service's own copy of the tenants, and the ring of keys."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from support.http_clients import a_lent_context
from support.lent_databases import LentDatabases

from services.trigger.app import SERVICE
from shared.api_keys import KeysUnavailable
from shared.db.database import Database
from shared.events import TENANTS, CompanyState, KeyDigest, Tenant
from shared.health import Health
from shared.service import Context
from shared.tenancy import TenantKeyRing, digest_of, find_tenant, keep_tenants
from shared.tenancy import keyring as keyring_module
from shared.tenancy.closed import find_left, keep_closed
from shared.tenancy.key_uses import KeyUse, find_uses, store_uses

NOW = datetime.now(UTC)


@pytest.fixture
async def context(databases_to_lend: LentDatabases) -> AsyncIterator[Context]:
    async with a_lent_context(SERVICE, databases_to_lend) as context:
        yield context


def a_tenant(version: int, *keys: KeyDigest) -> Tenant:
    return Tenant(id="acme", version=version, name="Acme", time_zone="UTC", country="DK", keys=keys)


def a_key(token: str, **changes: Any) -> KeyDigest:
    return KeyDigest(id=token, name="shop", digest=digest_of(token), scopes=("events:write",), **changes)


async def hear(context: Context, *tenants: Tenant) -> None:
    async with context.database.transaction() as uow:
        await keep_tenants(uow, [TENANTS.event("acme", tenant, NOW) for tenant in tenants])


async def test_the_newest_version_of_a_tenant_is_kept_whatever_comes_late(context: Context) -> None:
    await hear(context, a_tenant(1), a_tenant(3))
    await hear(context, a_tenant(2))
    async with context.database.reading() as uow:
        kept = await find_tenant(uow, "acme")
    assert kept is not None
    assert kept.version == 3


async def test_the_use_of_a_key_goes_when_the_key_leaves_the_list(context: Context) -> None:
    await hear(context, a_tenant(1, a_key("old"), a_key("new")))
    async with context.database.transaction() as uow:
        await store_uses(
            uow, {(t, k): KeyUse(NOW, "/v1/x") for t in ("acme", "other") for k in ("old", "new")}
        )
    await hear(context, a_tenant(2, a_key("old", revoked_at=NOW), a_key("new")))
    async with context.database.reading() as uow:
        assert set(await find_uses(uow, "acme")) == {"old", "new"}
    await hear(context, a_tenant(3, a_key("new")))
    async with context.database.reading() as uow:
        assert set(await find_uses(uow, "acme")) == {"new"}
        assert set(await find_uses(uow, "other")) == {"old", "new"}


@pytest.mark.parametrize("state", ["running", "paused", "leaving"])
async def test_a_company_that_has_left_stays_so_whatever_comes_later(
    context: Context, state: CompanyState
) -> None:
    async with context.database.transaction() as uow:
        await keep_closed(uow, [replace(a_tenant(2), state="left", leaves_at=NOW)])
        await keep_closed(uow, [replace(a_tenant(3), state=state)])
        assert await find_left(uow, ["acme"]) == {"acme"}


async def test_a_use_of_a_key_of_a_company_that_has_left_is_not_stored(context: Context) -> None:
    async with context.database.transaction() as uow:
        await keep_closed(uow, [replace(a_tenant(2), state="left", leaves_at=NOW)])
    async with context.database.transaction() as uow:
        await store_uses(uow, {(tenant, "k"): KeyUse(NOW, "/v1/x") for tenant in ("acme", "other")})
        assert await find_uses(uow, "acme") == {}
        assert set(await find_uses(uow, "other")) == {"k"}


async def test_only_a_key_that_is_valid_now_is_found(context: Context) -> None:
    await hear(
        context,
        a_tenant(
            1,
            a_key("good", expires_at=NOW + timedelta(hours=1)),
            a_key("expired", expires_at=NOW - timedelta(seconds=1)),
            a_key("revoked", revoked_at=NOW),
        ),
    )
    await context.keys.refresh()
    found = context.keys.lookup("good")
    assert found is not None
    assert (found.tenant, found.name) == ("acme", "shop")
    assert [context.keys.lookup(token) for token in ("expired", "revoked", "unknown", "")] == [None] * 4


async def test_keys_that_could_not_be_read_for_minutes_are_unavailable(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeysUnavailable):
        TenantKeyRing(context.database, Health()).lookup("good")
    await hear(context, a_tenant(1, a_key("good")))
    await context.keys.refresh()
    assert context.keys.lookup("good")
    monkeypatch.setattr(keyring_module, "MAX_KEYS_AGE_S", -1)
    with pytest.raises(KeysUnavailable):
        context.keys.lookup("good")


async def test_a_key_is_valid_as_soon_as_it_is_made(context: Context) -> None:
    await context.keys.refresh()
    await hear(context, a_tenant(1, a_key("fresh")))
    assert context.keys.lookup("fresh") is None
    found = await asyncio.gather(*(context.keys.lookup_fresh("fresh") for _ in range(5)))
    assert [key.name for key in found if key] == ["shop"] * 5
    assert await context.keys.lookup_fresh("unknown") is None


async def test_while_the_database_is_away_no_key_is_called_invalid(context: Context) -> None:
    await context.keys.refresh()
    context.keys.database = Database("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(KeysUnavailable):
        await context.keys.lookup_fresh("unknown")


async def test_concurrent_lookups_of_unknown_keys_share_one_failed_reading(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = TenantKeyRing(context.database, Health())
    await ring.refresh()
    readings = 0

    @contextlib.asynccontextmanager
    async def away() -> AsyncIterator[None]:
        nonlocal readings
        readings += 1
        await asyncio.sleep(0.05)
        raise ConnectionRefusedError
        yield

    monkeypatch.setattr(context.database, "reading", away)
    told = await asyncio.gather(*(ring.lookup_fresh(f"{n}") for n in range(50)), return_exceptions=True)
    assert {type(one) for one in told} == {KeysUnavailable}
    assert readings == 2  # the first one's own, and one for all who came after it began
    monkeypatch.undo()
    assert await ring.lookup_fresh("unknown") is None
