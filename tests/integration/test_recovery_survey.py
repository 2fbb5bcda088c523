"""Through all services: a detractor's case is closed, the customer is asked again, and no score hears of it."""

from typing import Any

import pytest
from support.audit import an_actor
from support.companies import Company, World
from support.contact_rules import write_at_any_time
from support.contact_world import ANSWER_LINK
from support.dispatcher_builders import Clock, a_customer, a_transaction, event_of
from support.dispatcher_reminders import ScriptedChannel, a_scripted_sender
from support.http_clients import ORIGIN

from deploy.demo.form import survey_form
from services.dispatcher.re_asks.publishing import advance_re_asks
from services.dispatcher.sending import sending_commands
from services.trigger import tenants
from shared.events import TRANSACTIONS


class Shop:
    """A company with a survey about purchases, one that asks again after cases, and one customer."""

    def __init__(self, world: World, company: Company) -> None:
        self.world, self.company, self.clock = world, company, Clock()
        for context in world.contexts.values():
            context.database.clock = self.clock
        self.channel = ScriptedChannel()
        self.sender = a_scripted_sender(self.dispatcher, self.clock, self.channel)

    @property
    def dispatcher(self) -> Any:
        return self.world.contexts["dispatcher"].database

    async def send(self) -> None:
        """What is due leaves, and everybody hears of it."""
        await self.world.deliver_all()
        while await self.sender.step() == 0:
            pass
        await self.world.deliver_all()

    async def answer(self, score: int) -> None:
        """The last mail is answered."""
        message, _ = self.channel.handed[-1]
        link = ANSWER_LINK.search(message.text)
        assert link is not None
        client, path = self.world.clients["collector"], f"/s/{link[1]}"
        form = survey_form((await client.get(path)).text, f"{ORIGIN}{path}")
        assert form is not None
        values = {"action": "send", **form.values, "touched": "1", "score": f"{score}"}
        assert (await client.post(path, data=values)).status_code == 303
        await self.world.deliver_all()

    async def read(self, service: str, path: str, **query: str) -> Any:
        answer = await self.world.clients[service].get(path, params=query, headers=self.company.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def score(self, **query: str) -> tuple[int, list[int]]:
        found = await self.read("scorer", "/v1/scores", window="60d", **query)
        return found["n"], found["counts"]

    async def asked_again(self, case: str) -> tuple[bool, int | None, str | None]:
        """Whether the customer of a case was asked again, what they said, and about which case it asks."""
        found = await self.read("alerts", f"/v1/cases/{case}")
        return found["asked_again_at"] is not None, found["asked_again_score"], found["asks_about"]


@pytest.fixture
async def shop(world: World) -> Shop:
    company = Company("birch")
    shop = Shop(world, company)
    trigger = world.contexts["trigger"].database
    await tenants.create_tenant(trigger, company.name, name="Birch", time_zone="Europe/Copenhagen")
    company.key = await tenants.create_key(trigger, company.name, ("admin",), name="shop")
    await world.deliver_all()
    survey = {"name": "A purchase", "trigger": "order.delivered", "state": "live", "delay_minutes": 0}
    again = {"name": "After a case", "measurement": "recovery", "state": "live", "delay_minutes": 0}
    for each in (survey, again):
        await world.post("dispatcher", company, "/v1/surveys", each)
    async with shop.dispatcher.transaction() as uow:
        await sending_commands.set_mode(uow, company.name, an_actor("the test"), "live")
        await write_at_any_time(uow, company.name)
    await world.deliver_all()
    return shop


async def test_b38_the_second_answer_is_told_beside_the_first_and_is_in_no_score(shop: Shop) -> None:
    bought = a_transaction(customer=a_customer("kim"), occurred_at=shop.clock(), accepted_at=shop.clock())
    await shop.world.deliver(event_of(TRANSACTIONS, bought, shop.company.name), TRANSACTIONS.name)
    await shop.send()
    await shop.answer(3)
    shop.clock.on(hours=1)
    (case,) = (await shop.read("alerts", "/v1/cases"))["cases"]
    actions = f"/v1/cases/{case['id']}/actions"
    reached = {"act": "contact", "how": "call", "reached": True, "text": "She told us what was wrong."}
    end = {
        "act": "close",
        "cause": "delivery.late",
        "action": "Sent anew.",
        "outcome": "recovered",
        "told": True,
    }
    for act in (reached, end):
        await shop.world.post("alerts", shop.company, actions, act)
    await shop.world.deliver_all()
    before = await shop.score()
    assert before[0] == 1

    assert await shop.asked_again(case["id"]) == (False, None, None)
    shop.clock.on(days=30)
    assert len(shop.channel.handed) == 1
    assert not await advance_re_asks(shop.dispatcher)
    await shop.send()
    assert len(shop.channel.handed) == 2
    assert await shop.asked_again(case["id"]) == (True, None, None)
    await shop.answer(8)

    assert await shop.asked_again(case["id"]) == (True, 8, None)
    assert await shop.score() == before
    assert (await shop.score(measurement="relational"))[0] == 0
    refused = await shop.world.clients["scorer"].get(
        "/v1/scores", params={"measurement": "recovery"}, headers=shop.company.headers
    )
    assert refused.status_code == 422
    told = (await shop.read("alerts", "/v1/recovery"))["reached"]
    assert (told["asked"], told["answered"], told["better"]["part"]) == (1, 1, 1)
    assert [each["id"] for each in (await shop.read("alerts", "/v1/cases"))["cases"]] == [case["id"]]
    shop.clock.on(days=30)
    await advance_re_asks(shop.dispatcher)
    await shop.send()
    assert len(shop.channel.handed) == 2
