"""Simulated customers: they read their real mails and texts, open the survey page and submit its form."""

import asyncio
import ssl
from contextlib import suppress
from datetime import datetime
from random import Random
from typing import Any
from urllib.parse import urlsplit

import httpx

from deploy.demo import form, personas
from deploy.demo.checkpoint import Checkpoint
from deploy.demo.client import DemoClient
from deploy.demo.correspondence import Correspondence
from deploy.demo.form import Form
from deploy.demo.model import Behaviour, Intent, Model
from deploy.demo.stream import EventStream
from shared.clock import Clock
from shared.runtime import pause

POLL_INTERVAL_S = 1.0
AMEND_DELAY_S = 15.0
MAX_PAGE_TRIES = 20
"""One second apart: for so long the page may not know a new link; then the customer gives up."""

FURTHER_QUESTION = "q_"
"""How the names of their fields begin."""
TOUCHED = {"touched": "1"}
"""What the page's script posts once it has seen a hand."""

BEGGING_STORE = "aarhus"
"""Where customers are asked to answer at once, on the tablet of the shop."""
AGENT = "Mozilla/5.0 (a simulated customer of Afterword's demo; {device})"
# Created once: the client of each customer would load the certificates again, for tens of milliseconds.
SSL_CONTEXT = ssl.create_default_context()

Message = dict[str, Any]
"""A mail or a text in the mailbox's list."""


class Arrivals:
    """What arrives at one list of the mailbox, and where to continue after a restart."""

    def __init__(self, mailbox: DemoClient, path: str, newest: str) -> None:
        """:param newest: the id up to which all has been processed."""
        self._mailbox = mailbox
        self._path = path
        self._newest = newest
        # Messages in progress, oldest first, each with the id of the message before it: where to continue
        # after a restart. A customer who was interrupted then answers the same again, which changes nothing.
        self._in_progress: dict[str, str] = {}

    async def new(self) -> list[Message]:
        """The messages that have arrived since the last call, oldest first."""
        found: list[Message] = await self._mailbox.get(self._path, after=self._newest, limit=100)
        for message in found:
            self._in_progress[message["id"]], self._newest = self._newest, message["id"]
        return found

    def finish(self, message: Message) -> str:
        """Note that a message is processed; returns the id up to which all are."""
        del self._in_progress[message["id"]]
        return next(iter(self._in_progress.values()), self._newest)


class SimulatedCustomers:
    """Poll the mailbox, and answer each survey mail and text as the model decides."""

    def __init__(
        self,
        stream: EventStream,
        model: Model,
        checkpoint: Checkpoint,
        correspondence: Correspondence,
        *,
        mailbox: DemoClient,
        clock: Clock,
    ) -> None:
        self._stream = stream
        self._model = model
        self._checkpoint = checkpoint
        self._correspondence = correspondence
        self._mailbox = mailbox
        self._clock = clock
        self._mails = Arrivals(mailbox, "/api/mails", checkpoint.progress.last_mail)
        self._texts = Arrivals(mailbox, "/api/texts", checkpoint.progress.last_text)

    async def run(self, stopping: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as customers:
            while not stopping.is_set():
                for mail in await self._mails.new():
                    customers.create_task(self._open_mail(mail, stopping))
                for text in await self._texts.new():
                    customers.create_task(self._open_text(text, stopping))
                await pause(stopping, POLL_INTERVAL_S)

    async def _open_mail(self, mail: Message, stopping: asyncio.Event) -> None:
        if form.survey_link(" ".join(mail["links"])) is None:
            await self._correspondence.read(mail, stopping)
            if stopping.is_set():
                return
        elif (behaviour := self._behaviour(mail["to"])) is not None:
            await self._wait_until_opened(mail, behaviour, stopping)
            if stopping.is_set():
                return
            content = await self._mailbox.get(f"/api/mails/{mail['id']}")
            if link := form.score_link(content["html"] or "", behaviour.intent.score):
                await self._answer(link, behaviour, self._device(mail["to"]), stopping)
        self._checkpoint.progress.last_mail = self._mails.finish(mail)

    async def _open_text(self, text: Message, stopping: asyncio.Event) -> None:
        behaviour, link = self._behaviour(text["to"]), form.survey_link(text["text"])
        if behaviour is not None and link is not None:
            await self._wait_until_opened(text, behaviour, stopping)
            if stopping.is_set():
                return
            await self._answer(link, behaviour, self._device(text["to"]), stopping)
        self._checkpoint.progress.last_text = self._texts.finish(text)

    async def _wait_until_opened(
        self, message: Message, behaviour: Behaviour, stopping: asyncio.Event
    ) -> None:
        age = (self._clock() - datetime.fromisoformat(message["at"])).total_seconds()
        await pause(stopping, max(0.0, behaviour.opens_after_s - age))

    def _behaviour(self, address: str) -> Behaviour | None:
        """What the customer of this address or number does; None: unknown, or left to the visitor."""
        customer = personas.number_of(address)
        number = self._checkpoint.progress.asked.get(customer or "")
        if number is None:
            return None
        event = self._stream.at(number)
        if event.customer.is_left_to_the_visitor:
            return None
        return self._model.behaviour(event.circumstances, self._model.random("mail", event.id))

    def _device(self, address: str) -> str:
        """On which device the customer of this address or number answers: their own, or that of the shop."""
        customer = personas.number_of(address) or ""
        number = self._checkpoint.progress.asked.get(customer)
        store = self._stream.at(number).circumstances.store if number is not None else None
        return f"tablet of {store}" if store == BEGGING_STORE else f"customer {customer}"

    async def _answer(self, link: str, behaviour: Behaviour, device: str, stopping: asyncio.Event) -> None:
        """Follow the link, fill in the form and send it; perhaps amend the answer."""
        async with simulated_browser(device) as browser:
            if not await is_unanswered(browser, link, stopping):
                return
            if not await submit_answer(browser, link, behaviour.intent, behaviour.writing_time_s, stopping):
                return
            self._checkpoint.progress.answered += 1
            if behaviour.amended_intent is not None:
                await pause(stopping, AMEND_DELAY_S)
                if await submit_answer(browser, link, behaviour.amended_intent, 0.0, stopping):
                    self._checkpoint.progress.amended += 1


def simulated_browser(device: str = "a phone") -> httpx.AsyncClient:
    """A browser of a simulated customer, with no cookies; the collector takes each device for another one."""
    return httpx.AsyncClient(
        headers={"User-Agent": AGENT.format(device=device)},
        follow_redirects=True,
        trust_env=False,
        verify=SSL_CONTEXT,
    )


async def is_unanswered(browser: httpx.AsyncClient, link: str, stopping: asyncio.Event) -> bool:
    """Whether this link has no answer yet; one that a visitor of the demo gave is kept."""
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
    browser: httpx.AsyncClient,
    link: str,
    intent: Intent,
    writing_time_s: float | None,
    stopping: asyncio.Event,
) -> bool:
    """Choose the score, which the page's script saves at once; then write, and send the form.

    Returns whether the answer was accepted. Without a `writing_time_s` the customer leaves after the score.
    """
    for _ in range(MAX_PAGE_TRIES):
        if stopping.is_set():
            return False
        with suppress(httpx.TransportError):
            page = await browser.get(link)
            if (found := form.survey_form(page.text, str(page.url))) is not None:
                chosen = await browser.post(found.action, data=score_fields(found, intent))
                if writing_time_s is not None:
                    await pause(stopping, writing_time_s)
                    chosen = await browser.post(found.action, data=form_fields(found, intent))
                if chosen.is_success:
                    return True
        await pause(stopping, 1)
    return False


def score_fields(found: Form, intent: Intent) -> dict[str, str]:
    """The fields that the page's script sends as soon as a score is chosen."""
    return {**found.values, **TOUCHED, "score": str(intent.score), "action": "choose"}


def form_fields(found: Form, intent: Intent) -> dict[str, str]:
    """The fields of the completed form; a further question gets one of its options, each as likely."""
    random = Random(found.action)  # noqa: S311  (the same link, the same choice)
    options = {
        name: random.choice(values)
        for name, values in found.choices.items()
        if name.startswith(FURTHER_QUESTION)
    }
    consent = {True: {"may_contact": "yes"}, False: {"may_contact": "no"}, None: {}}[intent.may_contact]
    written = {"score": str(intent.score), "comment": intent.comment or "", "action": "send"}
    return {**found.values, **TOUCHED, **options, **written, **consent}
