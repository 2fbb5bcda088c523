"""Dumps databases while they work, drops and restores them, with PostgreSQL's own programs."""

import asyncio
import os
from pathlib import Path

from chaos.stack import Stack

from deploy.local.postgres import PROGRAMS_FOLDER, wheel_folder


async def dump(stack: Stack, service: str) -> Path:
    """A backup of what is committed now."""
    file = stack.state.root / f"{service}.dump"
    await _run(stack, "pg_dump", "--format=custom", "--create", f"--file={file}", service)
    return file


async def restore(stack: Stack, service: str, file: Path) -> None:
    """Drop the database with all its connections, and restore the backup in its place."""
    async with stack.connection("trigger" if service != "trigger" else "scorer") as connection:
        await connection.execute(f"DROP DATABASE {service} WITH (FORCE)")
    await _run(stack, "pg_restore", "--create", "--exit-on-error", "--dbname=postgres", str(file))


async def _run(stack: Stack, program: str, *arguments: str) -> None:
    where = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(stack.state.ports["postgres"]),
        "PGUSER": "postgres",
        "PGPASSWORD": stack.state.passwords["postgres"],
        "PGSSLMODE": "disable",
    }
    process = await asyncio.create_subprocess_exec(
        str(wheel_folder() / PROGRAMS_FOLDER / "bin" / program), *arguments, env={**os.environ, **where},
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, errors = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{program}: {errors.decode()}")
