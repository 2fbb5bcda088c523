"""``afterword dead-letters``, ``resume`` and ``recover``: what an operator does after a failure."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shared.cli.context import FindService, PrepareSettings


def add_to(app: typer.Typer, settings: "PrepareSettings", find: "FindService") -> None:
    """Add ``dead-letters``, ``resume`` and ``recover``."""
    group = typer.Typer(no_args_is_help=True, help="Records that could not be handled.")

    @group.command("list")
    def list_dead_letters(name: Annotated[str, typer.Argument(metavar="SERVICE")]) -> None:
        """Say where each one stood and why it was put aside; never what it holds."""
        settings()
        from shared.kafka.ops.replay import waiting
        from shared.service import read_settings

        afterword, _ = read_settings([])
        found = 0
        for topic in find(name).dead_letter_topics:
            for dead_letter in asyncio.run(waiting(afterword.kafka, topic)):
                found += 1
                place = f"{dead_letter.topic}/{dead_letter.partition}@{dead_letter.original_offset}"
                typer.echo(f"{dead_letter.at}\t{place}\t{dead_letter.reason}")
        typer.echo(f"{found} dead letters wait", err=True)

    @group.command("replay")
    def replay_dead_letters(
        name: Annotated[str, typer.Argument(metavar="SERVICE")],
        topic: Annotated[str | None, typer.Option(help="Only those of this topic, like answers.v1.")] = None,
        most: Annotated[int, typer.Option(help="How many at the most.")] = 10_000,
    ) -> None:
        """Send them to their topic again; what was handled before changes nothing."""
        settings()
        from shared.service import read_settings

        afterword, _ = read_settings([])
        for dead in find(name).dead_letter_topics:
            if topic is None or dead.startswith(f"{topic}."):
                typer.echo(f"{dead}: {_sent_again(afterword.kafka, dead, most)}")

    app.add_typer(group, name="dead-letters")

    @app.command("resume")
    def resume_partition(
        name: Annotated[str, typer.Argument(metavar="SERVICE")],
        topic: Annotated[str, typer.Argument(help="Like answers.v1.")],
        partition: Annotated[int, typer.Argument()],
        until: Annotated[
            int, typer.Option(help="The offset up to which dead letters pass without counting.")
        ],
    ) -> None:
        """Let a partition go on that stopped after too many dead letters in a row."""
        settings()
        from shared.cli.context import command_context
        from shared.kafka.kernel.positions import resume

        async def let_pass() -> bool:
            async with command_context(find(name)) as context:
                return await resume(context.database, topic, partition, until)

        if not asyncio.run(let_pass()):
            sys.exit(f"{name} has no position in {topic}/{partition}.")
        typer.echo(f"{topic}/{partition} goes on within seconds; dead letters below {until} pass")

    _add_recover(app, settings, find)


def _sent_again(bootstrap: str, dead: str, most: int) -> str:
    from shared.kafka.kernel.source_letters import SOURCE_LETTERS
    from shared.kafka.ops.replay import replay

    if dead == SOURCE_LETTERS:
        return "its company has the topic read again (/sources, or /v1/sources/ID/read-again)"
    return f"{asyncio.run(replay(bootstrap, dead, most=most))} sent again"


def _add_recover(app: typer.Typer, settings: "PrepareSettings", find: "FindService") -> None:
    @app.command("recover")
    def recover(
        name: Annotated[str, typer.Argument(metavar="SERVICE")],
        yes: Annotated[bool, typer.Option("--yes", help="Do it; without it nothing is changed.")] = False,
        restored: Annotated[
            bool,
            typer.Option("--restored", help="Its database comes from a backup, even if nothing shows it."),
        ] = False,
        say_again: Annotated[
            bool, typer.Option("--say-again", help="Say all that it owns again: a topic of its own was lost.")
        ] = False,
    ) -> None:
        """Mend what does not fit together after a restored database, or a topic that was created again.

        Stop the service's processes first. What was applied before changes nothing; no mail is sent twice.
        """
        settings()
        from shared.cli.recover import recover as recover_service
        from shared.kafka.ops.recovery import RecoveryRefused

        try:
            asyncio.run(
                recover_service(find(name), typer.echo, yes=yes, restored=restored, publish_again=say_again)
            )
        except RecoveryRefused as refusal:
            sys.exit(str(refusal))
