"""The Kafka source of the demo's company: its topic on the stack's broker, declared through the API."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import structlog
from aiokafka.admin import NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from deploy.demo.checkpoint import Checkpoint
from deploy.demo.client import DemoClient
from deploy.demo.company import PROCESS, TENANT_ID
from deploy.demo.stream import AT_THE_TILL, DELIVERY, REFUND, TILLS
from services.trigger.app import SERVICE as TRIGGER
from services.trigger.tenants import create_key, revoke_key
from shared.cli.context import command_context
from shared.kafka.kernel.clients import an_admin
from shared.permissions import EVERY_SCOPE

TOPIC = f"sources.{TENANT_ID}.tills"
"""On the cluster of the installation a company reads only topics that begin so."""

MAPPING: dict[str, dict[str, Any]] = {
    "id": {"path": "/receipt"},
    "type": {"path": "/what"},
    "occurred_at": {"path": "/at"},
    "customer.id": {"path": "/customer/no"},
    "customer.email": {"path": "/customer/mail"},
    "customer.phone": {"path": "/customer/mobile"},
    "customer.name": {"path": "/customer/name"},
    "customer.locale": {"path": "/customer/language"},
    "customer.country": {"path": "/customer/country"},
    "segments.touchpoint": {"value": AT_THE_TILL},
    "segments.store": {"path": "/shop"},
    "organisation": {"path": "/unit"},
    "attributes.order_id": {"path": "/order"},
    "attributes.cds": {"path": "/cds"},
    "attributes.total": {"path": "/amount"},
    "attributes.simulated": {"value": True},
}
"""Where each field of an event stands in a record of the tills."""

KEY_NAME, KEY_VALIDITY = "declares the Kafka source", timedelta(minutes=10)
"""Declaring takes a key with every scope, which the demo's own is not; this one is revoked after its use."""
IDEMPOTENCY_KEY = "demo tills"

log = structlog.get_logger()


def source(kafka: str) -> dict[str, Any]:
    """The body for `POST /v1/sources`.

    :param kafka: the brokers of the stack, as in AFTERWORD_KAFKA.
    """
    return {
        "name": TILLS,
        "topic": TOPIC,
        "connection": {"bootstrap": kafka.split(",")},
        "format": "json",
        "mapping": MAPPING,
        "only": {"path": "/what", "values": [DELIVERY, REFUND]},
        "state": "running",
    }


async def create_topic(kafka: str) -> None:
    """Create the tills' topic, unless it is there."""
    async with an_admin(kafka) as admin:
        response = await admin.create_topics([NewTopic(TOPIC, 1, 1)])
    for _, code, *message in response.topic_errors:  # type: ignore[attr-defined]  # CreateTopicsResponse
        if code and for_code(code) is not TopicAlreadyExistsError:
            raise for_code(code)(*message)


async def declare(
    staff_url: str,
    kafka: str,
    checkpoint: Checkpoint,
    stopping: asyncio.Event,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
) -> None:
    """Declare the source and start it, unless that was done: what the visitor changes of it later stays."""
    if checkpoint.progress.is_source_declared:
        return
    async with command_context(TRIGGER, process=PROCESS) as context:
        database = context.database
        expires_at = database.clock() + KEY_VALIDITY
        key = await create_key(database, TENANT_ID, [EVERY_SCOPE], name=KEY_NAME, expires_at=expires_at)
        client = DemoClient(staff_url, key, stopping, transport=transport)
        try:
            await client.post("/v1/sources", source(kafka), idempotency_key=IDEMPOTENCY_KEY)
        finally:
            await client.close()
            await revoke_key(database, TENANT_ID, key)
    checkpoint.progress.is_source_declared = True
    checkpoint.save()
    log.info("source_declared", topic=TOPIC)
