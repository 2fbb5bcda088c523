"""``afterword``: the one command. It gathers what each service brings and what a local stack adds."""

import asyncio
import importlib
import os
import sys
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from shared.permissions import STARTER_SCOPES

if TYPE_CHECKING:
    from shared.service import Service

SERVICES = ("trigger", "dispatcher", "collector", "scorer", "alerts")

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)


def service(name: str) -> "Service":
    """A service by its name."""
    if name not in SERVICES:
        raise typer.BadParameter(f"no service {name!r}; there are {', '.join(SERVICES)}")
    found: Service = importlib.import_module(f"services.{name}.app").SERVICE
    return found


def settings_of_local_stack() -> None:
    """A local stack's settings are found by themselves; elsewhere the environment has them."""
    if "AFTERWORD_KAFKA" in os.environ:
        return
    from deploy.local.state import find_environment

    os.environ.update(find_environment())


@app.command()
def run(
    name: Annotated[str, typer.Argument(metavar="SERVICE", help="One of the five, or 'all' (api only).")],
    role: Annotated[str, typer.Argument(metavar="api|worker|sender")],
    port: Annotated[int, typer.Option(help="Where the API listens.")] = 8000,
    health_port: Annotated[
        int, typer.Option(help="Where a worker or a sender answers /healthz, /readyz and /metrics.")
    ] = 8001,
    host: Annotated[
        str, typer.Option(help="The address to listen on; 0.0.0.0 in a container.")
    ] = "127.0.0.1",
    sending: Annotated[
        bool, typer.Option("--sending/--no-sending", help="Whether a worker sends its service's mail itself.")
    ] = True,
) -> None:
    """Run one service's API, worker or sender until SIGTERM."""
    from shared import process, runtime
    from shared.service import read_settings

    services = [service(each) for each in SERVICES] if name == "all" else [service(name)]
    refuse_role(name, role, ["api"] if name == "all" else services[0].roles)
    settings_of_local_stack()
    read_settings(services)
    match role:
        case "api":
            runtime.run(lambda stopping: process.run_api(services, port, host, stopping))
        case "worker":
            runtime.run(
                lambda stopping: process.run_worker(services[0], health_port, host, stopping, sending=sending)
            )
        case _:
            runtime.run(lambda stopping: process.run_sender(services[0], health_port, host, stopping))


def refuse_role(name: str, role: str, roles: list[str]) -> None:
    """Say which roles there are, when this is none of them."""
    if role not in roles:
        there_are = " and ".join([", ".join(roles[:-1]), roles[-1]] if len(roles) > 1 else roles)
        raise typer.BadParameter(f"{name} has no {role}; it runs as {there_are}")


@app.command()
def healthy(
    port: Annotated[int, typer.Option(help="The port of an API, or the health port of a worker or sender.")],
    host: Annotated[str, typer.Option(help="Where it listens.")] = "127.0.0.1",
    ready: Annotated[
        bool, typer.Option("--ready", help="Ask whether it can take work, not only whether it lives.")
    ] = False,
) -> None:
    """Say what is wrong with a process, and end with 1; for health checks where there is no curl.

    `python -m shared.cli.health_check PORT` does the same in a tenth of the time.
    """
    from shared.cli.health_check import ask

    if faults := ask(port, host=host, ready=ready):
        sys.exit("\n".join(faults))


@app.command()
def migrate(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[SERVICE]…", help="All five without one.")
    ] = None,
    with_topics: Annotated[bool, typer.Option("--topics", help="Create missing topics too.")] = False,
) -> None:
    """Bring the databases to the newest revision; safe when several start it at once."""
    settings_of_local_stack()
    from shared.cli.topics import create_topics
    from shared.db.migrations import migrate as upgrade
    from shared.service import read_settings

    chosen = names or SERVICES
    _, owns = read_settings([service(name) for name in chosen])
    for name, own in zip(chosen, owns, strict=True):
        asyncio.run(upgrade(name, own.database_url.get_secret_value()))
        typer.echo(f"{name}: database is up to date")
    if with_topics:
        create_topics(all_topics())


@app.command()
def settings() -> None:
    """Print the page of all settings, as deploy/SETTINGS.md holds it."""
    from deploy.demo.settings import Settings as Demo
    from shared.cli.settings_page import page
    from shared.settings import Afterword

    own = [(name.capitalize(), service(name).settings) for name in SERVICES]
    typer.echo(page([("Every process", Afterword), *own, ("Demo", Demo)]), nl=False)


def all_topics() -> list[str]:
    """The declared ones, and those of the dead letters of every service."""
    from shared.kafka.ops.topics import declaration

    return [*declaration().topics, *(dead for name in SERVICES for dead in service(name).dead_letter_topics)]


def start_tenant(
    name: Annotated[str, typer.Option(help="The company's name, as customers read it.")],
    admin: Annotated[str, typer.Option(help="Your address: the first admin, and the first test address.")],
    time_zone: Annotated[str, typer.Option(help="Where its days begin and end.")] = "Europe/Copenhagen",
    country: Annotated[str, typer.Option(help="Two letters.")] = "DK",
    short_name: Annotated[
        str | None,
        typer.Option(
            help="Names the company in commands: small letters, digits, hyphens. Made of the name without it."
        ),
    ] = None,
) -> None:
    """A company to try things with: a tenant, a key, the first admin, and a survey that asks at once."""
    settings_of_local_stack()
    try:
        tenant, key, link, origin = asyncio.run(_start_tenant(short_name, name, admin, time_zone, country))
    except _Faults as fault:
        sys.exit(str(fault))
    typer.echo(
        f"""{name} is a tenant now, by the short name {tenant}. It is in test mode: mail goes to {admin} only.

key (shown once)   {key}
sign in as admin   {link}
                   (once, within 24 hours; then choose a password)

Try it:
export KEY={key}
curl {origin}/v1/events -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
  -d '{{"id": "order-1", "type": "order.delivered", "occurred_at": "'$(date -u +%FT%TZ)'",
       "customer": {{"id": "c-1", "email": "{admin}"}}, "segments": {{"touchpoint": "checkout"}}}}'"""
    )


def reserved(address: str) -> str | None:
    """Why no mail can reach an address below a name that is reserved for tests or for one machine."""
    from email_validator import SPECIAL_USE_DOMAIN_NAMES

    domain = address.rpartition("@")[2].strip().rstrip(".").lower()
    found = [name for name in SPECIAL_USE_DOMAIN_NAMES if domain == name or domain.endswith(f".{name}")]
    if not found:
        return None
    return (
        f"The name .{found[0]} is reserved (RFC 6761): no mail ever leaves for {address}. "
        "Write an address such as you@example.com."
    )


class _Faults(Exception):
    """What kept the tenant from being made, in words."""


class _Started(NamedTuple):
    tenant: str
    key: str
    link: str
    origin: str


async def _start_tenant(
    short_name: str | None, name: str, admin: str, time_zone: str, country: str
) -> _Started:
    from services.alerts.errors import BadAccount
    from services.alerts.staff import accounts
    from services.alerts.staff.staff_commands import create_staff, sign_in_link
    from services.dispatcher.addresses import judged
    from services.dispatcher.command import create_example_survey
    from services.trigger import tenants
    from services.trigger.errors import BadTenant, TenantExists
    from shared.db.database import Database
    from shared.service import read_settings
    from shared.values.text import one_form

    names = ("trigger", "dispatcher", "alerts")
    afterword, owns = read_settings([service(each) for each in names])
    trigger, dispatcher, alerts = (
        Database(own.database_url.get_secret_value(), name="tenant-start", pool_size=1) for own in owns
    )
    name, tenant = one_form(name), short_name or ""
    try:
        # Three databases, no common transaction: what can be wrong is wrong before the first, and a start
        # that broke off goes on where it is started again.
        if reason := reserved(admin):
            raise _Faults(reason)
        accounts.clean_address(admin)
        if judged(admin) != "good":
            raise _Faults(f"No mail would reach {admin}: choose an address of your own.")
        tenant = short_name or await tenants.free_short_name(trigger, name)
        try:
            await tenants.create_tenant(
                trigger, tenant, name=name, time_zone=time_zone, country=country, languages=["en", "da", "nl"]
            )
        except TenantExists:
            if not await tenants.is_unfinished(trigger, tenant, name):
                raise
        try:
            link = await create_staff(alerts, afterword.staff_url, tenant, admin, "admin")
        except BadAccount:  # here already, from a start that broke off
            link = await sign_in_link(alerts, afterword.staff_url, tenant, admin)
        await create_example_survey(dispatcher, tenant, test_address=admin)
        key = await tenants.create_key(trigger, tenant, STARTER_SCOPES, name="webshop")
    except TenantExists:
        raise _Faults(
            f"There is a tenant {tenant} already; choose another with --short-name (make tenant: SHORT=…). "
            "If it is yours: `afterword staff link "
            f"{tenant} {admin}` prints a way in, `afterword key create {tenant} --scope events:write` a key."
        ) from None
    except BadTenant as error:
        raise _Faults(str(error)) from None
    except BadAccount as error:
        raise _Faults(error.remedy) from None
    finally:
        for database in (trigger, dispatcher, alerts):
            await database.close()
    return _Started(tenant, key, link, afterword.staff_url.rstrip("/"))


def main() -> None:
    """Gather the commands of the services and of the local stack, and run the one that was named."""
    from deploy.local.command import add_to as add_local
    from services.alerts.command import add_to as add_alerts
    from services.dispatcher.command import add_to as add_dispatcher
    from services.trigger.command import add_to as add_trigger
    from services.trigger.command import tenant_app
    from shared.cli.dead_letters import add_to as add_kernel
    from shared.cli.topics import add_to as add_topics
    from shared.diagnosis import describe
    from shared.errors import FatalError, is_infrastructure_error
    from shared.settings import SettingsError

    for add in (add_local, add_trigger, add_dispatcher, add_alerts):
        add(app, settings_of_local_stack)
    add_kernel(app, settings_of_local_stack, service)
    add_topics(app, settings_of_local_stack, all_topics)
    tenant_app.command("start")(start_tenant)
    try:
        app()
    except SettingsError as error:
        sys.exit(f"The settings do not hold:\n{error}")
    except FatalError as error:
        sys.exit(str(error))
    except ExceptionGroup as died:
        hopeless, others = died.split(FatalError)
        if hopeless is None or others is not None:
            raise
        sys.exit("\n".join(str(error) for error in hopeless.exceptions))
    except Exception as error:
        if is_infrastructure_error(error):
            sys.exit(f"It cannot be done now: {describe(error)}.")
        raise


if __name__ == "__main__":
    main()
