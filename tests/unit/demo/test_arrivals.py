"""What arrives in the mailbox is read once, and after a restart from the first message that was not finished."""

import asyncio

import httpx

from deploy.demo.client import DemoClient
from deploy.demo.customers import Arrivals


def arrivals(messages: list[str], newest: str = "") -> Arrivals:
    """The arrivals of a mailbox that has these messages, and may get more."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/api/texts"
        after = request.url.params["after"]
        return httpx.Response(200, json=[{"id": each} for each in messages if each > after])

    client = DemoClient("http://mailbox", None, asyncio.Event(), transport=httpx.MockTransport(answer))
    return Arrivals(client, "/api/texts", newest)


async def test_each_message_comes_once_in_its_order() -> None:
    messages = ["1", "2"]
    texts = arrivals(messages)
    assert [each["id"] for each in await texts.new()] == ["1", "2"]
    assert await texts.new() == []
    messages.append("3")
    assert [each["id"] for each in await texts.new()] == ["3"]


async def test_after_a_restart_it_goes_on_before_the_oldest_message_that_was_not_finished() -> None:
    texts = arrivals(["1", "2", "3"])
    one, two, three = await texts.new()
    assert texts.finish(two) == ""
    assert texts.finish(one) == "2"
    again = arrivals(["1", "2", "3"], newest="2")
    assert await again.new() == [three]
    assert texts.finish(three) == "3"
