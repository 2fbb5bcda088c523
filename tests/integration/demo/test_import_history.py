"""The history of the demo is imported once, by the collector's real API."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from support.http_clients import ORIGIN, a_context, api_client
from support.stack import Postgres

from deploy.demo import company
from deploy.demo.checkpoint import Checkpoint
from deploy.demo.client import DemoClient
from deploy.demo.history import History
from deploy.demo.import_history import import_history
from deploy.demo.model import Model
from deploy.demo.purchases import Purchase
from deploy.demo.sentences import Sentence, Sentences
from services.collector.app import SERVICE
from shared.db.database import Database
from shared.events import TENANTS, KeyDigest, Tenant
from shared.tenancy import digest_of
from shared.tenancy.tenants import keep_tenants

KEY = "aw_the-demos-key"
SENTENCES = Sentences(Sentence(s, f"a sentence that was felt to be {s}") for s in (-3.0, -1.0, 0.5, 3.0))
PURCHASES = [
    Purchase(n, f"{n % 100:05d}", date(1998, 1, 1) + timedelta(days=n // 50), 1, 1000) for n in range(3_000)
]


@pytest.fixture
async def collector(postgres: Postgres) -> AsyncIterator[tuple[httpx.AsyncClient, Database]]:
    context = await a_context(SERVICE, postgres)
    digest = KeyDigest(id="k", name="simulated", digest=digest_of(KEY), scopes=company.KEY_SCOPES)
    tenant = Tenant(
        id="demo", version=1, name="Havnbo", time_zone=company.TIME_ZONE.key, country="DK", keys=(digest,)
    )
    async with context.database.transaction() as uow:
        await keep_tenants(uow, [TENANTS.event("demo", tenant, context.database.clock())])
    async with api_client(SERVICE, context) as client:
        yield client, context.database
    await context.database.close()


async def test_the_whole_past_is_imported_once_also_when_it_is_cut_off_in_the_middle(
    collector: tuple[httpx.AsyncClient, Database], tmp_path: Path
) -> None:
    http, database = collector
    client = DemoClient(ORIGIN, KEY, asyncio.Event(), transport=http._transport)
    checkpoint = Checkpoint(tmp_path / "position.json", lambda: datetime.now(UTC))
    history = History(Model("a seed", SENTENCES), PURCHASES, checkpoint.progress.began, company.TIME_ZONE)
    await import_history(history, client, checkpoint)
    checkpoint.progress.is_history_imported, checkpoint.progress.imported = False, 500
    await import_history(history, client, checkpoint)
    async with database.reading() as uow:
        rows = list(await uow.execute("SELECT * FROM answer WHERE tenant = 'demo'"))
    assert len(rows) == checkpoint.progress.imported == len(history.answers())
    assert {row.version for row in rows} == {1}
    assert {(row.state, row.origin, row.test) for row in rows} == {("sent", "import", False)}
    assert set(Counter(row.measurement for row in rows)) == {"transactional", "relational"}
    assert {row.segments.get("store") for row in rows} == {"aarhus", "odense", None}
