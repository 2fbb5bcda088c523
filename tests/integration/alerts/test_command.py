"""``afterword staff``: from the command line to a way in."""

import pytest
import typer
from support.alerts_builders import TENANT, a_tenant, deliver
from support.http_clients import afterword_settings
from typer.testing import CliRunner

from services.alerts.command import add_to
from shared.db.database import Database
from shared.tenancy import keep_tenants

ADDRESS = "first@example.com"


async def test_people_are_made_listed_and_dismissed_by_command(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    afterword = afterword_settings("127.0.0.1:1")
    for name in ("kafka", "public_url", "staff_url"):
        monkeypatch.setenv(f"AFTERWORD_{name.upper()}", str(getattr(afterword, name)))
    monkeypatch.setenv("AFTERWORD_SMTP_URL", "smtp://127.0.0.1:1")
    monkeypatch.setenv("AFTERWORD_SECRET", "s" * 40)
    monkeypatch.setenv("ALERTS_DATABASE_URL", database.url)
    app = typer.Typer()
    add_to(app, lambda: None)
    app.callback()(lambda: None)

    async def run(*words: str) -> tuple[int, str]:
        found = await asyncio.to_thread(CliRunner().invoke, app, ["staff", *words])
        return found.exit_code, found.output

    for words in (("create", "havnboo", ADDRESS, "--role", "admin"), ("list", "havnboo")):
        code, said = await run(*words)
        assert (code, "havnboo" in said) == (2, True)
    await deliver(database, keep_tenants, a_tenant())
    code, link = await run("create", TENANT, ADDRESS, "--role", "admin", "--segment", "touchpoint:shop")
    assert code == 0
    assert link.startswith(f"{afterword.staff_url}/login/link/")
    assert len(link.split()) == 1
    assert await run("list", TENANT) == (0, f"{ADDRESS}\tadmin\ttouchpoint:shop\n")
    assert (await run("create", TENANT, ADDRESS, "--role", "agent"))[0] == 2
    code, said = await run("deactivate", TENANT, ADDRESS)
    assert code == 2
    assert "last administrator" in said
    await run("create", TENANT, "second@example.com", "--role", "admin")
    assert (await run("deactivate", TENANT, ADDRESS))[0] == 0
    assert (await run("link", TENANT, ADDRESS))[0] == 2
    assert f"{ADDRESS}\tadmin\ttouchpoint:shop\tleft" in (await run("list", TENANT))[1]
