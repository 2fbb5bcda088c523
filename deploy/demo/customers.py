"""Simulated customers: they read their real mail, open the real page and send the real form."""

import asyncio
import ssl
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from deploy.demo import form, personas
from deploy.demo.checkpoint import Checkpoint
from deploy.demo.client import DemoClient
from deploy.demo.form import Form
from deploy.demo.model import Behaviour, Intent, Model
from deploy.demo.stream import EventStream
from shared.clock import Clock
from shared.runtime import pause

POLL_INTERVAL_S = 1.0
AMEND_DELAY_S = 15.0
MAX_PAGE_TRIES = 20
"""So many seconds a link may need to be known to the page; then the customer has lost patience."""

BROWSER_HEADERS = {"User-Agent": "Mozilla/5.0 (a simulated customer of Afterword's demo)"}
# Read once: a browser of its own for each customer would read them each time, for tens of milliseconds.
SSL_CONTEXT = ssl.create_default_context()

Mail = dict[str, Any]


class SimulatedCustomers:
    def __init__(
        self, stream: EventStream, model: Model, position: Checkpoint, *, mailbox: DemoClient, clock: Clock
    ) -> None:
        self._stream = stream
        self._model = model
        self._position = position
        self._mailbox = mailbox
        self._clock = clock
        self._seen = position.progress.last_mail
        # Mails that wait for their customer, oldest first, each with the mail before it: where to go on
        # after a restart. Whoever was in the middle then says the same again, which changes nothing.
        self._waiting: dict[str, str] = {}

    async def run(self, stopping: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as people:
            while not stopping.is_set():
                mails = await self._mailbox.get("/api/mails", after=self._seen, limit=100)
                for mail in mails:
                    self._waiting[mail["id"]], self._seen = self._seen, mail["id"]
                    people.create_task(self._open(mail, stopping))
                await pause(stopping, POLL_INTERVAL_S)

    async def _open(self, mail: Mail, stopping: asyncio.Event) -> None:
        behaviour = self._behaviour(mail["to"])
        if behaviour is not None:
            age = (self._clock() - datetime.fromisoformat(mail["at"])).total_seconds()
            await pause(stopping, max(0.0, behaviour.after - age))
            if stopping.is_set():
                return
            read = await self._mailbox.get(f"/api/mails/{mail['id']}")
            if link := form.score_link(read["html"] or "", behaviour.says.score):
                await self._answer(link, behaviour, stopping)
        del self._waiting[mail["id"]]
        self._position.progress.last_mail = next(iter(self._waiting.values()), self._seen)

    def _behaviour(self, address: str) -> Behaviour | None:
        """What the customer of this address does; None for strangers and for those left to the visitor."""
        number = personas.number_of(address)
        event = self._position.progress.asked.get(number or "")
        if event is None:
            return None
        happening = self._stream.at(event)
        if happening.customer.is_left_to_the_visitor:
            return None
        return self._model.behaviour(happening.about, self._model.random("mail", happening.id))

    async def _answer(self, link: str, behaviour: Behaviour, stopping: asyncio.Event) -> None:
        """Follow the link of the score, fill the form in, send it; perhaps think again."""
        async with httpx.AsyncClient(
            headers=BROWSER_HEADERS, follow_redirects=True, trust_env=False, verify=SSL_CONTEXT
        ) as browser:
            if not await is_unanswered(browser, link, stopping):
                return
            if not await submit_answer(browser, link, behaviour.says, behaviour.writes_for, stopping):
                return
            self._position.progress.answered += 1
            if behaviour.amends is not None:
                await pause(stopping, AMEND_DELAY_S)
                if await submit_answer(browser, link, behaviour.amends, 0.0, stopping):
                    self._position.progress.amended += 1


async def is_unanswered(browser: httpx.AsyncClient, link: str, stopping: asyncio.Event) -> bool:
    """Whether nobody has answered behind this link, as a visitor of the demo may have: theirs stays."""
    for _ in range(MAX_PAGE_TRIES):
        if stopping.is_set():
            return False
        with suppress(httpx.TransportError):
            page = await browser.get(urlsplit(link)._replace(query="").geturl())
            if page.is_success:
                found = form.survey_form(page.text, str(page.url))
                return found is not None and "score" not in found.values
        await pause(stopping, 1)
    return False


async def submit_answer(
    browser: httpx.AsyncClient, link: str, intent: Intent, writes_for: float | None, stopping: asyncio.Event
) -> bool:
    """Choose the score, which the page's script saves at once; then write, and send the form."""
    for _ in range(MAX_PAGE_TRIES):
        if stopping.is_set():
            return False
        with suppress(httpx.TransportError):
            page = await browser.get(link)
            if (found := form.survey_form(page.text, str(page.url))) is not None:
                chosen = await browser.post(found.action, data=score_fields(found, intent))
                if writes_for is not None:
                    await pause(stopping, writes_for)
                    chosen = await browser.post(found.action, data=form_fields(found, intent))
                if chosen.is_success:
                    return True
        await pause(stopping, 1)
    return False


def score_fields(found: Form, intent: Intent) -> dict[str, str]:
    """What the page's script sends as soon as a score is chosen."""
    return {**found.values, "score": str(intent.score), "action": "choose"}


def form_fields(found: Form, intent: Intent) -> dict[str, str]:
    """What the browser sends once the form is filled in."""
    consent = {True: {"may_contact": "yes"}, False: {"may_contact": "no"}, None: {}}[intent.may_contact]
    written = {"score": str(intent.score), "comment": intent.comment or "", "action": "send"}
    return {**found.values, **written, **consent}
