"""``afterword topics``: compares the cluster's topics with their declaration, and applies it."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shared.cli.context import PrepareSettings
    from shared.kafka.ops.drift import Drift
    from shared.kafka.ops.topics import TopicSpec

TopicNames = Callable[[], Sequence[str]]


def add_to(app: typer.Typer, settings: "PrepareSettings", topics: TopicNames) -> None:
    """Add ``topics apply`` and ``topics diff``."""
    group = typer.Typer(no_args_is_help=True, help="The topics, as deploy/kafka/topics.yaml declares them.")

    @group.command("diff")
    def diff() -> None:
        """Show where the topics differ from their declaration; ends with 1 if they do."""
        settings()
        _print_drifts([], asyncio.run(_compare(topics())))

    @group.command("apply")
    def apply(
        force: Annotated[
            bool,
            typer.Option("--force", help="Also add partitions, keep for a shorter time, change the policy."),
        ] = False,
    ) -> None:
        """Create what is missing and change what can be changed without a loss; ends with 1 if something
        is left.
        """
        settings()
        apply_topics(topics(), force=force)

    app.add_typer(group, name="topics")


def apply_topics(topics: Sequence[str], *, force: bool = False) -> None:
    """Apply the declaration, and print what was done and what is left; exit with 1 if anything is left."""
    done, left = asyncio.run(_apply(topics, lambda drift: not drift.refusal or (force and drift.is_possible)))
    _print_drifts(done, left)


def create_topics(topics: Sequence[str]) -> None:
    """Create missing topics, change none, and print other differences.

    Exits with 1 if there is a difference that a service would wait for.
    """
    done, left = asyncio.run(_apply(topics, lambda drift: drift.what == "topic"))
    _print_drifts(done, left, fails=any(drift.stops_us for drift in left))


def _wanted(topics: Sequence[str]) -> "tuple[str, list[TopicSpec]]":
    from shared.kafka.ops.topics import declared
    from shared.service import read_settings

    afterword, _ = read_settings([])
    sizes = {"partitions": afterword.topic_partitions, "replication": afterword.topic_replication}
    return afterword.kafka, declared(topics, **sizes)


async def _compare(topics: Sequence[str]) -> "list[Drift]":
    from shared.kafka.kernel.clients import an_admin
    from shared.kafka.ops.drift import compare, describe_topics

    bootstrap, wanted = _wanted(topics)
    async with an_admin(bootstrap) as admin:
        return compare(wanted, await describe_topics(admin, topics))


async def _apply(
    topics: Sequence[str], choose: "Callable[[Drift], bool]"
) -> "tuple[list[Drift], list[Drift]]":
    from shared.kafka.kernel.clients import an_admin
    from shared.kafka.ops.drift import apply, compare, describe_topics

    bootstrap, wanted = _wanted(topics)
    async with an_admin(bootstrap) as admin:
        found = await describe_topics(admin, topics)
        drifts = compare(wanted, found)
        chosen = [drift for drift in drifts if choose(drift)]
        await apply(admin, wanted, found, chosen)
    return chosen, [drift for drift in drifts if drift not in chosen]


def _print_drifts(done: "Sequence[Drift]", left: "Sequence[Drift]", *, fails: bool = True) -> None:
    for drift in done:
        was = "created" if drift.what == "topic" else f"{drift.what} {drift.there} is now {drift.declared}"
        typer.echo(f"{drift.topic}: {was}")
    if not left:
        typer.echo("All topics are as they are declared.")
        return
    rows = [("topic", "what", "declared", "there", "apply")]
    for drift in left:
        does = "creates it" if drift.what == "topic" else "changes it"
        does = f"leaves it: {drift.refusal}" if drift.refusal else does
        rows.append((drift.topic, drift.what, drift.declared, drift.there, does))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        typer.echo("  ".join([*cells, row[4]]))
    if fails:
        sys.exit(1)
