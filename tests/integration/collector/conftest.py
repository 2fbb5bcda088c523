"""The real application on a real database, which each test finds empty, with a clock that the test sets."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from msgspec.structs import replace as replace_fields
from playwright.async_api import Browser, Page
from support.http_clients import context_on
from support.servers import serving
from support.stack import Postgres

from services.collector.app import SERVICE
from services.collector.devices import DeviceHashes
from services.collector.forms import PageNonce
from services.collector.handlers import keep_invitations, keep_surveys
from services.collector.models import metadata
from shared.db.database import Database
from shared.events import (
    ANSWERS,
    INVITATIONS,
    SURVEYS,
    TENANTS,
    Answer,
    Customer,
    FollowUp,
    Invitation,
    KeyDigest,
    Question,
    Survey,
    SurveyTexts,
    Tenant,
)
from shared.events.surveys import Layout
from shared.http.rate_limit import RateLimit
from shared.ids import uuid7
from shared.link_tokens import LinkSigner
from shared.service import Context
from shared.tenancy.tenants import keep_tenants

SECRET = "a-secret-for-tests-only-of-32-characters-and-more"
KEYS = {"acme": "key-of-acme", "zenith": "key-of-zenith"}
MINUTE = timedelta(minutes=1)
SURVEY = UUID("01900000-0000-7000-8000-000000000001")


@dataclass
class Bench:
    """The collector, with what a test does to it and asks of it."""

    context: Context
    app: FastAPI
    client: httpx.AsyncClient
    now: datetime
    """The time that the test has set."""

    def token(self, invitation_id: UUID) -> str:
        """The link's last part."""
        return LinkSigner(SECRET).sign("answer", invitation_id)

    def nonce(self, invitation_id: UUID) -> str:
        """The nonce of a page that is rendered now."""
        return PageNonce(SECRET).make(invitation_id, self.now)

    async def keep_survey(
        self,
        texts: dict[str, SurveyTexts],
        tenant: str = "acme",
        questions: tuple[Question, ...] = (),
        version: int = 1,
        layout: Layout = "horizontal",
        **rules: Any,
    ) -> None:
        """Consume the event of a survey with these texts; one that is kept already gives way to a newer one."""
        survey = replace_fields(
            the_survey(self.now, texts, questions), version=version, layout=layout, **rules
        )
        async with self.context.database.transaction() as uow:
            await keep_surveys(uow, [SURVEYS.event(tenant, survey, self.now)])

    async def invite(self, tenant: str = "acme", **changed: Any) -> UUID:
        """Consume the event of a new invitation; its id."""
        invitation = an_invitation(self.now, **changed)
        async with self.context.database.transaction() as uow:
            await keep_invitations(uow, [INVITATIONS.event(tenant, invitation, self.now)])
        return invitation.id

    async def submit(self, invitation_id: UUID, score: object, **fields: str) -> httpx.Response:
        """Post the form."""
        form = {"score": str(score), "nonce": self.nonce(invitation_id), "action": "send", **fields}
        return await self.client.post(f"/s/{self.token(invitation_id)}", data=form)

    async def rows(self, sql: str, **values: Any) -> list[Any]:
        """Rows of the database."""
        async with self.context.database.reading() as uow:
            return list(await uow.execute(sql, values))

    async def published(self) -> list[Answer]:
        """The answers in the outbox, in order."""
        rows = await self.rows("SELECT value FROM outbox WHERE topic = 'answers.v1' ORDER BY seq")
        return [ANSWERS.decode(row.value).data for row in rows]

    async def import_answers(self, *answers: Any, tenant: str = "acme") -> httpx.Response:
        """Import answers as a client back-end does."""
        return await self.client.post(
            "/v1/answers/import", json={"answers": list(answers)}, headers=bearer(tenant)
        )


def bearer(tenant: str = "acme") -> dict[str, str]:
    """The header with a tenant's key."""
    return {"Authorization": f"Bearer {KEYS[tenant]}"}


def the_survey(now: datetime, texts: dict[str, SurveyTexts], questions: tuple[Question, ...] = ()) -> Survey:
    """The one survey of these tests."""
    return Survey(
        id=SURVEY, survey_version=1, version=1, name="Delivery", measurement="transactional", state="live",
        trigger="order.delivered", test=False, stopped=False, texts=texts, questions=questions,
        changed_at=now,
    )  # fmt: skip


def an_invitation(now: datetime, **changed: Any) -> Invitation:
    """An invitation that was sent a minute ago, so that a person can have opened it."""
    fields: dict[str, Any] = {
        "id": uuid7(), "version": 1, "state": "sent", "survey_id": SURVEY, "survey_version": 1,
        "survey_name": "Delivery", "measurement": "transactional", "language": "en", "test": False,
        "customer": Customer(id="kw-4711", email="karen@example.com", name="Karen Whitfield", phone="+4512345678"),
        "event_id": uuid7(), "event_type": "order.delivered", "occurred_at": now, "touchpoint": "delivery",
        "segments": {"touchpoint": "delivery", "store": "aarhus"}, "organisation": ("north", "sales"),
        "decided_at": now, "due_at": now - MINUTE, "sent_at": now - MINUTE, "expires_at": now + timedelta(days=30),
    }  # fmt: skip
    return Invitation(**{**fields, **changed})


def tenant_of(name: str, now: datetime, zone: str, key: str | None = None) -> Tenant:
    """A company with one key that has all scopes."""
    digest = hashlib.sha256((key or KEYS[name]).encode()).hexdigest()
    known = KeyDigest(
        id=f"k-{name}", name="back-end", digest=digest, scopes=("answers:write", "answers:read")
    )
    return Tenant(
        id=name,
        version=1,
        name=name.title(),
        time_zone=zone,
        country="DK",
        languages=("en", "da"),
        keys=(known,),
    )


@pytest.fixture(scope="module")
async def collector(postgres: Postgres) -> AsyncIterator[Bench]:
    """The application on a migrated database, built once for a module."""
    url = await postgres.migrated_database("collector")
    database = Database(url)
    context = context_on(
        SERVICE, database, public_url="http://test.example", staff_url="http://test.example", secret=SECRET
    )
    database.clock = lambda: made.now
    app, _ = SERVICE.api(context)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test.example", trust_env=False
    ) as client:
        made = Bench(context, app, client, datetime(2026, 11, 20, 12, 0, tzinfo=UTC))
        yield made
    await database.close()


@pytest.fixture
async def bench(collector: Bench) -> Bench:
    """An empty collector that knows Acme in Copenhagen and Zenith in Honolulu, at noon of a Friday."""
    collector.now = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    state = collector.app.state
    state.context = replace(
        state.context,
        per_link=RateLimit(burst=120, interval_s=0.5),  # a full bucket
        devices=DeviceHashes(SECRET),  # whose salts are those of the database
    )
    async with collector.context.database.transaction() as uow:
        await uow.execute(f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY")
        tenants = [
            tenant_of("acme", collector.now, "Europe/Copenhagen"),
            tenant_of("zenith", collector.now, "Pacific/Honolulu"),
        ]
        await keep_tenants(uow, [TENANTS.event(tenant.id, tenant, collector.now) for tenant in tenants])
    await collector.context.keys.refresh()
    return collector


ASKS = {
    "en": SurveyTexts(
        intro="About your delivery",
        follow_up=FollowUp(detractor="What should we have done?", promoter="Who did well?"),
    ),
    "da": SurveyTexts(question="Vil du anbefale Acme?"),
}


@pytest.fixture
async def origin(bench: Bench) -> AsyncIterator[str]:
    """The collector behind a real socket."""
    await bench.keep_survey(ASKS)
    async with serving(bench.app, asyncio.Event()) as origin:
        yield origin


@asynccontextmanager
async def a_page(browser: Browser, **options: Any) -> AsyncIterator[Page]:
    """A page of a fresh visitor; it must log no error, violations of the security policy included."""
    context = await browser.new_context(**options)
    page = await context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    await context.close()
    assert errors == []
