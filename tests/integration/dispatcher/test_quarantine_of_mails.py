"""The quarantine counts from a mail that may have arrived, and from no other."""

from collections.abc import AsyncIterator

import pytest
from support.audit import an_actor
from support.dispatcher_builders import (
    TENANT,
    Clock,
    a_customer,
    a_sender,
    a_transaction,
    decide,
    go_live,
    invite_customer,
    keep_tenant,
    make_survey,
    reasons,
    relay_all,
    rows,
)
from support.smtp import HANG_UP, ScriptedServer, SmtpCommand, scripted_server

from services.dispatcher.sending import sending_commands
from services.dispatcher.surveys.domain import StoredSurvey, SurveyDraft
from services.dispatcher.surveys.survey_commands import change_survey
from shared.db.database import Database
from shared.mail import Mailer


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as server:
        yield server


async def again(database: Database, clock: Clock, name: str) -> str:
    """What is decided of the same customer's next event, an hour later."""
    clock.on(hours=1)
    event = a_transaction(f"next-{name}", a_customer(name), occurred_at=clock.now)
    await decide(database, event)
    await relay_all(database)
    return (await reasons(database))[f"next-{name}"]


CERTAIN: list[tuple[SmtpCommand, str]] = [
    ("RCPT", "550 5.1.1 nobody"),
    ("RCPT", "552 5.2.2 full"),
    ("END", "550 5.1.1 nobody"),
]
PERHAPS: list[tuple[SmtpCommand, str]] = [
    ("END", "250 taken"),
    ("END", HANG_UP),
    ("END", "200 what"),
    ("RCPT", "450 4.2.1 busy"),
    ("RCPT", "550 5.4.5 daily limit"),
    ("MAIL", "450 4.7.1 later"),
]
"""Those that wait may still arrive."""


async def test_a_mail_that_was_refused_for_good_keeps_nobody_from_being_asked(
    database: Database, survey: StoredSurvey, clock: Clock, server: ScriptedServer
) -> None:
    for number, (step, answer) in enumerate(CERTAIN):
        server.answers = {step: answer}
        await invite_customer(database, f"refused-{number}", email=f"refused-{number}@example.com")
        sender = a_sender(database, Mailer(server.url, seconds=5), clock)
        await sender.step()
        await sender._channel.close()
        assert await again(database, clock, f"refused-{number}") == "invited", answer


async def test_a_mail_that_arrived_or_may_do_so_keeps_its_quarantine(
    database: Database, survey: StoredSurvey, clock: Clock, server: ScriptedServer
) -> None:
    for number, (step, answer) in enumerate(PERHAPS):
        server.answers = {step: answer}
        await invite_customer(database, f"perhaps-{number}")
        sender = a_sender(database, Mailer(server.url, seconds=5), clock)
        await sender.step()
        await relay_all(database)
        await sender._channel.close()
        assert await again(database, clock, f"perhaps-{number}") == "quarantine", answer


async def test_a_mail_that_was_not_sent_when_it_was_due_keeps_nobody_from_being_asked(
    database: Database, survey: StoredSurvey, clock: Clock, server: ScriptedServer
) -> None:
    sender = a_sender(database, Mailer(server.url, seconds=5), clock)
    await invite_customer(database, "paused-then")
    for state in ("paused", "live"):
        async with database.transaction() as uow:
            await change_survey(
                uow,
                TENANT,
                survey.id,
                SurveyDraft(name="x", trigger="order.delivered", state=state, delay_minutes=0),
            )
        await relay_all(database)
        await sender.step()
    assert await again(database, clock, "paused-then") == "invited"
    await invite_customer(database, "withheld-then")
    for mode in ("test", "live"):
        async with database.transaction() as uow:
            await sending_commands.set_mode(uow, TENANT, an_actor("the test"), mode)
        await relay_all(database)
        while not await sender.step():
            await relay_all(database)
    assert await again(database, clock, "withheld-then") == "invited"
    await sender._channel.close()


async def test_an_earlier_mail_that_arrived_counts_when_the_later_one_did_not(
    database: Database, clock: Clock, server: ScriptedServer
) -> None:
    await keep_tenant(database)
    for trigger, days in (("order.delivered", 90), ("visit", 0)):
        await make_survey(database, trigger=trigger, delay_minutes=0, quarantine_days=days)
    await go_live(database)
    sender = a_sender(database, Mailer(server.url, seconds=5), clock)
    await invite_customer(database, "both")
    await sender.step()
    clock.on(hours=1)
    server.answers = {"RCPT": "550 5.1.1 nobody"}
    await decide(database, a_transaction("visit", a_customer("both"), type="visit", occurred_at=clock.now))
    await relay_all(database)
    await sender.step()
    found = await rows(database, "SELECT state FROM invitation ORDER BY id")
    assert [row.state for row in found] == ["sent", "failed"]
    assert await again(database, clock, "both") == "quarantine"
    await sender._channel.close()
