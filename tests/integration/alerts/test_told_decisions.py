"""Decisions that webhooks are told: once each, to whom asks for them; and how the dispatcher hears who does."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace
from support.alerts_builders import TENANT, deliver, rows
from support.eventually import eventually
from support.lent_databases import LentDatabases
from support.webhook_receiver import Reply
from support.webhooks import HookBench, a_hook_bench

from services.alerts.erasing import erase
from services.alerts.recovery.handlers import settle
from services.alerts.webhooks.queueing import queue_decisions
from services.alerts.webhooks.wanted_types import restore_wanted, wanted_page
from shared.events import WEBHOOKS, Decision, TenantWebhooks
from shared.ids import uuid7
from shared.privacy.erased import Target


@pytest.fixture
async def bench(databases_to_lend: LentDatabases) -> AsyncIterator[HookBench]:
    async with databases_to_lend.lend("alerts") as database, a_hook_bench(database) as bench:
        yield bench


def a_decision(bench: HookBench, **changes: Any) -> Decision:
    now = bench.clock()
    facts: dict[str, Any] = {
        "event_id": uuid7(),
        "version": 1,
        "source": "shop",
        "source_id": "order-1742",
        "event_type": "order.delivered",
        "occurred_at": now,
        "decided_at": now,
        "outcome": "skipped",
        "reason": "quarantine",
        "customer_id": "c-17",
        "contact_key": "k",
        "person": "p" * 64,
        "touchpoint": "checkout",
        "segments": {"touchpoint": "checkout"},
    }
    return Decision(**{**facts, **changes})


async def published(bench: HookBench) -> list[tuple[str, int, tuple[str, ...]]]:
    found = await rows(bench.database, "SELECT value FROM outbox WHERE topic = 'webhooks.v1' ORDER BY seq")
    events = [WEBHOOKS.decode(bytes(row.value)) for row in found]
    return [(event.tenant, event.data.version, event.data.types) for event in events]


async def test_a_decision_is_told_once_within_its_segments_and_without_whom_it_hashes(
    bench: HookBench,
) -> None:
    made = await bench.make(types=["decision.made"], segments=["touchpoint:checkout"])
    elsewhere = a_decision(bench, touchpoint="delivery", segments={"touchpoint": "delivery"})
    decision = a_decision(bench)
    for _ in range(2):
        await deliver(bench.database, queue_decisions, decision, elsewhere)
    async with bench.sending():
        await bench.until(made, "sent")
    (received,) = bench.receiver.received
    told = received.message["data"]
    assert (received.message["type"], told["event_id"]) == ("decision.made", str(decision.event_id))
    assert (told["outcome"], told["reason"], told["customer_id"]) == ("skipped", "quarantine", "c-17")
    assert not {"person", "contact_key"} & told.keys()
    assert await bench.deliveries(await bench.make("/other", types=["answer.changed"])) == []


async def test_what_waits_of_an_erased_customer_is_not_told(bench: HookBench) -> None:
    made = await bench.make(types=["decision.made"])
    await deliver(bench.database, queue_decisions, a_decision(bench))
    async with bench.database.transaction() as uow:
        await erase(uow, [Target(TENANT, "p" * 64, "p" * 64, None)])
    assert await bench.states(made) == ["dropped"]
    (row,) = await bench.rows()
    assert (row.body, row.person, row.contact) == (None, "", None)


async def test_what_webhooks_ask_for_is_published_when_it_changes_and_not_otherwise(bench: HookBench) -> None:
    made = await bench.make(types=["score.changed"])
    other = await bench.make("/other", types=["decision.made", "score.changed"])
    await bench.call(made, "PATCH", body={"name": "renamed"})
    await bench.call(other, "PATCH", body={"state": "paused"})
    await bench.call(other, "PATCH", body={"types": ["decision.made"]})
    await bench.call(made, "DELETE")
    await bench.call(other, "DELETE")
    found = await published(bench)
    assert [types for _, _, types in found] == [
        ("score.changed",),
        ("decision.made", "score.changed"),
        ("decision.made",),
        (),
    ]
    versions = [version for _, version, _ in found]
    assert versions == sorted(set(versions))
    assert {tenant for tenant, _, _ in found} == {TENANT}


async def test_a_webhook_that_is_switched_off_asks_for_nothing(bench: HookBench) -> None:
    made = await bench.make(types=["decision.made"])
    bench.receiver.answer = lambda _: Reply(410)
    await deliver(bench.database, queue_decisions, a_decision(bench))
    async with bench.sending():

        async def is_off() -> bool:
            return bool((await bench.call(made))["state"] == "off")

        await eventually(is_off)
    assert [types for _, _, types in await published(bench)] == [("decision.made",), ()]
    await bench.call(made, "PATCH", body={"state": "on"})
    assert [types for _, _, types in await published(bench)][-1] == ("decision.made",)


async def test_after_a_restore_what_the_webhooks_that_are_there_ask_for_is_published(
    bench: HookBench,
) -> None:
    await bench.make(types=["answer.changed"])
    (_, version, _) = (await published(bench))[0]
    # The topic knows of a webhook that was made after the backup.
    lost = TenantWebhooks(version=version + 1, types=("decision.made",), changed_at=bench.clock())
    event = WEBHOOKS.event(TENANT, lost, bench.clock())
    older = WEBHOOKS.event(TENANT, replace(lost, version=version - 1), bench.clock())
    async with bench.database.transaction() as uow:
        await restore_wanted(uow, [older, event])
        assert await wanted_page(uow, None, 10) == ([(TENANT, lost)], None)
    async with bench.database.transaction() as uow:
        assert await settle(uow, 100) == 1
        assert await settle(uow, 100) == 0
    (*_, newest) = await published(bench)
    assert newest[2] == ("answer.changed",)
    assert newest[1] > lost.version
