"""Two companies with one of everything: one that leaves, and one that stays."""

import pytest
from support.companies import Company, World
from support.erasure_world import TopicLog


@pytest.fixture(scope="module")
async def log(world: World) -> TopicLog:
    return TopicLog(world)


@pytest.fixture(scope="module")
async def neighbour(world: World) -> Company:
    return await world.create_company("rowan")


@pytest.fixture(scope="module")
async def company(world: World, log: TopicLog, neighbour: Company) -> Company:
    return await world.create_company("yewtree")
