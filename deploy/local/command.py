"""What a local stack adds to the `afterword` command.

The stack's own modules are imported when they are needed: in production neither PostgreSQL's wheel nor
aiosmtpd is installed, and this command is there all the same.
"""

from collections.abc import Callable
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, help="A whole Afterword on this machine.")


@app.command()
def up(
    detach: Annotated[bool, typer.Option("--detach", help="Return when all is ready.")] = False,
    demo: Annotated[
        bool, typer.Option("--demo", help="With the demo's customers and their purchases.")
    ] = False,
) -> None:
    """Start everything on this machine: Kafka, PostgreSQL, a mailbox and the services."""
    from deploy.local import stack

    stack.up(detach=detach, demo=demo)


@app.command()
def down() -> None:
    """Stop the local stack; its data stays."""
    from deploy.local import stack

    stack.down()


@app.command()
def status(json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Say what runs on this machine, and where."""
    from deploy.local import stack

    stack.status(json=json)


@app.command()
def doctor() -> None:
    """Say what this machine lacks for a local stack, and how to get it."""
    from deploy.local import stack

    stack.doctor()


@app.command()
def reset() -> None:
    """Stop the local stack and forget all of its data."""
    from deploy.local import stack

    stack.reset()


def add_to(command: typer.Typer, _settings: Callable[[], None]) -> None:
    """Put these commands beside the others of `afterword`; they need no settings."""
    command.registered_commands.extend(app.registered_commands)


if __name__ == "__main__":
    app()
