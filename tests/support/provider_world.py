"""Alerts in this process and an identity provider of one of its companies."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from support.alerts_api import AlertsApi
from support.alerts_builders import TENANT, a_tenant, deliver, rows
from support.hostile_provider import CLIENT_ID, HostileProvider
from support.http_clients import context_on
from support.servers import serving

from services.alerts.app import SERVICE
from services.alerts.staff.provider_claims import ClaimRules
from services.alerts.staff.repository import providers
from shared.db.database import Database
from shared.tenancy.tenants import keep_tenants

PROVIDER_ROLES = ClaimRules(role_claim="groups", roles=(("bosses", "admin"), ("callers", "agent")))


@asynccontextmanager
async def asking_alerts(database: Database) -> AsyncIterator[AlertsApi]:
    """Alerts, which may ask servers of this machine."""
    await deliver(database, keep_tenants, a_tenant(), a_tenant("other"))
    context = context_on(SERVICE, database, outbound_networks="127.0.0.0/8")
    app, _ = SERVICE.api(context)
    yield AlertsApi(context, app)
    context.stopping.set()


@dataclass
class ProviderWorld:
    """Alerts and the provider of one of its companies."""

    alerts: AlertsApi
    provider: HostileProvider

    async def set_up(self, claims: ClaimRules = PROVIDER_ROLES, **changes: Any) -> None:
        """The company's settings of it."""
        values = {
            "name": "Entra",
            "issuer": self.provider.issuer,
            "client_id": CLIENT_ID,
            "sealed": self.alerts.app.state.context.provider_sign_in.sealed(TENANT, "s: %"),
            "claims": claims,
            "provisions": True,
            "trusts_addresses": False,
        }
        async with self.alerts.database.transaction() as uow:
            await providers.save_provider(uow, TENANT, **{**values, **changes})

    async def go(self, client: httpx.AsyncClient, next_page: str = "/") -> dict[str, str]:
        """To the provider; what it gets to know."""
        answer = await client.get(f"/login/provider/{TENANT}/start", params={"next": next_page})
        assert answer.status_code == 303, answer.text
        return self.provider.went_to(answer.headers["location"])

    async def sign_in(self, browser: httpx.AsyncClient | None = None, **changes: Any) -> httpx.Response:
        """There and back; ``changes`` are of the way back."""
        client = browser or self.alerts.client()
        told = await self.go(client)
        query = {"code": "a code", "state": told["state"], **changes}
        return await client.get("/login/provider/callback", params=query)

    async def people(self) -> list[tuple[str, str]]:
        found = await rows(
            self.alerts.database, "SELECT name, role FROM staff WHERE tenant = :t ORDER BY name", t=TENANT
        )
        return [(row.name, row.role) for row in found]


@asynccontextmanager
async def provider_world(alerts: AlertsApi) -> AsyncIterator[ProviderWorld]:
    """A provider that runs, and is set up."""
    provider = HostileProvider(claims={"groups": ["callers"]})
    async with serving(provider.app(), asyncio.Event()) as provider.issuer:
        found = ProviderWorld(alerts, provider)
        await found.set_up()
        yield found
