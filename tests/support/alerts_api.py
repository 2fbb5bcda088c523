"""Alerts in this process: its application on a database of its own, and people who are signed in."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI, Request, Response
from support.alerts_builders import (
    TENANT,
    act_on_answers,
    an_answer,
    an_invitation,
    deliver,
    keep_invitations,
    rows,
)

from services.alerts.staff import accounts
from services.alerts.staff.repository import people
from shared.api_keys import ApiKey
from shared.db.database import Database
from shared.ids import uuid7
from shared.service import Context
from shared.tenancy.keyring import _Known, digest_of

STAFF_URL = "http://staff.example"
PASSWORD = "a sentence for the tests"
CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
_HASH = CHEAP_HASHER.hash(PASSWORD)
PAGE = {"accept": "text/html"}


@dataclass
class Person:
    """Somebody with an account."""

    id: UUID
    tenant: str
    address: str


@dataclass
class AlertsApi:
    """The application of alerts, its database, and the people in it."""

    context: Context
    app: FastAPI

    @property
    def database(self) -> Database:
        return self.context.database

    async def person(
        self,
        role: str = "agent",
        name: str = "Jonas Holt",
        segments: Sequence[str] = (),
        tenant: str = TENANT,
    ) -> Person:
        """Somebody with a password."""
        address = f"{uuid7()}@example.com"
        async with self.database.transaction() as uow:
            one = await accounts.create_person(
                uow, tenant, address=address, name=name, role=role, segments=segments
            )
            await people.set_password_hash(uow, tenant, one, _HASH)
        return Person(one, tenant, address)

    def client(self, **options: Any) -> httpx.AsyncClient:
        """A browser without a session."""
        transport = httpx.ASGITransport(app=self.app, client=(options.pop("ip", "127.0.0.1"), 1))
        return httpx.AsyncClient(
            transport=transport,
            base_url=STAFF_URL,
            headers={**PAGE, "sec-fetch-site": "same-origin"},
        )

    async def signed_in(self, role: str = "agent", **facts: Any) -> "Browser":
        """Somebody's browser with a session; the password, which takes its time, is left out."""
        return await self.browser_of(await self.person(role, **facts))

    async def browser_of(self, person: Person) -> "Browser":
        """Another browser of somebody, with a session of its own."""
        client, answer = self.client(), Response()
        request = Request({"type": "http", "headers": [], "app": self.app})
        async with self.database.transaction() as uow:
            await self.app.state.context.sign_in.start_session(request, answer, uow, person.tenant, person.id)
        for cookie in answer.headers.getlist("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            client.cookies.set(name, value)
        return Browser(client, person)

    async def open_case(self, tenant: str = TENANT, invited: bool = True, **changes: Any) -> UUID:
        """A case that an unhappy answer opened."""
        answer = an_answer(**changes)
        if invited:
            await deliver(self.database, keep_invitations, an_invitation(answer), tenant=tenant)
        await deliver(self.database, act_on_answers, answer, tenant=tenant)
        (row,) = await rows(
            self.database,
            "SELECT case_id FROM case_answer WHERE tenant = :tenant AND answer_id = :id",
            tenant=tenant,
            id=answer.id,
        )
        return UUID(str(row.case_id))

    def key(self, *scopes: str, tenant: str = TENANT) -> dict[str, str]:
        """The header of an API key."""
        token = str(uuid7())
        key = ApiKey(tenant=tenant, id="k", name="crm", scopes=frozenset(scopes))
        self.context.keys._known[digest_of(token)] = _Known(digest_of(token), key, None)
        self.context.keys._read_at = time.monotonic()
        return {"authorization": f"Bearer {token}", "accept": "application/json"}


@dataclass
class Browser:
    """Somebody's browser."""

    client: httpx.AsyncClient
    person: Person
    tokens: dict[str, str] = field(default_factory=dict)
    """The token of each session, by its cookies."""

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path)

    async def do(self, path: str, **fields: Any) -> httpx.Response:
        """Post a form of ours: with the session's token."""
        return await self.client.post(path, data={"csrf": await self.csrf(), **fields})

    async def csrf(self) -> str:
        session = str(sorted(str(cookie.value) for cookie in self.client.cookies.jar))
        if session not in self.tokens:
            found = re.search(r'name="csrf" value="([0-9a-f]+)"', (await self.client.get("/settings")).text)
            assert found is not None
            self.tokens[session] = found[1]
        return self.tokens[session]


def cookies_of(answer: httpx.Response) -> dict[str, str]:
    """The cookies that an answer sets, by name, as they are set."""
    return {one.partition("=")[0]: one for one in answer.headers.get_list("set-cookie")}
