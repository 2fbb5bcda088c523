"""``make tenant``: three databases without a common transaction, so nothing half is left to guess about."""

from collections.abc import AsyncIterator

import pytest
from support.doors import afterword_settings
from support.stack import Postgres

from services import command
from services.command import _Faults, _start_tenant
from services.trigger import tenants
from shared.db.database import Database
from shared.db.migrations import migrate

ACME = ("acme", "Acme", "you@example.com", "Europe/Copenhagen", "DK")


@pytest.fixture
async def trigger(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """Fresh databases in the environment; the trigger's, to look into."""
    settings = afterword_settings("127.0.0.1:1")
    for name in ("kafka", "public_url", "staff_url"):
        monkeypatch.setenv(f"AFTERWORD_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("AFTERWORD_SMTP_URL", "smtp://127.0.0.1:1")
    monkeypatch.setenv("AFTERWORD_SECRET", "s" * 40)
    urls = {}
    for name in ("trigger", "dispatcher", "alerts"):
        urls[name] = await postgres.create_database(name)
        await migrate(name, urls[name])
        monkeypatch.setenv(f"{name.upper()}_DATABASE_URL", urls[name])
    database = Database(urls["trigger"], name="test", pool_size=1)
    yield database
    await database.close()


async def known(database: Database) -> int:
    async with database.reading() as uow:
        return int((await uow.execute("SELECT count(*) FROM tenant")).scalar_one())


@pytest.mark.parametrize(
    "wrong",
    [
        ("acme", "Acme", "oops", "Europe/Copenhagen", "DK"),
        ("acme", "Acme", "you@machine.test", "Europe/Copenhagen", "DK"),
        ("acme", "Acme", "you@example.com", "Europe/Nowhere", "DK"),
        ("acme", "Acme", "you@example.com", "Europe/Copenhagen", "Denmark"),
    ],
)
async def test_nothing_is_begun_with_what_cannot_be_so(trigger: Database, wrong: tuple[str, ...]):
    with pytest.raises(_Faults):
        await _start_tenant(*wrong)
    assert await known(trigger) == 0
    key, link, _ = await _start_tenant(*ACME)
    assert key.startswith("aw_")
    assert "/login/link/" in link


@pytest.mark.parametrize("until", ["create_staff", "create_example_survey", "create_key"])
async def test_a_start_that_broke_off_goes_on_when_it_is_started_again(
    trigger: Database, monkeypatch: pytest.MonkeyPatch, until: str
):
    where = {
        "create_staff": "services.alerts.hiring",
        "create_example_survey": "services.dispatcher.command",
        "create_key": "services.trigger.tenants",
    }[until]

    async def break_off(*_: object, **__: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(f"{where}.{until}", break_off)
        with pytest.raises(ConnectionError):
            await _start_tenant(*ACME)
    key, link, _ = await _start_tenant(*ACME)
    assert key.startswith("aw_")
    assert "/login/link/" in link
    assert await known(trigger) == 1


async def test_a_company_that_stands_is_nobody_elses_and_the_way_in_is_told(trigger: Database):
    await _start_tenant(*ACME)
    with pytest.raises(
        _Faults, match=r"afterword staff link acme you@example\.com.*afterword key create acme"
    ):
        await _start_tenant(*ACME)
    await tenants.create_tenant(trigger, "other", name="Other")
    with pytest.raises(_Faults, match="choose another name"):
        await _start_tenant("other", "Another", *ACME[2:])


def test_the_command_tells_a_fault_in_words(monkeypatch: pytest.MonkeyPatch):
    async def refuse(*_: object) -> None:
        raise _Faults("No mail would reach oops.")

    monkeypatch.setattr(command, "settings_of_local_stack", lambda: None)
    monkeypatch.setattr(command, "_start_tenant", refuse)
    with pytest.raises(SystemExit, match="No mail would reach"):
        command.start_tenant("Acme", "oops")
