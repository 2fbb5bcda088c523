"""Through dispatcher and collector: what customers reply to a text is an answer, is answered, or does nothing."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from support.audit import an_actor
from support.companies import BetweenServices, World
from support.contact_rules import write_at_any_time
from support.dispatcher_builders import Clock, a_customer, a_transaction, event_of, make_survey
from support.dispatcher_texts import FakeProvider, a_text_renderer, a_text_sender
from support.http_clients import SECRET

from services.dispatcher.sending import sending_commands
from services.dispatcher.sms.answering import TextReplies
from services.dispatcher.sms.messages import TextReply
from services.trigger import tenants
from shared.db.database import Database
from shared.events import TRANSACTIONS, Customer, SurveyTexts
from shared.privacy.service_client import ServiceClient, ServiceUnavailable
from shared.privacy.service_tokens import ServiceTokens

SCALE = "{company}: 0 to 10, would you recommend us?"
"""A sentence that asks for a number."""


@dataclass
class Phones:
    """Customers of one company, who are texted and reply."""

    world: World
    clock: Clock
    tenant: str
    replies: TextReplies
    provider: FakeProvider = field(default_factory=FakeProvider)
    said: int = 0

    @property
    def database(self) -> Database:
        return self.world.contexts["dispatcher"].database

    async def text(self, number: str, trigger: str = "asks.scale") -> None:
        """Ask somebody: the text leaves, and everybody knows of it."""
        self.clock.on(minutes=1)
        order = a_transaction(
            f"{trigger}-{number}",
            phone(number),
            type=trigger,
            occurred_at=self.clock.now,
            accepted_at=self.clock.now,
        )
        await self.world.deliver(event_of(TRANSACTIONS, order, self.tenant), TRANSACTIONS.name)
        await self.world.deliver_all()
        await a_text_sender(self.database, self.provider, self.clock).step()
        await self.world.deliver_all()

    async def say(self, number: str, text: str, token: str = "") -> str:
        """What a reply is kept as; ``token``: of a request that came before."""
        self.clock.on(seconds=20)
        self.said += 1
        kept = await self.replies.take(
            TextReply(number=number, text=text), token or f"{self.tenant}-{self.said}"
        )
        await self.world.deliver_all()
        return kept

    async def scores(self, number: str) -> list[tuple[int | None, str]]:
        """The answers of a number: score and channel."""
        async with self.world.contexts["collector"].database.reading() as uow:
            found = await uow.execute(
                "SELECT score, channel FROM answer WHERE tenant = :tenant AND customer_id = :id",
                {"tenant": self.tenant, "id": f"{self.tenant}{number}"},
            )
            return [tuple(row) for row in found]

    def texts_to(self, number: str) -> list[str]:
        """What was texted behind the first text."""
        return [text["text"] for text in self.provider.to(number)[1:]]


def phone(number: str, tenant: str = "linden") -> Customer:
    return a_customer(f"{tenant}{number}", email=None, phone=number, locale="en")


@pytest.fixture(scope="module")
async def phones(world: World) -> AsyncIterator[Phones]:
    clock = Clock()
    for context in world.contexts.values():
        context.database.clock = clock
    trigger = world.contexts["trigger"].database
    await tenants.create_tenant(trigger, "linden", name="Linden", time_zone="Europe/Copenhagen")
    await world.deliver_all()
    database = world.contexts["dispatcher"].database
    for name, sentence in (("asks.scale", SCALE), ("asks.other", None)):
        texts = {"en": SurveyTexts(sms=sentence)} if sentence else {}
        changes: dict[str, Any] = {"delay_minutes": 0, "channels": ("sms",), "texts": texts, "link_days": 30}
        await make_survey(database, "linden", name=name, trigger=name, **changes)
    async with database.transaction() as uow:
        await sending_commands.set_mode(uow, "linden", an_actor("the test"), "live")
        await write_at_any_time(uow, "linden")
    await world.deliver_all()
    provider = FakeProvider()
    services = ServiceClient(
        "http://internal.example", ServiceTokens(SECRET), transport=BetweenServices(world)
    )
    replies = TextReplies(
        database=database,
        secret=SECRET,
        services=services,
        renderer=a_text_renderer(clock),
        transport=provider,
    )
    yield Phones(world, clock, "linden", replies, provider)
    await services.close()


async def test_b27_a_number_in_a_reply_is_an_answer_and_the_newest_counts(phones: Phones) -> None:
    number = "+4520123401"
    await phones.text(number)
    assert await phones.say(number, "7/10", token="first") == "answer"
    assert await phones.scores(number) == [(7, "sms")]
    (thanks,) = phones.texts_to(number)
    assert thanks.startswith("Thank you. Would you tell us why? http")
    assert await phones.say(number, "9 - fine, after all") == "answer"
    assert await phones.scores(number) == [(9, "sms")]
    # The provider brings the first one again: nobody said it again.
    assert await phones.say(number, "7/10", token="first") == "answer"
    assert await phones.scores(number) == [(9, "sms")]
    assert len(phones.texts_to(number)) == 1
    page = (await phones.world.clients["collector"].get(link_in(thanks))).text
    assert 'value="9"' in page, "the link shows what was texted, and asks why"
    phones.clock.on(hours=49)
    assert await phones.say(number, "2") == "late"
    assert await phones.scores(number) == [(9, "sms")]


async def test_b27_a_number_that_is_no_score_is_answered_once_with_what_to_write(phones: Phones) -> None:
    number = "+4520123402"
    await phones.text(number)
    assert [await phones.say(number, text) for text in ("11", "-3", "7.5", "3 days late")] == ["unclear"] * 4
    (again,) = phones.texts_to(number)
    assert again.startswith("Please reply with a number from 0 to 10, or answer here: http")
    assert await phones.scores(number) == []
    assert await phones.say(number, "Thanks") == "other"
    assert await phones.say(number, "8") == "answer"
    assert await phones.scores(number) == [(8, "sms")]


async def test_b27_a_number_is_no_answer_to_a_text_that_asked_for_none(phones: Phones) -> None:
    number = "+4520123403"
    await phones.text(number, "asks.other")
    assert await phones.say(number, "7") == "unclear"
    assert await phones.scores(number) == []
    (again,) = phones.texts_to(number)
    assert again.startswith("Please answer here: http")
    assert link_in(again).endswith("?v=7")
    assert 'value="7"' in (await phones.world.clients["collector"].get(link_in(again))).text


async def test_b27_help_says_who_asks_and_how_to_stop_also_to_who_has_stopped(phones: Phones) -> None:
    number = "+4520123404"
    await phones.text(number)
    assert await phones.say(number, "STOP") == "stop"
    assert await phones.say(number, "8") == "answer", "said of their own accord"
    assert phones.texts_to(number) == [], "who has stopped texts gets no thanks"
    assert [await phones.say(number, "Hjælp") for _ in range(2)] == ["help"] * 2
    (answer,) = phones.texts_to(number)
    assert answer.startswith("Linden has asked you a question: http")
    assert answer.endswith("No more? Reply STOP")
    assert await phones.say("+4520129999", "HELP") == "unknown"


async def test_b27_a_reply_after_the_link_was_used_or_has_ended(phones: Phones) -> None:
    number = "+4520123405"
    await phones.text(number)
    link = link_in(phones.provider.to(number)[0]["text"])
    collector = phones.world.clients["collector"]
    page = (await collector.get(link)).text
    nonce = page.partition('name="nonce" value="')[2].partition('"')[0]
    form = {"score": "4", "comment": "It was late", "nonce": nonce, "action": "send", "touched": "1"}
    assert (await collector.post(link, data=form)).status_code == 303
    await phones.world.deliver_all()
    assert await phones.say(number, "6") == "answer"
    assert await phones.scores(number) == [(6, "sms")]
    async with phones.world.contexts["collector"].database.reading() as uow:
        sql = "SELECT count(*) FROM answer WHERE tenant = 'linden' AND customer_id = :id AND comment = 'It was late'"
        kept = await uow.execute(sql, {"id": f"linden{number}"})
        assert kept.scalar_one() == 1, "what was written on the page stays"
    ended = "+4520123406"
    await phones.text(ended)
    phones.clock.now += timedelta(days=31)
    assert await phones.say(ended, "5") == "late"
    assert await phones.scores(ended) == []
    assert phones.texts_to(ended) == []


async def test_an_answer_waits_for_a_collector_that_is_away_and_is_kept_when_the_reply_comes_again(
    phones: Phones,
) -> None:
    number = "+4520123407"
    await phones.text(number)
    away = ServiceClient("http://127.0.0.1:1", ServiceTokens(SECRET))
    with pytest.raises(ServiceUnavailable):
        await replace(phones.replies, services=away).take(TextReply(number=number, text="3"), "r")
    await away.close()
    assert phones.texts_to(number) == []
    assert await phones.say(number, "3", token="r") == "answer"
    assert await phones.scores(number) == [(3, "sms")]


def link_in(text: str) -> str:
    """The path of the link that a text has."""
    return "/s/" + text.partition("/s/")[2].partition(" ")[0]
