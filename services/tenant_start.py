"""``afterword tenant start``: a company that can send its first event at once.

It is the one place where a command works on the databases of three services: the trigger's (the tenant and a
key), the dispatcher's (a survey and a test address) and that of alerts (the first admin).
"""

from typing import NamedTuple

from email_validator import SPECIAL_USE_DOMAIN_NAMES

from services.alerts.app import SERVICE as ALERTS
from services.alerts.errors import BadAccount
from services.alerts.staff import accounts
from services.alerts.staff.staff_commands import create_staff, sign_in_link
from services.dispatcher.app import SERVICE as DISPATCHER
from services.dispatcher.command import create_example_survey
from services.dispatcher.decisions.addresses import address_quality
from services.dispatcher.surveys.texts import STANDARD_LANGUAGES
from services.trigger import tenants
from services.trigger.app import SERVICE as TRIGGER
from services.trigger.errors import BadTenant, TenantExists, UnknownTenant, WrongState
from shared.cli.context import command_contexts
from shared.events import CompanyState
from shared.permissions import STARTER_SCOPES
from shared.service import Context
from shared.values.text import normalized_text


class TenantStartRefused(Exception):
    """The tenant cannot be created. The message says why, and what to do."""


class StartedTenant(NamedTuple):
    """What the person who started it needs."""

    short_name: str
    key: str
    sign_in_link: str
    origin: str


async def start_tenant(
    name: str, admin: str, *, time_zone: str, country: str, short_name: str | None = None
) -> StartedTenant:
    """Create a tenant with a key, its first admin, and a survey that asks at once.

    Three databases have no common transaction. All arguments are checked before the first write, and a start
    that was interrupted is completed by starting it again.

    :raises TenantStartRefused: when an argument cannot be used, or the tenant exists already.
    """
    name = normalized_text(name)
    async with command_contexts((TRIGGER, DISPATCHER, ALERTS), process="tenant-start") as contexts:
        tenant = short_name or ""
        try:
            _check_admin_address(admin)
            tenant = short_name or await tenants.free_short_name(contexts[0].database, name)
            return await _create_all(contexts, tenant, name, admin, time_zone=time_zone, country=country)
        except TenantExists:
            raise TenantStartRefused(_already_exists(tenant, admin)) from None
        except WrongState as error:
            raise TenantStartRefused(_not_running(tenant, error.state)) from None
        except UnknownTenant:  # it has left meanwhile
            raise TenantStartRefused(_not_running(tenant, "left")) from None
        except BadTenant as error:
            raise TenantStartRefused(str(error)) from None
        except BadAccount as error:
            raise TenantStartRefused(str(error)) from None


async def _create_all(
    contexts: list[Context], tenant: str, name: str, admin: str, *, time_zone: str, country: str
) -> StartedTenant:
    trigger, dispatcher, alerts = (context.database for context in contexts)
    staff_url = contexts[0].staff_url
    try:
        await tenants.create_tenant(
            trigger, tenant, name=name, time_zone=time_zone, country=country, languages=STANDARD_LANGUAGES
        )
    except TenantExists:
        await tenants.refuse_finished(trigger, tenant, name)
    try:
        link = await create_staff(alerts, staff_url, tenant, admin, "admin")
    except BadAccount:  # an interrupted start has created it already
        link = await sign_in_link(alerts, staff_url, tenant, admin)
    await create_example_survey(dispatcher, tenant, test_address=admin)
    key = await tenants.create_key(trigger, tenant, STARTER_SCOPES, name="webshop", only_first=True)
    return StartedTenant(tenant, key, link, staff_url)


def _already_exists(tenant: str, admin: str) -> str:
    return (
        f"There is a tenant {tenant} already; choose another with --short-name (make tenant: SHORT=…). "
        f"If it is yours: `afterword staff link {tenant} {admin}` prints a way in, "
        f"`afterword key create {tenant} --scope events:write` a key."
    )


def _not_running(tenant: str, state: CompanyState) -> str:
    if state == "left":
        return (
            f"The company {tenant} has left, and its short name is never given again; "
            "choose another with --short-name (make tenant: SHORT=…)."
        )
    change = "stay" if state == "leaving" else "resume"
    return (
        f"The company {tenant} is {state}, and nothing can be made in it; "
        f"`afterword tenant {change} {tenant}` lets it go on. "
        "For another company choose another name with --short-name (make tenant: SHORT=…)."
    )


def _check_admin_address(address: str) -> None:
    if domain := _reserved_domain(address):
        raise TenantStartRefused(
            f"The name .{domain} is reserved (RFC 6761): no mail ever leaves for {address}. "
            "Write an address such as you@example.com."
        )
    accounts.clean_address(address)
    if address_quality(address) != "good":
        raise TenantStartRefused(f"No mail would reach {address}: choose an address of your own.")


def _reserved_domain(address: str) -> str | None:
    """The reserved domain name (for tests, or for one machine) that this address is under."""
    domain = address.rpartition("@")[2].strip().rstrip(".").lower()
    return next(
        (name for name in SPECIAL_USE_DOMAIN_NAMES if domain == name or domain.endswith(f".{name}")), None
    )


def next_steps(started: StartedTenant, name: str, admin: str) -> str:
    """The key, the sign-in link, and a first event to send, in words."""
    return f"""{name} is a tenant now, by the short name {started.short_name}. \
It is in test mode: mail goes to {admin} only.

key (shown once)   {started.key}
sign in as admin   {started.sign_in_link}
                   (once, within 24 hours; then choose a password)

Try it:
export KEY={started.key}
curl {started.origin}/v1/events -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
  -d '{{"id": "order-1", "type": "order.delivered", "occurred_at": "'$(date -u +%FT%TZ)'",
       "customer": {{"id": "c-1", "email": "{admin}"}}, "segments": {{"touchpoint": "checkout"}}}}'"""
