"""A standing programme for a month beside purchases: its answers stand beside the others and are never pooled."""

from datetime import timedelta
from typing import Any

import pytest
from support.audit import an_actor
from support.companies import Company, World
from support.contact_rules import write_at_any_time
from support.contact_world import ANSWER_LINK
from support.dispatcher_builders import NOON, Clock, a_customer, a_transaction, event_of
from support.dispatcher_reminders import ScriptedChannel, a_scripted_sender
from support.http_clients import ORIGIN, SECRET

from deploy.demo.form import survey_form
from services.dispatcher.programmes.publishing import advance_programmes
from services.dispatcher.sending import sending_commands
from services.trigger import tenants
from shared.events import TRANSACTIONS
from shared.mail import MailMessage
from shared.outbound import Sender

DAYS = 30
KNOWN, BUYERS = 24, 12
"""Customers whom the company has told us, and others who buy."""


class Shop:
    """A company with a survey about purchases, a programme, and customers who answer each mail at once."""

    def __init__(self, world: World, company: Company) -> None:
        self.world, self.company, self.clock = world, company, Clock()
        for context in world.contexts.values():
            context.database.clock = self.clock
        self.channel = ScriptedChannel()
        self.sender: Sender = a_scripted_sender(self.dispatcher, self.clock, self.channel)
        self.answered: dict[str, int] = {}
        """The scores, by address."""

    @property
    def dispatcher(self) -> Any:
        return self.world.contexts["dispatcher"].database

    async def pass_day(self) -> None:
        """Customers whose turn has come are asked, mails leave, and whoever got one answers it."""
        self.clock.on(days=1)
        while await advance_programmes(self.dispatcher, SECRET):
            pass
        await self.world.deliver_all()
        before = len(self.channel.handed)
        while await self.sender.step() == 0:
            pass
        await self.world.deliver_all()
        for message, _ in self.channel.handed[before:]:
            await self._answer(message)
        await self.world.deliver_all()

    async def buy(self, name: str) -> None:
        bought = a_transaction(
            f"order-{name}", a_customer(name), occurred_at=self.clock.now, accepted_at=self.clock.now
        )
        await self.world.deliver(event_of(TRANSACTIONS, bought, self.company.name), TRANSACTIONS.name)

    async def _answer(self, message: MailMessage) -> None:
        """Buyers are promoters, the others detractors, so that a pooled score would show."""
        link = ANSWER_LINK.search(message.text)
        assert link is not None
        client, path = self.world.clients["collector"], f"/s/{link[1]}"
        form = survey_form((await client.get(path)).text, f"{ORIGIN}{path}")
        assert form is not None
        score = 10 if message.recipient.startswith("buyer") else 0
        sent = await client.post(
            path, data={"action": "send", **form.values, "touched": "1", "score": f"{score}"}
        )
        assert sent.status_code == 303, sent.text
        assert message.recipient not in self.answered, "asked twice in one period"
        self.answered[message.recipient] = score

    async def score(self, **query: str) -> dict[str, Any]:
        """The company's score of the last days."""
        answer = await self.world.clients["scorer"].get(
            "/v1/scores", params={"window": "60d", **query}, headers=self.company.headers
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def shop(world: World) -> Shop:
    """It begins; its programme asks each customer once in a month."""
    company, trigger = Company("linden"), world.contexts["trigger"].database
    shop = Shop(world, company)
    await tenants.create_tenant(trigger, company.name, name="Linden", time_zone="Europe/Copenhagen")
    company.key = await tenants.create_key(trigger, company.name, ("admin",), name="shop")
    await world.deliver_all()
    survey = {"name": "A purchase", "trigger": "order.delivered", "state": "live", "delay_minutes": 0}
    relation = {
        **survey,
        "name": "The relation",
        "trigger": "never",
        "measurement": "relational",
        "programme": {"every_days": DAYS},
        "quarantine_days": DAYS - 1,
        "conditions": {"field": "segments.tier", "op": "=", "value": "gold"},
    }
    for each in (survey, relation):
        await world.post("dispatcher", company, "/v1/surveys", each)
    async with shop.dispatcher.transaction() as uow:
        await sending_commands.set_mode(uow, company.name, an_actor("the test"), "live")
        await write_at_any_time(uow, company.name)
    known = [
        {"id": f"known-{n}", "email": f"known-{n}@example.com", "segments": {"tier": "gold"}}
        for n in range(KNOWN)
    ]
    await world.post("dispatcher", company, "/v1/customers", {"customers": known})
    await advance_programmes(shop.dispatcher, SECRET)
    await world.deliver_all()
    return shop


async def test_over_a_month_its_answers_count_as_relational_beside_the_others_and_never_with_them(
    shop: Shop,
) -> None:
    for day in range(DAYS):
        if day % 2 and day // 2 < BUYERS:
            await shop.buy(f"buyer-{day // 2}")
        await shop.pass_day()
    assert shop.clock.now == NOON + timedelta(days=DAYS)
    asked = {name.partition("-")[0] for name in shop.answered}
    assert asked == {"known", "buyer"}
    assert sum(score == 0 for score in shop.answered.values()) == KNOWN
    assert sum(score == 10 for score in shop.answered.values()) == BUYERS

    relational, transactional = await shop.score(measurement="relational"), await shop.score()
    assert (relational["n"], relational["counts"][0], relational["nps"]) == (KNOWN, KNOWN, -100.0)
    assert (transactional["n"], transactional["counts"][10], transactional["nps"]) == (BUYERS, BUYERS, 100.0)
    assert transactional == await shop.score(measurement="transactional")
    of_segments = [
        (await shop.score(segment=segment, measurement=measurement))["n"]
        for segment in ("touchpoint:checkout", "tier:gold")
        for measurement in ("transactional", "relational")
    ]
    assert of_segments == [BUYERS, 0, 0, KNOWN]
