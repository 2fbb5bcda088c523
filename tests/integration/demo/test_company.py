"""Havnbo is made once, and a start that was cut off is brought to its end by the next."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from support.dispatcher_texts import SMS_SETTINGS
from support.http_clients import ORIGIN, a_context, api_client, environment_of
from support.stack import Postgres

from deploy.demo import company, kafka_source
from deploy.demo.checkpoint import Checkpoint
from deploy.demo.client import DemoClient
from deploy.demo.company_tools import ATTRIBUTES, TEXT_BLOCKS
from services.alerts.app import SERVICE as ALERTS
from services.alerts.case_tools.for_cases import attributes_of, text_blocks_of
from services.alerts.staff.passwords import Passwords
from services.alerts.staff.repository import people
from services.dispatcher.app import SERVICE as DISPATCHER
from services.dispatcher.sending import sending_commands
from services.dispatcher.surveys import survey_commands
from services.trigger.app import SERVICE as TRIGGER
from services.trigger.sources.repository import sources as source_rows
from shared.events import TENANTS
from shared.events.surveys import NO_TRIGGER
from shared.service import Context
from shared.tenancy import find_tenant
from shared.tenancy.tenants import all_tenants, keep_tenants


@dataclass
class Town:
    trigger: Context
    dispatcher: Context
    alerts: Context
    surveys: httpx.AsyncClient

    async def tell_tenants(self) -> None:
        """What Kafka does between the trigger and the others."""
        async with self.trigger.database.reading() as uow:
            tenants = [TENANTS.event(tenant.id, tenant, uow.now) for tenant in await all_tenants(uow)]
        async with self.dispatcher.database.transaction() as uow:
            await keep_tenants(uow, tenants)
        await self.dispatcher.keys.refresh()


@pytest.fixture
async def town(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    contexts = {service.name: await a_context(service, postgres) for service in (TRIGGER, ALERTS)}
    contexts[DISPATCHER.name] = await a_context(DISPATCHER, postgres, own=SMS_SETTINGS)
    for name, value in environment_of().items():
        monkeypatch.setenv(name, value)
    for name, context in contexts.items():
        monkeypatch.setenv(f"{name.upper()}_DATABASE_URL", context.database.url)
    async with api_client(DISPATCHER, contexts["dispatcher"]) as client:
        yield Town(**contexts, surveys=client)
    for context in contexts.values():
        await context.database.close()


async def test_the_company_is_made_once_however_often_it_is_set_up(town: Town, tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "position.json", lambda: datetime.now(UTC))
    for _ in range(2):
        key = await company.api_key(checkpoint)
        await town.tell_tenants()
        client = DemoClient(ORIGIN, key, asyncio.Event(), transport=town.surveys._transport)
        await company.set_up(client, checkpoint, ORIGIN)
        # As if it had been cut off before it could note that it was done.
        checkpoint.progress.is_set_up, checkpoint.progress.key = False, None

    async with town.dispatcher.database.reading() as uow:
        asked = await survey_commands.list_surveys(uow, company.TENANT_ID)
        mode = (await sending_commands.find_sending(uow, company.TENANT_ID)).mode
    drafts = [survey.draft for survey in asked]
    assert [(draft.name, draft.trigger, draft.channels, draft.delay_minutes) for draft in drafts] == [
        ("After a large order", "order.delivered", ("mail", "sms"), 0),
        ("After a purchase", "order.delivered", ("mail", "sms"), 0),
        ("After a support call", "support.closed", ("mail", "sms"), 0),
        ("Altogether", NO_TRIGGER, ("mail",), 0),
    ]
    assert mode == "live"
    async with town.alerts.database.reading() as uow:
        staff = {person.address: person for person in await people.people(uow, company.TENANT_ID)}
        blocks = [block for _, block in await text_blocks_of(uow, company.TENANT_ID)]
        attributes = [one for _, one in await attributes_of(uow, company.TENANT_ID)]
    assert sorted(blocks, key=TEXT_BLOCKS.index) == [*TEXT_BLOCKS]
    assert attributes == [*ATTRIBUTES]
    assert {(person.role, tuple(person.segments)) for person in staff.values()} == {
        *(("admin", ()), ("leader", ("store:aarhus",)), ("agent", ())),
    }
    assert sorted((await company.simulated_colleagues()).values()) == ["Clara", "Dries"]
    for person in company.SIGN_INS:
        kept = staff[person.address].password_hash
        assert await Passwords().matching([kept], company.PASSWORD, times=1) == [True]
    for person in company.SIMULATED_STAFF:
        assert staff[person.address].password_hash is None
        assert not staff[person.address].wants_mail


async def test_its_kafka_source_is_declared_once_and_runs_and_the_key_for_it_opens_nothing_more(
    town: Town, tmp_path: Path
) -> None:
    checkpoint = Checkpoint(tmp_path / "position.json", lambda: datetime.now(UTC))
    await company.api_key(checkpoint)
    async with api_client(TRIGGER, town.trigger) as client:
        for _ in range(2):
            await kafka_source.declare(
                ORIGIN, "127.0.0.1:9092", checkpoint, asyncio.Event(), transport=client._transport
            )
            assert checkpoint.progress.is_source_declared
            # As if it had been cut off before it could note that it was done.
            checkpoint.progress.is_source_declared = False
    async with town.trigger.database.reading() as uow:
        ((source, _),) = await source_rows.list_of(uow, company.TENANT_ID)
        tenant = await find_tenant(uow, company.TENANT_ID)
    assert (source.name, source.topic, source.state) == ("Tills", "sources.demo.tills", "running")
    assert tenant is not None
    keys = {key.name: key.revoked_at is not None for key in tenant.keys}
    assert keys == {company.KEY_NAME: False, kafka_source.KEY_NAME: True}
