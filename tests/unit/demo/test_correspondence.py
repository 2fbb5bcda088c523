"""Simulated customers answer half of the mails from cases, and object to a small share of their ends."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.demo.checkpoint import Checkpoint
from deploy.demo.client import DemoClient
from deploy.demo.correspondence import (
    FASTEST_ANSWER_S,
    MOST_THOUGHT_S,
    Correspondence,
    answer_delay_s,
    answer_to,
)
from deploy.demo.model import Model
from deploy.demo.personas import customer
from deploy.demo.second_looks import OBJECTION_SHARE, object_on_page, second_look
from deploy.demo.sentences import Sentences

NOW = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)
MODEL = Model("a seed", Sentences(()))
MAIL = {
    "headers": {
        "Reply-To": "reply+abc@replies.localhost",
        "Subject": "What you told us (case 4711)",
        "Message-ID": "<abc@localhost>",
    },
    "text": "Dear Rose,\n\nwhat happened?\n",
}


def test_half_of_the_mails_are_answered_each_after_some_seconds_and_the_same_ones_each_time() -> None:
    subjects = [f"case {number}" for number in range(1_000)]
    delays = [answer_delay_s(MODEL, "00001", subject) for subject in subjects]
    assert delays == [answer_delay_s(MODEL, "00001", subject) for subject in subjects]
    answered = [delay for delay in delays if delay is not None]
    assert 450 < len(answered) < 550
    assert FASTEST_ANSWER_S <= min(answered) < max(answered) <= FASTEST_ANSWER_S + MOST_THOUGHT_S


def test_an_answer_goes_to_reply_to_in_the_customer_s_name_and_twice_it_is_the_same_mail() -> None:
    who = customer(MODEL, "00001")
    answer = answer_to(MODEL, who, MAIL, NOW)
    assert answer["To"] == "reply+abc@replies.localhost"
    assert answer["Subject"] == "Re: What you told us (case 4711)"
    assert who.address in answer["From"]
    assert answer["In-Reply-To"] == "<abc@localhost>"
    text = answer.get_content()
    assert "(simulated)" in text.splitlines()[0]
    assert "> Dear Rose," in text
    assert answer_to(MODEL, who, MAIL, NOW).as_bytes() == answer.as_bytes()


@pytest.mark.parametrize("to", ["walter.wood.00003@example.com", "ida@havnbo.example"])
async def test_mails_to_the_visitor_s_customers_and_to_staff_are_not_even_read(
    tmp_path: Path, to: str
) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    stopping = asyncio.Event()
    mailbox = DemoClient("http://mailbox", None, stopping, transport=httpx.MockTransport(refuse))
    checkpoint = Checkpoint(tmp_path / "position.json", lambda: NOW)
    correspondence = Correspondence(
        MODEL, checkpoint, mailbox=mailbox, smtp_url="smtp://127.0.0.1:9", clock=lambda: NOW
    )
    for number in range(20):
        summary = {"id": "1", "to": to, "subject": f"case {number}", "at": NOW.isoformat()}
        await correspondence.read(summary, stopping)
    assert checkpoint.progress.mails_answered == 0


def ended(number: int) -> dict[str, Any]:
    return {"number": number, "customer_id": "c-00001", "timeline": [{"kind": "closed"}]}


def test_a_small_share_of_the_ends_is_objected_to_a_little_later() -> None:
    looks = [second_look(MODEL, ended(number), NOW) for number in range(2_000)]
    planned = [look for look in looks if look is not None]
    assert 0.5 * OBJECTION_SHARE < len(planned) / len(looks) < 1.5 * OBJECTION_SHARE
    assert all(look.at > NOW for look in planned)
    assert all(look.customer.number == "00001" for look in planned)


RECEIPT = """<form method="post" action="/s/token/receipt"><input type="hidden" name="nonce" value="n">
<input type="hidden" name="closing" value="2026-11-22"><input type="hidden" name="touched" value="">
<textarea name="words"></textarea></form>"""


async def test_no_it_is_not_is_posted_as_the_form_that_the_page_shows() -> None:
    posted = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, text=RECEIPT)
        posted.append((request.url.path, httpx.QueryParams(request.content.decode())))
        return httpx.Response(200, text="<p>It is open again.</p>")

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as browser:
        never = asyncio.Event()
        assert await object_on_page(browser, "http://h/s/token", "It does not work", never, 0.0)
    fields = {"nonce": "n", "closing": "2026-11-22", "touched": "1", "words": "It does not work"}
    assert posted == [("/s/token/receipt", httpx.QueryParams(fields))]


async def test_a_page_without_the_form_gets_nothing() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.method == "GET"
        return httpx.Response(200, text="<form method=post><input name=score></form>")

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as browser:
        assert not await object_on_page(browser, "http://h/s/token", "no", asyncio.Event(), 0.0)
