"""``afterword tenant start``: three databases have no common transaction, so a start that broke off is completed."""

from collections.abc import AsyncIterator

import pytest
from support.http_clients import afterword_settings
from support.stack import Postgres

from services import command, tenant_start
from services.tenant_start import StartedTenant, TenantStartRefused
from services.trigger import tenants
from services.trigger.company_states import change_state, let_go
from services.trigger.short_names import SHORT_NAME
from shared.db.database import Database

# Short name, name, address of the admin, time zone, country.
ACME = ("acme", "Acme", "you@example.com", "Europe/Copenhagen", "DK")


@pytest.fixture
async def trigger(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """The trigger's database; fresh ones of all services are in the environment."""
    settings = afterword_settings("127.0.0.1:1")
    for name in ("kafka", "public_url", "staff_url"):
        monkeypatch.setenv(f"AFTERWORD_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("AFTERWORD_SMTP_URL", "smtp://127.0.0.1:1")
    monkeypatch.setenv("AFTERWORD_SECRET", "s" * 40)
    urls = {}
    for name in ("trigger", "dispatcher", "alerts"):
        urls[name] = await postgres.migrated_database(name)
        monkeypatch.setenv(f"{name.upper()}_DATABASE_URL", urls[name])
    database = Database(urls["trigger"], name="test", pool_size=1)
    yield database
    await database.close()


async def start(short_name: str | None, name: str, admin: str, zone: str, country: str) -> StartedTenant:
    return await tenant_start.start_tenant(
        name, admin, time_zone=zone, country=country, short_name=short_name
    )


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
async def test_nothing_is_begun_with_what_cannot_be_so(trigger: Database, wrong: tuple[str, ...]) -> None:
    with pytest.raises(TenantStartRefused):
        await start(*wrong)
    assert await known(trigger) == 0
    _, key, link, _ = await start(*ACME)
    assert key.startswith("aw_")
    assert "/login/link/" in link


@pytest.mark.parametrize("until", ["create_staff", "create_example_survey", "create_key"])
async def test_a_start_that_broke_off_goes_on_when_it_is_started_again(
    trigger: Database, monkeypatch: pytest.MonkeyPatch, until: str
) -> None:
    where = tenants if until == "create_key" else tenant_start

    async def break_off(*_: object, **__: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(where, until, break_off)
        with pytest.raises(ConnectionError):
            await start(*ACME)
    _, key, link, _ = await start(*ACME)
    assert key.startswith("aw_")
    assert "/login/link/" in link
    assert await known(trigger) == 1


async def test_a_company_that_stands_is_nobody_elses_and_the_way_in_is_told(trigger: Database) -> None:
    await start(*ACME)
    with pytest.raises(
        TenantStartRefused, match=r"afterword staff link acme you@example\.com.*afterword key create acme"
    ):
        await start(*ACME)
    await tenants.create_tenant(trigger, "other", name="Other")
    with pytest.raises(TenantStartRefused, match="choose another with --short-name"):
        await start("other", "Another", *ACME[2:])


@pytest.mark.parametrize(
    ("state", "advice"),
    [("paused", "tenant resume"), ("leaving", "tenant stay"), ("left", "never given again")],
)
async def test_nothing_is_made_in_a_company_that_does_not_run(
    trigger: Database, state: str, advice: str
) -> None:
    await tenants.create_tenant(trigger, "acme", name="acme")
    if state == "paused":
        await change_state(trigger, "acme", "pause")
    else:
        await change_state(trigger, "acme", "leave", grace_days=0)
    if state == "left":
        async with trigger.transaction() as uow:
            await let_go(uow, "acme")
        assert await tenants.free_short_name(trigger, "acme") != "acme"
    with pytest.raises(TenantStartRefused, match=advice):
        await start("acme", "acme", *ACME[2:])


async def test_a_company_that_leaves_meanwhile_is_told_in_words(
    trigger: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def leave(*_: object, **__: object) -> None:
        await change_state(trigger, "acme", "leave", grace_days=0)
        async with trigger.transaction() as uow:
            await let_go(uow, "acme")

    monkeypatch.setattr(tenant_start, "create_example_survey", leave)
    with pytest.raises(TenantStartRefused, match="has left"):
        await start(*ACME)


def test_the_command_tells_a_fault_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise TenantStartRefused("No mail would reach oops.")

    monkeypatch.setattr(command, "use_local_stack", lambda: None)
    monkeypatch.setattr(tenant_start, "start_tenant", refuse)
    with pytest.raises(SystemExit, match="No mail would reach"):
        command.start_tenant("Acme", "oops")


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Øre & Næse", "ore-naese"),
        ("Straße", "strasse"),
        ("İstanbul Łódź", "istanbul-lodz"),
        ("  Acme\u00a0 A/S ", "acme-a-s"),
        ("大阪 Store", "store"),
    ],
)
async def test_a_name_is_folded_to_what_can_be_typed(trigger: Database, name: str, short: str) -> None:
    started = await start(None, name, *ACME[2:])
    assert started.short_name == short


NAMES = [
    "大阪商店",
    "東京本舗",
    "Привет",
    "!!!",
    "A",
    "Østre Landsrets Bogtrykkeri og Papirhandel ved Søerne, København Ø, " + "x" * 60,
]


async def test_companies_of_any_script_and_length_start_and_have_their_own_short_names(
    trigger: Database,
) -> None:
    names = [*NAMES, NAMES[-1] + " 2", "ACME", "Acmé"]
    started = [(await start(None, name, *ACME[2:])).short_name for name in names]
    assert len(set(started)) == len(names)
    assert all(SHORT_NAME.fullmatch(short) for short in started)
    assert started[-2:] == ["acme", "acme-2"]
    with pytest.raises(TenantStartRefused, match="There is a tenant acme-2 already"):
        await start(None, "Acmé", *ACME[2:])


async def test_a_short_name_that_was_chosen_is_taken_or_refused_by_what_was_typed(trigger: Database) -> None:
    assert (await start("osaka", "大阪商店", *ACME[2:])).short_name == "osaka"
    with pytest.raises(TenantStartRefused, match="The short name cannot be 'Osaka 2'"):
        await start("Osaka 2", "大阪商店", *ACME[2:])
    with pytest.raises(TenantStartRefused, match="The name takes 1 to 200 characters"):
        await start("long", "x" * 201, *ACME[2:])
    with pytest.raises(TenantStartRefused, match="The name takes 1 to 200 characters"):
        await start("blank", "\u200b ", *ACME[2:])


@pytest.mark.parametrize("domain", ["y.test", "machine.local", "localhost", "a.invalid", "Y.TEST."])
async def test_an_address_below_a_reserved_name_is_refused_with_that_reason(
    trigger: Database, domain: str
) -> None:
    with pytest.raises(TenantStartRefused, match="is reserved"):
        await start(None, "Acme", f"x@{domain}", *ACME[3:])
    assert await known(trigger) == 0
