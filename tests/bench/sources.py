"""Kafka sources: from a company's topic to `transactions`, against a bare consumer and producer."""

import asyncio
import json
import struct
import time
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import fastavro
import msgspec
from aiokafka import AIOKafkaConsumer
from bench.results import Result, interleaved
from bench.servers import Servers, new_topics, remove_topics, send_all
from bench.trigger import an_event
from support.http_clients import context_on
from support.registry import a_registry, register
from support.topics import PARTITIONS

from services.trigger import tenants
from services.trigger.app import SERVICE
from services.trigger.sources.domain import Reading, Registry, Rule, SourceConnection
from services.trigger.sources.repository import sources as source_rows
from services.trigger.sources.schedule import SourcesLoop
from services.trigger.sources.source_commands import Wanted, declare
from shared.db.database import Database
from shared.events import AUDIT, TENANTS, TRANSACTIONS
from shared.ids import uuid7
from shared.kafka.kernel import Relay
from shared.kafka.kernel.clients import an_admin, new_producer
from shared.privacy.audit import AuditActor

RECORD_COUNT = 40_000
TENANT = "havnbo"
BARE_TOPIC = "bench-bare-sources"
ORDER_SCHEMA = {
    "type": "record",
    "name": "Order",
    "fields": [
        *({"name": name, "type": "string"} for name in ("id", "customer", "email", "store")),
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "amount", "type": "double"},
    ],
}
_TEXT = {"type": "string", "minLength": 1}
EVENT_SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        **dict.fromkeys(("id", "type", "occurred_at"), _TEXT),
        "customer": {
            "type": "object",
            "properties": {"id": _TEXT, "email": {"type": "string", "pattern": "^[^@\\s]+@[^@\\s]+$"}},
            "required": ["id"],
        },
        "segments": {"type": "object", "additionalProperties": _TEXT},
    },
    "required": ["id", "type", "occurred_at", "customer"],
}
AVRO_SCHEMA_ID, JSON_SCHEMA_ID = 1, 2
AVRO_MAPPING = {
    "id": Rule(path="/id"),
    "type": Rule(value="order.delivered"),
    "occurred_at": Rule(path="/at"),
    "customer.id": Rule(path="/customer"),
    "customer.email": Rule(path="/email"),
    "segments.store": Rule(path="/store"),
    "attributes.amount": Rule(path="/amount"),
}


def plain(number: int) -> bytes:
    """A record that is an event as it is."""
    return msgspec.json.encode(an_event(number))


def cloud_event(number: int) -> bytes:
    """The same as a structured CloudEvent."""
    event = an_event(number)
    attributes = {"specversion": "1.0", "id": event.pop("id"), "source": "/shop", "type": event.pop("type")}
    return msgspec.json.encode({**attributes, "time": event.pop("occurred_at"), "data": event})


def avro(number: int) -> bytes:
    """An order as Avro, behind the id of its schema."""
    encoded = BytesIO()
    order = {
        "id": f"order-{number}",
        "customer": f"c-{number % 5_000}",
        "email": f"customer{number % 5_000}@example.com",
        "store": f"store-{number % 40}",
        "at": datetime.now(UTC),
        "amount": 129.5,
    }
    fastavro.schemaless_writer(encoded, _PARSED, order)
    return b"\0" + struct.pack(">I", AVRO_SCHEMA_ID) + encoded.getvalue()


def json_by_schema(number: int) -> bytes:
    """An event as it is, behind the id of its JSON Schema."""
    return b"\0" + struct.pack(">I", JSON_SCHEMA_ID) + plain(number)


def _bare_json(value: bytes) -> Any:
    return msgspec.json.decode(value[5:])


def _bare_avro(value: bytes) -> Any:
    order: Any = fastavro.schemaless_reader(BytesIO(value[5:]), _PARSED, None)
    return {**order, "at": order["at"].isoformat()}


_PARSED = fastavro.parse_schema(ORDER_SCHEMA)


async def reading(servers: Servers) -> list[Result]:
    """Topics in four formats; nothing is consumed or relayed before a round begins."""
    count = servers.size(RECORD_COUNT)
    with a_registry({AVRO_SCHEMA_ID: ORDER_SCHEMA}) as registry:
        if register(registry, "orders", EVENT_SCHEMA, "JSON") != JSON_SCHEMA_ID:
            raise RuntimeError("the records name another schema")
        return await _all_formats(servers, count, registry)


async def _all_formats(servers: Servers, count: int, registry: str) -> list[Result]:
    results = []
    formats: dict[str, tuple[Callable[[int], bytes], Callable[[bytes], Any], Reading]] = {
        "JSON": (plain, msgspec.json.decode, Reading()),
        "CloudEvents": (cloud_event, msgspec.json.decode, Reading(format="cloudevents")),
        "Avro": (
            avro,
            _bare_avro,
            Reading(format="avro", registry=Registry(url=registry), mapping=AVRO_MAPPING),
        ),
        "JSON Schema": (
            json_by_schema,
            _bare_json,
            Reading(format="json-schema", registry=Registry(url=registry)),
        ),
    }
    topic_by_name = {name: f"sources.{TENANT}.{_word(name)}" for name in formats}
    try:
        for name, (encode, decode, how) in formats.items():
            topic = topic_by_name[name]
            await new_topics(servers.state.kafka, topic, BARE_TOPIC)
            await _fill(servers, topic, [encode(number) for number in range(count)])

            async def ours(topic: str = topic, how: Reading = how) -> float:
                await new_topics(servers.state.kafka, TRANSACTIONS.name, TENANTS.name, AUDIT.name)
                return await _read(servers, topic, how, count)

            async def bare(topic: str = topic, decode: Callable[[bytes], Any] = decode) -> float:
                return await _bare(servers, topic, decode, count)

            found = await interleaved(servers.rounds, {"ours": ours, "bare": bare})
            results.append(
                Result(f"sources_{_word(name)}", f"source, {name}", "records/s", found["ours"],
                       "bare consumer and producer, decoded and encoded", found["bare"], min_ratio=0.5,
                       size=f"{count:,} records", note="one process reads, checks, stores and relays")
            )  # fmt: skip
    finally:
        async with an_admin(servers.state.kafka) as admin:
            await remove_topics(admin, *topic_by_name.values())
    return results


def _word(name: str) -> str:
    return name.lower().replace(" ", "_")


async def _fill(servers: Servers, topic: str, values: list[bytes]) -> None:
    producer = new_producer(servers.state.kafka, "bench")
    await producer.start()
    try:
        records = [(b"%d" % number, value) for number, value in enumerate(values)]
        await send_all(producer, topic, records, PARTITIONS)
    finally:
        await producer.stop()


async def _read(servers: Servers, topic: str, how: Reading, count: int) -> float:
    """Records a second, from the start of the worker's loops until all are on `transactions`."""
    async with servers.database("trigger") as database:
        await tenants.create_tenant(database, TENANT, name="Havnbo")
        context = context_on(SERVICE, database, servers.state.kafka, outbound_networks="127.0.0.0/8")
        wanted = Wanted(
            name="shop",
            topic=topic,
            connection=SourceConnection(bootstrap=(servers.state.kafka,)),
            reading=how,
            state="running",
        )
        async with database.transaction() as uow:
            who = AuditActor("command_line", None, "bench")
            await declare(uow, context.secret, TENANT, uuid7(), wanted, who=who)
        stopping = asyncio.Event()
        relay = Relay(database, "trigger", servers.state.kafka, servers.health())
        began = time.monotonic()
        tasks = [asyncio.create_task(run(stopping)) for run in (SourcesLoop(context).run, relay.run)]
        while not await _is_done(database, count):  # noqa: ASYNC110  (other tasks do it, in the database)
            await asyncio.sleep(0.05)
        seconds = time.monotonic() - began
        stopping.set()
        await asyncio.gather(*tasks)
        return count / seconds


async def _is_done(database: Database, count: int) -> bool:
    async with database.reading() as uow:
        ((_, status),) = await source_rows.list_of(uow, TENANT)
        if status.refused or status.problem:
            raise RuntimeError(f"{status.refused} records did not fit; {status.problem}")
        waiting = (await uow.execute("SELECT count(*) FROM (SELECT FROM outbox LIMIT 1) o")).scalar_one()
    return status.taken + status.skipped == count and not waiting


async def _bare(servers: Servers, topic: str, decode: Callable[[bytes], Any], count: int) -> float:
    """The same without checks and without a promise: read, decode, encode, send, commit."""
    reader = AIOKafkaConsumer(
        topic,
        bootstrap_servers=servers.state.kafka,
        group_id=f"bench-{uuid7()}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    producer = new_producer(servers.state.kafka, "bench")
    began, done = time.monotonic(), 0
    await reader.start()
    await producer.start()
    try:
        while done < count:
            fetched = await reader.getmany(timeout_ms=200, max_records=500)
            sent = []
            for records in fetched.values():
                for record in records:
                    value = json.dumps(decode(record.value or b"")).encode()
                    sent.append(await producer.send(BARE_TOPIC, value, record.key))
                done += len(records)
            await asyncio.gather(*sent)
            if fetched:
                await reader.commit()
        return count / (time.monotonic() - began)
    finally:
        await reader.stop()
        await producer.stop()
