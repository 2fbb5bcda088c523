"""``afterword bi``: access of companies' own tools with SQL."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shared.service import Context

ADMIN_URL = "AFTERWORD_BI_ADMIN_URL"
"""In the environment of a command alone: no process of a service may make roles."""
ADMIN_PASSWORD_FILE = "AFTERWORD_BI_ADMIN_PASSWORD_FILE"  # noqa: S105  (its name)
Tenant = Annotated[str, typer.Option(help="The company's short name.")]


def add_to(app: typer.Typer, settings: Callable[[], None], local_admin_url: Callable[[], str]) -> None:
    """Add ``afterword bi …``.

    :param local_admin_url: the superuser's address of the local stack's database; empty: there is no stack.
    """
    bi = typer.Typer(no_args_is_help=True, help="Access of a company's own tools to its figures, with SQL.")
    app.add_typer(bi, name="bi")

    @bi.command()
    def grant(
        tenant: Tenant,
        answers: Annotated[
            bool, typer.Option("--answers", help="It may read single answers with their comments, too.")
        ] = False,
    ) -> None:
        """Make a role that reads the views of the schema bi; its password is printed once."""

        async def make(context: "Context") -> str:
            from services.scorer.bi.granting import grant as grant_access

            made = await grant_access(
                context.database, _admin_url(context, local_admin_url), tenant, reads_answers=answers
            )
            return f"role      {made.role}\npassword  {made.password}\nThe password is not shown again."

        _run(settings, make)

    @bi.command()
    def revoke(
        tenant: Tenant,
        role: Annotated[str, typer.Option(help="This one alone; all of the company's without it.")] = "",
    ) -> None:
        """End the access, and the sessions that are open. Roles of companies that have left go, too."""

        async def end(context: "Context") -> str:
            from services.scorer.bi.granting import revoke as revoke_access

            ended = await revoke_access(context.database, _admin_url(context, local_admin_url), tenant, role)
            return "\n".join(f"{each}: revoked" for each in ended) or "There is no such role."

        _run(settings, end)

    @bi.command("list")
    def show() -> None:
        """The roles of all companies."""

        async def table(context: "Context") -> str:
            from services.scorer.bi.granting import list_grants

            found = await list_grants(context.database)
            return "\n".join(
                f"{each.tenant}\t{each.role}\t{'answers' if each.reads_answers else 'figures'}\t"
                f"{each.granted_at:%Y-%m-%d}"
                for each in found
            )

        _run(settings, table)


def _admin_url(context: "Context", local: Callable[[], str]) -> str:
    from services.scorer.bi.role_repository import as_superuser

    if url := os.environ.get(ADMIN_URL):
        return url
    if file := os.environ.get(ADMIN_PASSWORD_FILE):
        return as_superuser(context.database.url, Path(file).read_text().strip())
    if url := local():
        return url
    sys.exit(
        f"Set {ADMIN_URL} to the superuser's address of the scorer's database, for this command alone: "
        "postgresql://postgres:PASSWORD@HOST:5432/scorer"
    )


def _run(settings: Callable[[], None], act: "Callable[[Context], Awaitable[str]]") -> None:
    """Act with the scorer's context, and print the result, or why it failed."""
    settings()
    from services.scorer.app import SERVICE
    from services.scorer.bi.granting import UnknownCompany
    from services.scorer.bi.role_repository import NoServerAccess
    from shared.cli.context import command_context

    async def in_context() -> str:
        async with command_context(SERVICE) as context:
            return await act(context)

    try:
        typer.echo(asyncio.run(in_context()))
    except (UnknownCompany, NoServerAccess) as fault:
        sys.exit(str(fault))
