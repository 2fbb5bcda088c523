"""A company with one of everything, and the real server in a process of its own."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from support.companies import Company, World
from support.processes import ApiProcess, an_api_process
from support.routes import Route, routes_of


@pytest.fixture(scope="module")
async def company(world: World) -> Company:
    company = await world.create_company("acme")
    assert company.case != UUID(int=0)
    return company


@pytest.fixture(scope="module")
def routes(world: World, company: Company) -> list[Route]:
    # One server has all services: what each of them has, such as /healthz, is one route there.
    found = list({(each.method, each.path): each for each in routes_of(world, company)}.values())
    assert len(found) > 60
    return found


@pytest.fixture(scope="module")
async def server(world: World, company: Company) -> AsyncIterator[ApiProcess]:
    async with an_api_process(world) as running:
        yield running
