"""The conditions of a survey in a real browser: the form fits its window and is used by keyboard alone."""

import msgspec
import pytest
from playwright.async_api import Page, expect
from support.browser import look, views
from support.dispatcher_builders import a_customer, a_transaction, decide, go_live, make_survey

from shared.db.database import Database
from shared.events import Transaction
from shared.events.conditions import Condition

pytestmark = pytest.mark.browser

AT_LEAST_50 = Condition(field="attributes.total", op=">=", value=50)
NESTED = Condition(
    all=(
        AT_LEAST_50,
        Condition(
            any=(
                Condition(field="segments.store", op="in", value=("aarhus", "odense")),
                Condition(field="attributes.a_very_long_name_of_an_attribute.of_some_backend", op="missing"),
            )
        ),
    )
)


def an_order(number: int) -> Transaction:
    attributes = msgspec.Raw(f'{{"total":{number * 10}.50,"member":true}}'.encode())
    return a_transaction(f"order-{number}", a_customer(f"c-{number}"), attributes=attributes)


@pytest.mark.parametrize("page", views(320, 390, 1280), indirect=True)
async def test_fits_its_window(page: Page, origin: str, database: Database) -> None:

    await go_live(database)
    rows = Condition(any=(AT_LEAST_50, Condition(field="attributes.totla", op="=", value="x")))
    flat = await make_survey(database, name="Flat", conditions=rows, sampling_percent=50)
    nested = await make_survey(database, name="Nested", conditions=NESTED, state="paused", place=2)
    orders = [an_order(number) for number in range(8)]
    await decide(database, *orders)
    await page.goto(f"{origin}/surveys/{flat.id}")
    await look(page, "conditions")
    await page.fill("#condition_3_field", "total")
    await page.fill("#condition_2_value", "")
    await page.click("button.btn[type=submit]:not([formaction]) >> nth=-1")
    await look(page, "conditions-faults")
    for survey, path in ((nested, ""), (nested, "/start")):
        await page.goto(f"{origin}/surveys/{survey.id}{path}")
        await look(page, f"conditions-nested{path.replace('/', '-')}")
    await page.goto(f"{origin}/events/{orders[1].event_id}")
    await page.click("summary:has-text('Why'), summary:has-text('Hvorfor'), summary:has-text('Waarom')")
    await look(page, "conditions-event")


@pytest.mark.parametrize("page", [(1280, "light", "en")], indirect=True)
async def test_a_condition_is_typed_saved_and_counted_by_keyboard(
    page: Page, origin: str, database: Database
) -> None:
    survey = await make_survey(database)
    await decide(database, *(an_order(number) for number in range(8)))
    await page.goto(f"{origin}/surveys/{survey.id}")
    await page.get_by_label("Field", exact=True).first.focus()
    for typed in ("attributes.total", None, "40.5"):
        if typed is None:
            await page.keyboard.type("is at least")
        else:
            await page.keyboard.type(typed)
        await page.keyboard.press("Tab")
    await page.locator("#condition_1_value").press("Enter")
    await page.get_by_role("button", name="Save it, and ask so").press("Enter")
    await expect(page.get_by_text("It would have matched 4 of the 8 events")).to_be_visible()
    await expect(page.locator("#condition_1_op")).to_have_value(">=")
    assert await page.locator("#event-fields option[value='attributes.member']").count() == 1
