"""The numbers in a column with 10 on top or in a row from 0, and how an answer was given."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, Page, expect

from services.collector.recovery import restore_answers
from shared import events
from shared.events import ANSWERS, SurveyTexts

from .conftest import Bench, a_page, bearer
from .test_accessible import ARABIC, faults_on
from .test_anonymous import invited, opened, post
from .test_questions import DA, EN, WAIT
from .test_stale_pages import Tab

SCORES = [str(score) for score in range(11)]
RADIOS = re.compile(r'<input type="radio" name="score" value="(\d+)"')


async def in_a_column(bench: Bench, texts: dict[str, SurveyTexts] | None = None, **more: Any) -> None:
    await bench.keep_survey(texts or {}, layout="vertical", version=2, **more)


async def circumstances(bench: Bench) -> tuple[Any, ...]:
    """Of the newest answer, as it is published; it is stored alike."""
    answer = (await bench.published())[-1]
    (row,) = await bench.rows(
        "SELECT layout, channel, seconds_to_score FROM answer WHERE id = :id", id=answer.id
    )
    assert tuple(row) == (answer.layout, answer.channel, answer.seconds_to_score)
    return tuple(row)


async def test_a_column_has_10_first_and_a_row_has_0_first(bench: Bench) -> None:
    invitation = await bench.invite()
    await bench.keep_survey({})
    row = (await bench.client.get(f"/s/{bench.token(invitation)}")).text
    assert RADIOS.findall(row) == SCORES
    await in_a_column(bench)
    column = (await bench.client.get(f"/s/{bench.token(invitation)}?v=9")).text
    assert RADIOS.findall(column) == SCORES[::-1]
    assert column.index("Extremely likely") < column.index('value="9"') < column.index("Not at all likely")
    assert re.search(r'value="9" data-outcome="promoter" checked', column)


async def test_an_answer_has_the_layout_of_its_page_the_channel_and_the_seconds_to_its_first_score(
    bench: Bench,
) -> None:
    await in_a_column(bench)
    invitation = await bench.invite()
    tab = await Tab.open(bench, invitation)
    assert tab.values["layout"] == "vertical"
    bench.now += timedelta(seconds=42)
    await tab.send(score=9)
    assert await circumstances(bench) == ("vertical", "mail", 42)
    bench.now += timedelta(hours=1)
    changing = await Tab.open(bench, invitation)
    await changing.send(score=3)
    assert await circumstances(bench) == ("vertical", "mail", 42)
    (listed,) = (await bench.client.get("/v1/answers", headers=bearer())).json()["answers"]
    assert (listed["layout"], listed["channel"], listed["seconds_to_score"]) == ("vertical", "mail", 42)


async def test_a_fault_another_language_and_a_page_without_the_field_say_the_layout_that_was_shown(
    bench: Bench,
) -> None:
    await in_a_column(bench)
    invitation = await bench.invite()
    tab = await Tab.open(bench, invitation)
    faulty = await tab.send(score="")
    assert (faulty.status_code, RADIOS.findall(faulty.text)) == (422, SCORES[::-1])
    danish = await Tab(bench, invitation, faulty).send(score=8, speak="da")
    assert (RADIOS.findall(danish.text), Tab(bench, invitation, danish).values["layout"]) == (
        SCORES[::-1], "vertical"
    )  # fmt: skip
    await bench.submit(invitation, 8)
    assert (await circumstances(bench))[0] is None  # a page of an earlier version says none
    await bench.submit(invitation, 8, layout="diagonal")
    assert (await circumstances(bench))[0] is None
    await bench.submit(invitation, 7, layout="vertical")
    await bench.submit(invitation, 6)
    assert (await circumstances(bench))[0] == "vertical"


async def test_after_a_machines_visit_the_time_is_not_known(bench: Bench) -> None:
    invitation = await bench.invite()
    await bench.client.get(f"/s/{bench.token(invitation)}", headers={"User-Agent": "Barracuda Sentinel"})
    bench.now += timedelta(hours=3)
    await (await Tab.open(bench, invitation)).send(score=9)
    assert await circumstances(bench) == ("horizontal", "mail", None)


async def test_an_import_has_a_channel_of_its_own_and_the_same_again_changes_nothing(bench: Bench) -> None:
    item = {"id": "old-1", "score": 9, "answered_at": "2026-11-01T10:00:00Z"}
    await bench.import_answers(item)
    assert await circumstances(bench) == (None, "import", None)
    async with bench.context.database.transaction() as uow:
        await uow.execute("UPDATE answer SET channel = NULL")  # as an earlier version wrote it
    await bench.import_answers(item)
    assert len(await bench.published()) == 1


async def test_an_anonymous_answer_has_its_layout_alone(bench: Bench) -> None:
    await in_a_column(bench)
    invitation = await invited(bench)
    fields = await opened(bench, invitation)
    bench.now += timedelta(seconds=42)
    await post(bench, invitation, fields, score="3")
    assert await circumstances(bench) == ("vertical", None, None)


async def test_an_answer_of_an_earlier_version_is_read_and_can_be_amended(bench: Bench) -> None:
    older = Path(events.__file__).parent / "examples" / ANSWERS.name / "sent.json"
    answer = ANSWERS.decode(older.read_bytes()).data
    await bench.keep_survey({})
    invitation = await bench.invite(id=answer.id)
    async with bench.context.database.transaction() as uow:
        known = msgspec.structs.replace(answer, answered_at=bench.now, changed_at=bench.now)
        await restore_answers(uow, [ANSWERS.event("acme", known, bench.now)])
    await (await Tab.open(bench, invitation)).send(score=9)
    assert await circumstances(bench) == ("horizontal", None, None)


@pytest.mark.browser
@pytest.mark.parametrize("script", [True, False])
async def test_the_arrows_go_down_from_10_and_the_ends_stand_beside_their_numbers(
    bench: Bench, browser: Browser, origin: str, script: bool
) -> None:
    await in_a_column(bench)
    invitation = await bench.invite()
    async with a_page(browser, viewport={"width": 320, "height": 640}, java_script_enabled=script) as page:
        await page.goto(f"{origin}/s/{bench.token(invitation)}")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("radio", name="10 Extremely likely", exact=True)).to_be_focused()
        await page.keyboard.press("Space")
        for _ in range(4):
            await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowUp")
        await expect(page.get_by_role("radio", name="7", exact=True)).to_be_checked()
        assert await stacked(page)
        # The radio covers its whole row, the words included.
        await page.get_by_text("Not at all likely").click(force=True)
        await expect(page.get_by_role("radio", name="0 Not at all likely", exact=True)).to_be_checked()
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_text("Your score is 0.")).to_be_visible()
    layout, _, seconds = await circumstances(bench)
    # Without a script it came as soon as a machine's, so how long it took is not kept.
    assert (layout, seconds) == ("vertical", 0 if script else None)


async def stacked(page: Page) -> bool:
    """Whether each number stands under the one before it, at least 44 px high."""
    boxes = [await one.bounding_box() for one in await page.locator(".scale .cell").all()]
    places = [(box["x"], box["y"], box["height"]) for box in boxes if box is not None]
    return (
        len(places) == len(SCORES)
        and len({x for x, _, _ in places}) == 1
        and [y for _, y, _ in places] == sorted(y for _, y, _ in places)
        and min(height for _, _, height in places) >= 44
    )


@pytest.mark.browser
@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("ar", "dark")])
async def test_axe_finds_nothing_on_a_column_and_it_fits_the_narrowest_screen_with_the_largest_text(
    bench: Bench, browser: Browser, origin: str, language: str, scheme: Any
) -> None:
    own = ARABIC if language == "ar" else SurveyTexts(question_texts={WAIT.id: EN["wait"]})
    await in_a_column(bench, {language: own, "da": SurveyTexts(question_texts=DA)}, questions=(WAIT,))
    invitation = await bench.invite(language=language)
    link, faults = f"{origin}/s/{bench.token(invitation)}?lang={language}", []
    for width in (320, 1280):
        async with a_page(browser, color_scheme=scheme, viewport={"width": width, "height": 800}) as page:
            await page.goto(link)
            faults += await faults_on(page, f"column-{language}-{scheme}-{width}")
            await page.goto(f"{link}&v=10")
            faults += await faults_on(page, f"column-chosen-{language}-{scheme}-{width}")
            await page.evaluate("document.documentElement.style.fontSize = '200%'")
            faults += await faults_on(page, f"column-large-{language}-{scheme}-{width}")
    options: Any = {"color_scheme": scheme, "forced_colors": "active"}
    async with a_page(browser, viewport={"width": 320, "height": 800}, **options) as page:
        await page.goto(f"{link}&v=0")
        faults += await faults_on(page, f"column-forced-{language}-{scheme}")
    assert faults == []
