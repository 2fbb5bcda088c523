"""``afterword bi``: an operator gives a company's tool access, sees who has some, and ends it."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from support.commands import run
from support.scorer_builders import add_tenant
from support.scorer_client import a_tenant
from support.stack import Postgres

from shared.db.database import Database


@pytest.fixture
async def url(postgres: Postgres) -> AsyncIterator[str]:
    """A scorer's database that knows the company acme."""
    url = await postgres.migrated_database("scorer")
    database = Database(url, name="scorer-test")
    await add_tenant(database, a_tenant("acme"))
    await database.close()
    yield url
    await postgres.drop_database(url)


async def bi(url: str, tmp_path: Path, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    # No stack of this checkout is there.
    given = {"SCORER_DATABASE_URL": url, "AFTERWORD_STATE": str(tmp_path / "nothing"), **changes}
    return await asyncio.to_thread(run, "bi", *arguments, **given)


async def signed_in(url: str, role: str, password: str) -> asyncpg.Connection:
    address = urlsplit(url)
    return await asyncpg.connect(
        host=address.hostname,
        port=address.port,
        database=address.path.lstrip("/"),
        user=role,
        password=password,
        ssl=False,
    )


async def test_a_tool_gets_in_with_what_is_printed_until_it_is_revoked(
    postgres: Postgres, url: str, tmp_path: Path
) -> None:
    secret = tmp_path / "password"
    secret.write_text(f"{postgres.state.passwords['postgres']}\n")
    by_file = {"AFTERWORD_BI_ADMIN_PASSWORD_FILE": str(secret)}
    made = await bi(url, tmp_path, "grant", "--tenant", "acme", **by_file)
    assert made.returncode == 0, made.stderr
    (_, role), (_, password), *_ = (line.split() for line in made.stdout.splitlines())
    connection = await signed_in(url, role, password)
    assert await connection.fetchval("SELECT name FROM company") == "Acme"
    listed = await bi(url, tmp_path, "list")
    assert listed.stdout.split("\t")[:3] == ["acme", role, "figures"]
    assert password not in listed.stdout
    by_url = {"AFTERWORD_BI_ADMIN_URL": postgres.state.admin_url(urlsplit(url).path.lstrip("/"))}
    ended = await bi(url, tmp_path, "revoke", "--tenant", "acme", **by_url)
    assert ended.stdout == f"{role}: revoked\n"
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await connection.fetchval("SELECT name FROM company")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await signed_in(url, role, password)


async def test_what_cannot_be_granted_is_said_in_a_sentence(
    postgres: Postgres, url: str, tmp_path: Path
) -> None:
    refused = await bi(url, tmp_path, "grant", "--tenant", "acme")
    assert refused.returncode == 1
    assert "Set AFTERWORD_BI_ADMIN_URL to the superuser's address" in refused.stderr
    admin_url = postgres.state.admin_url(urlsplit(url).path.lstrip("/"))
    unknown = await bi(url, tmp_path, "grant", "--tenant", "nobody", AFTERWORD_BI_ADMIN_URL=admin_url)
    assert (unknown.returncode, unknown.stderr.strip()) == (1, "The scorer knows no company nobody.")
    wrong = await bi(url, tmp_path, "grant", "--tenant", "acme", AFTERWORD_BI_ADMIN_URL=url)
    assert "this role may not make roles" in wrong.stderr
    assert "Traceback" not in refused.stderr + unknown.stderr + wrong.stderr
