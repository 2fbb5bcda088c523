"""How a tenant sends is published as an event of its own, and restored from it."""

import json
from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace
from support.audit import an_actor
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
    event_of,
    go_live,
    keep_tenant,
    make_survey,
    published,
    relay_all,
    rows,
)

from services.dispatcher.recovery import restore_sending, restore_surveys
from services.dispatcher.repository.restoring import DEFAULT_PLACE
from services.dispatcher.sending.schedule import MAX_TENANTS_PER_STEP
from services.dispatcher.sending.sending_commands import (
    add_test_address,
    publish_unpublished,
    set_mode,
    set_stopped,
)
from shared.db.database import Database
from shared.events import SENDING, SURVEYS, TenantSending
from shared.events.conditions import Condition
from shared.events.surveys import SURVEY_RULES, Programme
from shared.ids import uuid7

CONDITIONS = Condition(field="attributes.total", op=">=", value=49.99)


async def states(database: Database) -> list[tuple[int, str, bool]]:
    return [(each.version, each.mode, each.stopped) for each in await published(database, SENDING)]


async def test_each_change_of_mode_or_stop_is_published_once_with_a_higher_version(
    database: Database,
) -> None:
    await keep_tenant(database)
    async with database.transaction() as uow:
        assert await set_mode(uow, TENANT, an_actor("somebody"), "live")
        assert not await set_mode(uow, TENANT, an_actor("somebody"), "live")
        assert await set_stopped(uow, TENANT, an_actor("somebody"), stopped=True)
        assert await set_stopped(uow, TENANT, an_actor("somebody"), stopped=False)
        assert await add_test_address(uow, TENANT, an_actor("somebody"), "a@example.com")
    assert await states(database) == [(2, "live", False), (3, "live", True), (4, "live", False)]
    assert {each.changed_at for each in await published(database, SENDING)} == {NOON}


async def test_what_a_version_without_this_event_has_changed_is_published_too(database: Database) -> None:
    await keep_tenant(database)
    await make_survey(database)
    await go_live(database)
    async with database.transaction() as uow:
        await uow.execute(
            "UPDATE sending SET mode = 'live', stopped = true, changed_at = :now WHERE tenant = :tenant",
            {"tenant": TENANT, "now": uow.now},
        )
        await uow.execute("INSERT INTO sending (tenant, changed_at) VALUES ('older', :now)", {"now": uow.now})
        assert await publish_unpublished(uow, MAX_TENANTS_PER_STEP) == 2
        assert await publish_unpublished(uow, MAX_TENANTS_PER_STEP) == 0
    before, *after = await states(database)
    assert sorted(after) == [(1, "test", False), (before[0] + 1, "live", True)]


async def restore(database: Database, *sendings: TenantSending) -> None:
    """Restore these events, each in a transaction of its own as if it came in another batch."""
    for sending in sendings:
        async with database.transaction() as uow:
            await restore_sending(uow, [event_of(SENDING, sending)])


async def stored(database: Database) -> tuple[int, int, str, bool]:
    """Version, published version, mode and stop of the tenant's row."""
    (row,) = await rows(database, "SELECT version, published_version, mode, stopped FROM sending")
    return tuple(row)


class TestRestored:
    async def test_from_its_newest_event_in_whatever_batches_it_comes(self, database: Database) -> None:
        events = [
            TenantSending(version=3, mode="live", changed_at=NOON),
            TenantSending(version=5, mode="live", stopped=True, changed_at=NOON + timedelta(hours=2)),
            TenantSending(version=4, mode="test", changed_at=NOON + timedelta(hours=1)),
        ]
        for _ in range(2):
            await restore(database, *events)
            assert await stored(database) == (5, 5, "live", True)

    async def test_also_into_a_backup_from_before_versions_were_counted(self, database: Database) -> None:
        async with database.transaction() as uow:
            await uow.execute(
                "INSERT INTO sending (tenant, mode, changed_at) VALUES (:tenant, 'live', :now)",
                {"tenant": TENANT, "now": uow.now},
            )
        later = NOON + timedelta(hours=1)
        await restore(database, TenantSending(version=1, mode="live", stopped=True, changed_at=later))
        _, _, *state = await stored(database)
        assert state == ["live", True]

    async def test_but_a_stop_after_the_restore_stands_and_gets_a_version_that_nobody_has(
        self, database: Database, clock: Clock
    ) -> None:
        await go_live(database)
        since = TenantSending(version=5, mode="test", changed_at=NOON + timedelta(hours=1))
        clock.on(hours=2)
        async with database.transaction() as uow:
            await set_stopped(uow, TENANT, an_actor("the operator"), stopped=True)
        await relay_all(database)
        await restore(database, since)
        assert await stored(database) == (6, 5, "live", True)
        async with database.transaction() as uow:
            assert await publish_unpublished(uow, MAX_TENANTS_PER_STEP) == 1
        assert await states(database) == [(6, "live", True)]

    @pytest.mark.parametrize("known", [True, False])
    async def test_from_its_surveys_when_a_version_without_this_event_has_published_them(
        self, database: Database, known: bool
    ) -> None:
        survey = await make_survey(database)
        (event,) = await published(database, SURVEYS)
        if not known:
            async with database.transaction() as uow:
                await uow.execute("DELETE FROM sending")
        later = replace(
            event, version=2, test=False, stopped=True, changed_at=NOON + timedelta(hours=1), name="Later"
        )
        async with database.transaction() as uow:
            await restore_surveys(uow, [event_of(SURVEYS, each) for each in (event, later)])
        version, published_version, *state = await stored(database)
        assert state == ["live", True]
        assert published_version < version
        assert [row.id for row in await rows(database, "SELECT id FROM survey WHERE name = 'Later'")] == [
            survey.id
        ]

    async def test_and_never_from_a_survey_where_its_own_event_was_published(
        self, database: Database
    ) -> None:
        await make_survey(database)
        await go_live(database)
        before = await stored(database)
        *_, event = await published(database, SURVEYS)
        later = replace(event, version=9, stopped=True, changed_at=NOON + timedelta(hours=1))
        async with database.transaction() as uow:
            await restore_surveys(uow, [event_of(SURVEYS, later)])
        assert await stored(database) == before


async def test_a_survey_that_was_published_without_its_rules_keeps_ours_or_pauses_with_the_defaults(
    database: Database,
) -> None:
    ours = await make_survey(
        database,
        quarantine_days=7,
        place=4,
        conditions=CONDITIONS,
        sampling_percent=30,
        programme=Programme(every_days=90),
    )
    (whole,) = await published(database, SURVEYS)
    value = json.loads(SURVEYS.encode(event_of(SURVEYS, whole)))
    for name in {*SURVEY_RULES} - {"trigger", "state"}:
        del value["data"][name]
    old = SURVEYS.decode(json.dumps(value).encode())
    assert not old.data.has_rules
    changed = replace(old.data, version=2, trigger="order.returned")
    other = replace(old.data, id=uuid7())
    async with database.transaction() as uow:
        await restore_surveys(uow, [event_of(SURVEYS, each) for each in (changed, other)])
    found = await rows(
        database, f"SELECT {', '.join(SURVEY_RULES)} FROM survey ORDER BY id = :ours DESC", ours=ours.id
    )
    assert [tuple(row) for row in found] == [
        (
            "order.returned",
            "live",
            60,
            7,
            30,
            7,
            4,
            False,
            "any",
            None,
            b"[]",
            msgspec.json.encode(CONDITIONS),
            30,
            None,
            False,
            False,
            b'{"every_days":90}',
            50,
            ["mail"],
            None,
            None,
            0,
            30,
            False,
            "person",
        ),
        (
            "order.delivered",
            "paused",
            1440,
            90,
            30,
            7,
            DEFAULT_PLACE,
            False,
            "any",
            None,
            b"[]",
            None,
            100,
            None,
            False,
            False,
            None,
            50,
            ["mail"],
            None,
            None,
            0,
            30,
            False,
            "address",
        ),
    ]
