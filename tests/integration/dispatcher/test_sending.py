"""How a tenant sends is published as an event of its own."""

from support.dispatcher_builders import NOON, TENANT, go_live, keep_tenant, make_survey, published

from services.dispatcher.sending.schedule import MAX_TENANTS_PER_STEP
from services.dispatcher.sending.sending_commands import (
    add_test_address,
    publish_unpublished,
    set_mode,
    set_stopped,
)
from shared.db.database import Database
from shared.events import SENDING


async def states(database: Database) -> list[tuple[int, str, bool]]:
    return [(each.version, each.mode, each.stopped) for each in await published(database, SENDING)]


async def test_each_change_of_mode_or_stop_is_published_once_with_a_higher_version(database: Database):
    await keep_tenant(database)
    async with database.transaction() as uow:
        assert await set_mode(uow, TENANT, "somebody", "live")
        assert not await set_mode(uow, TENANT, "somebody", "live")
        assert await set_stopped(uow, TENANT, "somebody", stopped=True)
        assert await set_stopped(uow, TENANT, "somebody", stopped=False)
        assert await add_test_address(uow, TENANT, "somebody", "a@example.com")
    assert await states(database) == [(2, "live", False), (3, "live", True), (4, "live", False)]
    assert {each.changed_at for each in await published(database, SENDING)} == {NOON}


async def test_what_a_version_without_this_event_has_changed_is_published_too(database: Database):
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
