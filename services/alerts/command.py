"""What alerts adds to the ``afterword`` command: the people who sign in."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Annotated

import typer

from shared.permissions import ROLES


def add_to(app: typer.Typer, settings: Callable[[], None]) -> None:
    """Add ``afterword staff …``."""
    staff = typer.Typer(no_args_is_help=True, help="The people who sign in.")
    app.add_typer(staff, name="staff")

    @staff.command()
    def create(
        tenant: str,
        address: str,
        role: Annotated[str, typer.Option(help=f"{', '.join(ROLES[:-1])} or {ROLES[-1]}.")],
        name: Annotated[str, typer.Option(help="How colleagues read it; else from the address.")] = "",
        segment: Annotated[
            list[str] | None, typer.Option(help="dimension:value that they may see; all without one.")
        ] = None,
    ) -> None:
        """Add somebody; prints a link with which they sign in once, within a day."""
        settings()

        async def run() -> str:
            from services.alerts.staff import staff_commands

            async with staff_commands.open_database() as (database, afterword):
                await staff_commands.list_staff(database, tenant)
                return await staff_commands.create_staff(
                    database, afterword.staff_url, tenant, address, role, name=name, segments=segment or ()
                )

        typer.echo(_result(run))

    @staff.command()
    def link(tenant: str, address: str) -> None:
        """A new sign-in link for somebody who is here; earlier links end."""
        settings()

        async def run() -> str:
            from services.alerts.staff import staff_commands

            async with staff_commands.open_database() as (database, afterword):
                return await staff_commands.sign_in_link(database, afterword.staff_url, tenant, address)

        typer.echo(_result(run))

    @staff.command("list")
    def show(tenant: str) -> None:
        """Everybody of a company."""
        settings()

        async def run() -> str:
            from services.alerts.staff import staff_commands

            async with staff_commands.open_database() as (database, _):
                found = await staff_commands.list_staff(database, tenant)
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

        typer.echo(_result(run))

    @staff.command()
    def deactivate(tenant: str, address: str) -> None:
        """Somebody leaves: no sign-in any more, and every session is dead within five minutes."""
        settings()

        async def run() -> str:
            from services.alerts.staff import staff_commands

            async with staff_commands.open_database() as (database, _):
                await staff_commands.dismiss(database, tenant, address)
            return f"{address} cannot sign in any more"

        typer.echo(_result(run))


def _result(run: Callable[[], Coroutine[None, None, str]]) -> str:
    """What a command prints, or why it failed."""
    from services.alerts.errors import BadAccount

    try:
        return asyncio.run(run())
    except BadAccount as fault:
        raise typer.BadParameter(fault.remedy) from None
