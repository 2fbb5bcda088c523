"""The customer's way out in each of the languages in which a customer can be asked."""

from collections.abc import Sequence
from uuid import UUID

import httpx
import msgspec
import pytest
from playwright.async_api import Page, expect
from support.accessibility import violations
from support.browser import look, views
from support.dispatcher_builders import a_customer, a_transaction, decide, go_live, make_survey, rows
from support.http_clients import SECRET
from support.translations import english_on

from services.dispatcher.surveys.texts import STANDARD_LANGUAGES
from shared.db.database import Database
from shared.link_tokens import LinkSigner

TRANSLATED = sorted({*STANDARD_LANGUAGES} - {"en"})


async def links_of_customers(database: Database, languages: Sequence[str]) -> dict[str, str]:
    """The link in the mail of one customer who speaks each of these languages."""
    await make_survey(database)
    await go_live(database)
    now = database.clock()
    for language in languages:
        customer = a_customer(f"kim-{language}", locale=language)
        order = a_transaction(f"order-{language}", customer, occurred_at=now, accepted_at=now)
        await decide(database, order)
    made = await rows(database, "SELECT id, customer_id FROM invitation")
    return {
        one.customer_id.removeprefix("kim-"): f"/u/{LinkSigner(SECRET).sign('unsubscribe', one.id)}"
        for one in made
    }


@pytest.mark.parametrize("language", TRANSLATED)
async def test_a_customer_unsubscribes_and_returns_in_the_language_of_the_mail(
    client: httpx.AsyncClient, database: Database, language: str
) -> None:
    link = (await links_of_customers(database, [language]))[language]
    steps = (("GET", ""), ("POST", ""), ("GET", ""), ("GET", "/again"), ("POST", "/again"))
    pages = [(await client.request(method, link + path)).text for method, path in steps]
    for choice in ("fewer", "pause-1", "pause-6", "channel", "usual"):
        pages.append((await client.post(f"{link}/choice", data={"choice": choice})).text)
        pages.append((await client.get(link)).text)
    pages.append((await client.post(f"{link}/choice")).text)
    headers = {"accept-language": language, "accept": "text/html"}
    unknown = await client.get("/u/unknown", headers=headers)
    assert unknown.status_code == 404
    assert [text for page in [*pages, unknown.text] for text in english_on(page, language)] == []
    assert len(set(pages)) == len(pages) - 2, "who unsubscribes sees the same again, and who takes all back"


@pytest.mark.browser
@pytest.mark.parametrize("page", [(320, scheme, "en") for scheme in ("light", "dark")], indirect=True)
async def test_axe_finds_nothing_on_the_page_in_each_language(
    page: Page, origin: str, database: Database
) -> None:
    links, faults = await links_of_customers(database, STANDARD_LANGUAGES), []
    for language in STANDARD_LANGUAGES:
        for path in ("", "/again"):
            await page.goto(f"{origin}{links[language]}{path}")
            assert await page.locator("html").get_attribute("lang") == language
            faults += await violations(page)
        await page.goto(f"{origin}{links[language]}")
        await page.locator("[value=fewer]").check()
        await page.locator("form[action$=choice] button").click()
        faults += await violations(page)
    assert faults == []


@pytest.mark.browser
@pytest.mark.parametrize("page", views(320, 360, 1280, languages=("en",)), indirect=True)
async def test_the_page_fits_its_window_from_either_side_and_is_used_by_the_keyboard_alone(
    page: Page, origin: str, database: Database
) -> None:
    links = await links_of_customers(database, ["en", "da"])
    arabic = (await rows(database, "SELECT id FROM invitation WHERE customer_id = 'kim-da'"))[0].id
    await database_speaks(database, arabic, "ar")
    for language, direction in (("en", None), ("da", "rtl")):
        await page.goto(f"{origin}{links[language]}")
        assert await page.locator("html").get_attribute("dir") == direction
        await look(page, f"preferences-{language}")
        await page.locator("[value=usual]").focus()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowDown")
        assert await page.locator("[value=pause-1]").is_checked()
        await page.keyboard.press("Enter")
        await expect(page.locator("form")).to_have_count(0)
        await look(page, f"preferences-kept-{language}")
        await page.locator(".ask-page a").click()
        await expect(page.locator("[value=keep]")).to_be_checked()
        await look(page, f"preferences-pause-{language}")
        await page.locator("form").last.locator("button").click()
        await look(page, f"preferences-left-{language}")


async def database_speaks(database: Database, invitation_id: UUID, language: str) -> None:
    """Let the mail of an invitation have been written in another language, such as a survey's own."""
    (row,) = await rows(database, "SELECT body FROM invitation WHERE id = :id", id=invitation_id)
    body = msgspec.json.decode(row.body)
    async with database.transaction() as uow:
        await uow.execute(
            "UPDATE invitation SET body = :body WHERE id = :id",
            {"id": invitation_id, "body": msgspec.json.encode(body | {"language": language})},
        )
