"""The shops' tills: a back-end that calls no API and writes to a topic of its own, in a form of its own.

Some records do not fit on purpose, so that the page of the Kafka source has dead letters to show.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from deploy.demo import personas
from deploy.demo.client import DemoStopped
from deploy.demo.kafka_source import TOPIC
from deploy.demo.model import STORE_SHIFTS, Model
from deploy.demo.stream import DELIVERY, DemoEvent
from shared.kafka.kernel.publisher import Publisher, Unavailable
from shared.runtime import Backoff, pause

DAMAGES = ("address", "customer", "time", "cut off")
"""What can be wrong with a record; each has another remedy."""
DAMAGED_SHARE = 0.1

SHOPS = tuple(sorted(STORE_SHIFTS))
TILL_OPENED = "till.opened"
"""No event of a customer: the source's filter skips it."""

Record = tuple[bytes, bytes]
"""Key and value."""


class Tills:
    """Writes what happens at the tills to Kafka."""

    def __init__(self, model: Model, publisher: Publisher, stopping: asyncio.Event) -> None:
        self._model = model
        self._publisher = publisher
        self._stopping = stopping

    async def open(self, at: datetime) -> None:
        """Write the first records: each shop opens, and a till that is being set up makes every mistake."""
        await self._write([*opening_records(at), *setup_records(at)])

    async def send(self, event: DemoEvent, at: datetime) -> None:
        """Write an event of a till."""
        await self._write([self.record(event, at)])

    def record(self, event: DemoEvent, at: datetime) -> Record:
        """The record of an event, the same each time; of one in ten sales it does not fit."""
        random = self._model.random("till", event.id)
        spoilt = event.type == DELIVERY and random.random() < DAMAGED_SHARE
        value = damaged(receipt(event, at), random.choice(DAMAGES)) if spoilt else encode(receipt(event, at))
        return event.customer.id.encode(), value

    async def _write(self, records: Sequence[Record]) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            try:
                await self._publisher.publish(TOPIC, records)
            except Unavailable:
                await pause(self._stopping, backoff.next())
            else:
                return
        raise DemoStopped


def receipt(event: DemoEvent, at: datetime) -> dict[str, Any]:
    """An event as the tills write it down; times are milliseconds since 1970."""
    customer = event.customer
    return {
        "what": event.type,
        "receipt": event.id,
        "at": _milliseconds(at),
        "shop": event.circumstances.store,
        "unit": "/".join(personas.organisation(event.circumstances)),
        "customer": {
            "no": customer.id,
            "mobile" if customer.has_only_a_phone else "mail": customer.address,
            "name": customer.name,
            "language": customer.locale,
            "country": customer.country,
        },
        "order": event.attributes["order_id"],
        "cds": event.attributes["cds"],
        "amount": event.attributes["total"],
    }


def damaged(of: dict[str, Any], damage: str) -> bytes:
    """A receipt that does not fit, for one of the reasons in `DAMAGES`."""
    match damage:
        case "address":
            return encode({**of, "customer": {**of["customer"], "mail": "at the counter"}})
        case "customer":
            return encode({**of, "customer": {"name": of["customer"]["name"]}})
        case "time":
            return encode({**of, "at": "this morning"})
        case _:
            whole = encode(of)
            return whole[: len(whole) // 2]


def opening_records(at: datetime) -> list[Record]:
    """What the tills write when they are turned on."""
    return [
        (shop.encode(), encode({"what": TILL_OPENED, "shop": shop, "at": _milliseconds(at)}))
        for shop in SHOPS
    ]


def setup_records(at: datetime) -> list[Record]:
    """Receipts of a till that is being set up, one for each thing that can be wrong."""
    return [
        (
            SHOPS[0].encode(),
            damaged(
                {
                    "what": DELIVERY,
                    "receipt": f"test-{number}",
                    "at": _milliseconds(at),
                    "shop": SHOPS[0],
                    "customer": {"no": f"test-{number}", "name": "Test"},
                },
                damage,
            ),
        )
        for number, damage in enumerate(DAMAGES, start=1)
    ]


def encode(record: dict[str, Any]) -> bytes:
    """A record as JSON."""
    return msgspec.json.encode(record)


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)
