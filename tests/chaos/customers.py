"""The customers: they read the mailbox, follow their link, and answer; some change their mind, some at once."""

import asyncio
import contextlib
import random
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

import httpx
from chaos.ledger import Ledger
from chaos.load import MAILED_EVERY, touchpoint_of
from chaos.stack import Stack

from services.collector.forms import PageNonce
from services.collector.merging import ShownAnswer
from shared.link_tokens import LinkSigner

AT_ONCE = 12
"""Customers at the same time, each from a place of their own: the door slows a place that hurries."""
NONCE = re.compile(r'name="nonce" value="([^"]+)"')
HIDDEN = re.compile(r'type="hidden" name="([a-z]+)" value="([^"]*)"')
CONFLICT = 409
NUMBER = re.compile(r"c(\d+)\.([a-z0-9-]+)@")


@dataclass
class Customers:
    """Everybody whom this tenant's mails reach."""

    stack: Stack
    tenant: str
    seed: str
    ledger: Ledger
    silent: float = 0.0
    """So many see the mail and leave it at that."""
    twice_at_once: float = 0.1
    """So many of them press twice, with two scores, at the same moment."""
    refused: int = 0
    faults: list[str] = field(default_factory=list)
    _inbox: asyncio.Queue[tuple[int, str]] = field(default_factory=asyncio.Queue)
    _unanswered: int = 0
    """Mails that were seen and are not answered yet."""
    _looks: int = 0
    _looked: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        self._signer = LinkSigner(self.stack.state.secret)
        self._nonce = PageNonce(self.stack.state.secret)

    @property
    def idle(self) -> bool:
        return not self._unanswered

    async def look(self) -> None:
        """Return when everybody has seen what is in the mailbox now."""
        async with self._looked:
            until = self._looks + 2  # the look that is under way may have begun too early
            await self._looked.wait_for(lambda: self._looks >= until)

    async def served(self, within: float) -> None:
        """Return when everybody who has seen a mail has answered, or is tired of it."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._inbox.join(), within)

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.gather(self._read_mail(), *(self._answer(place) for place in range(AT_ONCE)))

    async def _read_mail(self) -> None:
        known = ""
        met: set[int] = set()  # who gets a second mail does not answer twice: the judge counts mails himself
        async with httpx.AsyncClient(
            base_url=self.stack.state.mailbox, trust_env=False, timeout=15
        ) as client:
            while True:
                with contextlib.suppress(httpx.TransportError):
                    for mail in (await client.get("/api/mails", params={"after": known})).json():
                        known = mail["id"]
                        to = NUMBER.search(mail["to"])
                        if to and to[2] == self.tenant and int(to[1]) not in met:
                            met.add(int(to[1]))
                            link = next(link for link in mail["links"] if "/s/" in link)
                            self._unanswered += 1
                            self._inbox.put_nowait(
                                (int(to[1]), re.split(r"[/?]", link.partition("/s/")[2])[0])
                            )
                    async with self._looked:
                        self._looks += 1
                        self._looked.notify_all()
                await asyncio.sleep(0.2)

    async def _answer(self, place: int) -> None:
        transport = httpx.AsyncHTTPTransport(local_address=f"127.0.0.{place + 10}")
        async with httpx.AsyncClient(transport=transport, timeout=15) as client:
            while True:
                number, token = await self._inbox.get()
                await self._say(client, number, token)
                self._unanswered -= 1
                self._inbox.task_done()

    async def _say(self, client: httpx.AsyncClient, number: int, token: str) -> None:
        invitation = self._signer.read("answer", token)
        if invitation is None:
            self.faults.append(f"the mail's link of c-{number} is not signed")
            return
        chance = random.Random(f"{self.seed}-{number}")
        touchpoint = touchpoint_of(number // MAILED_EVERY)
        first, then = chance.randint(0, 10), chance.randint(0, 10)
        how = chance.random()
        if chance.random() < self.silent:
            return
        if how < self.twice_at_once:
            self.ledger.answering(invitation, touchpoint, [first, then])
            page = Page()
            posts = [self._post(client, invitation, token, page, score, "send") for score in (first, then)]
            if all(await asyncio.gather(*posts)):
                self.ledger.answered(invitation, {first, then})
            return
        if how < 0.2:
            await self._open(client, token)
        said = [(first, "send")] if how < 0.6 else [(first, "choose"), (first, "send")]
        if how > 0.75:
            said.append((then, "send"))
        self.ledger.answering(invitation, touchpoint, [score for score, _ in said])
        page = Page()
        for score, action in said:
            if not await self._post(client, invitation, token, page, score, action):
                return
        self.ledger.answered(invitation, {said[-1][0]})

    async def _open(self, client: httpx.AsyncClient, token: str) -> None:
        """Look at the page first, as most people do; that this fails is no answer lost."""
        with contextlib.suppress(httpx.TransportError):
            page = await client.get(f"{self.stack.door('collector')}/s/{token}")
            if page.status_code == 200 and not NONCE.search(page.text):
                self.faults.append("a page without a nonce")

    async def _post(
        self, client: httpx.AsyncClient, invitation: UUID, token: str, page: "Page", score: int, action: str
    ) -> bool:
        """Whether it was taken, after as many tries as that needs."""
        form = {"score": str(score), "action": action, "comment": f"I say {score}.", **page.next()}
        end = time.monotonic() + 120
        while time.monotonic() < end:
            form["nonce"] = self._nonce.make(invitation, datetime.now(UTC))
            try:
                response = await client.post(f"{self.stack.door('collector')}/s/{token}", data=form)
            except httpx.TransportError:
                self.refused += 1
                await asyncio.sleep(0.2)
                continue
            if response.status_code in {200, 303}:
                return True
            if response.status_code == CONFLICT and page.takes_over(response.text):
                form |= page.next()
                continue
            if response.status_code not in {429, 503}:
                self.faults.append(f"answer: {response.status_code} {response.text[:200]}")
                return False
            self.refused += 1
            await asyncio.sleep(float(response.headers.get("retry-after", "0.5")) / 4)
        return False


class Page:
    """What the page of a browser sends beside the answer: from when it is, and how often it has sent."""

    def __init__(self) -> None:
        self._id, self._sent, self._drawn = uuid4().hex, 0, ShownAnswer().encode()

    def next(self) -> dict[str, str]:
        """The fields of the next form: each is newer than those before, whenever it comes."""
        self._sent += 1
        return {"drawn": self._drawn, "page": self._id, "seq": str(self._sent)}

    def takes_over(self, answer: str) -> bool:
        """Go on from the page that shows both what was typed and what stands, as it does when the collector
        no longer knows that we wrote what stands: its database was restored. False when that is no news.
        """
        drawn = dict(HIDDEN.findall(answer)).get("drawn", "")
        news = bool(drawn) and drawn != self._drawn
        self._drawn = drawn or self._drawn
        return news
