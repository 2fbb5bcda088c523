"""Keys of a company: created, published, revoked, any number of times."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace
from support.http_clients import a_lent_context
from support.lent_databases import LentDatabases

from services.trigger import key_list, repository, tenants
from services.trigger.app import SERVICE
from services.trigger.errors import BadTenant, TenantExists
from shared.db.database import Database
from shared.permissions import SCOPES
from shared.tenancy import digest_of, find_tenant


@pytest.fixture
async def database(databases_to_lend: LentDatabases) -> AsyncIterator[Database]:
    async with a_lent_context(SERVICE, databases_to_lend) as context:
        await tenants.create_tenant(context.database, "acme", name="Acme")
        yield context.database


async def fill(database: Database, *, revoked: bool) -> None:
    """Give the company as many keys as it can have, or more than that which are revoked."""
    async with database.transaction() as uow:
        company = await repository.lock_tenant(uow, "acme")
        assert company is not None
        (key,) = company.keys
        copies = [
            replace(key, id=f"{n:032x}", digest=f"{n:064x}", revoked_at=uow.now if revoked else None)
            for n in range(2_000 if revoked else key_list.MAX_LIVE_KEYS - 1)
        ]
        await repository.update_tenant(uow, replace(company, keys=(*copies, key)))


async def test_after_thousands_of_revoked_keys_another_is_revoked_and_published(database: Database) -> None:
    token = await tenants.create_key(database, "acme", SCOPES, name="n" * 200)
    await fill(database, revoked=True)
    await tenants.revoke_key(database, "acme", token)
    async with database.reading() as uow:
        company = await find_tenant(uow, "acme")
    assert company is not None
    (found,) = [key for key in company.keys if key.digest == digest_of(token)]
    assert found.revoked_at is not None
    assert len(company.keys) < 2_000
    assert await tenants.create_key(database, "acme", ["events:write"])


async def test_one_key_too_many_is_refused_in_words_and_room_is_made_by_revoking(database: Database) -> None:
    token = await tenants.create_key(database, "acme", ["events:write"])
    await fill(database, revoked=False)
    with pytest.raises(BadTenant, match="as many keys as a company can have"):
        await tenants.create_key(database, "acme", ["events:write"])
    await tenants.revoke_key(database, "acme", token)
    assert await tenants.create_key(database, "acme", ["events:write"])


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "n" * 201])
async def test_a_key_has_a_name_that_every_reader_of_the_event_takes(database: Database, name: str) -> None:
    with pytest.raises(BadTenant, match="A key's name"):
        await tenants.create_key(database, "acme", ["events:write"], name=name)
    with pytest.raises(BadTenant, match="A key's name"):
        await tenants.create_key(database, "acme", ["events:write"], source="n" * 201)


@pytest.mark.parametrize(
    "named", [{"name": "afterword/wave/1"}, {"name": "shop", "source": "Afterword/test"}]
)
async def test_no_key_gives_its_events_a_source_of_afterwords_own(
    database: Database, named: dict[str, Any]
) -> None:
    with pytest.raises(BadTenant, match="another name or source"):
        await tenants.create_key(database, "acme", ["events:write"], **named)


async def test_a_key_that_may_only_be_the_first_is_no_second_one(database: Database) -> None:
    assert await tenants.create_key(database, "acme", ["events:write"], only_first=True)
    with pytest.raises(TenantExists):
        await tenants.create_key(database, "acme", ["events:write"], only_first=True)
    async with database.reading() as uow:
        company = await find_tenant(uow, "acme")
    assert company is not None
    assert len(company.keys) == 1
