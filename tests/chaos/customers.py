"""The customers: they read the mailbox, follow their link, and answer; some change their answer, some at once."""

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

CUSTOMER_COUNT = 12
"""Customers at a time, each with an address of their own, since the API slows down an address that hurries."""
NONCE_PATTERN = re.compile(r'name="nonce" value="([^"]+)"')
HIDDEN_FIELD_PATTERN = re.compile(r'type="hidden" name="([a-z]+)" value="([^"]*)"')
CONFLICT = 409
ADDRESS_PATTERN = re.compile(r"c(\d+)\.([a-z0-9-]+)@")


@dataclass
class Customers:
    """All customers of this tenant who get a mail."""

    stack: Stack
    tenant: str
    seed: str
    ledger: Ledger
    silent: float = 0.0
    """Share of them who do not answer."""
    twice_at_once: float = 0.1
    """Share of them who post two scores at the same moment."""
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
        """Return when every mail that is in the mailbox now has been seen."""
        async with self._looked:
            until = self._looks + 2  # the look that is under way may have begun too early
            await self._looked.wait_for(lambda: self._looks >= until)

    async def served(self, within: float) -> None:
        """Return when every mail that was seen is answered, or after so many seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._inbox.join(), within)

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.gather(self._read_mail(), *(self._answer(place) for place in range(CUSTOMER_COUNT)))

    async def _read_mail(self) -> None:
        known = ""
        met: set[int] = set()  # a second mail is not answered: the judge counts mails itself
        async with httpx.AsyncClient(
            base_url=self.stack.state.mailbox, trust_env=False, timeout=15
        ) as client:
            while True:
                with contextlib.suppress(httpx.TransportError):
                    for mail in (await client.get("/api/mails", params={"after": known})).json():
                        known = mail["id"]
                        to = ADDRESS_PATTERN.search(mail["to"])
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
                await self._answer_mail(client, number, token)
                self._unanswered -= 1
                self._inbox.task_done()

    async def _answer_mail(self, client: httpx.AsyncClient, number: int, token: str) -> None:
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
        posts_to_make = [(first, "send")] if how < 0.6 else [(first, "choose"), (first, "send")]
        if how > 0.75:
            posts_to_make.append((then, "send"))
        self.ledger.answering(invitation, touchpoint, [score for score, _ in posts_to_make])
        page = Page()
        for score, action in posts_to_make:
            if not await self._post(client, invitation, token, page, score, action):
                return
        self.ledger.answered(invitation, {posts_to_make[-1][0]})

    async def _open(self, client: httpx.AsyncClient, token: str) -> None:
        """Open the page first, as most people do; a failure loses no answer."""
        with contextlib.suppress(httpx.TransportError):
            page = await client.get(f"{self.stack.origin_of('collector')}/s/{token}")
            if page.status_code == 200 and not NONCE_PATTERN.search(page.text):
                self.faults.append("a page without a nonce")

    async def _post(
        self, client: httpx.AsyncClient, invitation: UUID, token: str, page: "Page", score: int, action: str
    ) -> bool:
        """Post until it is accepted or refused; whether it was accepted."""
        form = {"score": str(score), "action": action, "comment": f"I say {score}.", **page.next()}
        end = time.monotonic() + 120
        while time.monotonic() < end:
            form["nonce"] = self._nonce.make(invitation, datetime.now(UTC))
            try:
                response = await client.post(f"{self.stack.origin_of('collector')}/s/{token}", data=form)
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
            # Sooner than asked, as an impatient customer does.
            await asyncio.sleep(float(response.headers.get("retry-after", "0.5")) / 4)
        return False


class Page:
    """The fields that a browser's page sends beside the answer: what it showed, and its sequence number."""

    def __init__(self) -> None:
        self._id, self._sent, self._drawn = uuid4().hex, 0, ShownAnswer().encode()

    def next(self) -> dict[str, str]:
        """The fields of the next form, which is newer than those before in whatever order they arrive."""
        self._sent += 1
        return {"drawn": self._drawn, "page": self._id, "seq": str(self._sent)}

    def takes_over(self, answer: str) -> bool:
        """Go on from the page of a conflict, which the collector shows when its restored database no longer knows
        that this page wrote the kept answer. False when it is the page that we have.
        """
        drawn = dict(HIDDEN_FIELD_PATTERN.findall(answer)).get("drawn", "")
        news = bool(drawn) and drawn != self._drawn
        self._drawn = drawn or self._drawn
        return news
