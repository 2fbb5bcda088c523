"""Some customers whose case was closed open their link again, and say that it is not solved."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

import httpx

from deploy.demo import case_words, form, personas
from deploy.demo.case_plan import CaseRow, times_closed
from deploy.demo.checkpoint import Checkpoint
from deploy.demo.client import DemoClient
from deploy.demo.customers import TOUCHED, simulated_browser
from deploy.demo.model import Model
from shared.clock import Clock
from shared.runtime import pause

OBJECTION_SHARE = 0.08
"""Of the cases that the simulated staff close."""
EARLIEST_S, LATEST_S = 20.0, 90.0
"""From the end of the case until the link is opened again."""
READING_TIME_S = 4.0
LINKS_TRIED = 5
"""Of the customer's newest mails or texts: the case may be of any of them."""
POLL_INTERVAL_S = 1.0


class SecondLook(NamedTuple):
    """A customer who is going to open their link again."""

    at: datetime
    customer: personas.Customer
    words: str


class SecondLooks:
    """Which customers say that it is not solved, and when. Those who were about to at a stop do not."""

    def __init__(self, model: Model, checkpoint: Checkpoint, *, mailbox: DemoClient, clock: Clock) -> None:
        self._model = model
        self._checkpoint = checkpoint
        self._mailbox = mailbox
        self._clock = clock
        self._planned: list[SecondLook] = []

    def case_closed(self, case: CaseRow) -> None:
        """Plan what the customer does about the end of this case."""
        if (planned := second_look(self._model, case, self._clock())) is not None:
            self._planned.append(planned)

    async def run(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            now = self._clock()
            due = [look for look in self._planned if look.at <= now]
            self._planned = [look for look in self._planned if look.at > now]
            for look in due:
                if await self._object(look, stopping):
                    self._checkpoint.progress.objected += 1
            await pause(stopping, POLL_INTERVAL_S)

    async def _object(self, look: SecondLook, stopping: asyncio.Event) -> bool:
        async with simulated_browser() as browser:
            for link in await self._links(look.customer):
                if stopping.is_set():
                    return False
                with suppress(httpx.TransportError):
                    if await object_on_page(browser, link, look.words, stopping, READING_TIME_S):
                        return True
        return False

    async def _links(self, customer: personas.Customer) -> list[str]:
        """The links of the customer's newest messages, newest first."""
        if customer.has_only_a_phone:
            texts = await self._mailbox.get("/api/texts", to=customer.address)
            found = [form.survey_link(text["text"]) for text in texts]
        else:
            mails = await self._mailbox.get("/api/mails", to=customer.address)
            found = [form.survey_link(" ".join(mail["links"])) for mail in mails]
        return [link for link in found if link is not None][: -LINKS_TRIED - 1 : -1]


def second_look(model: Model, case: CaseRow, now: datetime) -> SecondLook | None:
    """What the customer of a closed case is going to say of its end; None: nothing."""
    random = model.random("second look", case["number"], times_closed(case))
    if random.random() >= OBJECTION_SHARE:
        return None
    customer = personas.customer(model, personas.number_of_id(case["customer_id"]))
    at = now + timedelta(seconds=random.uniform(EARLIEST_S, LATEST_S))
    return SecondLook(at, customer, random.choice(case_words.OBJECTIONS[customer.locale]))


async def object_on_page(
    browser: httpx.AsyncClient, link: str, words: str, stopping: asyncio.Event, reading_time_s: float
) -> bool:
    """Say "no, it is not solved" on the page of this link; whether the page offered it, and took it."""
    page = await browser.get(link)
    found = form.objection_form(page.text, str(page.url))
    if found is None:
        return False
    await pause(stopping, reading_time_s)
    after = await browser.post(found.action, data={**found.values, **TOUCHED, "words": words})
    return after.is_success and form.objection_form(after.text, str(after.url)) is None
