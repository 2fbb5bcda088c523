"""The receivers of notices: what they count as taken, and where they are when they come back."""

import asyncio
import random
from uuid import UUID

import httpx
import msgspec
import pytest
from chaos.recorders import PostRecorder, about_of
from chaos.told import Told
from support.eventually import eventually
from support.push_service import BrowserKeys, trusting

from shared.outbound.web_push import encrypt

CASE = UUID(int=7)
LINK = f"/cases/{CASE}"
BODY = f"<http://127.0.0.1{LINK}|Read it>"


async def test_what_is_refused_is_not_taken_and_who_was_away_is_at_the_same_address() -> None:
    async with (
        PostRecorder(random.Random(1)).serving() as chats,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        url = chats.url("/slack")
        assert (await client.post(url, content=BODY)).status_code in {429, 503}
        assert (chats.came, chats.refused) == ([], 1)
        chats.calm = True
        for _ in range(2):
            assert (await client.post(url, content=BODY)).status_code == 200
        assert chats.came == [Told("slack", f"case {CASE}")] * 2
        going = asyncio.create_task(chats.away(3_600))
        await eventually(lambda: chats.aways == 1)
        with pytest.raises(httpx.ConnectError):
            await client.post(url, content=BODY)
        going.cancel()
        await chats.away(0)
        assert (await client.post(url, content=BODY)).status_code == 200


async def test_a_browser_reads_what_a_push_message_is_about_and_keeps_its_ids() -> None:
    keys = BrowserKeys()
    async with PostRecorder(random.Random(1), {"/all-1": keys}).serving() as pushes:
        body = encrypt(keys.subscription(pushes.url("/all-1")), msgspec.json.encode({"path": LINK}))
        async with httpx.AsyncClient(trust_env=False, verify=trusting()) as client:
            for topic, status in (("a", {429, 503}), ("a", {201}), ("b", {201})):
                pushes.calm = topic == "b" or bool(pushes.refused)
                answer = await client.post(pushes.url("/all-1"), content=body, headers={"topic": topic})
                assert answer.status_code in status
    told = Told("all-1", f"case {CASE}")
    assert (pushes.came, pushes.topics) == ([told, told], {told: {"a", "b"}})


def test_an_incident_and_the_letter_are_known_by_their_links() -> None:
    assert about_of(f"/inbox?state=all&amp;incident={CASE}") == f"incident {CASE}"
    assert about_of(f"/inbox?state=late /cases/{CASE}") == "letter"


async def test_the_next_message_is_taken_and_its_sender_left_without_an_answer() -> None:
    async with (
        PostRecorder(random.Random(1)).serving() as chats,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        chats.calm, url = True, chats.url("/slack")
        await client.post(url, content=BODY)
        leaving = asyncio.create_task(chats.leaves_next(10))
        await asyncio.sleep(0)
        with pytest.raises(httpx.ReadTimeout):
            await client.post(url, content=BODY, timeout=0.3)
        assert await leaving
        assert (chats.came, chats.hung["slack"]) == ([Told("slack", f"case {CASE}")], 1)
        assert not await chats.leaves_next(0)
        assert (await client.post(url, content=BODY)).status_code == 200
