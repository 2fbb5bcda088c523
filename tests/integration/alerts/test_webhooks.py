"""Webhooks against a real endpoint: signed, in order, again until they are taken, and nobody waits for another."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace
from sqlalchemy import event
from support.alerts_builders import TENANT, an_answer, deliver, rows
from support.eventually import eventually
from support.http_clients import SECRET
from support.stack import Postgres
from support.webhook_receiver import Received, Reply
from support.webhook_verifier import TOLERANCE, NotTrusted, Verifier
from support.webhooks import LOOPBACK, HookBench, a_hook_bench

from services.alerts.erasing import erase
from services.alerts.notice_kinds import NOTICE_KINDS
from services.alerts.notices.queue import NoticeQueue
from services.alerts.notices.rendering import NoticeRenderer
from services.alerts.retention.repository import RETENTION
from services.alerts.webhooks import lanes
from services.alerts.webhooks.domain import RetryPolicy
from services.alerts.webhooks.lanes import BATCH_SIZE
from services.alerts.webhooks.queueing import (
    keep_erasure_requests,
    queue_answers,
    queue_erasures,
    queue_scores,
)
from services.alerts.webhooks.signing import signature
from services.alerts.webhooks.webhook_commands import WebhookWanted, change
from shared.db.database import UnitOfWork
from shared.events import ANSWERS, ERASURES, Answer, CustomerErased, ErasureConfirmed, RetentionRules, Score
from shared.ids import uuid7
from shared.mail.installation import installation_sender
from shared.outbound import Prepared, Withdrawn, deliveries
from shared.outbound.address_guard import AddressGuard
from shared.privacy.audit import AuditActor
from shared.privacy.erased import CONFIRMING_SERVICES, Target
from shared.privacy.retention import Cutoffs

POLICY = RetryPolicy()
LONGER = 1.2
"""A try is due by its schedule and at most a tenth of it later."""


@pytest.fixture
async def bench(postgres: Postgres) -> AsyncIterator[HookBench]:
    url = await postgres.migrated_database("alerts")
    async with a_hook_bench(url) as bench:
        yield bench
    await postgres.drop_database(url)


def versions_of(answer: Answer, number: int) -> list[Answer]:
    return [replace(answer, version=version) for version in range(1, number + 1)]


def is_signed_by(received: Received, secret: str) -> bool:
    """As a receiver checks it."""
    timestamp = int(received.headers["webhook-timestamp"])
    expected = signature([secret], received.id, timestamp, received.body)
    return expected in received.headers["webhook-signature"].split(" ")


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
            await _until_tries(bench, made, 0, tries)
            bench.clock.ahead += wait * LONGER
        found = await bench.until(made, "sent", "failed")
    received = bench.receiver.received
    assert [each.message["data"]["version"] for each in received] == [1] * 10 + [2]
    assert len({each.id for each in received}) == 2
    assert (found[1]["attempts"], found[1]["status"], found[1]["response"]) == (10, 500, "down")
    assert (await bench.call(made))["failing_since"] is None


async def _until_tries(bench: HookBench, made: dict[str, Any], *wanted: int) -> None:
    """Return when the messages, the newest first, were tried so often."""

    async def were_tried() -> bool:
        return [each["attempts"] for each in await bench.deliveries(made)] == list(wanted)

    await eventually(were_tried)


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


async def test_five_days_of_nothing_but_failures_switch_a_webhook_off(bench: HookBench) -> None:
    made = await bench.make()
    bench.receiver.answer = lambda _: Reply(503)
    await bench.tell(an_answer(), an_answer())
    began = bench.clock.ahead
    async with bench.sending():
        tries = 0
        while (await bench.call(made))["state"] == "on":
            tries += 1
            await _until_tries(bench, made, 0, tries)
            bench.clock.ahead += timedelta(hours=27)
    assert (await bench.call(made))["off_reason"] == "failing"
    assert POLICY.off_after <= bench.clock.ahead - began <= POLICY.off_after + timedelta(hours=54)


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


async def test_while_a_secret_is_replaced_both_sign(bench: HookBench) -> None:
    made = await bench.make()
    rotated = await bench.call(made, "POST", "/secret", {"overlap_hours": 2})
    assert rotated["secret"] != made["secret"]
    await bench.tell(an_answer())
    async with bench.sending():
        (both,) = await bench.came(1)
        bench.clock.ahead += timedelta(hours=3)
        await bench.tell(an_answer())
        new = (await bench.came(2))[-1]
    assert [is_signed_by(both, each["secret"]) for each in (made, rotated)] == [True, True]
    assert [is_signed_by(new, each["secret"]) for each in (made, rotated)] == [False, True]


async def test_b32_a_receiver_that_checks_time_signature_and_id_takes_each_message_once(
    bench: HookBench,
) -> None:
    """Whenever it is tried, by either secret, and never from somebody who kept what we sent."""
    made = await bench.make()
    before = Verifier(made["secret"])
    bench.receiver.answer = lambda _: Reply(503)
    await bench.tell(an_answer())
    async with bench.sending():
        (first,) = await bench.came(1)
        assert before.take(first, bench.clock())
        for number, wait in enumerate(POLICY.waits[:4], 2):
            await _until_tries(bench, made, number - 1)
            bench.clock.ahead += wait * LONGER
            again = (await bench.came(number))[-1]
            assert not before.take(again, bench.clock()), "the same id"
        rotated = await bench.call(made, "POST", "/secret", {"overlap_hours": 24})
        after = Verifier(rotated["secret"])
        bench.receiver.answer = lambda _: Reply()
        await _until_tries(bench, made, 5)
        bench.clock.ahead += POLICY.waits[4] * LONGER
        last = (await bench.came(6))[-1]
        await bench.until(made, "sent")
        assert [each.take(last, bench.clock()) for each in (before, after)] == [False, True]
        await bench.call(made, "POST", "/replay", {"message_id": last.id})
        replayed = (await bench.came(7))[-1]
        assert not after.take(replayed, bench.clock())
    kept, now = Verifier(rotated["secret"]), bench.clock()
    for late in (TOLERANCE + timedelta(seconds=2), -TOLERANCE - timedelta(seconds=2)):
        with pytest.raises(NotTrusted, match="time"):
            kept.take(replayed, now + late)
    forged = {**replayed.headers, "webhook-timestamp": str(int((now + TOLERANCE).timestamp()) - 1)}
    for changed in (
        replayed._replace(headers=forged),
        replayed._replace(headers={**replayed.headers, "webhook-id": "msg_other"}),
        replayed._replace(body=replayed.body.replace(b"detractor", b"promoter") + b" "),
    ):
        with pytest.raises(NotTrusted, match="signature"):
            kept.take(changed, now)
    assert not kept.taken


async def test_messages_wait_while_a_webhook_is_paused_and_a_test_passes_them(bench: HookBench) -> None:
    made = await bench.make()
    await bench.call(made, "PATCH", body={"state": "paused"})
    await bench.tell(an_answer())
    tried = await bench.call(made, "POST", "/test")
    async with bench.sending():
        (test,) = await bench.came(1)
        await bench.until(made, "waiting", "sent")
        assert (test.id, test.message["type"]) == (tried["message_id"], "webhook.test")
        await bench.call(made, "PATCH", body={"state": "on"})
        await bench.came(2)
        await bench.until(made, "sent", "sent")


async def test_messages_are_sent_again_one_or_all_of_a_time_in_their_order(bench: HookBench) -> None:
    made = await bench.make()
    before = bench.clock() - timedelta(seconds=1)
    await bench.tell(*versions_of(an_answer(), 3))
    async with bench.sending():
        sent = await bench.until(made, "sent", "sent", "sent")
        again = await bench.call(made, "POST", "/replay", {"message_id": sent[1]["message_id"]})
        assert again == {"replayed": 1, "more": False}
        await bench.came(4)
        await bench.until(made, "sent", "sent", "sent")
        span = {"since": before.isoformat(), "until": (bench.clock() + timedelta(seconds=1)).isoformat()}
        assert (await bench.call(made, "POST", "/replay", span))["replayed"] == 3
        received = await bench.came(7)
        none = {**span, "failed_only": True}
        assert (await bench.call(made, "POST", "/replay", none))["replayed"] == 0
    assert [each.message["data"]["version"] for each in received] == [1, 2, 3, 2, 1, 3, 2]
    assert len({each.id for each in received}) == 3


async def test_the_list_of_messages_goes_by_page(bench: HookBench) -> None:
    made = await bench.make()
    await bench.tell(*versions_of(an_answer(), 5))
    seen, query = [], "?limit=2"
    while query:
        page = await bench.call(made, path=f"/deliveries{query}")
        seen += [each["message_id"] for each in page["deliveries"]]
        query = f"?limit=2&after={page['next']}" if page["next"] else ""
    assert seen == [each["message_id"] for each in await bench.deliveries(made)]
    assert len(set(seen)) == 5
    assert await bench.deliveries(made, "?state=sent") == []


async def test_an_erased_customer_is_in_no_message_and_what_waits_of_them_is_not_sent(
    bench: HookBench,
) -> None:
    made = await bench.make()
    gone = an_answer(person="p" * 64, contact_key="k", comment="I am Karen")
    await bench.tell(gone)
    async with bench.sending():
        await bench.until(made, "sent")
    await bench.tell(replace(gone, version=2), an_answer(person="q" * 64))
    async with bench.database.transaction() as uow:
        await erase(uow, [Target(TENANT, "p" * 64, "p" * 64, None)])
    await bench.tell(
        replace(gone, version=3, person="", contact_key=None, comment=None, customer_id=None, erased=True)
    )
    async with bench.sending():
        found = await bench.until(made, "sent", "sent", "dropped", "sent")
    stored = await bench.rows()
    assert [each.body is None for each in stored] == [True, True, False, False]
    assert "Karen" not in str(stored)
    assert [each["can_be_replayed"] for each in found] == [True, True, False, False]
    assert bench.receiver.received[-1].message["data"]["erased"] is True


async def test_what_a_sender_has_read_of_a_customer_is_not_sent_once_they_are_erased(
    bench: HookBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "LOOK_AGAIN_S", 0.0)
    made = await bench.make()
    held = asyncio.Event()
    bench.receiver.answer = lambda _: Reply(after=held)
    first, gone, last = (an_answer(person=letter * 64, contact_key=letter) for letter in "fgl")
    await bench.tell(first, gone, last)
    async with bench.sending():
        await bench.came(1)
        async with bench.database.transaction() as uow:
            await erase(uow, [Target(TENANT, "g" * 64, "g" * 64, None)])
        held.set()
        await bench.until(made, "sent", "dropped", "sent")
    assert [each.message["data"]["id"] for each in bench.receiver.received] == [str(first.id), str(last.id)]


async def test_only_what_belongs_to_the_segments_is_told_and_nothing_of_before(bench: HookBench) -> None:
    await bench.tell(early := an_answer())
    made = await bench.make(segments=["organisation:north"])
    await bench.tell(
        early,
        an_answer(organisation=("south",)),
        an_answer(organisation=("north", "sales")),
        an_answer(anonymous=True),
        an_answer(state="clicked", score=None),
        an_answer(changed_at=bench.clock() - timedelta(days=30)),
    )
    assert len(await bench.deliveries(made)) == 1


async def test_an_answer_that_is_held_after_it_was_told_is_told_once_more(bench: HookBench) -> None:
    made = await bench.make()
    told = an_answer()
    await bench.tell(told, replace(told, version=2, state="clicked", score=None, comment=None))
    async with bench.sending():
        await bench.until(made, "sent", "sent")
    assert [each.message["data"]["state"] for each in bench.receiver.received] == ["sent", "held"]


async def test_a_case_is_told_in_the_transaction_that_changes_it(bench: HookBench) -> None:
    made = await bench.make(types=["case.changed"])
    case = await bench.alerts.open_case()
    closing = {"act": "close", "cause": "delivery.late", "action": "Called.", "outcome": "recovered"}
    answer = await bench.client.post(
        f"/v1/cases/{case}/actions",
        json={**closing, "told": True},
        headers=bench.alerts.key("cases:write"),
    )
    assert answer.is_success, answer.text
    async with bench.sending():
        await bench.until(made, "sent", "sent")
    told = [each.message["data"] for each in bench.receiver.received]
    assert [(each["id"], each["state"]) for each in told] == [(str(case), "open"), (str(case), "closed")]
    assert "Called." not in str(told)


async def test_scores_are_told(bench: HookBench) -> None:
    made = await bench.make(types=["score.changed"])
    now = bench.clock()
    score = Score(
        segment="touchpoint:checkout",
        measurement="transactional",
        version=1,
        window_days=90,
        until=now.date(),
        counts=(0,) * 11,
        n=12,
        nps=10.0,
        low=5.0,
        high=15.0,
        level=0.95,
        computed_at=now,
    )
    await deliver(bench.database, queue_scores, score, replace(score, version=2, nps=11.0))
    async with bench.sending():
        await bench.until(made, "sent")
    assert bench.receiver.received[0].message["data"]["nps"] == 11.0


async def test_an_erasure_is_told_once_when_every_service_has_confirmed_it(bench: HookBench) -> None:
    made = await bench.make(types=["erasure.done"])
    now, erasure = bench.clock(), uuid7()
    confirmed = [
        ErasureConfirmed(id="p" * 64, service=service, confirmed_at=now) for service in CONFIRMING_SERVICES
    ]
    asked = CustomerErased(id="p" * 64, version=1, erased_at=now, erasure_id=erasure)
    for each in confirmed[:-1]:
        await _confirm(bench, each)
    await deliver(bench.database, keep_erasure_requests, asked)
    assert await bench.deliveries(made) == []
    for each in (confirmed[-1], *confirmed):
        await _confirm(bench, each)
    async with bench.sending():
        await bench.until(made, "sent")
    told = bench.receiver.received[0].message["data"]
    assert (told["erasure_id"], told["services"]) == (str(erasure), list(CONFIRMING_SERVICES))


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


async def test_what_is_too_old_loses_its_customer_first_and_then_goes(bench: HookBench) -> None:
    made = await bench.make()
    await bench.tell(an_answer(person="p" * 64))
    for days, kept in ((40, 1), (100, 0)):
        rules = RetentionRules(comments=30)
        cutoffs = Cutoffs(TENANT, bench.clock() + timedelta(days=days), rules)
        async with bench.database.transaction() as uow:
            for rule in RETENTION:
                await rule.apply(uow, cutoffs, 100)
        found = await bench.rows()
        assert len(found) == kept
        assert [(each.body, each.person, each.state) for each in found] == [(None, "", "dropped")] * kept
    assert await bench.deliveries(made) == []


async def _confirm(bench: HookBench, confirmed: ErasureConfirmed) -> None:
    async with bench.database.transaction() as uow:
        await queue_erasures(uow, [ERASURES.event(TENANT, confirmed, confirmed.confirmed_at)])
