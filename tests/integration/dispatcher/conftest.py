"""A fresh dispatcher's database for each test, copied from one that was migrated once, and its sender."""

from collections.abc import AsyncIterator

import pytest
from support.dispatcher_builders import Clock, a_sender, go_live, keep_tenant, make_survey
from support.lent_databases import LentDatabases
from support.stack import Mailbox

from services.dispatcher.surveys.domain import StoredSurvey
from shared.db.database import Database
from shared.mail import Mailer
from shared.outbound import Sender


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(databases_to_lend: LentDatabases, clock: Clock) -> AsyncIterator[Database]:
    async with databases_to_lend.lend("dispatcher", clock) as database:
        yield database


@pytest.fixture
async def sender(database: Database, mailbox: Mailbox, clock: Clock) -> AsyncIterator[Sender]:
    mailer = Mailer(mailbox.smtp_url, seconds=5)
    yield a_sender(database, mailer, clock)
    await mailer.close()


@pytest.fixture
async def survey(database: Database) -> StoredSurvey:
    await keep_tenant(database)
    survey = await make_survey(database, delay_minutes=0)
    await go_live(database)
    return survey
