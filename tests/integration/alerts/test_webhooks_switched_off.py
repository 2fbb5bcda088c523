"""A webhook whose endpoint is gone or always fails is switched off, and administrators hear of it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from support.alerts_builders import TENANT, an_answer, rows
from support.eventually import eventually
from support.http_clients import SECRET
from support.lent_databases import LentDatabases
from support.webhook_receiver import Reply
from support.webhooks import LOOPBACK, POLICY, HookBench, a_hook_bench

from services.alerts.notice_kinds import NOTICE_KINDS
from services.alerts.notices.queue import NoticeQueue
from services.alerts.notices.queueing import queue_admin_notices
from services.alerts.notices.rendering import NoticeRenderer
from services.alerts.webhooks.webhook_commands import WebhookWanted, change
from shared.db.database import UnitOfWork
from shared.db.notifications import DELIVERIES_CHANNEL
from shared.ids import uuid7
from shared.mail.installation import installation_sender
from shared.outbound import Prepared, Withdrawn, deliveries
from shared.outbound.address_guard import AddressGuard
from shared.privacy.audit import AuditActor


@pytest.fixture
async def bench(databases_to_lend: LentDatabases) -> AsyncIterator[HookBench]:
    async with databases_to_lend.lend("alerts") as database, a_hook_bench(database) as bench:
        yield bench


async def test_410_switches_a_webhook_off_and_the_administrators_get_a_mail(bench: HookBench) -> None:
    made = await bench.make()
    admin = await bench.alerts.person("admin")
    await bench.alerts.person("admin", segments=("touchpoint:checkout",))
    await bench.alerts.person("leader")
    bench.receiver.answer = lambda _: Reply(410)
    await bench.tell(an_answer(), an_answer())
    async with bench.sending():
        await bench.came(1)

        async def is_off() -> bool:
            return bool((await bench.call(made))["state"] == "off")

        await eventually(is_off)
    await bench.tell(an_answer())
    assert (await bench.call(made))["off_reason"] == "gone"
    assert await bench.states(made) == ["waiting", "waiting"]
    told = await rows(
        bench.database,
        """
            SELECT n.staff_id, n.kind, d.state FROM notification n
            JOIN delivery d ON d.tenant = n.tenant AND d.about_id = n.id
        """,
    )
    assert [tuple(each) for each in told] == [(admin.id, "webhook", "waiting")]
    bench.receiver.answer = lambda _: Reply(204)
    await bench.call(made, "PATCH", body={"state": "on"})
    async with bench.sending():
        await bench.until(made, "sent", "sent")


async def test_senders_are_woken_when_a_webhook_or_a_channel_is_switched_off(bench: HookBench) -> None:
    """Without it the mail waits for the next poll."""
    await bench.alerts.person("admin")
    for kind in ("webhook", "chat_off"):
        async with bench.database.transaction() as uow:
            await queue_admin_notices(uow, TENANT, kind, about={"chat": str(uuid7())})
            assert [channel for channel, _ in uow._notifications] == [DELIVERIES_CHANNEL]


async def test_five_days_of_nothing_but_failures_switch_a_webhook_off(bench: HookBench) -> None:
    made = await bench.make()
    bench.receiver.answer = lambda _: Reply(503)
    await bench.tell(an_answer(), an_answer())
    began = bench.clock.ahead
    async with bench.sending():
        tries = 0
        while (await bench.call(made))["state"] == "on":
            tries += 1
            await bench.until_tries(made, 0, tries)
            bench.clock.ahead += timedelta(hours=27)
    assert (await bench.call(made))["off_reason"] == "failing"
    assert POLICY.off_after <= bench.clock.ahead - began <= POLICY.off_after + timedelta(hours=54)


async def test_the_mail_about_a_webhook_that_is_off_has_its_name_and_the_way_there(
    bench: HookBench,
) -> None:
    made = await bench.make(name="CRM")
    await bench.alerts.person("admin")
    bench.receiver.answer = lambda _: Reply(410)
    await bench.tell(an_answer())
    async with bench.sending():

        async def is_off() -> bool:
            return bool((await bench.call(made))["state"] == "off")

        await eventually(is_off)
    afterword = bench.alerts.context.afterword
    renderer = NoticeRenderer(
        installation_sender(afterword), "http://staff.example", SECRET, bench.database.clock
    )
    queue = NoticeQueue(renderer, NOTICE_KINDS)
    async with bench.database.transaction() as uow:
        found = await deliveries.claim(uow, queue.claim_sql, "mail")
        assert found is not None
        prepared = await queue.prepare(uow, *found)
        assert isinstance(prepared, Prepared)
        await _switch_on(bench, uow, made)
        assert isinstance(await queue.prepare(uow, *found), Withdrawn)
    assert prepared.message.subject == "The webhook CRM is switched off"
    assert f"http://staff.example/webhooks/{made['id']}" in prepared.message.text


async def _switch_on(bench: HookBench, uow: UnitOfWork, made: dict[str, Any]) -> None:
    guard, who = AddressGuard.of(LOOPBACK), AuditActor("command_line", None, "test")
    await change(uow, guard, TENANT, UUID(made["id"]), WebhookWanted(state="on"), who=who)
