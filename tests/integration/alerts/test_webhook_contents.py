"""What webhooks are told, of whom and when: secrets, pauses, repeats, erasures, scores, and what is kept."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from msgspec.structs import replace
from support.alerts_builders import TENANT, an_answer, deliver
from support.lent_databases import LentDatabases
from support.webhook_receiver import Reply
from support.webhook_verifier import TOLERANCE, NotTrusted, Verifier
from support.webhooks import LONGER, POLICY, HookBench, a_hook_bench, is_signed_by, versions_of

from services.alerts.erasing import erase
from services.alerts.retention.repository import RETENTION
from services.alerts.webhooks import lanes
from services.alerts.webhooks.queueing import (
    keep_erasure_requests,
    queue_erasures,
    queue_scores,
)
from shared.events import ERASURES, CustomerErased, ErasureConfirmed, RetentionRules, Score
from shared.ids import uuid7
from shared.privacy.erased import CONFIRMING_SERVICES, Target
from shared.privacy.retention import Cutoffs


@pytest.fixture
async def bench(databases_to_lend: LentDatabases) -> AsyncIterator[HookBench]:
    async with databases_to_lend.lend("alerts") as database, a_hook_bench(database) as bench:
        yield bench


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
            await bench.until_tries(made, number - 1)
            bench.clock.ahead += wait * LONGER
            again = (await bench.came(number))[-1]
            assert not before.take(again, bench.clock()), "the same id"
        rotated = await bench.call(made, "POST", "/secret", {"overlap_hours": 24})
        after = Verifier(rotated["secret"])
        bench.receiver.answer = lambda _: Reply()
        await bench.until_tries(made, 5)
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
