"""All services in this process, and companies in them, for the tests of what holds across services."""

from collections.abc import AsyncIterator

import pytest
from support.companies import Company, World, a_world
from support.exports import a_company_with_everything
from support.stack import Postgres


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
