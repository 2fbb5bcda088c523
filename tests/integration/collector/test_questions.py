"""Further questions on the customer's page: with and without script, and what is kept of the replies."""

import gzip
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from playwright.async_api import Browser, Page, expect
from support.browser import View, look, views

from services.collector.erasing import erase
from services.collector.recovery import restore_answers
from services.collector.repository.retention import RETENTION
from shared.events import ANSWERS, FollowUp, Question, QuestionTexts, RetentionRules, SurveyTexts
from shared.events.questions import After
from shared.privacy.erased import Target
from shared.privacy.retention import ClearRule, Cutoffs

from .conftest import MINUTE, Bench, a_page, bearer
from .test_anonymous import invited, link, opened
from .test_stale_pages import Tab

WAIT = Question(id="wait", kind="one_of", options=("long", "ok"), shown_to=("detractor", "passive"))
WHY = Question(id="why", kind="text", shown_to=("detractor",), after=After(question="wait", chosen=("long",)))
AGAIN = Question(id="again", kind="yes_no", shown_to=("promoter",))
EN = {
    "wait": QuestionTexts(text="How long did {company} take?", options={"long": "Too long", "ok": "As said"}),
    "why": QuestionTexts(text="Who told you how long?"),
    "again": QuestionTexts(text="Would you buy again?"),
}
DA = {
    "wait": QuestionTexts(text="Hvor længe tog det?", options={"long": "For længe", "ok": "Som sagt"}),
    "again": QuestionTexts(text="Vil du købe igen?"),
}


async def asks(bench: Bench, *questions: Question) -> None:
    def own(words: dict[str, QuestionTexts]) -> SurveyTexts:
        return SurveyTexts(question_texts={each.id: words[each.id] for each in questions if each.id in words})

    async with bench.context.database.transaction() as uow:
        await uow.execute("DELETE FROM survey")  # in place of the one that the origin has
    await bench.keep_survey({"en": own(EN), "da": own(DA)}, questions=questions)


async def replies(bench: Bench) -> list[tuple[str, str, str]]:
    answer = (await bench.published())[-1]
    return [(reply.question, reply.asked, reply.words) for reply in answer.replies]


async def open_page(page: Page, bench: Bench, origin: str, invitation: UUID, query: str = "") -> None:
    await page.goto(f"{origin}/s/{bench.token(invitation)}{query}")


async def send(page: Page) -> None:
    """Press Send and wait for the page that follows: the one before has the words of most answers, too."""
    button = page.get_by_role("button", name="Send")
    await button.click()
    await expect(button).to_have_count(0)


@pytest.mark.browser
async def test_a_detractor_gets_a_choice_and_then_a_text_as_they_choose(
    bench: Bench, browser: Browser, origin: str
) -> None:
    await asks(bench, WAIT, WHY)
    invitation = await bench.invite()
    async with a_page(browser, viewport={"width": 320, "height": 640}) as page:
        await open_page(page, bench, origin, invitation)
        choice, text = (
            page.get_by_role("group", name="How long did Acme take?"),
            page.get_by_label("Who told you"),
        )
        await expect(choice).to_be_hidden()
        await page.get_by_role("radio", name="9").click()
        await expect(page.get_by_role("button", name="Send")).to_be_visible()
        await expect(choice).to_be_hidden()
        await page.get_by_role("radio", name="3").click()
        await expect(choice).to_be_visible()
        await expect(text).to_be_hidden()
        await choice.get_by_text("Too long").click()
        await text.fill("Nobody did.")
        await expect(page.get_by_text("So is what you write.")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await send(page)
        await expect(page.get_by_text("Nobody did.")).to_be_visible()
        assert await replies(bench) == [
            ("wait", "How long did Acme take?", "Too long"), ("why", "Who told you how long?", "Nobody did."),
        ]  # fmt: skip
        await page.get_by_role("link", name="Change it").click()
        await expect(choice.get_by_label("Too long")).to_be_checked()
        await choice.get_by_text("As said").click()
        await expect(text).to_be_hidden()
        await send(page)
        await expect(page.get_by_text("As said")).to_be_visible()
    assert await replies(bench) == [("wait", "How long did Acme take?", "As said")]


@pytest.mark.browser
@pytest.mark.parametrize("script", [True, False])
async def test_a_promoter_gets_a_yes_or_no_by_keyboard_with_and_without_script(
    bench: Bench, browser: Browser, origin: str, script: bool
) -> None:
    await asks(bench, WAIT, AGAIN)
    invitation = await bench.invite(language="da")
    async with a_page(browser, java_script_enabled=script) as page:
        await open_page(page, bench, origin, invitation, "?v=10")
        group = page.get_by_role("group", name="Vil du købe igen?")
        await expect(group).to_be_visible()
        await expect(page.get_by_role("group", name="Hvor længe tog det?")).to_be_hidden()
        await group.get_by_role("radio").first.focus()
        await page.keyboard.press("Space")
        await expect(group.get_by_label("Ja")).to_be_checked()
        await page.keyboard.press("ArrowDown")
        await expect(group.get_by_label("Nej")).to_be_checked()
        bench.now += MINUTE
        await send(page)
        await expect(page.get_by_text("Nej")).to_be_visible()
    assert await replies(bench) == [("again", "Vil du købe igen?", "Nej")]


@pytest.mark.browser
async def test_boxes_are_saved_while_they_are_ticked(bench: Bench, browser: Browser, origin: str) -> None:
    several = Question(id="wait", kind="several_of", options=("long", "ok"))
    await asks(bench, several, Question(id="again", kind="score"))
    invitation = await bench.invite()
    async with a_page(browser) as page:
        await open_page(page, bench, origin, invitation)
        await page.get_by_role("radio", name="3").first.click()
        boxes = page.get_by_role("group", name="How long did Acme take?")
        await boxes.get_by_text("Too long").click()
        await boxes.get_by_text("As said").click()
        await page.get_by_role("group", name="Would you buy again?").get_by_role("radio", name="7").click()
        await expect(page.get_by_text("So is what you write.")).to_be_visible()
        await boxes.get_by_text("Too long").click()
        await send(page)
        await expect(page.get_by_text("As said")).to_be_visible()
    assert [words for *_, words in await replies(bench)] == ["As said", "7"]


@pytest.mark.browser
@pytest.mark.parametrize("view", views(320, 1280, languages=("en",)))
async def test_the_questions_fit_their_window(
    bench: Bench, browser: Browser, origin: str, view: View
) -> None:
    width, scheme, _ = view
    several = Question(id="wait", kind="several_of", options=("long", "ok"))
    for name, questions in (
        ("choice", (WAIT, WHY)),
        ("yes-no", (AGAIN,)),
        ("several", (several, Question(id="again", kind="score"))),
    ):
        await asks(bench, *questions)
        invitation = await bench.invite()
        async with a_page(browser, viewport={"width": width, "height": 900}, color_scheme=scheme) as page:
            await open_page(page, bench, origin, invitation, "?v=10" if name == "yes-no" else "?v=3")
            if name != "yes-no":
                await page.locator("[name=q_wait][value=long]").check()
            await look(page, name)


async def test_the_page_stays_small(bench: Bench) -> None:
    options = tuple(f"o-{number}" for number in range(12))
    long = QuestionTexts(
        text="Which of these?" * 10, options=dict.fromkeys(options, "An option of some length")
    )
    questions = tuple(Question(id=id_, kind="several_of", options=options) for id_ in ("wait", "why"))
    await bench.keep_survey(
        {"en": SurveyTexts(question_texts={"wait": long, "why": long})}, questions=questions
    )
    page = await bench.client.get(f"/s/{bench.token(await bench.invite())}")
    assert page.text.count('type="checkbox"') == 24
    assert len(gzip.compress(page.content)) < 6_000


async def test_an_unknown_question_or_value_is_not_stored(bench: Bench) -> None:
    await asks(bench, WAIT, AGAIN)
    invitation = await bench.invite()
    await bench.submit(invitation, 3, asked="wait again other", q_wait="late", q_again="yes", q_other="x")
    assert await replies(bench) == []
    await bench.submit(invitation, 3, asked="wait again", q_wait="long", q_again="yes")
    assert [question for question, *_ in await replies(bench)] == ["wait"]


async def test_a_text_that_is_too_long_is_a_fault_at_its_field(bench: Bench) -> None:
    await asks(bench, WAIT, WHY)
    invitation = await bench.invite()
    typed = {"asked": "wait why", "q_wait": "long", "q_why": "x" * 5_001}
    refused = await bench.submit(invitation, 3, **typed)
    assert refused.status_code == 422
    assert 'id="q_why-wrong"' in refused.text
    assert 'aria-describedby="q_why-wrong"' in refused.text
    assert "x" * 5_001 in refused.text
    assert 'value="long" data-opens checked' in refused.text
    # What is not asked for the score is no fault.
    assert (await bench.submit(invitation, 9, **typed)).status_code == 303
    assert await replies(bench) == []


async def test_another_score_keeps_the_replies_in_the_history_alone(bench: Bench) -> None:
    await asks(bench, WAIT, AGAIN)
    invitation = await bench.invite()
    await bench.submit(invitation, 3, asked="wait again", q_wait="long")
    page = await Tab.open(bench, invitation)
    await page.send(score=9, q_again="yes")
    assert await replies(bench) == [("again", "Would you buy again?", "Yes")]
    (before,) = await bench.rows("SELECT score, replies FROM answer_history")
    assert (before.score, before.replies[0]["chosen"]) == (3, [{"id": "long", "words": "Too long"}])


async def test_two_texts_of_two_pages_both_stand_until_send_decides(bench: Bench) -> None:
    await asks(bench, WAIT, WHY)
    invitation = await bench.invite()
    first = {"asked": "wait why", "q_wait": "long", "q_why": "The shop did."}
    tab = await Tab.open(bench, invitation)
    await bench.submit(invitation, 3, **first)
    conflict = await tab.send(score=3, q_wait="long", q_why="Nobody & never.")
    assert conflict.status_code == 409
    assert "The shop did." in conflict.text
    assert 'id="q_why-wrong"' in conflict.text
    again = Tab(bench, invitation, conflict)
    assert again.values["q_why"] == "Nobody & never."
    await again.send()
    assert (await replies(bench))[-1][-1] == "Nobody & never."


async def test_a_change_of_language_loses_no_reply_and_words_it_anew(bench: Bench) -> None:
    await asks(bench, WAIT, WHY)  # the second has no Danish words
    invitation = await bench.invite()
    tab = await Tab.open(bench, invitation)
    reply = await tab.send(score=3, q_wait="long", q_why="The shop did.", speak="da")
    danish = Tab(bench, invitation, reply)
    assert (danish.values["q_wait"], danish.values["q_why"]) == ("long", "The shop did.")
    assert "Hvor længe tog det?" in reply.text
    await danish.send()
    assert await replies(bench) == [
        ("wait", "Hvor længe tog det?", "For længe"), ("why", "Who told you how long?", "The shop did."),
    ]  # fmt: skip


async def test_a_survey_with_a_follow_up_asks_one_more_question_at_most(bench: Bench) -> None:
    texts = {"en": SurveyTexts(follow_up=FollowUp(detractor="What then?"), question_texts=EN)}
    await bench.keep_survey(texts, questions=(WAIT, AGAIN))
    page = await bench.client.get(f"/s/{bench.token(await bench.invite())}")
    assert "What then?" in page.text
    assert "How long did Acme take?" in page.text
    assert "Would you buy again?" not in page.text


async def test_the_api_lists_the_replies(bench: Bench) -> None:
    await asks(bench, WAIT, WHY)
    await bench.submit(await bench.invite(), 3, asked="wait why", q_wait="long", q_why="Nobody.")
    (listed,) = (await bench.client.get("/v1/answers", headers=bearer())).json()["answers"]
    assert listed["replies"] == [
        {"question": "wait", "kind": "one_of", "asked": "How long did Acme take?", "text": None,
         "chosen": [{"id": "long", "words": "Too long"}]},
        {"question": "why", "kind": "text", "asked": "Who told you how long?", "text": "Nobody.", "chosen": []},
    ]  # fmt: skip


async def test_retention_removes_what_was_written_and_keeps_what_was_chosen(bench: Bench) -> None:
    await asks(bench, WAIT, WHY)
    invitation = await bench.invite()
    for why in ("First words.", "Nobody."):
        tab = await Tab.open(bench, invitation)
        assert (await tab.send(score=3, q_wait="long", q_why=why)).status_code == 303
    later = bench.now + timedelta(days=800)
    rules = [rule for rule in RETENTION if isinstance(rule, ClearRule) and rule.kind == "comments"]
    for removed in (2, 0):  # of the answer, and of what it was before
        found = 0
        for rule in rules:
            async with bench.context.database.transaction() as uow:
                found += await rule.apply(uow, Cutoffs("acme", later, RetentionRules()), 10)
        assert found == removed
    for table in ("answer", "answer_history"):
        (row,) = await bench.rows(f"SELECT replies FROM {table}")
        assert [reply["question"] for reply in row.replies] == ["wait"]


async def test_an_erasure_leaves_no_reply_and_a_restored_answer_has_its_replies(bench: Bench) -> None:
    await asks(bench, WAIT, WHY)
    person, contact = "p" * 64, "c" * 64
    invitation = await bench.invite(person=person, contact_key=contact)
    for score in (3, 2):
        await bench.submit(invitation, score, asked="wait why", q_wait="long", q_why="Nobody.")
    kept = (await bench.published())[-1]
    async with bench.context.database.transaction() as uow:
        await uow.execute("DELETE FROM answer")
        await restore_answers(uow, [ANSWERS.event("acme", kept, bench.now)])
    (row,) = await bench.rows("SELECT replies FROM answer")
    assert row.replies == msgspec.json.decode(msgspec.json.encode(kept.replies))
    async with bench.context.database.transaction() as uow:
        await erase(uow, [Target("acme", "an-erasure", person, None)])
    for table in ("answer", "answer_history"):
        for row in await bench.rows(f"SELECT replies FROM {table}"):
            assert row.replies == []


async def test_the_replies_of_an_anonymous_answer_are_kept_with_it_and_published_once(bench: Bench) -> None:
    await asks(bench, WAIT, AGAIN)
    invitation = await invited(bench)
    fields = await opened(bench, invitation)
    typed: dict[str, Any] = {"score": "3", "q_wait": "long"}
    for action in ("keep", "keep", "send"):
        await bench.client.post(link(invitation), data={**fields, **typed, "action": action})
    (answer,) = await bench.published()
    assert answer.anonymous
    assert [reply.words for reply in answer.replies] == ["Too long"]
    assert (answer.customer_id, answer.event_id, answer.contact_key) == (None, None, None)
    assert (await bench.client.get("/v1/answers", headers=bearer())).json()["answers"] == []
    assert await bench.rows("SELECT 1 FROM answer_history") == []
    again = await bench.client.get(link(invitation))
    assert not re.search("Too long", again.text)
