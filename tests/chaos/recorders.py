"""Receivers on this machine: providers of chats, and a push service whose browsers read what comes.

Until they are calm they are busy, they hang, and they go away and come back.
"""

import asyncio
import re
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random

import msgspec
from chaos.told import Told
from support.push_service import BrowserKeys, certified
from support.webhook_receiver import Received, Receiver, Reply

HOST = "127.0.0.1"
BUSY = (Reply(429, {"retry-after": "1"}), Reply(503))
BUSY_SHARE, HANGING_SHARE = 0.08, 0.04
HANGING_S = 8.0
"""Longer than a sender waits."""
SLOWEST_S = 0.25
CASE_PATTERN = re.compile(r"/cases/([0-9a-f-]{36})")
INCIDENT_PATTERN = re.compile(r"incident=([0-9a-f-]{36})")
LETTER_LINK = "/inbox?state=late"
LETTER = "letter"


def about_of(text: str) -> str:
    """What a message is about, by its link."""
    if LETTER_LINK in text:
        return LETTER
    if incident := INCIDENT_PATTERN.search(text):
        return f"incident {incident[1]}"
    case = CASE_PATTERN.search(text)
    return f"case {case[1]}" if case else text[:200]


@dataclass
class PostRecorder:
    """Takes what is posted; each path is a receiver of its own."""

    chance: Random
    browsers: dict[str, BrowserKeys] = field(default_factory=dict)
    """By path; without any they are channels of chats."""
    came: list[Told] = field(default_factory=list)
    """What was taken, or may have been."""
    hung: Counter[str] = field(default_factory=Counter)
    topics: dict[Told, set[str]] = field(default_factory=dict)
    """Under which ids a thing came to a browser, those that were refused among them."""
    aways: int = 0
    calm: bool = False
    refused: int = 0
    _refused: set[Told] = field(default_factory=set)
    _leaves_next: bool = False
    _left: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None

    def __post_init__(self) -> None:
        self._receiver = Receiver(scheme="https" if self.browsers else "http")
        self._receiver.answer = self._answer

    def url(self, path: str) -> str:
        return self._receiver.url(path)

    async def away(self, seconds: float) -> None:
        """Break every connection, and take none for so long."""
        await self._end()
        self.aways += 1
        await asyncio.sleep(seconds)
        await self._begin()

    async def leaves_next(self, within: float) -> bool:
        """Take the next message and leave its sender without an answer; False: none came within these seconds."""
        self._leaves_next = True
        self._left.clear()
        try:
            async with asyncio.timeout(within):
                await self._left.wait()
        except TimeoutError:
            return False
        finally:
            self._leaves_next = False
        return True

    def _answer(self, received: Received) -> Reply:
        """The first message to each receiver is refused, and none twice: its next tries would be minutes away."""
        told = self._told(received)
        if "topic" in received.headers:
            self.topics.setdefault(told, set()).add(received.headers["topic"])
        roll = 1.0 if self.calm else self.chance.random()
        is_first = told.to not in {one.to for one in self._refused}
        if (is_first or roll < BUSY_SHARE) and told not in self._refused:
            self._refused.add(told)
            self.refused += 1
            return self.chance.choice(BUSY)
        self.came.append(told)
        if self._leaves_next or roll < BUSY_SHARE + HANGING_SHARE:
            self._leaves_next = False
            self._left.set()
            self.hung[told.to] += 1
            return Reply(delay_s=HANGING_S)
        return Reply(201 if self.browsers else 200, delay_s=self.chance.uniform(0, SLOWEST_S))

    def _told(self, received: Received) -> Told:
        to = received.path.strip("/")
        if not self.browsers:
            return Told(to, about_of(received.body.decode()))
        return Told(
            to, about_of(msgspec.json.decode(self.browsers[received.path].decrypted(received.body))["path"])
        )

    async def _begin(self) -> None:
        encrypted = certified() if self.browsers else None
        self._server = await asyncio.start_server(
            self._receiver.connected, HOST, self._receiver.port, ssl=encrypted, reuse_port=True
        )

    async def _end(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._receiver.close()
            with suppress(ConnectionError):
                await self._server.wait_closed()
            self._server = None

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["PostRecorder"]:
        """Serve on a port that stays this recorder's while it is away."""
        with socket.socket() as kept:
            kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            kept.bind((HOST, 0))
            self._receiver.port = kept.getsockname()[1]
            await self._begin()
            try:
                yield self
            finally:
                await self._end()
