"""A client of the scorer's API, with staff and keys of its tenants."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from support.http_clients import ORIGIN, SECRET, context_on
from support.scorer_builders import add_tenant

from services.scorer.app import SERVICE
from shared.db.database import Database
from shared.events import KeyDigest, Tenant
from shared.http.csrf import CSRF_HEADER, CsrfGuard
from shared.http.staff_auth import ACCESS_COOKIE, AccessPass, Staff
from shared.permissions import Role
from shared.tenancy import digest_of

KEY = "aw_a-key-for-the-tests"
SESSION = "s"


def a_tenant(name: str, zone: str = "Europe/Copenhagen", *scopes: str) -> Tenant:
    key = KeyDigest(id="k", name="test", digest=digest_of(f"{KEY}-{name}"), scopes=scopes or ("scores:read",))
    return Tenant(id=name, version=1, name=name.title(), time_zone=zone, country="DK", keys=(key,))


def a_pass(
    database: Database, tenant: str = "acme", role: Role = "leader", segments: tuple[str, ...] = ()
) -> str:
    """The access cookie of a person who is signed in."""
    staff = Staff(
        tenant, UUID(int=1), "Jonas Holt", role, segments, SESSION, database.clock() + timedelta(hours=1)
    )
    return AccessPass(SECRET, clock=database.clock).sign(staff)


@dataclass(frozen=True)
class ScorerClient:
    """Sends requests to the application, without a network."""

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
        language: str | None = None,
        accept: str | None = None,
        **query: Any,
    ) -> httpx.Response:
        """As a person in a role, or with the tenant's key; without either with ``key=""``."""
        headers = self._headers(path, tenant, role, segments, key)
        if language:
            headers["accept-language"] = language
        if accept is not None:
            headers["accept"] = accept
        async with self._http() as client:
            return await client.get(path, params=query or None, headers=headers)

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        form: dict[str, str] | None = None,
        tenant: str = "acme",
        role: Role | None = None,
        segments: tuple[str, ...] = (),
        key: str | None = None,
    ) -> httpx.Response:
        """JSON or a form, as a person in a role with the token of their session, or with the tenant's key."""
        headers = self._headers(path, tenant, role, segments, key)
        if role:
            headers[CSRF_HEADER] = CsrfGuard(SECRET).token(SESSION)
        async with self._http() as client:
            return await client.request(method, path, json=body, data=form, headers=headers)

    def _http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=ORIGIN)

    def _headers(
        self, path: str, tenant: str, role: Role | None, segments: tuple[str, ...], key: str | None
    ) -> dict[str, str]:
        headers = {"accept": "text/html" if role and not path.startswith("/v1") else "application/json"}
        if role:
            headers["cookie"] = f"{ACCESS_COOKIE}={a_pass(self.database, tenant, role, segments)}"
        elif key != "":
            headers["authorization"] = f"Bearer {key or f'{KEY}-{tenant}'}"
        return headers


@asynccontextmanager
async def a_scorer_client(
    database: Database, *tenants: Tenant, own: Mapping[str, object] | None = None
) -> AsyncIterator[ScorerClient]:
    """A client of an application that knows these tenants; ``own`` are settings of the scorer alone."""
    for tenant in tenants:
        await add_tenant(database, tenant)
    context = context_on(SERVICE, database, own=own, local=True, mailbox_url="http://127.0.0.1:8025")
    app, _ = SERVICE.api(context)
    await context.keys.refresh()
    try:
        yield ScorerClient(database, app)
    finally:
        context.stopping.set()
