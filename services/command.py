"""The ``afterword`` command: what all services share, and the commands that each of them adds."""

import asyncio
import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services import SERVICES

if TYPE_CHECKING:
    from shared.service import Service

HELP = "``afterword``: the one command. It gathers what each service brings and what a local stack adds."

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=HELP)


def service(name: str) -> "Service":
    """The service of this name.

    :raises typer.BadParameter: when there is none.
    """
    if name not in SERVICES:
        raise typer.BadParameter(f"no service {name!r}; there are {', '.join(SERVICES)}")
    found: Service = importlib.import_module(f"services.{name}.app").SERVICE
    return found


def use_local_stack() -> None:
    """Put the settings of this checkout's local stack into the environment, unless it has some already."""
    if "AFTERWORD_KAFKA" in os.environ:
        return
    from deploy.local.state import find_environment

    os.environ.update(find_environment())


@app.command()
def run(
    name: Annotated[str, typer.Argument(metavar="SERVICE", help="One of the five, or 'all' (api only).")],
    role: Annotated[str, typer.Argument(metavar="api|worker|sender|bounces")],
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
    """Run one service's API, worker or sender until SIGTERM; of the dispatcher also what takes bounces."""
    from shared import process, runtime
    from shared.service import read_settings

    services = [service(each) for each in SERVICES] if name == "all" else [service(name)]
    refuse_role(name, role, ["api"] if name == "all" else services[0].roles)
    use_local_stack()
    read_settings(services)
    match role:
        case "api":
            runtime.run(lambda stopping: process.run_api(services, port, host, stopping))
        case "worker":
            runtime.run(
                lambda stopping: process.run_worker(services[0], health_port, host, stopping, sending=sending)
            )
        case "bounces":
            runtime.run(lambda stopping: process.run_receiver(services[0], health_port, host, stopping))
        case _:
            runtime.run(lambda stopping: process.run_sender(services[0], health_port, host, stopping))


def refuse_role(name: str, role: str, roles: list[str]) -> None:
    """Refuse a role that a service does not have.

    :raises typer.BadParameter: naming those that it has.
    """
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
    from shared.cli.health_check import find_faults

    if faults := find_faults(port, host=host, ready=ready):
        sys.exit("\n".join(faults))


@app.command()
def migrate(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[SERVICE]…", help="All five without one.")
    ] = None,
    with_topics: Annotated[bool, typer.Option("--topics", help="Create missing topics too.")] = False,
) -> None:
    """Bring the databases to the newest revision; safe when several start it at once."""
    use_local_stack()
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
    """The names of the declared topics, and of every service's dead letter topics."""
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
    use_local_stack()
    from services import tenant_start

    try:
        started = asyncio.run(
            tenant_start.start_tenant(
                name, admin, time_zone=time_zone, country=country, short_name=short_name
            )
        )
    except tenant_start.TenantStartRefused as refusal:
        sys.exit(str(refusal))
    typer.echo(tenant_start.next_steps(started, name, admin))


def export_tenant(
    tenant: Annotated[str, typer.Argument(help="Short name.")],
    file: Annotated[Path, typer.Argument(help="The ZIP file to write; it must not be there yet.")],
) -> None:
    """Write all that is kept of a company to a ZIP file, with a manifest and checksums."""
    use_local_stack()
    from services import tenant_leaving

    try:
        rows = asyncio.run(tenant_leaving.export_tenant(tenant, file))
    except tenant_leaving.TenantNotLeaving as refusal:
        sys.exit(str(refusal))
    typer.echo(f"{tenant}: {rows} rows are in {file}")


def leave_tenant(
    tenant: Annotated[str, typer.Argument(help="Short name.")],
    export: Annotated[
        Path | None, typer.Option(help="The ZIP file to write all of it to, once it is closed.")
    ] = None,
    no_export: Annotated[bool, typer.Option("--no-export", help="Leave without an export.")] = False,
    grace_days: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=365,
            help="After so many days from now all of it is erased for good: 30 without it. "
            "For a company that leaves already it moves the day.",
        ),
    ] = None,
) -> None:
    """Let a company leave: keys, sessions and links end at once, and after the days of grace it is erased."""
    use_local_stack()
    from services import tenant_leaving

    if (export is None) != no_export:
        sys.exit("Say where its export goes with --export FILE, or leave without one with --no-export.")
    try:
        leaves_at = asyncio.run(tenant_leaving.leave(tenant, export, grace_days))
    except (tenant_leaving.TenantNotLeaving, tenant_leaving.LeftWithoutExport) as refusal:
        sys.exit(str(refusal))
    typer.echo(
        f"{tenant}: leaving. From {leaves_at:%Y-%m-%d %H:%M} UTC on it is erased; "
        f"until then `afterword tenant stay {tenant}` takes it back."
    )


def show_erasure(tenant: Annotated[str, typer.Argument(help="Short name.")]) -> None:
    """How far each service is with erasing a company that has left."""
    use_local_stack()
    from services import tenant_leaving

    try:
        found = asyncio.run(tenant_leaving.erasures(tenant))
    except tenant_leaving.TenantNotLeaving as refusal:
        sys.exit(str(refusal))
    for name, state in found.items():
        typer.echo(f"{name}\t{state}")


def local_admin_url() -> str:
    """The superuser's address of the scorer's database in this checkout's stack; empty: there is none."""
    from deploy.local.state import State

    state = State.existing()
    return state.admin_url("scorer") if state is not None else ""


def main() -> None:
    """Collect the commands of the services and of the local stack, and run the chosen one."""
    from deploy.local.command import add_to as add_local
    from services.alerts.command import add_to as add_alerts
    from services.collector.command import add_to as add_collector
    from services.dispatcher.command import add_to as add_dispatcher
    from services.scorer.bi_command import add_to as add_bi
    from services.scorer.command import add_to as add_scorer
    from services.trigger.command import add_to as add_trigger
    from services.trigger.command import tenant_app
    from shared.cli.dead_letters import add_to as add_dead_letters
    from shared.cli.topics import add_to as add_topics
    from shared.diagnosis import describe
    from shared.errors import FatalError, is_infrastructure_error
    from shared.settings import SettingsError

    for add in (add_local, add_trigger, add_dispatcher, add_collector, add_scorer, add_alerts):
        add(app, use_local_stack)
    add_bi(app, use_local_stack, local_admin_url)
    add_dead_letters(app, use_local_stack, service)
    add_topics(app, use_local_stack, all_topics)
    tenant_app.command("start")(start_tenant)
    tenant_app.command("export")(export_tenant)
    tenant_app.command("leave")(leave_tenant)
    tenant_app.command("erasure")(show_erasure)
    try:
        app()
    except SettingsError as error:
        sys.exit(f"The settings do not hold:\n{error}")
    except FatalError as error:
        sys.exit(str(error))
    except ExceptionGroup as group:
        fatal, others = group.split(FatalError)
        if fatal is None or others is not None:
            raise
        sys.exit("\n".join(str(error) for error in fatal.exceptions))
    except Exception as error:
        if is_infrastructure_error(error):
            sys.exit(f"It cannot be done now: {describe(error)}.")
        raise


if __name__ == "__main__":
    main()
