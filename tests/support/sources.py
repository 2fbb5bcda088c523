"""Topics of companies for the tests of sources, and what is written to them."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from aiokafka import AIOKafkaProducer
from aiokafka.admin import NewTopic
from support.eventually import eventually
from support.http_clients import ORIGIN, SECRET, a_lent_context, api_client
from support.kernel_service import create_topics, running
from support.lent_databases import LentDatabases

from services.trigger import tenants
from services.trigger.app import SERVICE
from services.trigger.sources.reading import ReaderIntervals
from services.trigger.sources.repository import sources as source_rows
from services.trigger.sources.repository.sources import SourceStatus
from services.trigger.sources.schedule import SourcesLoop
from shared.events import TRANSACTIONS, Transaction
from shared.http.csrf import CsrfGuard
from shared.http.staff_auth import ACCESS_COOKIE, SESSION_COOKIE, AccessPass, Staff
from shared.ids import uuid7
from shared.kafka.kernel.clients import an_admin, new_producer, start_producer, stop_producer
from shared.service import Context

LOOPBACK = "127.0.0.0/8"


def an_order(id_: str | None = None, **changes: Any) -> dict[str, Any]:
    """An event as ``POST /v1/events`` takes it."""
    return {
        **({"id": id_} if id_ else {}),
        "type": "order.delivered",
        "occurred_at": datetime.now(UTC).isoformat(),
        "customer": {"id": f"c-{id_ or 'x'}"},
        **changes,
    }


async def make_topic(kafka: str, name: str, partitions: int = 1) -> None:
    """A topic as a company makes one: its records have the times of their senders, which is Kafka's default but
    not that of the broker of the tests.
    """
    settings = {"message.timestamp.type": "CreateTime"}
    async with an_admin(kafka) as admin:
        await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=settings)])


@dataclass
class SourceBench:
    """The trigger with one company, and topics of the company's own."""

    context: Context
    client: httpx.AsyncClient
    kafka: str
    topics: list[str] = field(default_factory=list)

    async def topic(self, partitions: int = 1) -> str:
        """A new topic of the company's own."""
        name = f"sources.acme.{secrets.token_hex(4)}"
        await make_topic(self.kafka, name, partitions)
        return name

    async def write(
        self,
        topic: str,
        *values: Any,
        partition: int = 0,
        headers: Sequence[tuple[str, bytes]] = (),
        timestamp_ms: int | None = None,
    ) -> None:
        """Write records: bytes or None as they are, others as JSON."""
        producer = new_producer(self.kafka, "shop")
        await start_producer(producer)
        acknowledgements = []
        try:
            for value in values:
                raw = value if isinstance(value, bytes | None) else json.dumps(value).encode()
                sent = await producer.send(
                    topic, raw, b"key", partition=partition, headers=list(headers), timestamp_ms=timestamp_ms
                )
                acknowledgements.append(sent)
            await asyncio.gather(*acknowledgements)
        finally:
            await stop_producer(producer)

    async def write_in_transaction(
        self, topic: str, *values: Any, timestamp_ms: int | None = None, aborted: bool = False
    ) -> None:
        """Write records in one transaction of Kafka: a marker follows them, which no reader gets."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self.kafka, transactional_id=f"shop-{secrets.token_hex(4)}"
        )
        await start_producer(producer)
        try:
            await producer.begin_transaction()
            for value in values:
                await producer.send_and_wait(
                    topic, json.dumps(value).encode(), partition=0, timestamp_ms=timestamp_ms
                )
            await (producer.abort_transaction() if aborted else producer.commit_transaction())
        finally:
            await stop_producer(producer)

    async def declare(self, topic: str, **changes: Any) -> dict[str, Any]:
        """Declare a source that runs."""
        body = {
            "name": topic,
            "topic": topic,
            "connection": {"bootstrap": [self.kafka]},
            "state": "running",
            **changes,
        }
        answer = await self.client.post("/v1/sources", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def source(self, declared: Mapping[str, Any]) -> dict[str, Any]:
        """A source as it is now."""
        answer = await self.client.get(f"/v1/sources/{declared['id']}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def status(self, declared: Mapping[str, Any]) -> SourceStatus:
        """The same, without a request."""
        async with self.context.database.reading() as uow:
            ((_, status),) = await source_rows.list_of(uow, "acme", UUID(declared["id"]))
        return status

    async def until(self, declared: Mapping[str, Any], **counts: int) -> dict[str, Any]:
        """The source, once it has these counts."""

        async def has_them() -> bool:
            status = await self.status(declared)
            return all(getattr(status, name) == count for name, count in counts.items())

        await eventually(has_them)
        return await self.source(declared)

    async def until_problem(self, declared: Mapping[str, Any], code: str) -> dict[str, Any]:
        """The source, once this keeps it from being read."""

        async def has_it() -> bool:
            return (await self.status(declared)).problem == code

        await eventually(has_it)
        return await self.source(declared)

    async def taken(self) -> list[Transaction]:
        """What was taken in, in the order in which it is published: no relay runs here."""
        async with self.context.database.reading() as uow:
            rows = await uow.execute(
                "SELECT value FROM outbox WHERE topic = :t ORDER BY seq", {"t": TRANSACTIONS.name}
            )
            return [TRANSACTIONS.decode(row.value).data for row in rows]

    async def letters(self) -> list[Any]:
        """The dead letters that wait for the relay."""
        async with self.context.database.reading() as uow:
            rows = await uow.execute("SELECT * FROM outbox WHERE headers IS NOT NULL ORDER BY seq")
            return list(rows.all())

    @asynccontextmanager
    async def workers(self, number: int = 1) -> AsyncIterator[list[SourcesLoop]]:
        """Workers that read sources while the block runs."""
        often = ReaderIntervals(status_s=0.1, topic_s=1.0)
        loops = [SourcesLoop(self.context, step_interval_s=0.1, intervals=often) for _ in range(number)]
        async with running(*loops):
            yield loops


@asynccontextmanager
async def a_source_bench(
    kafka: str, databases: LentDatabases, *, networks: str | None = LOOPBACK
) -> AsyncIterator[SourceBench]:
    """The trigger with the company acme, whose administrator's key the client has."""
    await create_topics(kafka, [TRANSACTIONS.name], 3)
    async with a_lent_context(SERVICE, databases, kafka, outbound_networks=networks) as context:
        await tenants.create_tenant(context.database, "acme", name="Acme")
        key = await tenants.create_key(context.database, "acme", ["admin"], name="ops")
        async with api_client(SERVICE, context) as client:
            client.headers["Authorization"] = f"Bearer {key}"
            await eventually(lambda: not context.health.unready())
            yield SourceBench(context, client, kafka)


def a_browser(bench: SourceBench) -> tuple[httpx.AsyncClient, str]:
    """The browser of acme's administrator, and the token of its session."""
    now = bench.context.database.clock()
    staff = Staff("acme", uuid7(), "Ada", "admin", (), "session", now + timedelta(hours=1))
    cookies = {ACCESS_COOKIE: AccessPass(SECRET).sign(staff), SESSION_COOKIE: "session"}
    client = httpx.AsyncClient(
        transport=bench.client._transport,
        base_url=ORIGIN,
        cookies=cookies,
        headers={"Accept": "text/html"},
        trust_env=False,
    )
    return client, CsrfGuard(SECRET).token("session")
