"""Alerts with a chat provider that behaves as Slack and Teams do, and the loop that sends, on a moved clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from support.alerts_api import AlertsApi
from support.alerts_builders import TENANT, a_tenant, act_on_answers, an_answer, deliver, rows
from support.eventually import eventually
from support.http_clients import context_on
from support.kernel_service import running
from support.webhook_receiver import Receiver, Reply, a_receiver
from support.webhooks import LOOPBACK, MovedClock

from services.alerts.app import SERVICE
from services.alerts.chat_kinds import PREPARE_CHAT_BY_KIND
from services.alerts.chats.lanes import ChatLanes
from services.alerts.chats.rendering import ChatRenderer
from shared.db.database import Database
from shared.events import Answer
from shared.tenancy.tenants import keep_tenants

POLL_S = 0.02
SLACK_OK = Reply(200, {"content-type": "text/html"}, b"ok")
TEAMS_ACCEPTED = Reply(202)


@dataclass
class ChatBench:
    """The application, the provider, and the company's key."""

    alerts: AlertsApi
    provider: Receiver
    clock: MovedClock
    client: httpx.AsyncClient
    key: dict[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        return self.alerts.database

    async def make(self, path: str = "/services/T0/B0/x1y2", **changes: Any) -> dict[str, Any]:
        """A channel of Slack that is told of cases."""
        body = {
            "name": path,
            "kind": "slack",
            "address": self.provider.url(path),
            "topics": ["cases", "deadlines"],
            **changes,
        }
        answer = await self.client.post("/v1/chats", json=body, headers=self.key)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def call(
        self, made: dict[str, Any], method: str = "GET", path: str = "", body: Any = None
    ) -> dict[str, Any]:
        """Ask about a channel."""
        url = f"/v1/chats/{made['id']}{path}"
        answer = await self.client.request(method, url, json=body, headers=self.key)
        assert answer.is_success, answer.text
        return dict(answer.json()) if answer.content else {}

    async def messages(self, made: dict[str, Any]) -> list[dict[str, Any]]:
        """What was sent, the newest first."""
        return list((await self.call(made, path="/messages"))["messages"])

    async def until(self, made: dict[str, Any], *states: str) -> list[dict[str, Any]]:
        """The messages, the newest first, once they have these states."""

        async def has_them() -> bool:
            return [each["state"] for each in await self.messages(made)] == list(states)

        await eventually(has_them)
        return await self.messages(made)

    async def until_tries(self, made: dict[str, Any], *wanted: int) -> None:
        """Return when the messages, the newest first, were tried so often and nothing is under way."""

        async def were_tried() -> bool:
            found = await self.messages(made)
            settled = all(each["state"] != "sending" for each in found)
            return settled and [each["attempts"] for each in found] == list(wanted)

        await eventually(were_tried)

    def unhappy(self, **changes: Any) -> Answer:
        """An answer of a detractor, of just now."""
        at = self.clock()
        return an_answer(**{"answered_at": at, "changed_at": at, **changes})

    async def open_cases(self, *answers: Answer, tenant: str = TENANT) -> None:
        """Answers come, one after the other, each of which opens a case."""
        for each in answers:
            await deliver(self.database, act_on_answers, each, tenant=tenant)

    async def close_cases(self) -> None:
        """Close all cases."""
        async with self.database.transaction() as uow:
            await uow.execute("UPDATE cases SET state = 'closed', closed_at = now()")

    def lanes(self, **changes: Any) -> ChatLanes:
        """The loop of one process."""
        context = self.alerts.context
        renderer = ChatRenderer(PREPARE_CHAT_BY_KIND, context.staff_url, context.database.clock)
        return ChatLanes(context, renderer, **{"poll_interval_s": POLL_S, **changes})

    @asynccontextmanager
    async def sending(self, number: int = 1) -> AsyncIterator[None]:
        """Processes that send while the block runs."""
        async with running(*[self.lanes() for _ in range(number)]):
            yield

    async def came(self, number: int, path: str = "/services/T0/B0/x1y2") -> list[Any]:
        """What came to a path, once it is so many."""
        await eventually(lambda: len(self.provider.of(path)) >= number)
        return self.provider.of(path)

    def later(self, by: timedelta) -> None:
        """Move the clock."""
        self.clock.ahead += by

    async def rows(self) -> list[Any]:
        """The messages as they are stored."""
        return await rows(self.database, "SELECT * FROM chat_message ORDER BY seq")


@asynccontextmanager
async def a_chat_bench(database: Database) -> AsyncIterator[ChatBench]:
    """Alerts on this database, with a provider in a network that the operator allows."""
    database.clock = clock = MovedClock()
    await deliver(database, keep_tenants, a_tenant(), a_tenant("other"))
    context = context_on(SERVICE, database, outbound_networks=LOOPBACK)
    app, _ = SERVICE.api(context)
    alerts = AlertsApi(context, app)
    try:
        async with a_receiver() as provider, alerts.client() as client:
            provider.answer = lambda _: SLACK_OK
            yield ChatBench(alerts, provider, clock, client, alerts.key("admin"))
    finally:
        context.stopping.set()
