"""Webhooks against a real endpoint: signed, in order, again until they are taken, and nobody waits for another."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event
from support.alerts_builders import an_answer
from support.eventually import eventually
from support.kernel_service import running
from support.lent_databases import LentDatabases
from support.webhook_receiver import Reply
from support.webhooks import (
    LONGER,
    POLICY,
    HookBench,
    a_hook_bench,
    is_signed_by,
    no_lane_is_served,
    versions_of,
)

from services.alerts.webhooks.lanes import BATCH_SIZE
from services.alerts.webhooks.queueing import (
    queue_answers,
)
from shared.db.notifications import MESSAGES_CHANNEL, ChangeListener
from shared.events import ANSWERS, Answer


@pytest.fixture
async def bench(databases_to_lend: LentDatabases) -> AsyncIterator[HookBench]:
    async with databases_to_lend.lend("alerts") as database, a_hook_bench(database) as bench:
        yield bench


async def test_each_version_of_an_answer_is_told_once_signed_and_in_order(bench: HookBench) -> None:
    made = await bench.make()
    versions = versions_of(an_answer(), 3 * BATCH_SIZE)
    await bench.tell(*versions)
    await bench.tell(*versions)  # read again
    async with bench.sending(3):
        received = await bench.came(len(versions))
        await bench.until(made, *["sent"] * len(versions))
    assert [each.message["data"]["version"] for each in received] == [each.version for each in versions]
    assert len({each.id for each in received}) == len(versions)
    assert all(is_signed_by(each, made["secret"]) for each in received)
    assert bench.receiver.most_in_flight == {"/hook": 1}
    first = received[0].message
    assert (first["type"], first["data"]["score"], first["data"]["comment"]) == (
        "answer.changed",
        2,
        "The leg is split again.",
    )


async def test_a_message_leaves_when_it_is_queued_and_waits_for_no_poll(bench: HookBench) -> None:
    await bench.make()
    listener = ChangeListener(bench.database, MESSAGES_CHANNEL)
    async with running(bench.lanes(poll_interval_s=600.0, listener=listener), listener):
        for number in range(1, 5):
            await bench.tell(an_answer())
            await bench.came(number)
            await eventually(partial(no_lane_is_served, bench.database, "webhook"))


async def test_a_company_without_a_webhook_costs_one_statement_and_no_row(
    bench: HookBench,
) -> None:
    await bench.make()
    executed: list[str] = []

    def count(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
        executed.append(sql)

    async with bench.database.transaction() as uow:
        event.listen(bench.database.engine.sync_engine, "before_cursor_execute", count)
        events = [_event(an_answer(), "other") for _ in range(20)]
        await queue_answers(uow, events)
    assert len(executed) == 1
    assert await bench.rows() == []


def _event(answer: Answer, tenant: str) -> Any:
    return ANSWERS.event(tenant, answer, datetime.now(UTC))


async def test_what_is_not_taken_is_tried_again_by_the_schedule_and_what_comes_later_waits(
    bench: HookBench,
) -> None:
    made = await bench.make()
    bench.receiver.answer = lambda each: (
        Reply(500, body=b"down") if each.message["data"]["version"] == 1 else Reply()
    )
    first, second = versions_of(an_answer(), 2)
    await bench.tell(first, second)
    async with bench.sending():
        for tries, wait in enumerate(POLICY.waits, 1):
            await bench.until_tries(made, 0, tries)
            bench.clock.ahead += wait * LONGER
        found = await bench.until(made, "sent", "failed")
    received = bench.receiver.received
    assert [each.message["data"]["version"] for each in received] == [1] * 10 + [2]
    assert len({each.id for each in received}) == 2
    assert (found[1]["attempts"], found[1]["status"], found[1]["response"]) == (10, 500, "down")
    assert (await bench.call(made))["failing_since"] is None


@pytest.mark.parametrize("status", [301, 400, 404])
async def test_a_redirect_and_a_refusal_are_failures_and_followed_nowhere(
    bench: HookBench, status: int
) -> None:
    made = await bench.make()
    bench.receiver.answer = lambda _: Reply(status, {"location": bench.receiver.url("/elsewhere")})
    await bench.tell(an_answer())
    async with bench.sending():
        await bench.came(1)
        await eventually(lambda: _is_tried(bench, made))
    assert bench.receiver.of("/elsewhere") == []
    (found,) = await bench.deliveries(made)
    assert (found["state"], found["status"], found["fault"]) == ("waiting", status, "status")


async def _is_tried(bench: HookBench, made: dict[str, Any]) -> bool:
    return all(each["attempts"] for each in await bench.deliveries(made))


async def test_retry_after_is_obeyed(bench: HookBench) -> None:
    made = await bench.make()
    bench.receiver.answer = lambda _: Reply(429, {"retry-after": "3600"})
    await bench.tell(an_answer())
    async with bench.sending():
        await bench.came(1)
        await eventually(lambda: _is_tried(bench, made))
    (found,) = await bench.deliveries(made)
    wait = datetime.fromisoformat(found["next_at"]) - bench.clock()
    assert timedelta(minutes=55) < wait <= timedelta(hours=1)


async def test_slow_and_dead_endpoints_delay_no_other(bench: HookBench) -> None:
    for path in ("/slow", "/good"):
        await bench.make(path)
    await bench.make("/dead", url="http://127.0.0.1:1/dead")
    held = asyncio.Event()
    bench.receiver.answer = lambda each: Reply(after=held) if each.path == "/slow" else Reply()
    await bench.tell(*[an_answer() for _ in range(5 * BATCH_SIZE)])
    async with bench.sending():
        await bench.came(5 * BATCH_SIZE, "/good")
        assert len(bench.receiver.of("/slow")) == 1
        held.set()
        await bench.came(5 * BATCH_SIZE, "/slow")


async def test_endpoints_whose_names_nobody_answers_for_delay_no_other(
    bench: HookBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    over, asked = threading.Event(), list[str]()
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, *given: Any, **named: Any) -> Any:
        if str(host).startswith("dead"):
            asked.append(host)
            over.wait()
            raise OSError(host)
        return resolve(host, *given, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    for number in range(40):
        await bench.make(f"/{number}", url=f"http://dead-{number}.example/")
    await bench.make("/good")
    await bench.tell(an_answer())
    try:
        async with bench.sending():
            await bench.came(1, "/good")
            await eventually(lambda: len(asked) == 40)
            await bench.tell(an_answer())
            await bench.came(2, "/good")
            over.set()
    finally:
        over.set()


async def test_an_error_of_ours_in_one_lane_harms_no_other(bench: HookBench) -> None:
    await bench.make("/broken")
    made = await bench.make("/good")
    await bench.tell(an_answer())
    async with bench.database.transaction() as uow:
        await uow.execute("""
            UPDATE webhook_delivery SET body = 'no JSON'
            WHERE webhook_id = (SELECT id FROM webhook WHERE name = '/broken')
        """)
    bench.receiver.answer = lambda _: Reply(200, body=b"ok")
    async with bench.sending():
        await bench.came(1, "/broken")
        await bench.until(made, "sent")
        await bench.tell(an_answer())
        await bench.until(made, "sent", "sent")
    assert len(bench.receiver.of("/broken")) == 1


async def test_what_a_dead_process_had_sent_is_sent_again_under_the_same_id_by_the_next_one(
    bench: HookBench,
) -> None:
    made = await bench.make()
    never = asyncio.Event()
    bench.receiver.answer = lambda each: (
        Reply(after=never) if each.message["data"]["version"] == 3 else Reply()
    )
    versions = versions_of(an_answer(), 4)
    await bench.tell(*versions)
    dying = bench.lanes()
    await dying.step()
    await bench.came(3)
    for task in dying._served:
        task.cancel()  # as SIGKILL: nothing is recorded
    await asyncio.wait(dying._served)
    bench.receiver.answer = lambda _: Reply()
    other = bench.lanes()
    await other.step()
    assert not other._served  # the lease of the dead process still holds
    bench.clock.ahead += timedelta(minutes=2)
    async with bench.sending():
        await bench.until(made, *["sent"] * 4)
    received = bench.receiver.received
    assert [each.message["data"]["version"] for each in received] == [1, 2, 3, 1, 2, 3, 4]
    assert len({each.id for each in received}) == 4


async def test_a_process_that_stops_records_what_was_taken_and_lets_the_lane_go(bench: HookBench) -> None:
    made = await bench.make()
    never = asyncio.Event()
    bench.receiver.answer = lambda each: (
        Reply(after=never) if each.message["data"]["version"] == 2 else Reply()
    )
    await bench.tell(*versions_of(an_answer(), 3))
    async with bench.sending():
        await bench.came(2)
    assert await bench.states(made) == ["waiting", "waiting", "sent"]
    bench.receiver.answer = lambda _: Reply()
    async with bench.sending():
        await bench.until(made, "sent", "sent", "sent")


async def test_an_answer_that_breaks_off_after_its_status_counts_as_that_status(bench: HookBench) -> None:
    made = await bench.make()
    bench.receiver.answer = lambda _: Reply(200, {"content-length": "1000000"}, body=b"x" * 50_000)
    await bench.tell(an_answer(), an_answer())
    async with bench.sending():
        await bench.until(made, "sent", "sent")
