"""One real Kafka, PostgreSQL and mailbox for the whole run, each started when the first test needs it.

They run in processes of their own, which end with this one, however it ends. With
`AFTERWORD_TEST_STACK=containers` the Kafka and PostgreSQL of all tests are containers instead; a test that stops
and starts a server of its own has a local one in any case.
"""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from support.lent_databases import LentDatabases
from support.plain_http import plain_client

from deploy import databases
from deploy.local import postgres as local_postgres
from deploy.local.servers import ServerName
from deploy.local.state import CHECKOUT, State
from shared.db.migrations import migrate


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server with a role for each service; each test creates its own databases."""

    state: State
    _templates: dict[str, str] = field(default_factory=dict)
    _created: list[str] = field(default_factory=list)
    """The URLs of the databases that are not templates, and not dropped yet."""

    async def migrated_database(self, service: str) -> str:
        """The URL of a new database at the newest revision: a copy of one that is migrated once."""
        url = await self.copied_database(service)
        self._created.append(url)
        return url

    async def copied_database(self, service: str) -> str:
        """The same, which whoever asked for it drops."""
        if service not in self._templates:
            url = await self.create_database(service)
            await migrate(service, url)
            self._templates[service] = url
        return await self.create_database(service, template=self._templates[service])

    async def create_database(self, service: str, *, template: str | None = None) -> str:
        """The URL of a new database that the service's role owns; it is deleted with the server.

        `template` is the URL of a database to copy, which must have no connection.
        """
        name = f"{service}_{secrets.token_hex(6)}"
        connection = await local_postgres.connect(self.state)
        try:
            await databases.create_database(
                connection,
                name,
                owner=service,
                template=_name(template) if template else "template0",
                strategy="FILE_COPY",  # half the time of a copy by WAL: the server does not wait for disks
            )
        finally:
            await connection.close()
        return self.state.database_url(service, name)

    async def drop_database(self, url: str) -> None:
        """Drop it now, even if it has connections."""
        await self._drop([url])

    async def drop_databases(self) -> None:
        """Drop those that were copied from a template and are there still."""
        await self._drop(self._created)
        self._created.clear()

    async def _drop(self, urls: Sequence[str]) -> None:
        connection = await local_postgres.connect(self.state)
        try:
            for url in urls:
                await connection.execute(f"DROP DATABASE IF EXISTS {_name(url)} WITH (FORCE)")
        finally:
            await connection.close()


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The SMTP server and the mails that it has received."""

    smtp_url: str
    url: str

    async def mails(self, to: str | None = None, after: str = "") -> list[dict[str, Any]]:
        """The mails (id, to, from, subject, at, links), oldest first."""
        return list(await self._get("/api/mails", {"after": after, **({"to": to} if to else {})}))

    async def mail(self, mail_id: str) -> dict[str, Any]:
        """The headers, text and html of one mail."""
        return dict(await self._get(f"/api/mails/{mail_id}", {}))

    async def _get(self, path: str, query: dict[str, str]) -> Any:
        async with plain_client(self.url) as client:
            return (await client.get(path, params=query)).raise_for_status().json()


MEMORY_FOLDER = Path("/dev/shm")
ROOM_IN_MEMORY = 8 * 1024**3
"""Bytes that must be free there for the servers of all processes of a run."""


def _folder_in_memory() -> Path | None:
    """Where files are kept in memory, if this machine has enough of it."""
    if not MEMORY_FOLDER.is_dir() or shutil.disk_usage(MEMORY_FOLDER).free < ROOM_IN_MEMORY:
        return None
    pages = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return MEMORY_FOLDER if pages > ROOM_IN_MEMORY else None


@contextmanager
def new_state(*, in_memory: bool = False) -> Iterator[State]:
    """The state of a stack in a folder of its own, deleted at the end.

    :param in_memory: where possible its files are not on a disk. A test's own database is copied in a sixth of
        the time then: not for a measure.
    """
    root = Path(tempfile.mkdtemp(prefix="afterword-test-", dir=_folder_in_memory() if in_memory else None))
    # PostgreSQL's system user must be able to traverse it.
    root.chmod(0o711)
    state = State.open(root)
    try:
        yield state
    finally:
        local_postgres.remove(state)
        shutil.rmtree(root)


@contextmanager
def running(server: ServerName, state: State, *, throwaway: bool = False) -> Iterator[subprocess.Popen[str]]:
    """One server, ready, while the context lasts.

    :param throwaway: it is faster than in production, since nothing depends on its data: not for a measure.
    """
    with subprocess.Popen(
        (
            *(sys.executable, "-m", "deploy.local.run_server", server),
            *(["--throwaway"] if throwaway else []),
        ),
        cwd=CHECKOUT,
        env={**os.environ, "AFTERWORD_STATE": str(state.root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C must stop the tests only; the server ends with its standard input
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            if process.stdout.readline() != "ready\n":
                raise RuntimeError(f"{server} did not start; its output is above")
            yield process
        finally:
            process.stdin.close()
            process.wait(30)


def shared_server(server: Literal["kafka", "postgres"], state: State) -> AbstractContextManager[object]:
    """A server for the whole run, local or in a container."""
    match os.environ.get("AFTERWORD_TEST_STACK", "local"):
        case "local":
            return running(server, state, throwaway=True)
        case "containers":
            from support import containers  # noqa: PLC0415  (needs a Docker engine)

            return containers.running(server, state)
        case other:
            raise pytest.UsageError(f"AFTERWORD_TEST_STACK is local or containers, not {other!r}")


@pytest.fixture(scope="session")
def stack_state() -> Iterator[State]:
    """Ports and secrets of this run's servers."""
    with new_state(in_memory=True) as state:
        yield state


@pytest.fixture(scope="session")
def kafka(stack_state: State) -> Iterator[str]:
    """The address of the broker, host:port."""
    with shared_server("kafka", stack_state):
        yield stack_state.kafka


@pytest.fixture(scope="session")
def postgres_server(stack_state: State) -> Iterator[Postgres]:
    """The server of the whole run."""
    with shared_server("postgres", stack_state):
        yield Postgres(stack_state)


@pytest.fixture(scope="module")
async def postgres(postgres_server: Postgres) -> AsyncIterator[Postgres]:
    """The server on which tests create databases; what they have copied goes with their module."""
    yield postgres_server
    await postgres_server.drop_databases()


@pytest.fixture(scope="session")
async def databases_to_lend(postgres_server: Postgres) -> AsyncIterator[LentDatabases]:
    """The migrated databases that tests of a run use one after another."""
    lent = LentDatabases(postgres_server)
    yield lent
    await lent.close()


@pytest.fixture(scope="session")
def mailbox(stack_state: State) -> Iterator[Mailbox]:
    """The SMTP server of this run."""
    with running("mailbox", stack_state):
        yield Mailbox(stack_state.smtp, stack_state.mailbox)


def _name(url: str) -> str:
    return url.rpartition("/")[2]
