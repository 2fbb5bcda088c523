"""The trigger's part of the ``afterword`` command: tenants and keys."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from shared.permissions import EVENT_SCOPES

if TYPE_CHECKING:
    from services.trigger.company_states import StateChange
    from shared.db.database import Database

T = TypeVar("T")

tenant_app = typer.Typer(no_args_is_help=True, help="The companies.")
key_app = typer.Typer(no_args_is_help=True, help="API keys: shown once, stored hashed.")


def add_to(app: typer.Typer, settings: Callable[[], None]) -> None:
    """Add ``tenant`` and ``key``; ``settings`` runs before each of their commands."""
    for group, name in ((tenant_app, "tenant"), (key_app, "key")):
        group.callback()(settings)
        app.add_typer(group, name=name)


@tenant_app.command("create")
def create_tenant(
    tenant: Annotated[str, typer.Argument(help="Short name: small letters, digits, hyphens.")],
    name: Annotated[str, typer.Option(help="The name that customers read.")],
    time_zone: Annotated[str, typer.Option(help="Where its days begin and end.")] = "UTC",
    country: Annotated[str, typer.Option(help="Two letters; decides which law holds.")] = "DK",
    language: Annotated[
        list[str] | None, typer.Option(help="Languages of its customers, the first by default.")
    ] = None,
    postal_address: Annotated[str | None, typer.Option(help="For the last block of each mail.")] = None,
) -> None:
    """Make a company known. It begins in test mode: mail goes to listed test addresses only."""
    from services.trigger import tenants

    _with_database(
        lambda database: tenants.create_tenant(
            database,
            tenant,
            name=name,
            time_zone=time_zone,
            country=country,
            languages=language or ["en"],
            postal_address=postal_address,
        )
    )
    typer.echo(f"{tenant}: created, in test mode")


@tenant_app.command("time-zone")
def set_time_zone(
    tenant: Annotated[str, typer.Argument(help="Short name.")],
    zone: Annotated[str, typer.Argument(help="Where its days begin and end, such as Europe/Copenhagen.")],
) -> None:
    """Let days, letters and hours follow another clock from now on; the days of past answers stay."""
    from services.trigger.company_changes import change_company
    from shared.privacy.audit import COMMAND_LINE

    company = _with_database(
        lambda database: change_company(database, tenant, time_zone=zone, who=COMMAND_LINE)
    )
    typer.echo(f"{tenant}: {company.time_zone}")


@tenant_app.command("pause")
def pause_tenant(tenant: Annotated[str, typer.Argument(help="Short name.")]) -> None:
    """Ask nobody of this company any more; its people go on, and links that were sent take answers."""
    _change(tenant, "pause")


@tenant_app.command("resume")
def resume_tenant(tenant: Annotated[str, typer.Argument(help="Short name.")]) -> None:
    """Let a company that is paused go on; what waited leaves, unless it is too old by then."""
    _change(tenant, "resume")


@tenant_app.command("stay")
def keep_tenant(tenant: Annotated[str, typer.Argument(help="Short name.")]) -> None:
    """Let a company stay that was leaving. It is paused then: `tenant resume` lets it ask again."""
    _change(tenant, "stay")


@tenant_app.command("list")
def list_tenants() -> None:
    """Every company, its zone and its keys."""

    async def show(database: "Database") -> None:
        from services.trigger.key_list import state_of
        from shared.tenancy.tenants import all_tenants

        async with database.reading() as uow:
            for tenant in await all_tenants(uow):
                state = (
                    f"\tleaving, until {tenant.leaves_at:%Y-%m-%d %H:%M}"
                    if tenant.state == "leaving"
                    else (f"\t{tenant.state}" if tenant.state != "running" else "")
                )
                typer.echo(f"{tenant.id}\t{tenant.name}\t{tenant.time_zone}\t{tenant.country}{state}")
                for key in tenant.keys:
                    state = state_of(tenant, key, database.clock())
                    source = f"\tsource {key.source}" if key.source else ""
                    typer.echo(f"  key {key.id}\t{key.name}\t{state}\t{' '.join(key.scopes)}{source}")

    _with_database(show)


@tenant_app.command("people")
def set_people(
    tenant: Annotated[str, typer.Argument(help="Short name.")],
    dimension: Annotated[
        list[str] | None,
        typer.Option(help="A dimension whose values are people; several are allowed. '' for no other."),
    ] = None,
    level: Annotated[
        int | None, typer.Option(help="From which level on the organisation's path names people; 0: on none.")
    ] = None,
    shown: Annotated[
        bool | None,
        typer.Option(
            "--shown/--hidden",
            help="Whether people and their leaders may see the people's scores. Who sees the score of a "
            "team of two, and their own, knows the other one's.",
        ),
    ] = None,
) -> None:
    """Settle which segments stand for single employees; nobody sees their scores until it is allowed here."""
    from services.trigger import tenants

    dimensions = None if dimension is None else [name for name in dimension if name]
    people = _with_database(
        lambda database: tenants.set_people(database, tenant, dimensions=dimensions, level=level, shown=shown)
    )
    where = [f"the organisation from level {people.level} on"] if people.level else []
    where += [f"“{name}”" for name in people.dimensions]
    typer.echo(
        f"{tenant}: people are named by {', '.join([*where, 'dimensions such as agent or employee'])}; their "
        + (
            "scores are shown to them and their leaders"
            if people.shown
            else "scores are not shown to anybody"
        )
    )


@key_app.command("create")
def create_key(
    tenant: Annotated[str, typer.Argument()],
    scope: Annotated[list[str], typer.Option(help="What it opens, like events:write; several are allowed.")],
    name: Annotated[str, typer.Option(help="Where it is used.")] = "default",
    source: Annotated[
        str | None,
        typer.Option(
            help="The source of events that name none; the key's name without it. A key that takes another's "
            "place needs that one's, or an event that is sent again becomes a second one."
        ),
    ] = None,
    days: Annotated[int | None, typer.Option(help="Days until it expires; without it, never.")] = None,
) -> None:
    """Print a new key, and nothing else. It is not shown again."""
    from services.trigger import tenants

    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None

    async def create(database: "Database") -> tuple[str, list[str]]:
        earlier_sources = await tenants.default_sources(database, tenant)
        key = await tenants.create_key(
            database, tenant, scope, name=name, source=source, expires_at=expires_at
        )
        return key, earlier_sources

    key, earlier_sources = _with_database(create)
    typer.echo(key)
    own_source = source or name
    if set(EVENT_SCOPES) & set(scope) and earlier_sources and own_source not in earlier_sources:
        typer.echo(
            f"Events that name no source count as from {own_source!r} with this key, and as from "
            f"{', '.join(map(repr, earlier_sources))} with earlier ones. If it replaces one of those, revoke "
            "it and make one with --source.",
            err=True,
        )


@key_app.command("revoke")
def revoke_key(
    tenant: Annotated[str, typer.Argument()],
    key: Annotated[str, typer.Argument(help="The key's id (tenant list shows it), or the key itself.")],
) -> None:
    """Make a key open nothing any more; within seconds, everywhere."""
    from services.trigger import tenants

    _with_database(lambda database: tenants.revoke_key(database, tenant, key))
    typer.echo("revoked")


def _change(tenant: str, change: "StateChange") -> None:
    from services.trigger.company_states import change_state

    company = _with_database(lambda database: change_state(database, tenant, change))
    typer.echo(f"{tenant}: {company.state}")


def _with_database(work: Callable[["Database"], Awaitable[T]]) -> T:
    from services.trigger.errors import BadTenant, TenantExists, UnknownKey, UnknownTenant, WrongState
    from services.trigger.settings import Settings
    from shared.db.database import Database
    from shared.settings import load

    async def inner() -> T:
        (settings,) = load([Settings])
        database = Database(settings.database_url.get_secret_value(), name="trigger-command", pool_size=1)
        try:
            return await work(database)
        finally:
            await database.close()

    try:
        return asyncio.run(inner())
    except TenantExists as error:
        sys.exit(f"There is a tenant {error} already; choose another short name.")
    except UnknownTenant as error:
        sys.exit(f"There is no tenant {error}; `afterword tenant list` shows those there are.")
    except UnknownKey as error:
        sys.exit(f"There is no such key that still opens something: {error}…")
    except WrongState as error:
        sys.exit(f"This cannot be done: {error}.")
    except BadTenant as error:
        sys.exit(str(error))
