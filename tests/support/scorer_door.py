"""The scorer's API as it is composed, with people and keys to knock with."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from support.scorer import know

from services.scorer.app import SERVICE
from services.scorer.settings import Settings
from shared.db.database import Database
from shared.events import KeyDigest, Tenant
from shared.http.staff import ACCESS_COOKIE, AccessPass, Role, Staff
from shared.runtime import Health
from shared.service import Context
from shared.settings import Afterword
from shared.tenancy import TenantKeyRing, digest_of

SECRET = "a secret of the tests, long enough for all"
KEY = "aw_a-key-for-the-tests"
ORIGIN = "http://127.0.0.1:8000"


def a_tenant(name: str, zone: str = "Europe/Copenhagen", *scopes: str) -> Tenant:
    key = KeyDigest(id="k", name="test", digest=digest_of(f"{KEY}-{name}"), scopes=scopes or ("scores:read",))
    return Tenant(id=name, version=1, name=name.title(), time_zone=zone, country="DK", keys=(key,))


def a_pass(
    database: Database, tenant: str = "acme", role: Role = "leader", segments: tuple[str, ...] = ()
) -> str:
    """The cookie of somebody who is signed in."""
    staff = Staff(
        tenant, UUID(int=1), "Jonas Holt", role, segments, "s", database.clock() + timedelta(hours=1)
    )
    return AccessPass(SECRET, clock=database.clock).sign(staff)


@dataclass(frozen=True)
class Door:
    """Knocks at the application without a network between."""

    database: Database
    app: FastAPI

    async def get(
        self,
        path: str,
        *,
        tenant: str = "acme",
        role: Role | None = None,
        segments: tuple[str, ...] = (),
        key: str | None = None,
        **query: Any,
    ) -> httpx.Response:
        """As somebody in a role, or with the tenant's key; as nobody with ``key=""``."""
        headers = {"accept": "text/html" if role and not path.startswith("/v1") else "application/json"}
        if role:
            headers["cookie"] = f"{ACCESS_COOKIE}={a_pass(self.database, tenant, role, segments)}"
        elif key != "":
            headers["authorization"] = f"Bearer {key or f'{KEY}-{tenant}'}"
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            return await client.get(path, params=query or None, headers=headers)


@asynccontextmanager
async def a_door(database: Database, *tenants: Tenant) -> AsyncIterator[Door]:
    for tenant in tenants:
        await know(database, tenant)
    health = Health()
    afterword = Afterword(
        kafka="127.0.0.1:9",
        public_url=ORIGIN,
        staff_url=ORIGIN,
        secret=SecretStr(SECRET),
        smtp_url="smtp://127.0.0.1:9",
        local=True,
        mailbox_url="http://127.0.0.1:8025",
    )
    own = Settings(database_url=SecretStr(database.url))
    keys = TenantKeyRing(database, health)
    stopping = asyncio.Event()
    app, _ = SERVICE.api(Context("scorer", afterword, own, database, health, stopping, keys))
    await keys.refresh()
    try:
        yield Door(database, app)
    finally:
        stopping.set()
