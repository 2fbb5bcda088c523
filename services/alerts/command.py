"""What alerts adds to the ``afterword`` command: the people who sign in."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from shared.permissions import ROLES

if TYPE_CHECKING:
    from shared.service import Context


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

        async def add(context: "Context") -> str:
            from services.alerts.staff import staff_commands

            await staff_commands.list_staff(context.database, tenant)
            return await staff_commands.create_staff(
                context.database, context.staff_url, tenant, address, role, name=name, segments=segment or ()
            )

        _run(settings, add)

    @staff.command("list")
    def show(tenant: str) -> None:
        """Everybody of a company."""

        async def table(context: "Context") -> str:
            from services.alerts.staff import staff_commands

            return "\n".join(
                "\t".join(
                    [
                        one.address,
                        one.role,
                        " ".join(one.segments) or "all",
                        *([] if one.active else ["left"]),
                    ]
                )
                for one in await staff_commands.list_staff(context.database, tenant)
            )

        _run(settings, table)

    _add_access(staff, settings)


def _add_access(staff: typer.Typer, settings: Callable[[], None]) -> None:
    """Add what is done about the access of somebody."""

    @staff.command()
    def link(tenant: str, address: str) -> None:
        """A new sign-in link for somebody who is here; earlier links end."""

        async def renew(context: "Context") -> str:
            from services.alerts.staff import staff_commands

            return await staff_commands.sign_in_link(context.database, context.staff_url, tenant, address)

        _run(settings, renew)

    @staff.command("reset-second-factor")
    def reset_second_factor(tenant: str, address: str) -> None:
        """Somebody lost phone and recovery codes: the password alone signs in until a new one is set up."""

        async def reset(context: "Context") -> str:
            from services.alerts.staff import staff_commands

            await staff_commands.reset_second_factor(context.database, tenant, address)
            return f"{address} has no second factor any more"

        _run(settings, reset)

    @staff.command("allow-passwords")
    def allow_passwords(tenant: str) -> None:
        """The identity provider fails and is the only way in: passwords let people in again."""

        async def allow(context: "Context") -> str:
            from services.alerts.staff import staff_commands

            await staff_commands.allow_passwords(context.database, tenant)
            return f"passwords let people of {tenant} in"

        _run(settings, allow)

    @staff.command()
    def deactivate(tenant: str, address: str) -> None:
        """Somebody leaves: no sign-in any more, and every session is dead within five minutes."""

        async def dismiss(context: "Context") -> str:
            from services.alerts.staff import staff_commands

            await staff_commands.dismiss(context.database, tenant, address)
            return f"{address} cannot sign in any more"

        _run(settings, dismiss)


def _run(settings: Callable[[], None], act: "Callable[[Context], Awaitable[str]]") -> None:
    """Act with the context of alerts, and print the result, or why it failed."""
    settings()
    from services.alerts.app import SERVICE
    from services.alerts.errors import BadAccount
    from shared.cli.context import command_context

    async def in_context() -> str:
        async with command_context(SERVICE) as context:
            return await act(context)

    try:
        typer.echo(asyncio.run(in_context()))
    except BadAccount as fault:
        raise typer.BadParameter(str(fault)) from None
