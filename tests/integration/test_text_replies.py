"""Through dispatcher and collector: what customers reply to a text is an answer, is answered, or does nothing."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from support.audit import an_actor
from support.companies import BetweenServices, World
from support.contact_rules import write_at_any_time
from support.dispatcher_builders import Clock, a_customer, a_transaction, event_of, make_survey
from support.dispatcher_texts import FakeProvider, a_text_renderer, a_text_sender
from support.http_clients import SECRET

from services.dispatcher.erasing import erase
from services.dispatcher.one_by_one import OneByOne
from services.dispatcher.sending import sending_commands
from services.dispatcher.sms import reply_repository
from services.dispatcher.sms.answering import TextReplies
from services.dispatcher.sms.messages import TextReply
from services.dispatcher.sms.reply_repository import WaitingReply
from services.dispatcher.sms.reply_work import ReplyWork
from services.trigger import tenants
from shared.db.database import Database
from shared.events import TRANSACTIONS, Customer, SurveyTexts
from shared.events.surveys import Reminder
from shared.events.tenants import CompanyState
from shared.outbound.outcome_rules import LEASE_DURATION
from shared.privacy.erased import Target
from shared.privacy.service_client import ServiceClient
from shared.privacy.service_tokens import ServiceTokens
from shared.telemetry import metrics
from shared.tenancy import find_tenant

SCALE = "{company}: 0 to 10, would you recommend us?"
"""A sentence that asks for a number."""


@dataclass
class Phones:
    """Customers of one company, who are texted and reply."""

    world: World
    clock: Clock
    tenant: str
    replies: TextReplies
    work: ReplyWork
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
            phone(number, self.tenant),
            type=trigger,
            occurred_at=self.clock.now,
            accepted_at=self.clock.now,
        )
        await self.world.deliver(event_of(TRANSACTIONS, order, self.tenant), TRANSACTIONS.name)
        await self.world.deliver_all()
        await a_text_sender(self.database, self.provider, self.clock).step()
        await self.world.deliver_all()

    async def say(self, number: str, text: str, token: str = "", said_at: datetime | None = None) -> str:
        """What a reply is counted as; ``token``: of a request that came before."""
        self.clock.on(seconds=20)
        self.said += 1
        before = counted()
        reply = TextReply(number=number, text=text, said_at=said_at)
        kept = await self.replies.take(reply, token or f"{self.tenant}-{self.said}")
        await self.answer()
        found = [kind for kind, count in counted().items() if count > before.get(kind, 0)]
        return found[0] if found else kept

    async def answer(self) -> None:
        """Do what is due of the replies."""
        while await self.work.advance():
            pass
        await self.world.deliver_all()

    async def send_page(self, number: str, score: str) -> None:
        """Answer on the page of the first text, with a comment."""
        link, collector = link_in(self.provider.to(number)[0]["text"]), self.world.clients["collector"]
        page = (await collector.get(link)).text
        nonce = page.partition('name="nonce" value="')[2].partition('"')[0]
        form = {"score": score, "comment": "It was late", "nonce": nonce, "action": "send", "touched": "1"}
        assert (await collector.post(link, data=form)).status_code == 303
        await self.world.deliver_all()

    async def set_state(self, state: CompanyState) -> None:
        """Let the company pause, leave or run."""
        async with self.database.transaction() as uow:
            company = await find_tenant(uow, self.tenant)
            assert company is not None
            body = msgspec.json.encode(msgspec.structs.replace(company, state=state))
            await uow.execute(
                "UPDATE tenant SET body = :body WHERE id = :id", {"id": self.tenant, "body": body}
            )

    async def waiting(self) -> list[Any]:
        async with self.database.reading() as uow:
            return list(await uow.execute("SELECT kind, score FROM text_reply WHERE next_at IS NOT NULL"))

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


def counted() -> dict[str, float]:
    """How many replies were answered, by what they were."""
    samples = [each for metric in metrics.TEXT_REPORTS.collect() for each in metric.samples]
    return {each.labels["kind"]: each.value for each in samples if each.name.endswith("_total")}


@pytest.fixture(scope="module")
async def phones(world: World) -> AsyncIterator[Phones]:
    clock = Clock()
    for context in world.contexts.values():
        context.database.clock = clock
    for tenant in ("linden", "birch"):
        await a_company_that_texts(world, tenant)
    provider = FakeProvider()
    services = ServiceClient(
        "http://internal.example", ServiceTokens(SECRET), transport=BetweenServices(world)
    )
    database = world.contexts["dispatcher"].database
    work = ReplyWork(
        database=database,
        secret=SECRET,
        services=services,
        renderer=a_text_renderer(clock),
        one_by_one=OneByOne("text replies", database),
        transport=provider,
    )
    replies = TextReplies(database=database, secret=SECRET)
    yield Phones(world, clock, "linden", replies, work, provider)
    await services.close()


async def a_company_that_texts(world: World, tenant: str) -> None:
    trigger = world.contexts["trigger"].database
    await tenants.create_tenant(trigger, tenant, name=tenant.title(), time_zone="Europe/Copenhagen")
    await world.deliver_all()
    database = world.contexts["dispatcher"].database
    for name, sentence in (("asks.scale", SCALE), ("asks.other", None), ("asks.twice", SCALE)):
        texts = {"en": SurveyTexts(sms=sentence)} if sentence else {}
        changes: dict[str, Any] = {"delay_minutes": 0, "channels": ("sms",), "texts": texts, "link_days": 30}
        if name == "asks.twice":
            changes["reminders"] = (Reminder(after_days=3),)
        await make_survey(database, tenant, name=name, trigger=name, quarantine_days=0, **changes)
    async with database.transaction() as uow:
        await sending_commands.set_mode(uow, tenant, an_actor("the test"), "live")
        await write_at_any_time(uow, tenant)
    await world.deliver_all()


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
    assert await phones.say(number, "7/10", token="first") == "stored"
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
    await phones.send_page(number, "4")
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


async def test_an_answer_waits_for_a_collector_that_is_away_and_stop_does_not(phones: Phones) -> None:
    number = "+4520123407"
    await phones.text(number)
    away = ServiceClient("http://127.0.0.1:1", ServiceTokens(SECRET))
    without = replace(phones.work, services=away)
    async with phones.world.contexts["dispatcher"].database.reading() as uow:
        assert await reply_repository.oldest_waiting(uow) is None
    assert await phones.replies.take(TextReply(number=number, text="3"), "r") == "stored"
    assert await phones.replies.take(TextReply(number=number, text="STOP"), "s") == "stop"
    assert await without.advance()
    assert not await without.advance(), "it is tried again, later"
    await away.close()
    assert await phones.waiting() == [("score", 3)]
    assert await phones.scores(number) == []
    await phones.answer()
    assert await phones.scores(number) == []
    phones.clock.on(seconds=6)
    await phones.answer()
    assert await phones.scores(number) == [(3, "sms")]
    assert await phones.waiting() == []
    assert phones.texts_to(number) == []


async def test_a_number_that_was_texted_before_another_one_and_comes_after_it_changes_nothing(
    phones: Phones,
) -> None:
    number = "+4520123408"
    await phones.text(number)
    earlier, later = phones.clock.now + timedelta(seconds=1), phones.clock.now + timedelta(seconds=5)
    assert await phones.say(number, "9", said_at=later) == "answer"
    assert await phones.say(number, "2", said_at=earlier) == "stored"
    assert await phones.scores(number) == [(9, "sms")]
    assert await phones.say(number, "4", said_at=phones.clock.now + timedelta(days=9)) == "answer"
    assert await phones.say(number, "5") == "answer", "a clock that is ahead does not silence the customer"
    assert await phones.scores(number) == [(5, "sms")]


async def test_a_number_that_was_texted_before_an_answer_on_the_page_and_comes_after_it_changes_nothing(
    phones: Phones,
) -> None:
    number = "+4520123430"
    await phones.text(number)
    said_at = phones.clock.now + timedelta(seconds=10)
    phones.clock.on(minutes=5)
    await phones.send_page(number, "4")
    assert await phones.say(number, "9", said_at=said_at) == "late"
    assert await phones.scores(number) == [(4, "sms")]
    assert phones.texts_to(number) == []
    # What was said behind it counts, however late it and the one before it come.
    first = phones.clock.now + timedelta(seconds=10)
    phones.clock.on(minutes=5)
    assert await phones.say(number, "8", said_at=first) == "answer"
    assert await phones.say(number, "7", said_at=first + timedelta(seconds=10)) == "answer"
    assert await phones.scores(number) == [(7, "sms")]


async def test_a_reply_is_about_the_last_text_that_had_left_when_it_was_sent(phones: Phones) -> None:
    number, other = "+4520123431", replace(phones, tenant="birch", said=0)
    await phones.text(number)
    said_at = phones.clock.now + timedelta(seconds=30)
    phones.clock.on(minutes=5)
    await phones.text(number, "asks.other")
    await other.text(number)
    assert await phones.say(number, "8", said_at=said_at) == "answer"
    assert await phones.scores(number) == [(8, "sms")]
    first, *_, thanks = (link_in(text["text"]) for text in phones.provider.to(number))
    assert thanks == first
    # A clock of the provider that is a little behind ours silences nobody.
    alone = "+4520123432"
    await phones.text(alone)
    assert await phones.say(alone, "8", said_at=phones.clock.now - timedelta(seconds=30)) == "answer"
    assert await phones.say(alone, "8", said_at=phones.clock.now - timedelta(days=1)) == "unknown"


async def test_a_reply_to_a_text_that_became_unknown_when_its_lease_ended_is_about_that_one(
    phones: Phones,
) -> None:
    number = "+4520123434"
    await phones.text(number)
    said_at = phones.clock.now + timedelta(minutes=5)
    phones.clock.on(minutes=31)
    async with phones.database.transaction() as uow:
        await uow.execute(
            "UPDATE delivery SET state = 'unknown', settled_at = :now "
            "WHERE about_id IN (SELECT id FROM invitation WHERE customer_id = :id)",
            {"id": f"linden{number}", "now": phones.clock.now},
        )
    assert await phones.say(number, "6", said_at=said_at) == "answer"
    assert await phones.scores(number) == [(6, "sms")]


async def test_a_number_is_asked_for_by_the_link_where_the_clock_leaves_open_whose_text_it_answers(
    phones: Phones,
) -> None:
    number, other = "+4520123435", replace(phones, tenant="birch", said=0)
    await other.text(number)
    phones.clock.on(days=6)
    await phones.text(number)
    # The provider's clock is behind ours: by it the reply came before the text that it answers.
    said_at = phones.clock.now - timedelta(seconds=20)
    assert await phones.say(number, "8", said_at=said_at) == "unclear"
    assert await phones.scores(number) == await other.scores(number) == []
    phones.clock.on(days=8)
    await phones.text(number, "asks.twice")
    assert await phones.say(number, "7", said_at=phones.clock.now - timedelta(seconds=20)) == "unclear"
    assert await phones.say(number, "7", said_at=phones.clock.now + timedelta(seconds=1)) == "answer"


@pytest.mark.parametrize(("text", "kept"), [("9", "answer"), ("11", "unclear"), ("HELP", "help")])
async def test_nothing_is_texted_back_to_who_has_written_long_ago(
    phones: Phones, text: str, kept: str
) -> None:
    number = f"+452012344{len(kept)}"
    await phones.text(number)
    said_at = phones.clock.now + timedelta(seconds=30)
    phones.clock.on(minutes=31)
    assert await phones.say(number, text, said_at=said_at) == kept
    assert phones.texts_to(number) == []
    assert await phones.scores(number) == ([(9, "sms")] if kept == "answer" else [])


async def test_who_was_too_slow_with_a_reply_ends_no_lease_of_who_has_it_now(phones: Phones) -> None:
    number, lease = "+4520123433", timedelta(minutes=2)
    await phones.text(number)
    await phones.replies.take(TextReply(number=number, text="2"), "slow")
    claimed = []
    for _ in range(2):
        async with phones.database.transaction() as uow:
            row = await reply_repository.claim(uow, lease)
        assert row is not None
        claimed.append(WaitingReply(**row._asdict()))
        phones.clock.on(seconds=121 if len(claimed) == 1 else 1)
    slow, having = claimed
    for next_at in (None, phones.clock.now):
        async with phones.database.transaction() as uow:
            await reply_repository.settle(uow, slow, next_at)
        assert not await phones.work.advance(), "it is being answered"
    assert await phones.waiting() == [("score", 2)]
    async with phones.database.transaction() as uow:
        await reply_repository.settle(uow, having)
    assert await phones.waiting() == []


async def test_a_number_that_comes_while_an_older_one_is_given_to_the_collector_counts(
    phones: Phones,
) -> None:
    number = "+4520123409"
    await phones.text(number)
    await phones.replies.take(TextReply(number=number, text="2"), "older")
    async with phones.database.transaction() as uow:
        older = await reply_repository.claim(uow, timedelta(minutes=2))
    assert older is not None
    phones.clock.on(seconds=1)
    await phones.replies.take(TextReply(number=number, text="8"), "newer")
    assert not await phones.work.advance(), "it waits until the older one is done"
    await phones.work.one_by_one.advance([older], phones.work._answer)
    await phones.answer()
    assert await phones.scores(number) == [(8, "sms")]


async def test_a_reply_to_a_reminder_is_an_answer_to_its_survey(phones: Phones) -> None:
    number = "+4520123410"
    await phones.text(number, "asks.twice")
    phones.clock.on(days=2)
    await phones.text(number, "asks.other")
    phones.clock.on(days=1, minutes=5)
    await a_text_sender(phones.database, phones.provider, phones.clock).step()
    texts = [text["text"] for text in phones.provider.to(number)]
    assert len(texts) == 3
    assert texts[2].startswith("Reminder:")
    assert await phones.say(number, "8") == "answer"
    assert await phones.scores(number) == [(8, "sms")]


async def test_a_reply_to_a_text_that_is_still_being_handed_over_is_about_that_one(phones: Phones) -> None:
    number = "+4520123411"
    await phones.text(number)
    async with phones.database.transaction() as uow:
        where = "about_id IN (SELECT id FROM invitation WHERE customer_id = :id)"
        await uow.execute(
            f"UPDATE delivery SET state = 'sending', settled_at = NULL, lease_until = :until WHERE {where}",
            {"id": f"linden{number}", "until": phones.clock.now + LEASE_DURATION},
        )
    assert await phones.say(number, "6") == "answer"


async def test_where_two_companies_have_texted_lately_a_number_is_asked_for_by_the_link_once(
    phones: Phones,
) -> None:
    number = "+4520123412"
    other = replace(phones, tenant="birch", said=0)
    await phones.text(number)
    await other.text(number)
    assert [await phones.say(number, text) for text in ("8", "9")] == ["unclear"] * 2
    assert await phones.scores(number) == await other.scores(number) == []
    again = phones.provider.to(number)[2:]
    assert [text["text"].startswith("Please answer here: http") for text in again] == [True]
    assert "?v=" not in again[0]["text"]
    phones.clock.on(days=8)
    await phones.text(number, "asks.twice")
    assert await phones.say(number, "7") == "answer"


@pytest.mark.parametrize(
    ("state", "kept", "texted"),
    [("paused", ["answer", "unclear", "help"], 1), ("leaving", ["late", "late", "late"], 0)],
)
async def test_a_company_that_does_not_run_texts_nothing_back_but_help_while_it_is_paused(
    phones: Phones, state: CompanyState, kept: list[str], texted: int
) -> None:
    number = f"+452012342{texted}"
    await phones.text(number)
    await phones.set_state(state)
    try:
        assert [await phones.say(number, text) for text in ("8", "11", "HELP")] == kept
    finally:
        await phones.set_state("running")
    assert len(phones.texts_to(number)) == texted


async def test_a_company_that_pauses_while_a_reply_waits_texts_nothing_back(phones: Phones) -> None:
    number = "+4520123422"
    await phones.text(number)
    for text in ("8", "11", "HELP"):
        await phones.replies.take(TextReply(number=number, text=text), f"pauses-{text}")
    await phones.set_state("leaving")
    try:
        await phones.answer()
    finally:
        await phones.set_state("running")
    assert phones.texts_to(number) == []


# The last: it publishes tombstones, which only the consumers of a running process take.
async def test_nothing_is_kept_of_or_texted_to_a_customer_who_was_erased(phones: Phones) -> None:
    number = "+4520123413"
    await phones.text(number)
    before = len(phones.provider.texts)
    for text in ("HELP", "8", "11"):
        assert await phones.replies.take(TextReply(number=number, text=text), f"erased-{text}") == "stored"
    async with phones.database.transaction() as uow:
        found = await uow.execute("SELECT tenant, id, person FROM invitation WHERE customer_id = :id",
                                  {"id": f"linden{number}"})  # fmt: skip
        row = found.one()
        await erase(uow, [Target("linden", f"linden{number}", row.person, None)])
        left = await uow.execute("SELECT 1 FROM text_reply WHERE invitation_id = :id", {"id": row.id})
        assert left.all() == []
        # A request that was reading when the customer was erased writes behind that.
        kinds: tuple[reply_repository.WaitingKind, ...] = ("help", "unclear", "score")
        for kind in kinds:
            await reply_repository.keep(uow, "linden", row.id, kind, 8, uow.now, by_number=True)
    while await phones.work.advance():
        pass
    assert await phones.replies.take(TextReply(number=number, text="HELP"), "erased") == "unknown"
    assert len(phones.provider.texts) == before
    async with phones.database.reading() as uow:
        left = await uow.execute("SELECT 1 FROM text_reply WHERE invitation_id = :id", {"id": row.id})
        assert left.all() == []


def link_in(text: str) -> str:
    """The path of the link that a text has."""
    return "/s/" + text.partition("/s/")[2].partition(" ")[0]
