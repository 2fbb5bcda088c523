"""Alerts with a webhook of the company, an endpoint, and the loop that sends, on a clock that tests move."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from msgspec.structs import replace
from support.alerts_api import AlertsApi
from support.alerts_builders import TENANT, a_tenant, deliver, rows
from support.eventually import eventually
from support.http_clients import context_on
from support.kernel_service import running
from support.webhook_receiver import Received, Receiver, a_receiver

from services.alerts.app import SERVICE
from services.alerts.webhooks.domain import RetryPolicy
from services.alerts.webhooks.lanes import WebhookLanes
from services.alerts.webhooks.queueing import queue_answers
from services.alerts.webhooks.signing import signature
from shared.db.database import Database
from shared.events import Answer
from shared.tenancy.tenants import keep_tenants

LOOPBACK = "127.0.0.0/8"
POLL_S = 0.02


@dataclass
class MovedClock:
    """The time of now, and what a test adds to it."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


POLICY = RetryPolicy()
LONGER = 1.2
"""A try is due by its schedule and at most a tenth of it later."""


@dataclass
class HookBench:
    """The application, the receiver, and the company's key."""

    alerts: AlertsApi
    receiver: Receiver
    clock: MovedClock
    client: httpx.AsyncClient
    key: dict[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        return self.alerts.database

    async def make(self, path: str = "/hook", **changes: Any) -> dict[str, Any]:
        """A webhook for answers."""
        body = {"name": path, "url": self.receiver.url(path), "types": ["answer.changed"], **changes}
        answer = await self.client.post("/v1/webhooks", json=body, headers=self.key)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def call(
        self, made: dict[str, Any], method: str = "GET", path: str = "", body: Any = None
    ) -> dict[str, Any]:
        """Ask about a webhook."""
        url = f"/v1/webhooks/{made['id']}{path}"
        answer = await self.client.request(method, url, json=body, headers=self.key)
        assert answer.is_success, answer.text
        return dict(answer.json()) if answer.content else {}

    async def deliveries(self, made: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
        """What was sent, the newest first."""
        return list((await self.call(made, path=f"/deliveries{query}"))["deliveries"])

    async def states(self, made: dict[str, Any]) -> list[str]:
        """The states of the messages, the newest first."""
        return [each["state"] for each in await self.deliveries(made)]

    async def until(self, made: dict[str, Any], *states: str) -> list[dict[str, Any]]:
        """The messages, the newest first, once they have these states."""

        async def has_them() -> bool:
            return await self.states(made) == list(states)

        await eventually(has_them)
        return await self.deliveries(made)

    async def tell(self, *answers: Answer, tenant: str = TENANT) -> None:
        """Answers come, in this order."""
        for each in answers:
            await deliver(self.database, queue_answers, each, tenant=tenant)

    def lanes(self, **changes: Any) -> WebhookLanes:
        """The loop of one process."""
        return WebhookLanes(self.alerts.context, **{"poll_interval_s": POLL_S, **changes})

    @asynccontextmanager
    async def sending(self, number: int = 1) -> AsyncIterator[None]:
        """Processes that send while the block runs."""
        async with running(*[self.lanes() for _ in range(number)]):
            yield

    async def came(self, number: int, path: str = "/hook") -> list[Any]:
        """What came to a path, once it is so many."""
        await eventually(lambda: len(self.receiver.of(path)) >= number)
        return self.receiver.of(path)

    async def rows(self) -> list[Any]:
        """The messages as they are stored."""
        return await rows(self.database, "SELECT * FROM webhook_delivery ORDER BY seq")

    async def until_tries(self, made: dict[str, Any], *wanted: int) -> None:
        """Return when the messages, the newest first, were tried so often."""

        async def were_tried() -> bool:
            return [each["attempts"] for each in await self.deliveries(made)] == list(wanted)

        await eventually(were_tried)


@asynccontextmanager
async def a_hook_bench(database: Database) -> AsyncIterator[HookBench]:
    """Alerts on this database, with an endpoint in a network that the operator allows."""
    database.clock = clock = MovedClock()
    await deliver(database, keep_tenants, a_tenant(), a_tenant("other"))
    context = context_on(SERVICE, database, outbound_networks=LOOPBACK)
    app, _ = SERVICE.api(context)
    alerts = AlertsApi(context, app)
    try:
        async with a_receiver() as receiver, alerts.client() as client:
            yield HookBench(alerts, receiver, clock, client, alerts.key("admin"))
    finally:
        context.stopping.set()


async def no_lane_is_served(database: Database, table: str) -> bool:
    """Whether what waits for any of these receivers would be claimed: a lane that ends misses what comes then."""
    return not await rows(database, f"SELECT id FROM {table} WHERE lease_id IS NOT NULL")


def versions_of(answer: Answer, number: int) -> list[Answer]:
    """An answer that was sent so often."""
    return [replace(answer, version=version) for version in range(1, number + 1)]


def is_signed_by(received: Received, secret: str) -> bool:
    """As a receiver checks it."""
    timestamp = int(received.headers["webhook-timestamp"])
    expected = signature([secret], received.id, timestamp, received.body)
    return expected in received.headers["webhook-signature"].split(" ")
