"""The story of a receipt in a real browser: an answer, its case, solved, and "no, it is not"."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from support.accessibility import violations
from support.browser import look
from support.companies import Company, World
from support.servers import serving

pytestmark = pytest.mark.browser
VIEWS: tuple[tuple[int, Any], ...] = ((390, "light"), (1280, "dark"), (320, "dark"))


@pytest.fixture(scope="module")
async def pine(world: World) -> Company:
    return await world.create_company("pine")


async def act(world: World, company: Company, **action: Any) -> None:
    """What a colleague does with the case of the company's customer; everybody hears of it."""
    client, agent = world.clients["alerts"], company.people["agent"]
    client.cookies.clear()
    done = await client.post(
        f"/v1/cases/{company.case}/actions", json=action, headers=agent.headers(page=False)
    )
    assert done.status_code == 200, done.text
    await world.deliver_all()


async def stage(world: World, company: Company) -> str:
    found = await world.clients["alerts"].get(f"/v1/cases/{company.case}", headers=company.headers)
    return str(found.json()["stage"])


async def steps(page: Page, link: str) -> list[str]:
    """The steps of the receipt; the last one is where it stands."""
    await page.goto(link)
    lines = page.locator(".receipt li")
    await expect(page.locator(".receipt [aria-current=step]")).to_have_count(1)
    return [line.rstrip() for line in await lines.all_inner_texts()]


async def test_from_the_answer_to_no_it_is_not(world: World, pine: Company, browser: Browser) -> None:
    async with serving(world.app("collector"), asyncio.Event()) as origin:
        link = f"{origin}/s/{pine.token('answer')}"
        context = await browser.new_context(viewport={"width": 390, "height": 844}, locale="en")
        page = await context.new_page()
        await page.goto(f"{link}?change=1")
        await page.get_by_role("radio", name="2", exact=True).check()
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("We are sorry")
        await world.deliver_all()
        (received,) = await steps(page, link)
        assert received.startswith("Received on ")

        await act(world, pine, act="take")
        assert (await steps(page, link))[1] == "Somebody is looking after it."
        assert (await steps(page, link))[-1].startswith("In hand until ")
        solved = {"cause": "delivery.late", "action": "A new leg.", "outcome": "recovered", "told": True}
        await act(world, pine, act="close", **solved)
        assert (await steps(page, link))[-1].startswith("Solved on ")
        assert "A new leg." not in await page.content()
        for width, scheme in VIEWS:
            await page.set_viewport_size({"width": width, "height": 844})
            await page.emulate_media(color_scheme=scheme)
            await look(page, f"receipt-solved-{width}-{scheme}")
            assert await violations(page) == []

        await page.get_by_text("No, it is not solved").click()
        await page.get_by_label("What is not solved?").fill("The leg is split again.")
        for width, scheme in VIEWS:
            await page.set_viewport_size({"width": width, "height": 844})
            await page.emulate_media(color_scheme=scheme)
            await look(page, f"receipt-form-{width}-{scheme}")
            assert await violations(page) == []
        await page.locator("#not-solved").get_by_role("button", name="Send").click()
        await expect(page.locator(".receipt [aria-current=step]")).to_contain_text("We look at it again.")
        await expect(page.get_by_text("No, it is not solved")).to_have_count(0)
        await world.deliver_all()
        assert await stage(world, pine) == "reopened"
        lines = await steps(page, link)
        assert lines[-1].startswith("In hand until ")
        assert lines[-2].endswith("you told us that it is not solved. It is open again.")
        assert "split again" not in await page.content()
        await look(page, "receipt-open-again")
        assert await violations(page) == []
        await context.close()
