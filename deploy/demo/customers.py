"""Simulated customers: they read their real mail, open the real page and send the real form."""

import asyncio
from datetime import datetime
from typing import Any

import httpx

from deploy.demo import cast, form
from deploy.demo.doors import Doors
from deploy.demo.form import Form
from deploy.demo.model import Behaviour, Intent, Model
from deploy.demo.position import Position
from deploy.demo.stream import Stream
from shared.clock import Clock
from shared.runtime import pause

POLL_EVERY = 1.0
THINK_AGAIN = 15.0
NOT_YET = 20
"""So many seconds a link may need to be known to the page; then the customer has lost patience."""

Mail = dict[str, Any]


class Customers:
    def __init__(
        self, stream: Stream, model: Model, position: Position, *, mailbox: Doors, clock: Clock
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
                await pause(stopping, POLL_EVERY)

    async def _open(self, mail: Mail, stopping: asyncio.Event) -> None:
        behaviour = self._behaviour(mail["to"])
        if behaviour is not None:
            age = (self._clock() - datetime.fromisoformat(mail["at"])).total_seconds()
            await pause(stopping, max(0.0, behaviour.after - age))
            if stopping.is_set():
                return
            read = await self._mailbox.get(f"/api/mails/{mail['id']}")
            if links := form.survey_links(read["html"] or ""):
                await self._answer(links, behaviour, stopping)
        del self._waiting[mail["id"]]
        self._position.progress.last_mail = next(iter(self._waiting.values()), self._seen)

    def _behaviour(self, address: str) -> Behaviour | None:
        """What the customer of this address does; None for strangers and for those left to the visitor."""
        number = cast.number_of(address)
        event = self._position.progress.asked.get(number or "")
        if event is None:
            return None
        happening = self._stream.at(event)
        if happening.customer.is_left_to_the_visitor:
            return None
        return self._model.behaviour(happening.about, self._model.random("mail", happening.id))

    async def _answer(self, links: list[str], behaviour: Behaviour, stopping: asyncio.Event) -> None:
        """Follow the link of the score, fill the form in, send it; perhaps think again."""
        async with httpx.AsyncClient(follow_redirects=True, trust_env=False) as browser:
            link = links[behaviour.says.score] if len(links) > behaviour.says.score else links[0]
            if not await self._say(browser, link, behaviour.says, stopping):
                return
            self._position.progress.answered += 1
            if behaviour.amends is not None:
                await pause(stopping, THINK_AGAIN)
                if not stopping.is_set() and await self._say(browser, link, behaviour.amends, stopping):
                    self._position.progress.amended += 1

    async def _say(
        self, browser: httpx.AsyncClient, link: str, intent: Intent, stopping: asyncio.Event
    ) -> bool:
        for _ in range(NOT_YET):
            found = await _survey_form(browser, link)
            if found is not None:
                answer = await browser.post(found.action, data=filled(found, intent))
                if answer.is_success:
                    return True
            await pause(stopping, 1)
        return False


async def _survey_form(browser: httpx.AsyncClient, link: str) -> Form | None:
    try:
        page = await browser.get(link)
    except httpx.TransportError:
        return None
    forms = form.read_forms(page.text, str(page.url))
    return next((found for found in forms if found.method == "post" and "score" in found.choices), None)


def filled(found: Form, intent: Intent) -> dict[str, str]:
    """What the browser sends once the customer has filled the form in."""
    return {**found.values, "score": str(intent.score)}
