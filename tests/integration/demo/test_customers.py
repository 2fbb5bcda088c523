"""A simulated customer reads the collector's real page, and what is sent is an answer."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from sqlalchemy import Row
from support.http_clients import ORIGIN, SECRET, a_context, api_client
from support.stack import Postgres

from deploy.demo.company import OPTIONS, SURVEYS, WHAT_MATTERED
from deploy.demo.customers import is_unanswered, submit_answer
from deploy.demo.model import Intent
from services.collector.app import SERVICE
from services.collector.handlers import keep_invitations, keep_surveys
from services.dispatcher.surveys.schemas import SurveyBody
from shared.db.database import Database
from shared.events import INVITATIONS, TENANTS, Customer, Invitation, Survey, Tenant
from shared.events import SURVEYS as SURVEYS_TOPIC
from shared.ids import uuid7
from shared.link_tokens import LinkSigner
from shared.service import Context
from shared.tenancy.tenants import keep_tenants


@pytest.fixture
async def context(postgres: Postgres) -> AsyncIterator[Context]:
    context = await a_context(SERVICE, postgres)
    yield context
    await context.database.close()


@pytest.fixture
def database(context: Context) -> Database:
    return context.database


@pytest.fixture
async def browser(context: Context) -> AsyncIterator[httpx.AsyncClient]:
    """A browser before a real collector."""
    async with api_client(SERVICE, context) as client:
        client.follow_redirects = True
        yield client


@pytest.fixture
async def invitation_id(database: Database) -> UUID:
    now = database.clock()
    invitation = Invitation(
        id=uuid7(),
        version=1,
        state="sent",
        survey_id=uuid7(),
        survey_version=1,
        survey_name="After a purchase",
        measurement="transactional",
        language="en",
        test=False,
        customer=Customer(id="c-00001"),
        event_id=uuid7(),
        event_type="order.delivered",
        occurred_at=now,
        decided_at=now,
        due_at=now,
        sent_at=now,
        expires_at=now + timedelta(days=30),
    )
    tenant = Tenant(id="demo", version=1, name="Havnbo", time_zone="Europe/Copenhagen", country="DK")
    async with database.transaction() as uow:
        await keep_tenants(uow, [TENANTS.event("demo", tenant, now)])
        await keep_invitations(uow, [INVITATIONS.event("demo", invitation, now)])
    return invitation.id


@pytest.fixture
def link(invitation_id: UUID) -> str:
    return f"{ORIGIN}/s/{LinkSigner(SECRET).sign('answer', invitation_id)}?v=3"


async def answer(database: Database) -> Row[Any]:
    async with database.reading() as uow:
        return (await uow.execute("SELECT * FROM answer WHERE tenant = 'demo'")).one()


async def test_a_customer_who_was_texted_follows_a_link_without_a_score(
    database: Database, browser: httpx.AsyncClient, link: str
) -> None:
    without_score = link.partition("?")[0]
    assert await is_unanswered(browser, without_score, asyncio.Event())
    assert await submit_answer(browser, without_score, Intent(3, "late", None), 0.0, asyncio.Event())
    stored = await answer(database)
    assert (stored.state, stored.score, stored.comment) == ("sent", 3, "late")


@pytest.mark.parametrize("may_contact", [True, False, None])
async def test_a_customer_sends_score_comment_and_consent(
    database: Database, browser: httpx.AsyncClient, link: str, may_contact: bool | None
) -> None:
    intent = Intent(3, "it did lock up on me a couple of times <i>", may_contact)
    assert await submit_answer(browser, link, intent, 0.0, asyncio.Event())
    stored = await answer(database)
    assert (stored.state, stored.score, stored.comment, stored.may_contact) == (
        "sent",
        3,
        intent.comment,
        may_contact,
    )


async def test_a_customer_replies_to_the_question_that_follows_a_large_order(
    database: Database, browser: httpx.AsyncClient, link: str
) -> None:
    body = SurveyBody.model_validate({"state": "live", **SURVEYS[0]})
    async with database.transaction() as uow:
        asked = (await uow.execute("SELECT survey_id FROM invitation")).scalar_one()
        survey = Survey(
            id=asked,
            version=1,
            survey_version=1,
            test=False,
            stopped=False,
            changed_at=uow.now,
            **msgspec.structs.asdict(body.draft()),
        )
        await keep_surveys(uow, [SURVEYS_TOPIC.event("demo", survey, uow.now)])
    assert await submit_answer(browser, link, Intent(3, None, None), 0.0, asyncio.Event())
    (reply,) = (await answer(database)).replies
    (chosen,) = reply["chosen"]
    words, options = WHAT_MATTERED["en"]
    assert (reply["asked"], chosen["words"]) == (words, options[OPTIONS.index(chosen["id"])])


async def test_a_customer_who_chooses_and_leaves_has_saved_the_score_alone(
    database: Database, browser: httpx.AsyncClient, link: str
) -> None:
    assert await submit_answer(browser, link, Intent(3, "never sent", True), None, asyncio.Event())
    stored = await answer(database)
    assert (stored.state, stored.score, stored.comment, stored.may_contact) == ("saved", 3, None, None)


async def test_a_customer_who_thinks_again_amends_the_same_answer(
    database: Database, browser: httpx.AsyncClient, link: str
) -> None:
    for score in (3, 8):
        assert await submit_answer(browser, link, Intent(score, None, None), 0.0, asyncio.Event())
    stored = await answer(database)
    assert (stored.state, stored.score) == ("sent", 8)
    assert stored.version > 2


async def test_a_customer_is_never_taken_for_a_machine(
    database: Database, browser: httpx.AsyncClient, link: str
) -> None:
    await submit_answer(browser, link, Intent(3, None, None), 0.0, asyncio.Event())
    async with database.reading() as uow:
        assert (await uow.execute("SELECT flag FROM intent")).one().flag is None


@pytest.mark.parametrize("writing_time_s", [0.0, None])
async def test_what_a_visitor_has_answered_is_not_answered_again(
    browser: httpx.AsyncClient, link: str, writing_time_s: float | None
) -> None:
    never = asyncio.Event()
    assert await is_unanswered(browser, link, never)
    await submit_answer(browser, link, Intent(3, None, None), writing_time_s, never)
    assert not await is_unanswered(browser, link, never)
