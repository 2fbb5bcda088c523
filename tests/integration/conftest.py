"""All services in this process, and companies in them, for the tests of what holds across services."""

from collections.abc import AsyncIterator, Iterator

import pytest
from support.alerts_api import CHEAP_HASHER
from support.companies import Company, World, a_world
from support.exports import a_company_with_everything
from support.stack import Postgres

from services.alerts.staff import passwords


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes() -> Iterator[None]:
    """Passwords are hashed in microseconds: what a hash costs is tried by the tests of passwords alone."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passwords, "_hasher", CHEAP_HASHER)
        patched.setattr(passwords, "_NOBODYS_HASH", CHEAP_HASHER.hash("nobody's password"))
        yield


@pytest.fixture(scope="module")
async def world(postgres: Postgres, kafka: str) -> AsyncIterator[World]:
    async with a_world(postgres, kafka) as world:
        yield world


@pytest.fixture(scope="module")
async def birch(world: World) -> Company:
    return await world.create_company("birch")


@pytest.fixture(scope="module")
async def quartz(world: World) -> Company:
    return await world.create_company("quartz")


@pytest.fixture(scope="module")
async def amber(world: World) -> Company:
    """A company with one of everything, and a customer who has had more than one of some things."""
    return await a_company_with_everything(world)
