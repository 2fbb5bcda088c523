"""Texts from the decision to the report: as mails are decided, queued, sent at most once, and stopped."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from support.audit import an_actor
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    choose_preference,
    consume,
    decide,
    decided,
    go_live,
    invitations,
    keep_tenant,
    list_test_addresses,
    make_survey,
    relay_all,
    rows,
    say_no,
    the_state,
)
from support.dispatcher_texts import FakeProvider, a_text_sender
from support.http_clients import SECRET

from services.dispatcher.contact_policies.policy_commands import set_policy
from services.dispatcher.preferences.domain import PreferenceChoice
from services.dispatcher.sms.inbound import keep
from services.dispatcher.sms.messages import TextReply, TextReport
from services.dispatcher.story.handlers import keep_answers
from services.dispatcher.suppressions.domain import SuppressionEntry, SuppressionReason
from services.dispatcher.suppressions.suppression_commands import (
    entries_named,
    number_in,
    start_texts,
    stop_texts,
    suppress,
)
from services.dispatcher.surveys.publishing import find_publishing
from shared.db.database import Database
from shared.events import ANSWERS, Answer, ContactRules, Customer, QuietHours
from shared.events.invitations import ReportState
from shared.events.surveys import ChannelName, Reminder
from shared.ids import uuid7
from shared.outbound import Sender, mail_stream
from shared.privacy.audit import COMMAND_LINE, CUSTOMER
from shared.secrets import customer_hash

NUMBER = "+4520123456"


def a_phone(id_: str = "c-1", number: str = NUMBER, **changes: Any) -> Customer:
    return a_customer(id_, **{"email": None, "phone": number, **changes})


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def texts(database: Database, provider: FakeProvider, clock: Clock) -> Sender:
    return a_text_sender(database, provider, clock)


async def start(database: Database, *channels: str, **changes: Any) -> None:
    await keep_tenant(database)
    await make_survey(database, delay_minutes=0, channels=channels or ("sms", "mail"), **changes)
    await go_live(database)


async def say(database: Database, said: TextReply | TextReport) -> str:
    async with database.transaction() as uow:
        return await keep(uow, SECRET, said)


async def test_a_customer_with_a_number_alone_is_decided_as_one_with_an_address_alone(
    database: Database, clock: Clock
) -> None:
    """The same story of two customers, of whom one has an address and the other one a number."""
    await start(database)
    found: dict[str, list[str]] = {}
    for customer in (a_customer("mailed"), a_phone("texted"), a_phone("guest", "+4520123457")):
        clock.now = NOON
        said = await decided(database, customer, customer, together=True)
        said += await decided(database, customer)
        clock.on(days=89)
        said += await decided(database, customer)
        clock.on(days=1)
        said += await decided(database, customer)
        clock.on(days=100)
        for choice in (PreferenceChoice("pause", 3), PreferenceChoice("fewer", 6), PreferenceChoice("usual")):
            await choose_preference(database, customer, choice)
            said += await decided(database, customer)
            clock.on(days=100)
        channel: ChannelName = "sms" if customer.phone else "mail"
        await choose_preference(database, customer, PreferenceChoice("channel", channel=channel))
        said += await decided(database, customer)
        await choose_preference(database, customer, PreferenceChoice("usual"))
        await say_no(database, customer)
        said += await decided(database, customer)
        found[customer.id] = said
    assert found["texted"] == found["mailed"] == found["guest"]
    assert set(found["mailed"]) == {"invited", "quarantine", "paused_by_customer", "opted_out"}


async def test_a_due_text_leaves_once_with_its_link_and_how_to_stop(
    database: Database, texts: Sender, provider: FakeProvider
) -> None:
    await start(database)
    await decide(database, a_transaction("o-1", a_customer("both", phone=NUMBER)))
    await relay_all(database)
    await texts.step()
    await texts.step()
    (text,) = provider.texts
    (row,) = await rows(database, "SELECT id, state FROM invitation")
    assert (row.state, text["to"], text["reference"]) == ("sent", NUMBER, f"{row.id}/1")
    assert "/s/" in text["text"]
    assert "STOP" in text["text"]
    assert [(one.state, one.channel) for one in await invitations(database)] == [
        ("sending", "sms"),
        ("sent", "sms"),
    ]


async def test_a_text_that_may_have_left_is_never_sent_again(
    database: Database, texts: Sender, provider: FakeProvider
) -> None:
    def broken() -> httpx.Response:
        raise httpx.ReadTimeout("no answer")

    await start(database)
    provider.answer = broken
    await decide(database, a_transaction("o-1", a_phone()))
    await relay_all(database)
    await texts.step()
    await texts.step()
    assert (await the_state(database))[0] == "unknown"
    assert len(provider.texts) == 1


async def test_a_provider_that_is_away_stops_texts_and_no_mails(
    database: Database, texts: Sender, sender: Sender, provider: FakeProvider, clock: Clock
) -> None:
    await start(database)
    provider.answer = lambda: httpx.Response(503)
    await decide(database, a_transaction("o-1", a_phone()), a_transaction("o-2", a_customer("mailed")))
    await relay_all(database)
    await texts.step()
    async with database.reading() as uow:
        assert (await mail_stream.read(uow, channel="sms")).stopped_at == NOON
        assert (await mail_stream.read(uow)).stopped_at is None
    await sender.step()
    found = {row.customer_id: row.state for row in await rows(database, "SELECT * FROM invitation")}
    assert found == {"c-1": "waiting", "mailed": "sent"}
    provider.answer = lambda: httpx.Response(202)
    clock.on(minutes=6)
    await relay_all(database)
    await texts.step()
    assert len(provider.texts) == 2
    async with database.reading() as uow:
        assert (await mail_stream.read(uow, channel="sms")).stopped_at is None


async def test_one_number_of_two_customers_is_not_texted_twice(database: Database, clock: Clock) -> None:
    await start(database)
    one, other = a_customer("kim", phone=NUMBER), a_customer("robin", phone=NUMBER)
    assert await decided(database, one, other) == ["invited", "quarantine"]
    assert await decided(database, a_phone("third")) == ["quarantine"]
    clock.on(days=90)
    assert await decided(database, other) == ["invited"]


async def test_a_number_that_an_imported_answer_names_is_not_texted_until_its_quarantine_is_over(
    database: Database, clock: Clock
) -> None:
    await start(database)
    asked_at = NOON - timedelta(days=10)
    imported = Answer(
        id=uuid7(), version=1, state="sent", origin="import", score=9, customer_id="their-7", changed_at=NOON,
        invited_at=asked_at, answered_at=asked_at, number_key=customer_hash(SECRET, TENANT, NUMBER),
    )  # fmt: skip
    await consume(database, keep_answers, ANSWERS, imported)
    both = a_customer("kim", phone=NUMBER)
    other = a_phone("bo", "+4520123457")
    assert await decided(database, a_phone(), both, other) == ["quarantine", "quarantine", "invited"]
    clock.on(days=90)
    assert await decided(database, both) == ["invited"]


async def test_a_relational_text_that_waits_for_a_number_takes_its_day_from_another_customer(
    database: Database, texts: Sender, clock: Clock
) -> None:
    await start(database, "sms", quarantine_days=0)
    await make_survey(
        database, name="Relation", trigger="relation", measurement="relational", delay_minutes=3 * 1440,
        channels=("sms",), quarantine_scope="survey",
    )  # fmt: skip
    async with database.transaction() as uow:
        own = ContactRules(quiet_hours={}, cap_hours=0, relational_distance_days=0)
        await set_policy(uow, TENANT, an_actor("the test"), own)
    one, other = a_customer("kim", phone=NUMBER), a_customer("robin", phone=NUMBER)
    await decide(database, a_transaction("o-1", one, type="relation"), a_transaction("o-2", other))
    await relay_all(database)
    clock.now = NOON + timedelta(days=3, hours=-2)  # the sender was away meanwhile
    await texts.step()
    (found,) = await rows(database, "SELECT state, reason FROM invitation WHERE customer_id = 'robin'")
    assert tuple(found) == ("dropped", "relational_first")


async def test_stop_holds_for_the_number_and_start_takes_it_back(
    database: Database, texts: Sender, provider: FakeProvider, clock: Clock
) -> None:
    await start(database)
    await decide(database, a_transaction("o-1", a_phone()))
    await relay_all(database)
    assert await say(database, TextReply(number=NUMBER, text="Stop.")) == "stop"
    assert await say(database, TextReply(number=NUMBER, text="STOP")) == "stop"
    await texts.step()
    assert await the_state(database) == ("dropped", "opted_out")
    assert provider.texts == []
    clock.on(days=100)
    # Under whatever id or address the number comes again.
    assert await decided(database, a_phone("c-2"), a_customer("c-3", phone=NUMBER)) == ["opted_out"] * 2
    (entry,) = await rows(database, "SELECT kind, reason FROM suppression")
    assert (entry.kind, entry.reason) == ("address", "unsubscribed")
    assert await say(database, TextReply(number=NUMBER, text="Start")) == "start"
    assert await decided(database, a_phone("c-2")) == ["invited"]


async def test_start_takes_back_what_a_stop_text_did_and_no_other_no(
    database: Database, clock: Clock
) -> None:
    """Four companies know the number: of one the customer replied STOP, of the others they said no otherwise."""
    at_other_doors: dict[str, SuppressionReason] = {
        "by-page": "unsubscribed",
        "by-complaint": "complained",
        "by-list": "listed",
    }
    for tenant in (TENANT, *at_other_doors):
        await keep_tenant(database, tenant)
        key = customer_hash(SECRET, tenant, NUMBER)
        async with database.transaction() as uow:
            await uow.execute("INSERT INTO customer (tenant, id) VALUES (:t, :k)", {"t": tenant, "k": key})
            if tenant in at_other_doors:
                entry, reason = SuppressionEntry("address", key), at_other_doors[tenant]
                who = an_actor() if reason == "listed" else CUSTOMER
                await suppress(uow, tenant, [entry], reason=reason, who=who)
    listed = "SELECT tenant, reason FROM suppression ORDER BY tenant"
    before = await rows(database, listed)
    assert await say(database, TextReply(number=NUMBER, text="Start")) == "start"
    assert await rows(database, listed) == before
    assert await say(database, TextReply(number=NUMBER, text="Stop")) == "stop"
    assert {row.reason for row in await rows(database, listed)} == {"unsubscribed", "complained"}
    assert await say(database, TextReply(number=NUMBER, text="Start")) == "start"
    assert await rows(database, listed) == before


async def test_a_number_that_the_company_lists_in_any_notation_is_neither_asked_nor_texted(
    database: Database, texts: Sender, provider: FakeProvider, clock: Clock
) -> None:
    await start(database)
    await decide(database, a_transaction("o-1", a_phone()))
    await relay_all(database)
    async with database.transaction() as uow:
        number = await number_in(uow, TENANT, "0045 20-12 34 56")
        entries = entries_named(SECRET, TENANT, "", "", number or "")
        await suppress(uow, TENANT, entries, reason="listed", who=an_actor())
    await texts.step()  # the text waited when the number was listed
    assert (await the_state(database))[0] == "dropped"
    assert provider.texts == []
    clock.on(days=100)
    assert await decided(database, a_phone("c-2"), a_customer("c-3", phone=NUMBER)) == ["suppressed"] * 2
    # A reply takes back what a reply did, not what the company has listed.
    assert await say(database, TextReply(number=NUMBER, text="Start")) == "start"
    assert await decided(database, a_phone("c-2")) == ["suppressed"]


async def test_start_leaves_no_name_of_the_customer_on_what_the_company_has_listed(
    database: Database, clock: Clock
) -> None:
    number = customer_hash(SECRET, TENANT, NUMBER)
    async with database.transaction() as uow:
        entries = [SuppressionEntry("address", number)]
        await suppress(uow, TENANT, entries, reason="listed", who=COMMAND_LINE)
        await stop_texts(uow, TENANT, number)
    async with database.transaction() as uow:
        await start_texts(uow, TENANT, number)
    (entry,) = await rows(database, "SELECT reason, who, listed FROM suppression")
    assert tuple(entry) == ("listed", "the company", True)
    async with database.transaction() as uow:  # STOP again is hers, and START takes it back once more
        await stop_texts(uow, TENANT, number)
        await start_texts(uow, TENANT, number)
    assert [tuple(row) for row in await rows(database, "SELECT reason, who, listed FROM suppression")] == [
        ("listed", "the company", True)
    ]


async def test_a_no_by_a_page_after_stop_is_not_taken_back_by_start(database: Database, clock: Clock) -> None:
    await start(database)
    await decide(database, a_transaction("o-1", a_phone()))
    assert await say(database, TextReply(number=NUMBER, text="Stop")) == "stop"
    await say_no(database, a_phone())
    assert await say(database, TextReply(number=NUMBER, text="Start")) == "start"
    clock.on(days=100)
    # Under another id, too: it is the number that has said no.
    assert await decided(database, a_phone("c-2")) == ["opted_out"]


async def test_a_reply_of_somebody_unknown_or_of_other_words_changes_nothing(database: Database) -> None:
    await start(database)
    await decide(database, a_transaction("o-1", a_phone()))
    assert await say(database, TextReply(number="+4520999999", text="STOP")) == "unknown"
    assert await say(database, TextReply(number=NUMBER, text="9, great!")) == "other"
    assert await rows(database, "SELECT 1 FROM suppression") == []


async def test_reports_stand_on_the_invitation_and_who_was_not_reached_may_be_asked_again(
    database: Database, texts: Sender
) -> None:
    await start(database)
    await decide(database, a_transaction("o-1", a_phone()))
    await relay_all(database)
    await texts.step()
    (row,) = await rows(database, "SELECT id FROM invitation")
    lost = TextReport(reference=f"{row.id}/1", state="undeliverable", code="30003")
    assert [await say(database, lost) for _ in range(2)] == ["undeliverable"] * 2
    assert await the_state(database) == ("bounced", "the network could not deliver it (30003)")
    assert [one.report for one in await invitations(database)] == [None, None, "undeliverable"]
    assert await decided(database, a_phone()) == ["invited"]
    assert await say(database, TextReport(reference=f"{row.id}/1", state="delivered")) == "delivered"
    assert (await invitations(database))[-1].report == "delivered"
    assert await say(database, TextReport(reference="another/1", state="delivered")) == "unknown"


class ReportingAtOnce(FakeProvider):
    """Reports what became of a text before it answers that it took it."""

    def __init__(self, database: Database, outcome: ReportState) -> None:
        super().__init__()
        self._database = database
        self._outcome = outcome

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        report = TextReport(reference=self.texts[-1]["reference"], state=self._outcome, code="1")
        assert await say(self._database, report) == self._outcome
        return response


@pytest.mark.parametrize(
    ("outcome", "ends", "again", "reminders"),
    [("delivered", "sent", ["quarantine"], 1), ("undeliverable", "bounced", ["invited"], 0)],
)
async def test_a_report_that_is_faster_than_our_record_of_the_text_is_kept_with_it(
    database: Database, clock: Clock, outcome: ReportState, ends: str, again: list[str], reminders: int
) -> None:
    await start(database, reminders=(Reminder(after_days=3),))
    provider = ReportingAtOnce(database, outcome)
    texts = a_text_sender(database, provider, clock)
    await decide(database, a_transaction("o-1", a_phone()))
    await relay_all(database)
    await texts.step()
    asked = (await invitations(database))[-1]
    assert (asked.state, asked.report, asked.sent_at) == (ends, outcome, clock.now)
    assert (await the_state(database))[0] == ends
    assert await decided(database, a_phone()) == again
    clock.on(days=3)
    await relay_all(database)
    while await texts.step() == 0:
        pass
    assert [text["reference"][-2:] for text in provider.texts].count("/2") == reminders
    assert (await rows(database, "SELECT 1 FROM invitation WHERE state = 'sending'")) == []


async def test_a_report_during_a_reminder_leaves_no_reminder_under_way(
    database: Database, clock: Clock
) -> None:
    await start(database, reminders=(Reminder(after_days=3),))
    await decide(database, a_transaction("o-1", a_phone()))
    await relay_all(database)
    await a_text_sender(database, FakeProvider(), clock).step()
    clock.on(days=3)
    await relay_all(database)
    await a_text_sender(database, ReportingAtOnce(database, "delivered"), clock).step()
    reminded = (await invitations(database))[-1]
    assert (reminded.state, reminded.report, reminded.reminded_at) == ("sent", "delivered", clock.now)


async def test_an_unknown_text_that_could_not_be_delivered_keeps_nobody_from_being_asked(
    database: Database, texts: Sender, provider: FakeProvider
) -> None:
    def break_off() -> httpx.Response:
        raise httpx.ReadTimeout("no answer")

    await start(database)
    provider.answer = break_off
    await decide(database, a_transaction("o-1", a_phone()))
    await relay_all(database)
    await texts.step()
    assert (await the_state(database))[0] == "unknown"
    (row,) = await rows(database, "SELECT id FROM invitation")
    lost = TextReport(reference=f"{row.id}/1", state="undeliverable")
    assert await say(database, lost) == "undeliverable"
    assert (await the_state(database))[0] == "bounced"
    assert await decided(database, a_phone()) == ["invited"]


async def test_a_reminder_is_texted_as_the_first_message_was(
    database: Database, texts: Sender, provider: FakeProvider, clock: Clock
) -> None:
    await start(database, reminders=(Reminder(after_days=3),))
    await decide(database, a_transaction("o-1", a_phone(locale="en")))
    await relay_all(database)
    await texts.step()
    clock.on(days=3)
    await relay_all(database)
    await texts.step()
    first, second = provider.texts
    assert second["text"].startswith("Reminder: ")
    assert (first["reference"][-2:], second["reference"][-2:]) == ("/1", "/2")


async def test_in_test_mode_only_a_listed_number_is_texted(
    database: Database, texts: Sender, provider: FakeProvider
) -> None:
    await keep_tenant(database)
    await make_survey(database, delay_minutes=0, channels=("sms", "mail"))
    await list_test_addresses(database, "kim@example.com", NUMBER)
    others = a_customer("kim", email="kim@example.com", phone="+4520999999")
    await decide(database, a_transaction("o-1", others), a_transaction("o-2", a_phone("own")))
    await relay_all(database)
    await texts.step()
    found = {row.customer_id: row.state for row in await rows(database, "SELECT * FROM invitation")}
    assert found == {"kim": "withheld", "own": "sent"}
    assert [text["to"] for text in provider.texts] == [NUMBER]


async def test_a_text_waits_for_its_own_quiet_hours(database: Database, clock: Clock) -> None:
    await start(database)
    async with database.transaction() as uow:
        rules = ContactRules(
            quiet_hours={
                "mail": QuietHours(start="21:00", end="07:00"),
                "sms": QuietHours(start="12:00", end="15:00"),
            }
        )
        await set_policy(uow, TENANT, an_actor("the test"), rules)
    await decide(database, a_transaction("o-1", a_phone()), a_transaction("o-2", a_customer("mailed")))
    found = {row.customer_id: row.next_at for row in await rows(database, "SELECT * FROM invitation")}
    assert found == {"c-1": NOON + timedelta(hours=2), "mailed": NOON}  # 15:00 in Copenhagen


@pytest.mark.parametrize(
    ("channels", "hours"), [(("sms", "mail"), 2), (("link", "sms"), 2), (("mail", "sms"), 0), (("link",), 0)]
)
async def test_the_page_that_starts_a_survey_tells_when_its_first_text_leaves_by_the_hours_of_texts(
    database: Database, channels: tuple[str, ...], hours: int
) -> None:
    tenant = await keep_tenant(database)
    survey = await make_survey(database, delay_minutes=0, channels=channels)
    quiet = {
        "mail": QuietHours(start="21:00", end="07:00"),
        "sms": QuietHours(start="12:00", end="15:00"),
    }
    async with database.transaction() as uow:
        await set_policy(uow, TENANT, an_actor("the test"), ContactRules(quiet_hours=quiet))
        found = await find_publishing(uow, tenant, survey, sees_all=True)
    assert found.first_mail_at == NOON + timedelta(hours=hours)  # 15:00 in Copenhagen
