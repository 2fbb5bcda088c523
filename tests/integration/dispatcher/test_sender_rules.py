"""What was allowed when it was decided is looked at again before a mail leaves."""

import asyncio
import hmac
import unicodedata
from datetime import timedelta

import pytest
from sqlalchemy import text
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
    go_live,
    invite_customer,
    keep_tenant,
    list_test_addresses,
    make_survey,
    relay_all,
    rows,
    states,
    the_state,
    waits_for_a_lock,
)
from support.eventually import eventually
from support.http_clients import SECRET
from support.stack import Mailbox

from services.dispatcher.preferences.domain import PreferenceChoice
from services.dispatcher.sending import sending_commands
from services.dispatcher.story.handlers import keep_answers
from services.dispatcher.suppressions.domain import SuppressionEntry
from services.dispatcher.suppressions.suppression_commands import suppress
from services.dispatcher.surveys.domain import StoredSurvey, SurveyDraft
from services.dispatcher.surveys.survey_commands import change_survey
from shared.db.database import Database
from shared.events import ANSWERS, Answer
from shared.ids import uuid7
from shared.outbound import Sender
from shared.secrets import customer_hash, derive


async def test_nothing_leaves_before_its_time(
    database: Database, sender: Sender, clock: Clock, mailbox: Mailbox
) -> None:
    await keep_tenant(database)
    await make_survey(database, delay_minutes=60)
    await go_live(database)
    address = await invite_customer(database, "in-time")
    clock.on(minutes=59)
    await sender.step()
    assert await mailbox.mails(to=address) == []
    clock.on(minutes=1)
    await sender.step()
    assert len(await mailbox.mails(to=address)) == 1


async def test_a_test_of_a_survey_leaves_although_the_survey_is_paused(
    database: Database, sender: Sender, mailbox: Mailbox
) -> None:
    await keep_tenant(database)
    survey = await make_survey(database, state="paused")
    await list_test_addresses(database, "tester@havnbo.example")
    tester = a_customer("tester", email="tester@havnbo.example")
    await decide(database, a_transaction("test", tester, survey_id=survey.id))
    await relay_all(database)
    await sender.step()
    assert len(await mailbox.mails(to="tester@havnbo.example")) == 1


async def test_who_was_asked_elsewhere_while_the_mail_waited_is_not_asked_again(
    database: Database, sender: Sender, clock: Clock, mailbox: Mailbox
) -> None:
    """The invitation's own time lies later than the import's, and hides it from nobody."""
    await keep_tenant(database)
    await make_survey(database, delay_minutes=1440)
    await go_live(database)
    address = await invite_customer(database, "moved-in")
    others = await invite_customer(database, "asked-long-ago")
    for customer, days in (("moved-in", 10), ("asked-long-ago", 90)):
        imported = Answer(
            id=uuid7(), version=1, state="sent", origin="import", score=9, customer_id=customer,
            invited_at=NOON - timedelta(days=days), changed_at=NOON,
        )  # fmt: skip
        await consume(database, keep_answers, ANSWERS, imported)
    clock.on(days=1)
    await sender.step()
    await sender.step()
    assert sorted((await states(database)).values()) == [("dropped", "quarantine"), ("sent", None)]
    assert await mailbox.mails(to=address) == []
    assert len(await mailbox.mails(to=others)) == 1


class TestRulesOnceMore:
    """What was allowed when it was decided may be forbidden when it is due."""

    @pytest.mark.usefixtures("survey")
    async def test_unsubscribed_since(self, database: Database, sender: Sender) -> None:
        await invite_customer(database, "gone")
        async with database.transaction() as uow:
            await suppress(
                uow,
                TENANT,
                [SuppressionEntry("customer", "gone")],
                reason="unsubscribed",
                who=an_actor("the customer"),
            )
        await sender.step()
        assert await the_state(database) == ("dropped", "opted_out")

    @pytest.mark.usefixtures("survey")
    @pytest.mark.parametrize(
        ("choice", "reason"),
        [
            (PreferenceChoice("pause", 1), "paused_by_customer"),
            (PreferenceChoice("channel", channel="mail"), "opted_out"),
        ],
    )
    async def test_chosen_since(
        self, database: Database, sender: Sender, choice: PreferenceChoice, reason: str
    ) -> None:
        address = await invite_customer(database, f"chooses-{choice.kind}")
        await choose_preference(database, a_customer("another id", email=address), choice)
        await sender.step()
        assert await the_state(database) == ("dropped", reason)

    @pytest.mark.usefixtures("survey")
    async def test_suppressed_since(self, database: Database, sender: Sender) -> None:
        address = await invite_customer(database, "listed")
        entries = [SuppressionEntry("address", customer_hash(SECRET, TENANT, address.upper()))]
        async with database.transaction() as uow:
            await suppress(uow, TENANT, entries, reason="listed", who=an_actor("the test"))
        await sender.step()
        assert await the_state(database) == ("dropped", "suppressed")

    @pytest.mark.usefixtures("survey")
    @pytest.mark.parametrize(
        ("listed", "canonical", "state"),
        [
            ("kim@xn--bcher-kva.de", True, "dropped"),
            ("kim@B\u00dcCHER.de", True, "dropped"),
            ("kim@bucher.de", True, "sent"),
            ("kim@xn--bcher-kva.de", False, "dropped"),
            ("kim@b\u00fccher.de", False, "dropped"),
            ("kim@bucher.de", False, "sent"),
        ],
    )
    async def test_suppressed_since_under_another_spelling(
        self, database: Database, sender: Sender, listed: str, canonical: bool, state: str
    ) -> None:
        """What is not canonical was stored by an earlier version, under the hash of what was typed."""
        await invite_customer(database, "kim", email="kim@b\u00fccher.de")
        form = unicodedata.normalize("NFKC", listed).casefold()
        before = hmac.digest(derive(SECRET, f"customer:{TENANT}"), form.encode(), "sha256").hex()
        key = customer_hash(SECRET, TENANT, listed) if canonical else before
        async with database.transaction() as uow:
            await suppress(
                uow, TENANT, [SuppressionEntry("address", key)], reason="listed", who=an_actor("the test")
            )
            await uow.execute("UPDATE suppression SET canonical = :canonical", {"canonical": canonical})
        await sender.step()
        assert (await the_state(database))[0] == state

    @pytest.mark.usefixtures("survey")
    async def test_asked_elsewhere_since_under_another_id(self, database: Database, sender: Sender) -> None:
        address = await invite_customer(database, "kim")
        elsewhere = Answer(
            id=uuid7(), version=1, state="sent", origin="import", score=9, invited_at=NOON,
            customer_id=customer_hash(SECRET, TENANT, address.upper()), changed_at=NOON,
        )  # fmt: skip
        await consume(database, keep_answers, ANSWERS, elsewhere)
        await sender.step()
        assert await the_state(database) == ("dropped", "quarantine")

    async def test_paused_since(self, database: Database, sender: Sender, survey: StoredSurvey) -> None:
        await invite_customer(database, "paused")
        async with database.transaction() as uow:
            paused = SurveyDraft(name="x", trigger="order.delivered", state="paused")
            await change_survey(uow, TENANT, survey.id, paused)
        await relay_all(database)
        await sender.step()
        assert await the_state(database) == ("dropped", "paused")

    @pytest.mark.usefixtures("survey")
    async def test_too_old_by_now(self, database: Database, sender: Sender, clock: Clock) -> None:
        await invite_customer(database, "old")
        clock.on(days=8)
        await sender.step()
        assert await the_state(database) == ("dropped", "too_old")
        (delivery,) = await rows(database, "SELECT state, reason, lease_until FROM delivery")
        assert tuple(delivery) == ("dropped", "too_old", None)

    async def test_the_link_would_have_ended(self, database: Database, sender: Sender, clock: Clock) -> None:
        await keep_tenant(database)
        await make_survey(database, delay_minutes=0, link_days=1)
        await go_live(database)
        await invite_customer(database, "expired")
        clock.on(days=1)
        await sender.step()
        assert await the_state(database) == ("dropped", "expired")

    @pytest.mark.usefixtures("survey")
    async def test_back_in_test_mode(self, database: Database, sender: Sender) -> None:
        await invite_customer(database, "withheld")
        async with database.transaction() as uow:
            await sending_commands.set_mode(uow, TENANT, an_actor("the test"), "test")
        await relay_all(database)
        await sender.step()
        assert await the_state(database) == ("withheld", "test_mode")

    @pytest.mark.usefixtures("survey")
    async def test_no_longer_a_test_address(self, database: Database, sender: Sender) -> None:
        await list_test_addresses(database, "was-mine@example.com")
        await invite_customer(database, "was-mine")
        await list_test_addresses(database)
        await sender.step()
        assert await the_state(database) == ("withheld", "test_mode")


class TestStopAll:
    @pytest.mark.usefixtures("survey")
    async def test_nothing_leaves_while_it_is_set_and_what_waited_goes_afterwards(
        self, database: Database, sender: Sender, mailbox: Mailbox
    ) -> None:
        address = await invite_customer(database, "stopped")
        async with database.transaction() as uow:
            assert await sending_commands.set_stopped(uow, TENANT, an_actor("the test"), stopped=True)
        await relay_all(database)
        for _ in range(3):
            await sender.step()
        assert await mailbox.mails(to=address) == []
        assert await the_state(database) == ("waiting", None)
        async with database.transaction() as uow:
            await sending_commands.set_stopped(uow, TENANT, an_actor("the test"), stopped=False)
        await relay_all(database)
        await sender.step()
        assert len(await mailbox.mails(to=address)) == 1

    @pytest.mark.usefixtures("survey")
    async def test_nothing_leaves_while_the_company_is_paused_and_what_waited_goes_afterwards(
        self, database: Database, sender: Sender, mailbox: Mailbox
    ) -> None:
        address = await invite_customer(database, "paused")
        await keep_tenant(database, version=7, state="paused")
        for _ in range(3):
            await sender.step()
        assert await mailbox.mails(to=address) == []
        assert await the_state(database) == ("waiting", None)
        await keep_tenant(database, version=8)
        await sender.step()
        assert len(await mailbox.mails(to=address)) == 1

    @pytest.mark.usefixtures("survey")
    async def test_another_company_goes_on(
        self, database: Database, sender: Sender, mailbox: Mailbox
    ) -> None:
        await keep_tenant(database, "other")
        async with database.transaction() as uow:
            await sending_commands.set_stopped(uow, "other", an_actor("the test"), stopped=True)
        address = await invite_customer(database, "goes-on")
        await sender.step()
        assert len(await mailbox.mails(to=address)) == 1

    @pytest.mark.usefixtures("survey")
    async def test_a_claim_begun_before_the_stop_is_not_made_after_it(
        self, database: Database, sender: Sender, mailbox: Mailbox
    ) -> None:
        """The stop waits for nobody who holds an older view: the claim looks again with the row locked."""
        address = await invite_customer(database, "raced")
        async with database.engine.begin() as stopping:
            await stopping.execute(text("UPDATE sending SET stopped = true WHERE tenant = :t"), {"t": TENANT})
            step = asyncio.create_task(sender.step())
            await eventually(lambda: waits_for_a_lock(database))
        await step
        assert await mailbox.mails(to=address) == []
        assert await the_state(database) == ("waiting", None)


async def test_test_mode_sends_to_test_addresses_only(
    database: Database, sender: Sender, mailbox: Mailbox
) -> None:
    await keep_tenant(database)
    await make_survey(database, delay_minutes=0)
    await list_test_addresses(database, "tester-of-test-mode@example.com")
    mine, theirs = (
        await invite_customer(database, "tester-of-test-mode"),
        await invite_customer(database, "customer-in-test-mode"),
    )
    for _ in range(3):
        await sender.step()
    assert len(await mailbox.mails(to=mine)) == 1
    assert await mailbox.mails(to=theirs) == []
