"""The tenant of a scenario: live, with a key and a survey that asks at once."""

import asyncio
from dataclasses import dataclass

from chaos.stack import CONSUMING_SERVICES, Stack
from support.audit import an_actor
from support.contact_rules import write_at_any_time

from services.dispatcher.command import create_example_survey
from services.dispatcher.sending import sending_commands
from services.trigger import tenants
from shared.db.database import Database

MAILED_EVENT_TYPE = "order.delivered"
"""The type of the events after which a customer is asked; the others have no survey."""


@dataclass(frozen=True)
class Company:
    """A tenant, and the key that its events come with."""

    tenant: str
    headers: dict[str, str]


async def create_key(stack: Stack, tenant: str, *scopes: str) -> dict[str, str]:
    """The header with a new key of the tenant."""
    trigger = Database(stack.state.database_url("trigger"), name="chaos", pool_size=1)
    try:
        key = await tenants.create_key(trigger, tenant, list(scopes), name="a key for chaos")
    finally:
        await trigger.close()
    return {"Authorization": f"Bearer {key}"}


async def create_company(stack: Stack, tenant: str) -> Company:
    """Create it, and return when every service knows it."""
    trigger, dispatcher = (
        Database(stack.state.database_url(name), name="chaos", pool_size=1)
        for name in ("trigger", "dispatcher")
    )
    try:
        await tenants.create_tenant(trigger, tenant, name=tenant.title(), time_zone="Europe/Copenhagen")
        key = await tenants.create_key(trigger, tenant, ["events:write", "decisions:read"], name="shop")
        await create_example_survey(
            dispatcher, tenant, test_address=None, first_day_per_hour=0, trigger=MAILED_EVENT_TYPE
        )
        async with dispatcher.transaction() as uow:
            await sending_commands.set_mode(uow, tenant, an_actor("chaos"), "live")
            await write_at_any_time(uow, tenant)
    finally:
        await trigger.close()
        await dispatcher.close()
    company = Company(tenant, {"Authorization": f"Bearer {key}"})
    async with asyncio.timeout(60):
        for service in CONSUMING_SERVICES:
            async with stack.connection(service) as database:
                # Other processes consume its event: there is nothing here to wait on.
                while not await database.fetchval(  # noqa: ASYNC110
                    "SELECT 1 FROM tenant WHERE id = $1", tenant
                ):
                    await asyncio.sleep(0.1)
    return company
