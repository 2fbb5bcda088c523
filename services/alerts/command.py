"""What alerts adds to the ``afterword`` command: the people who sign in."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any

import typer

from services.alerts import accounts
from services.alerts.errors import BadAccount
from services.alerts.repository import people
from services.alerts.settings import Settings
from shared.db.database import Database
from shared.settings import Afterword, load
from shared.tenancy import find_tenant


async def create_staff(
    database: Database,
    staff_url: str,
    tenant: str,
    address: str,
    role: str,
    *,
    name: str = "",
    segments: Sequence[str] = (),
) -> str:
    """Add somebody and return the link with which they sign in once, within a day.

    :raises BadAccount: when that cannot be.
    """
    async with database.transaction() as uow:
        person = await accounts.create_person(
            uow, tenant, address=address, name=name, role=role, segments=segments
        )
        return accounts.link_address(staff_url, await accounts.new_link(uow, tenant, person))


async def sign_in_link(database: Database, staff_url: str, tenant: str, address: str) -> str:
    """A new link for somebody; earlier ones end.

    :raises BadAccount: when there is nobody who may sign in with this address.
    """
    async with database.transaction() as uow:
        found = await people.find_by_address(uow, tenant, accounts.clean_address(address))
        if found is None or not found.active:
            raise BadAccount("address", "Nobody who may sign in has this address.")
        return accounts.link_address(staff_url, await accounts.new_link(uow, tenant, found.id))


async def set_password(database: Database, tenant: str, address: str, password: str) -> None:
    """Give somebody a password that is known, as the demo does.

    :raises BadAccount: when there is nobody with this address, or the password is too short.
    """
    if fault := accounts.password_fault(password):
        raise BadAccount("password", fault)
    kept = await accounts.Passwords().hash(password)
    async with database.transaction() as uow:
        found = await people.find_by_address(uow, tenant, accounts.clean_address(address))
        if found is None:
            raise BadAccount("address", "Nobody has this address.")
        await people.keep_password(uow, tenant, found.id, kept)


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[Database, Afterword]]:
    """The database of alerts by the settings of the environment."""
    afterword = load([Afterword])[0]
    own = load([Settings])[0]
    database = Database(own.database_url.get_secret_value(), name="alerts-command", pool_size=1)
    try:
        yield database, afterword
    finally:
        await database.close()


def add_to(app: typer.Typer, settings: Callable[[], None]) -> None:
    """Add ``afterword staff …``."""
    staff = typer.Typer(no_args_is_help=True, help="The people who sign in.")
    app.add_typer(staff, name="staff")

    @staff.command()
    def create(
        tenant: str,
        address: str,
        role: Annotated[str, typer.Option(help="admin, editor, leader, agent or analyst.")],
        name: Annotated[str, typer.Option(help="How colleagues read it; else from the address.")] = "",
        segment: Annotated[
            list[str] | None, typer.Option(help="dimension:value that they may see; all without one.")
        ] = None,
    ) -> None:
        """Add somebody; prints a link with which they sign in once, within a day."""
        settings()

        async def run() -> str:
            async with opened() as (database, afterword):
                await _known(database, tenant)
                return await create_staff(
                    database, afterword.staff_url, tenant, address, role, name=name, segments=segment or ()
                )

        typer.echo(_told(run))

    @staff.command()
    def link(tenant: str, address: str) -> None:
        """A new sign-in link for somebody who is here; earlier links end."""
        settings()

        async def run() -> str:
            async with opened() as (database, afterword):
                return await sign_in_link(database, afterword.staff_url, tenant, address)

        typer.echo(_told(run))

    @staff.command("list")
    def show(tenant: str) -> None:
        """Everybody of a company."""
        settings()

        async def run() -> str:
            async with opened() as (database, _):
                found = await _known(database, tenant)
            return "\n".join(
                "\t".join(
                    [
                        one.address,
                        one.role,
                        " ".join(one.segments) or "all",
                        *([] if one.active else ["left"]),
                    ]
                )
                for one in found
            )

        typer.echo(_told(run))

    @staff.command()
    def deactivate(tenant: str, address: str) -> None:
        """Somebody leaves: no sign-in any more, and every session is dead within five minutes."""
        settings()

        async def run() -> str:
            async with opened() as (database, _), database.transaction() as uow:
                found = await people.find_by_address(uow, tenant, accounts.clean_address(address))
                if found is None:
                    raise BadAccount("address", "Nobody has this address.")
                await accounts.dismiss(uow, tenant, found.id)
            return f"{address} cannot sign in any more"

        typer.echo(_told(run))


async def _known(database: Database, tenant: str) -> list[Any]:
    """Everybody of a company that we have heard of; who has people with us exists, told or not.

    :raises BadAccount: when we know neither.
    """
    async with database.reading() as uow:
        found = await people.people(uow, tenant)
        if not found and await find_tenant(uow, tenant) is None:
            raise BadAccount(
                "tenant",
                f"Alerts knows no company {tenant!r}; `afterword tenant list` shows all, "
                "and one that was made just now is known in a moment.",
            )
    return found


def _told(run: Callable[[], Coroutine[None, None, str]]) -> str:
    """What a command says, or why it could not."""
    try:
        return asyncio.run(run())
    except BadAccount as fault:
        raise typer.BadParameter(fault.remedy) from None
