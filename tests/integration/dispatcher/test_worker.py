"""The worker's loops and the command's acts, as they run in the product."""

import asyncio
from datetime import UTC, datetime

import pytest
import typer
from support.dispatcher_builders import (
    a_customer,
    a_transaction,
    decide,
    keep_tenant,
    make_survey,
    relay_all,
    rows,
    states,
)
from support.eventually import eventually
from support.http_clients import a_context
from support.stack import Mailbox, Postgres
from typer.testing import CliRunner

from services.dispatcher.app import SERVICE
from services.dispatcher.command import add_to, create_example_survey
from shared.db.database import Database
from shared.runtime import run_loops


async def test_a_first_event_to_a_test_address_is_asked_about_at_once(
    postgres: Postgres, mailbox: Mailbox
) -> None:
    context = await a_context(SERVICE, postgres, smtp_url=mailbox.smtp_url)
    database = context.database
    await keep_tenant(database)
    for _ in range(2):
        await create_example_survey(database, "havnbo", test_address="asked-at-once@example.com")
    assert len(await rows(database, "SELECT 1 FROM survey")) == 1
    assert SERVICE.sender_loops is not None
    running = asyncio.create_task(
        run_loops({**SERVICE.worker_loops(context), **SERVICE.sender_loops(context)}, context.stopping)
    )
    now = datetime.now(UTC)
    await decide(
        database, a_transaction("order-1", a_customer("asked-at-once"), occurred_at=now, accepted_at=now)
    )
    await relay_all(database)

    async def sent() -> bool:
        return [state for state, _ in (await states(database)).values()] == ["sent"]

    await eventually(sent)
    assert len(await mailbox.mails(to="asked-at-once@example.com")) == 1
    assert context.health.unready() == []
    assert context.health.stalled() == []
    context.stopping.set()
    await running
    await database.close()


@pytest.fixture
def command() -> typer.Typer:
    app = typer.Typer()
    add_to(app, lambda: None)
    return app


async def test_sending_is_stopped_and_gone_live_by_command(
    postgres: Postgres, command: typer.Typer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await postgres.migrated_database("dispatcher")
    monkeypatch.setenv("DISPATCHER_DATABASE_URL", url)
    database = Database(url, name="test", pool_size=1)
    await keep_tenant(database)
    await make_survey(database, tenant="untold")
    await database.close()

    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(command, list(words))
        return result.exit_code, result.output.strip()

    for words, expected in (
        (("stop-sending", "havnbo"), (0, "stopped")),
        (("stop-sending", "havnbo"), (0, "was stopped already")),
        (("resume-sending", "havnbo"), (0, "sending again")),
        (("live", "havnbo", "--yes"), (0, "live")),
        (("test-address", "havnbo", "me@example.com"), (0, "listed")),
        (("placeholder-id", "havnbo", "Walk-By"), (0, "done")),
        (("placeholder-id", "havnbo", " walk-by"), (0, "nothing to do: it was so already")),
        (("placeholder-id", "havnbo", "WALK-BY", "--remove"), (0, "done")),
    ):
        assert await asyncio.to_thread(run, *words) == expected
    assert (await asyncio.to_thread(run, "live", "havnbo"))[0] == 2
    assert (await asyncio.to_thread(run, "test-address", "havnbo", "nobody"))[0] == 2
    assert await asyncio.to_thread(run, "stop-sending", "untold") == (0, "stopped")
    for words in (
        ("stop-sending", "havnboo"),
        ("resume-sending", "havnboo"),
        ("live", "havnboo", "--yes"),
        ("test-address", "havnboo", "me@example.com"),
    ):
        code, told = await asyncio.to_thread(run, *words)
        assert (code, "havnboo" in told) == (2, True), words
