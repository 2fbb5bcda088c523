"""One real Kafka, PostgreSQL and mailbox for the whole run, each started when a test first asks for it.

They run in processes of their own which end when this one does, however it ends. With
`AFTERWORD_TEST_STACK=containers` the two that are shared by all tests come from containers instead; a test that
stops and starts a server of its own has a local one in any case.
"""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest

from deploy import databases
from deploy.local import postgres as server
from deploy.local.servers import ServerName
from deploy.local.state import CHECKOUT, State


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server with a role for each service; every database is made by a test for itself."""

    state: State

    async def create_database(self, service: str, *, template: str | None = None) -> str:
        """The URL of a new database that the service's role owns.

        `template` is the URL of one to copy, which nobody may be connected to. All end with the run.
        """
        name = f"{service}_{secrets.token_hex(6)}"
        connection = await server.connect(self.state)
        try:
            await databases.create_database(
                connection, name, owner=service, template=_name(template) if template else "template0"
            )
        finally:
            await connection.close()
        return self.state.database_url(service, name)

    async def drop_database(self, url: str) -> None:
        """Drop it now, also if somebody is connected."""
        connection = await server.connect(self.state)
        try:
            await connection.execute(f"DROP DATABASE IF EXISTS {_name(url)} WITH (FORCE)")
        finally:
            await connection.close()


@dataclass(frozen=True, slots=True)
class Mailbox:
    smtp_url: str
    url: str

    async def mails(self, to: str | None = None, after: str = "") -> list[dict[str, Any]]:
        """Oldest first: id, to, from, subject, at, links."""
        return list(await self._get("/api/mails", {"after": after, **({"to": to} if to else {})}))

    async def mail(self, mail_id: str) -> dict[str, Any]:
        """Of one mail its headers, text and html."""
        return dict(await self._get(f"/api/mails/{mail_id}", {}))

    async def _get(self, path: str, query: dict[str, str]) -> Any:
        async with httpx.AsyncClient(base_url=self.url, trust_env=False) as client:
            return (await client.get(path, params=query)).raise_for_status().json()


@contextmanager
def new_state() -> Iterator[State]:
    """A stack's folder of its own, removed at the end with all that lies elsewhere."""
    root = Path(tempfile.mkdtemp(prefix="afterword-test-"))
    # PostgreSQL's system user passes through it to its own folder.
    root.chmod(0o711)
    state = State.open(root)
    try:
        yield state
    finally:
        server.remove(state)
        shutil.rmtree(root)


@contextmanager
def running(part: ServerName, state: State) -> Iterator[subprocess.Popen[str]]:
    """Run one server while the context lasts; it answers from the start."""
    with subprocess.Popen(
        (sys.executable, "-m", "deploy.local.run_server", part),
        cwd=CHECKOUT,
        env={**os.environ, "AFTERWORD_STATE": str(state.root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the tests; this ends with its standard input
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            if process.stdout.readline() != "ready\n":
                raise RuntimeError(f"{part} did not start; what it said stands above")
            yield process
        finally:
            process.stdin.close()
            process.wait(30)


def shared(part: Literal["kafka", "postgres"], state: State) -> AbstractContextManager[object]:
    """A server for the whole run, of the kind that was asked for."""
    match os.environ.get("AFTERWORD_TEST_STACK", "local"):
        case "local":
            return running(part, state)
        case "containers":
            from support import containers  # noqa: PLC0415  (needs a Docker engine)

            return containers.running(part, state)
        case other:
            raise pytest.UsageError(f"AFTERWORD_TEST_STACK is local or containers, not {other!r}")


@pytest.fixture(scope="session")
def stack_state() -> Iterator[State]:
    """Ports and secrets of this run's servers."""
    with new_state() as state:
        yield state


@pytest.fixture(scope="session")
def kafka(stack_state: State) -> Iterator[str]:
    """Where the broker listens, host:port."""
    with shared("kafka", stack_state):
        yield stack_state.kafka


@pytest.fixture(scope="session")
def postgres(stack_state: State) -> Iterator[Postgres]:
    """Fresh databases."""
    with shared("postgres", stack_state):
        yield Postgres(stack_state)


@pytest.fixture(scope="session")
def mailbox(stack_state: State) -> Iterator[Mailbox]:
    """An SMTP server, and what came in by it."""
    with running("mailbox", stack_state):
        yield Mailbox(stack_state.smtp, stack_state.mailbox)


def _name(url: str) -> str:
    return url.rpartition("/")[2]
