"""Screens as alerts knows their makers: a link ends with the account, the role or the segments of who made it."""

from typing import Any

import httpx
import pytest
from support.companies import Company, World

ACT = "UPDATE staff SET {} WHERE tenant = :tenant AND id = :id"


@pytest.fixture
async def aspen(world: World) -> Company:
    return await world.create_company("aspen")


async def shown(world: World, company: Company) -> httpx.Response:
    world.clients["scorer"].cookies.clear()
    return await world.clients["scorer"].get(f"/wall/{company.screen_token}", headers={"accept": "text/html"})


async def change(world: World, company: Company, act: str, **values: Any) -> None:
    person = company.people["admin"].staff
    async with world.contexts["alerts"].database.transaction() as uow:
        await uow.execute(ACT.format(act), {"tenant": company.name, "id": person.id, **values})


async def test_a_screen_shows_what_its_maker_may_see_now(world: World, aspen: Company) -> None:
    page = await shown(world, aspen)
    assert page.status_code == 200
    assert "aspen view" in page.text
    for act, undo in (
        ("active = false", "active = true"),
        ("role = 'analyst'", "role = 'admin'"),
        ("segments = '{touchpoint:aspen-desk}'", "segments = '{}'"),
    ):
        await change(world, aspen, act)
        assert (await shown(world, aspen)).status_code == 404, act
        await change(world, aspen, undo)
        assert (await shown(world, aspen)).status_code == 200, undo
