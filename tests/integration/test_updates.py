"""Through all services: a case is closed with a cause, what is done about it is published, and its customer reads it."""

from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from support.audit import an_actor
from support.case_mails import a_reply_sender
from support.companies import Company, World
from support.contact_rules import write_at_any_time
from support.contact_world import ANSWER_LINK
from support.dispatcher_builders import CONTACT_POLICY, Clock, a_customer, a_transaction, event_of
from support.dispatcher_reminders import ScriptedChannel, a_scripted_sender
from support.http_clients import ORIGIN, SECRET
from support.smtp import ScriptedServer, scripted_server

from deploy.demo.form import survey_form
from services.dispatcher.sending import sending_commands
from services.dispatcher.updates.publishing import advance_updates
from services.trigger import tenants
from shared.events import TRANSACTIONS
from shared.mail import Mailer

CUSTOMERS = [f"kim-{number}" for number in range(6)]
TEXTS = {"da": "Vi kører nu med en bil mere.", "en": "We now drive a second van."}
MOVES: list[dict[str, Any]] = [{"act": "finish"}, {"act": "publish", "texts": TEXTS}]
"""By which an action is published."""


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as server:
        yield server


class Shop:
    """A company with a survey about purchases."""

    def __init__(self, world: World, company: Company, server: ScriptedServer) -> None:
        self.world, self.company, self.server, self.clock = world, company, server, Clock()
        for context in world.contexts.values():
            context.database.clock = self.clock
        self.dispatcher = world.contexts["dispatcher"].database
        self.channel = ScriptedChannel()
        self.sender = a_scripted_sender(self.dispatcher, self.clock, self.channel)

    async def ask(self, name: str) -> None:
        bought = a_transaction(
            f"order-{name}", a_customer(name), occurred_at=self.clock(), accepted_at=self.clock()
        )
        await self.world.deliver(event_of(TRANSACTIONS, bought, self.company.name), TRANSACTIONS.name)
        await self.world.deliver_all()
        while await self.sender.step() == 0:
            pass
        await self.world.deliver_all()

    async def answer(self, may_contact: str) -> None:
        """The last mail is answered with a low score."""
        message, _ = self.channel.handed[-1]
        link = ANSWER_LINK.search(message.text)
        assert link is not None
        client, path = self.world.clients["collector"], f"/s/{link[1]}"
        form = survey_form((await client.get(path)).text, f"{ORIGIN}{path}")
        assert form is not None
        values = {"action": "send", **form.values, "touched": "1", "score": "2", "may_contact": may_contact}
        assert (await client.post(path, data=values)).status_code == 303
        await self.world.deliver_all()

    async def close_cases(self) -> None:
        end = {
            "act": "close",
            "cause": "delivery.late",
            "action": "Sent anew.",
            "outcome": "explained",
            "told": True,
        }
        for case in (await self.read("alerts", "/v1/cases"))["cases"]:
            await self.world.post("alerts", self.company, f"/v1/cases/{case['id']}/actions", end)
        await self.world.deliver_all()

    async def send_updates(self) -> None:
        await advance_updates(self.dispatcher, SECRET, CONTACT_POLICY)
        await self.world.deliver_all()
        mailer = Mailer(self.server.url)
        await a_reply_sender(self.dispatcher, mailer, self.clock).step()
        await mailer.close()
        await self.world.deliver_all()

    async def read(self, service: str, path: str) -> Any:
        answer = await self.world.clients[service].get(path, headers=self.company.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
async def shop(world: World, server: ScriptedServer) -> Shop:
    company = Company("birch")
    shop = Shop(world, company, server)
    trigger = world.contexts["trigger"].database
    await tenants.create_tenant(trigger, company.name, name="Birch", time_zone="Europe/Copenhagen")
    company.key = await tenants.create_key(trigger, company.name, ("admin",), name="shop")
    await world.deliver_all()
    survey = {"name": "A purchase", "trigger": "order.delivered", "state": "live", "delay_minutes": 0}
    await world.post("dispatcher", company, "/v1/surveys", survey)
    async with shop.dispatcher.transaction() as uow:
        await sending_commands.set_mode(uow, company.name, an_actor("the test"), "live")
        await write_at_any_time(uow, company.name)
    await world.deliver_all()
    return shop


async def test_b40_who_raised_it_reads_what_was_done_and_the_action_counts_them(
    shop: Shop, server: ScriptedServer
) -> None:
    for name in CUSTOMERS:
        await shop.ask(name)
        await shop.answer("no" if name == CUSTOMERS[-1] else "yes")
    shop.clock.on(hours=1)
    await shop.close_cases()
    path = f"/v1/actions/{uuid4()}"
    body = {"title": "A second van", "cause": "delivery.late", "owner": "Jonas", "due": "2026-12-31"}
    opened = await shop.world.clients["scorer"].put(path, json=body, headers=shop.company.headers)
    assert opened.status_code == 200, opened.text
    for version, move in enumerate(MOVES, 1):
        await shop.world.post("scorer", shop.company, f"{path}/actions", {**move, "version": version})
    await shop.world.deliver_all()
    for _ in range(2):
        await shop.send_updates()
    assert sorted(server.accepted) == [f"{name}@example.com" for name in CUSTOMERS[:-1]]
    mails = [message_from_bytes(raw.removesuffix(b".\r\n"), policy=policy.default) for raw in server.mails]
    for mail in mails:
        html = mail.get_body(("html",))
        assert html is not None
        assert TEXTS["da"] in html.get_content()
    assert (await shop.read("scorer", path))["told"] == {"sent": 5, "waiting": 0, "unsent": {}}
    cases = (await shop.read("alerts", "/v1/cases"))["cases"]
    told = []
    for case in cases:
        timeline = (await shop.read("alerts", f"/v1/cases/{case['id']}"))["timeline"]
        told.append([entry["kind"] for entry in timeline].count("informed"))
    assert sorted(told) == [0, 1, 1, 1, 1, 1]

    # The unsubscription of one by the link in the mail holds for the next action.
    link = urlsplit(str(mails[0]["List-Unsubscribe"]).strip("<>"))
    done = await shop.world.clients["dispatcher"].post(link.path, data={"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200
    shop.clock.on(days=15)
    other = f"/v1/actions/{uuid4()}"
    await shop.world.clients["scorer"].put(other, json=body, headers=shop.company.headers)
    for version, move in enumerate(MOVES, 1):
        await shop.world.post("scorer", shop.company, f"{other}/actions", {**move, "version": version})
    await shop.world.deliver_all()
    await shop.send_updates()
    assert (await shop.read("scorer", other))["told"] == {
        "sent": 4,
        "waiting": 0,
        "unsent": {"opted_out": 1},
    }
