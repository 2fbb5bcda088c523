"""What the collector adds to the ``afterword`` command: publishing its answers again."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Annotated

import typer


def add_to(app: typer.Typer, settings: Callable[[], None]) -> None:
    """Add ``afterword answers …``."""
    answers = typer.Typer(no_args_is_help=True, help="The answers of the collector.")
    app.add_typer(answers, name="answers")

    @answers.callback()
    def of_answers() -> None:
        """The answers of the collector."""
        settings()

    @answers.command()
    def republish(
        since: Annotated[
            datetime,
            typer.Option(
                formats=["%Y-%m-%d"], help="The day since which they were changed, such as 2026-11-30."
            ),
        ],
        tenant: Annotated[str | None, typer.Option(help="Only those of this company, by short name.")] = None,
    ) -> None:
        """Publish every answer that was changed since a day again, as it is now, while the service runs.

        Who has them already drops them. For all of a company's answers name a day before its first one.
        """
        from services.collector.app import SERVICE
        from services.collector.republishing import republish as publish_again
        from shared.cli.context import command_context

        async def work() -> int:
            async with command_context(SERVICE) as context:
                return await publish_again(context.database, since.date(), tenant=tenant)

        count = asyncio.run(work())
        typer.echo(f"{count} answers wait in the collector's outbox to be published again")
