"""The question of a personal link as JSON: the page's words, rules and answers, for scripts of every origin."""

import gzip
import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.collector.in_page import CACHE_CONTROL
from services.dispatcher.surveys.texts import STANDARD_LANGUAGES
from shared.events import Question, QuestionTexts, SurveyTexts
from shared.http.cross_origin import CROSS_ORIGIN_HEADERS
from shared.http.rate_limit import RateLimit

from .conftest import ASKS, MINUTE, Bench
from .test_anonymous import invited, link

WAIT = Question(id="wait", kind="several_of", options=("long", "ok"), shown_to=("detractor",))
WORDS = QuestionTexts(text="How long did it take?", options={"long": "Too long", "ok": "As said"})


def may_be_read(answer: httpx.Response) -> bool:
    """Whether a script of another origin gets it, and no cookie comes with it."""
    return CROSS_ORIGIN_HEADERS.items() <= {
        name.title(): value for name, value in answer.headers.items()
    }.items() and ("set-cookie" not in answer.headers)


async def ask(bench: Bench, path: str, query: str = "") -> dict[str, Any]:
    answer = await bench.client.get(f"{path}/question{query}")
    assert answer.status_code == 200, answer.text
    assert may_be_read(answer)
    found: dict[str, Any] = answer.json()
    return found


async def post(bench: Bench, path: str, question: dict[str, Any], **values: str) -> httpx.Response:
    """Post the form, as the script does once a person has touched it."""
    fields = {**question["form"]["fields"], "touched": "1", "action": "send", **values}
    answer = await bench.client.post(f"{path}/question", data=fields)
    assert may_be_read(answer)
    return answer


def path_of(bench: Bench, invitation: UUID) -> str:
    return f"/s/{bench.token(invitation)}"


def sentences(part: Any, key: str = "") -> Iterator[str]:
    """All that people read of a question."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name not in {"fields", "given", "groups", "kind", "name", "value", "group", "trap", "state"}:
                yield from sentences(value, name)
    elif isinstance(part, list):
        for value in part:
            yield from sentences(value, key)
    elif isinstance(part, str) and key not in {"language", "direction", "never_path", "changeable_until"}:
        yield from (" ".join(line.split()) for line in part.splitlines())


def text_of(page: str) -> str:
    """A page's text, and that of the attributes which its script shows."""
    words = re.sub(r"<[^>]*?data-(?:saved|kept|unsaved)=\"([^\"]*)\"[^>]*>", r" \1 ", page)
    shown = re.findall(r'data-(?:saved|kept|unsaved)="([^"]*)"', page)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", f"{words} {' '.join(shown)}")).split())


@pytest.mark.parametrize("language", STANDARD_LANGUAGES)
async def test_it_has_the_words_of_the_page_in_every_language(bench: Bench, language: str) -> None:
    own = replace_texts(ASKS["en"], WORDS)
    await bench.keep_survey({language: own}, questions=(WAIT,))
    invitation = await bench.invite(language=language, channel="link")
    path = path_of(bench, invitation)
    question = await ask(bench, path)
    page = text_of((await bench.client.get(path)).text)
    assert question["language"] == language
    names = [asked["name"] for asked in question["form"]["questions"]]
    assert names == ["score", "comment", "follow_up_detractor", "follow_up_promoter", "q_wait", "may_contact"]
    close = {question["close"]}  # of the window around the question, which a page has not
    assert [words for words in {*sentences(question)} - close if words not in page] == []
    taken = await post(bench, path, question, score="2", may_contact="yes")
    thanks = text_of((await bench.client.get(path)).text)
    assert taken.json()["saved"] == 2
    assert [words for words in sentences(taken.json()["question"]["thanks"]) if words not in thanks] == []


def replace_texts(texts: SurveyTexts, words: QuestionTexts) -> SurveyTexts:
    return SurveyTexts(intro=texts.intro, follow_up=texts.follow_up, question_texts={"wait": words})


async def test_looking_is_a_visit_and_no_answer_and_what_is_posted_is_merged_as_on_the_page(
    bench: Bench,
) -> None:
    await bench.keep_survey(ASKS)
    path = path_of(bench, await bench.invite(channel="link"))
    question = await ask(bench, path)
    await ask(bench, path)
    assert [answer.state for answer in await bench.published()] == ["clicked"]
    bench.now += MINUTE
    kept = await post(bench, path, question, action="keep", score="3", comment="It came", seq="1")
    assert (kept.json()["saved"], kept.json()["question"]) == (3, None)
    bench.now += MINUTE
    sent = await post(
        bench, path, question, score="3", comment="It came late.", seq="2", **kept.json()["fields"]
    )
    thanks = sent.json()["question"]
    assert thanks["state"] == "answered"
    assert thanks["thanks"]["change"] == "Change it"
    assert {asked["name"]: asked["given"] for asked in thanks["form"]["questions"]} == {
        "score": ["3"], "comment": ["It came late."], "follow_up_detractor": [], "follow_up_promoter": [],
        "may_contact": [],
    }  # fmt: skip
    *_, answer = await bench.published()
    assert (answer.state, answer.score, answer.comment) == ("sent", 3, "It came late.")
    assert (answer.channel, answer.seconds_to_score, answer.signs) == ("link", 60, ())
    # The page and the script are two pages of one answer: what one has not seen it does not erase.
    stale = await post(bench, path, question, score="4", comment="Broken.", page="0" * 32)
    assert stale.status_code == 409
    assert [fault["field"] for fault in stale.json()["errors"]] == ["/conflict", "/comment"]
    assert stale.json()["errors"][1]["detail"].endswith("\nIt came late.")
    again = await post(
        bench, path, question, score="4", comment="Broken.", page="0" * 32, **stale.json()["fields"]
    )
    assert again.json()["saved"] == 4
    bench.now += timedelta(hours=49)
    gone = await bench.client.get(f"{path}/question")
    assert (gone.status_code, may_be_read(gone)) == (404, True)
    assert (await post(bench, path, question, score="5")).status_code == 404


async def test_an_answer_that_is_final_is_shown_and_not_asked_again(bench: Bench) -> None:
    await bench.keep_survey(ASKS, edit_hours=0)
    path = path_of(bench, await bench.invite())
    question = await ask(bench, path)
    sent = (await post(bench, path, question, score="9")).json()["question"]
    assert (sent["form"], sent["thanks"]["change"]) == (None, None)
    late = await post(bench, path, question, score="1", action="keep")
    assert late.status_code == 409
    assert (await post(bench, path, question, score="1")).json()["saved"] == 9
    assert (await ask(bench, path))["form"] is None


async def test_what_is_wrong_with_a_form_is_said_in_the_customers_language(bench: Bench) -> None:
    path = path_of(bench, await bench.invite(language="da"))
    question = await ask(bench, path)
    for values, status, field in (
        ({}, 422, "/score"),
        ({"score": "11"}, 422, "/score"),
        ({"score": "3", "comment": "x" * 5_001}, 422, "/comment"),
        ({"score": "3", "nonce": "0.0"}, 409, "/nonce"),
    ):
        refused = await post(bench, path, question, **values)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (status, field)
        assert refused.json()["title"] == refused.json()["errors"][0]["detail"]
        assert refused.json()["fields"].keys() == {"nonce", "drawn"}
    assert "Vælg et tal fra 0 til 10." in (await post(bench, path, question)).json()["title"]
    fresh = (await post(bench, path, question, score="3", nonce="0.0")).json()["fields"]
    assert (await post(bench, path, question, score="3", **fresh)).status_code == 200
    assert (await ask(bench, path, "?lang=en"))["language"] == "en"


async def test_a_post_without_a_hand_is_held_and_seen_by_its_own_page_alone(bench: Bench) -> None:
    path = path_of(bench, await bench.invite(channel="link"))
    question = await ask(bench, path)
    sent = await post(bench, path, question, score="0", touched="0", website="https://sold.example")
    assert sent.json()["question"]["state"] == "answered"
    *_, answer = await bench.published()
    assert (answer.state, answer.score, answer.signs) == ("clicked", None, ("honeypot", "untouched", "fast"))
    assert (await ask(bench, path))["state"] == "open"


async def test_an_anonymous_answer_is_final_and_nobody_else_learns_of_it(bench: Bench) -> None:
    invitation = await invited(bench)
    path = link(invitation)
    question = await ask(bench, path)
    assert question["form"]["is_final_when_left"]
    suspect = await post(bench, path, question, score="9", touched="0")
    assert [fault["field"] for fault in suspect.json()["errors"]] == ["/suspect"]
    kept = await post(bench, path, question, score="9", action="keep", seq="1")
    assert kept.json()["saved"] == 9
    assert await bench.published() == []
    sent = await post(bench, path, question, score="8", seq="2")
    assert (sent.json()["saved"], sent.json()["question"]["form"]) == (None, None)
    (answer,) = await bench.published()
    assert (answer.anonymous, answer.score, answer.customer_id) == (True, 8, None)
    assert (await post(bench, path, question, score="1", action="keep", seq="3")).status_code == 409
    assert (await ask(bench, path))["state"] == "answered"


async def test_refusals_can_be_read_by_the_page_that_asks(bench: Bench) -> None:
    early = await bench.client.get(
        f"/s/{bench.token(UUID(int=(int(bench.now.timestamp() * 1000) << 80) | 7 << 76 | 2 << 62))}/question"
    )
    assert (early.status_code, early.headers["retry-after"], may_be_read(early)) == (503, "2", True)
    for token in ("x", "A" * 43):
        wrong = await bench.client.get(f"/s/{token}/question")
        assert (wrong.status_code, may_be_read(wrong)) == (404, True)
        assert (await bench.client.post(f"/s/{token}/question", data={"score": "1"})).status_code == 404
    state = bench.app.state
    state.context = replace(state.context, per_link=RateLimit(burst=1, interval_s=60))
    path = path_of(bench, await bench.invite())
    await ask(bench, path)
    many = await bench.client.get(f"{path}/question")
    assert (many.status_code, may_be_read(many)) == (429, True)
    assert int(many.headers["retry-after"]) > 0
    page = await bench.client.get("/s/x")
    assert "access-control-allow-origin" not in page.headers


async def test_the_script_is_kept_for_a_day_and_then_asked_for_by_its_tag(bench: Bench) -> None:
    script = await bench.client.get("/in-page.js", headers={"accept-encoding": "gzip"})
    assert (script.status_code, may_be_read(script)) == (200, True)
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert script.headers["cache-control"] == CACHE_CONTROL
    assert (script.headers["content-encoding"], script.headers["vary"]) == ("gzip", "Accept-Encoding")
    tag = script.headers["etag"]
    known = await bench.client.get("/in-page.js", headers={"if-none-match": f'"other", {tag}'})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
    assert may_be_read(known)
    plain = await bench.client.get("/in-page.js", headers={"accept-encoding": "identity"})
    assert plain.content == script.content
    assert len(gzip.compress(plain.content)) < len(plain.content)
