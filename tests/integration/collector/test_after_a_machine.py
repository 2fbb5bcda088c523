"""A person who comes after a machine that has answered: nothing of it is shown, saved or counted as theirs."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Browser, expect
from support.eventually import eventually

from shared.events import Answer, FollowUp, Question, QuestionTexts, SurveyTexts
from shared.events.answers import Judgement

from .conftest import ASKS, MINUTE, Bench, a_page, bearer

QUESTION = "How likely is it that you would recommend"
WHO = Question(id="who", kind="text")
TEXTS = {
    "en": SurveyTexts(
        follow_up=FollowUp(detractor="What should we have done?"),
        question_texts={"who": QuestionTexts(text="Who helped you?")},
    )
}
MACHINE = {
    "comment": "Click here",
    "follow_up_detractor": "Buy now",
    "asked": "who",
    "q_who": "Cheap pills",
    "may_contact": "yes",
    "website": "https://sold.example",
    "layout": "vertical",
    "language": "da",
}


async def by_machine(
    bench: Bench, judgement: Judgement | None = None, score: int = 0, action: str = "send", **changed: Any
) -> UUID:
    """An invitation whose link a machine has answered."""
    await bench.keep_survey(TEXTS, questions=(WHO,))
    invitation = await bench.invite(**changed)
    await bench.submit(invitation, score, **{**MACHINE, "action": action})
    if judgement is not None:
        judged = await bench.client.post(
            f"/v1/answers/{invitation}/judgement", json={"judgement": judgement}, headers=bearer()
        )
        assert judged.status_code == 200
    bench.now += timedelta(days=2)
    return invitation


async def shown(bench: Bench, invitation: UUID, query: str) -> str:
    page = await bench.client.get(f"/s/{bench.token(invitation)}{query}")
    assert page.status_code == 200
    return page.text


async def last(bench: Bench) -> Answer:
    return (await bench.published())[-1]


@pytest.mark.parametrize(
    "query", ["", "?v=9", "?v=0", "?change=1", "?lang=en", "?page=", f"?page={'0' * 32}"]
)
@pytest.mark.parametrize(
    ("judgement", "action"), [(None, "send"), ("machine", "send"), (None, "keep"), (None, "choose")]
)
async def test_b18_to_whoever_follows_the_link_an_answer_of_a_machine_is_none(
    bench: Bench, judgement: Judgement | None, action: str, query: str
) -> None:
    page = await shown(bench, await by_machine(bench, judgement, action=action), query)
    assert QUESTION in page, "the question, in the language of the invitation"
    for said in ("Click here", "Buy now", "Cheap pills", "You gave a", "data-answered", "Your score is 0"):
        assert said not in page
    assert 'name="drawn" value="0....."' in page, "a page that shows no answer"
    chosen = re.findall(r'name="score" value="(\d+)"[^>]*checked', page)
    assert chosen == re.findall(r"v=(\d)", query), "only what the person has pressed"
    assert not re.search(r'name="may_contact"[^>]*checked', page)


@pytest.mark.parametrize("score", [0, 9])
@pytest.mark.parametrize("judgement", [None, "machine"])
async def test_b18_the_answer_of_a_person_after_a_machine_holds_nothing_of_it(
    bench: Bench, judgement: Judgement | None, score: int
) -> None:
    """Nor its time, nor that it was sent: a person who has only chosen a score is still writing."""
    invitation = await by_machine(bench, judgement)
    page = await shown(bench, invitation, "")
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    bench.now += MINUTE
    saved = await bench.submit(
        invitation, score, **{**fields, "action": "keep", "touched": "1", "comment": ""}
    )
    assert saved.json()["saved"] == score
    answer = await last(bench)
    assert (answer.state, answer.score, answer.comment, answer.follow_up, answer.follow_up_question) == (
        "saved", score, None, None, None,
    )  # fmt: skip
    assert (answer.replies, answer.may_contact, answer.language, answer.layout) == (
        (),
        None,
        "en",
        "horizontal",
    )
    assert (answer.signs, answer.judgement, answer.held, answer.seconds_to_score) == ((), None, None, None)
    assert answer.day == bench.now.date()
    assert answer.answered_at == bench.now


@pytest.mark.parametrize("score", [0, 9])
async def test_whoever_pressed_send_sees_what_they_sent_though_it_is_held(bench: Bench, score: int) -> None:
    """A person without a script who was quick is told as anybody else, and may change it by the same page."""
    await bench.keep_survey(TEXTS)
    invitation = await bench.invite()
    page = "a1" * 16
    sent = await bench.submit(
        invitation, score, touched="", page=page, seq="1", comment="I was quick.", language="en"
    )
    assert (await last(bench)).held is not None
    thanks = (await bench.client.get(sent.headers["location"])).text
    assert "I was quick." in thanks
    assert f"Your score is {score}." in thanks
    (change,) = re.findall(r'href="([^"]*change=1[^"]*)"', thanks)
    form = (await bench.client.get(change.replace("&amp;", "&"))).text
    assert "I was quick." in form
    assert "I was quick." not in await shown(bench, invitation, "")
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    bench.now += MINUTE
    await bench.submit(invitation, 8, **{**fields, "comment": "I was quick."})
    answer = await last(bench)
    assert (answer.state, answer.score, answer.comment, answer.held) == ("sent", 8, "I was quick.", None)


async def test_an_answer_that_a_colleague_judged_a_persons_is_shown(bench: Bench) -> None:
    invitation = await by_machine(bench, "human")
    bench.now -= timedelta(days=1)  # while it may be changed
    assert "Click here" in await shown(bench, invitation, "?change=1")


async def test_what_the_company_keeps_of_a_machine_stays_for_the_customers_export(bench: Bench) -> None:
    invitation = await by_machine(bench)
    await bench.submit(invitation, 9, touched="1", action="keep")
    (before,) = await bench.rows(
        "SELECT score, comment, CAST(replies AS text) AS replies FROM answer_history"
    )
    assert (before.score, before.comment) == (0, "Click here")
    assert "Cheap pills" in before.replies


@pytest.mark.browser
@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("query", ["", "?v=9"])
async def test_b18_in_the_browser_a_person_after_a_machine_gives_an_answer_of_their_own(
    bench: Bench, browser: Browser, origin: str, query: str, *, script: bool
) -> None:
    invitation = await bench.invite()
    await bench.submit(invitation, 0, comment="Click here", website="https://sold.example")
    bench.now += timedelta(days=2)
    async with a_page(browser, java_script_enabled=script) as page:
        await page.goto(f"{origin}/s/{bench.token(invitation)}{query}")
        await expect(page.get_by_role("group", name=QUESTION)).to_be_visible()
        assert await page.get_by_label(ASKS["en"].reason or "What is the primary reason").input_value() == ""
        bench.now += MINUTE
        if query and script:
            await page.mouse.wheel(0, 100)  # the first touch: the score in the link is theirs
        elif not query:
            await page.get_by_role("radio", name="9", exact=True).check(force=True)
        if script:

            async def saved() -> bool:
                return (await last(bench)).score == 9

            assert await eventually(saved)
            answer = await last(bench)
            assert (answer.state, answer.comment, answer.signs) == ("saved", None, ())
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_text("Your score is 9.")).to_be_visible()
    answer = await last(bench)
    assert (answer.state, answer.score, answer.comment, answer.held) == ("sent", 9, None, None)
    assert answer.seconds_to_score is None
