"""What the tills write becomes the same events as by HTTP, and what does not fit is a dead letter with its place."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from deploy.demo import kafka_source
from deploy.demo.checkpoint import Checkpoint
from deploy.demo.client import DemoClient, DemoStopped
from deploy.demo.company import TENANT_ID
from deploy.demo.model import Model
from deploy.demo.purchases import Purchase
from deploy.demo.sentences import Sentences
from deploy.demo.stream import REFUND, TILLS, DemoEvent, EventStream
from deploy.demo.tills import DAMAGES, Record, Tills, damaged, opening_records, receipt, setup_records
from deploy.demo.traffic import REFUNDED_AFTER, Traffic
from services.trigger.sources.domain import OWN_CLUSTER_PREFIX, Secrets, Source
from services.trigger.sources.record_reader import RecordReader
from services.trigger.sources.schemas import SourceBody
from services.trigger.sources.source_commands import check
from services.trigger.sources.taking import Batch, Judge, ReadPosition
from shared.events import TRANSACTIONS
from shared.intake.domain import transaction
from shared.intake.schemas import EventIn
from shared.kafka.kernel.publisher import Publisher, Unavailable
from shared.runtime import Backoff

MODEL = Model("a seed", Sentences(()))
PURCHASES = [Purchase(n + 1, f"{n:05d}", date(1997, 1, 1), 1 + n % 3, 1177) for n in range(400)]
STREAM = EventStream(MODEL, PURCHASES)
AT_TILLS = [event for n in range(400) if (event := STREAM.at(n)).source == TILLS]
NOW = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)


@dataclass
class FakeRecord:
    key: bytes
    value: bytes
    offset: int
    partition: int = 0
    timestamp: int = int(NOW.timestamp() * 1_000)
    headers: list[tuple[str, bytes]] = field(default_factory=list)


@dataclass
class FakePublisher:
    """Keeps what is published; refuses it the first `refusals` times."""

    refusals: int = 0
    records: list[Record] = field(default_factory=list)

    async def publish(self, topic: str, records: Sequence[Record]) -> None:
        assert topic == kafka_source.TOPIC
        if self.refusals:
            self.refusals -= 1
            raise Unavailable
        self.records += records


def the_source() -> Source:
    wanted = SourceBody.model_validate(kafka_source.source("127.0.0.1:9092")).wanted()
    assert wanted.connection
    assert wanted.reading
    return Source(
        tenant=TENANT_ID,
        id=UUID(int=1),
        name=wanted.name or "",
        topic=wanted.topic or "",
        state="running",
        read_from=wanted.read_from or "",
        connection=wanted.connection,
        reading=wanted.reading,
        sealed=None,
        revision=1,
        generation=0,
        created_at=NOW,
        changed_at=NOW,
    )


def taken(records: Sequence[Record]) -> Batch:
    """What the trigger makes of these records."""
    source = the_source()
    fetched: Any = {0: [FakeRecord(key, value, offset) for offset, (key, value) in enumerate(records)]}
    judge = Judge(source, RecordReader(source, None), "secret", "DK")
    return asyncio.run(judge.batch(fetched, {0: ReadPosition(0, 0)}, NOW))


def tills(publisher: FakePublisher, stopping: asyncio.Event | None = None) -> Tills:
    return Tills(MODEL, cast("Publisher", publisher), stopping or asyncio.Event())


def whole(event: DemoEvent) -> Record:
    return b"key", msgspec.json.encode(receipt(event, NOW))


def test_the_source_can_be_declared_and_its_topic_is_one_that_the_company_may_read() -> None:
    source = the_source()
    check(source, Secrets())
    assert source.topic.startswith(OWN_CLUSTER_PREFIX.format(tenant=TENANT_ID))


def test_a_receipt_becomes_the_event_that_would_have_come_by_http() -> None:
    refunds = [refund for event in AT_TILLS if (refund := STREAM.refund_of(event)) is not None]
    events = [*AT_TILLS, *refunds]
    assert {event.customer.has_only_a_phone for event in events} == {True, False}
    assert refunds
    batch = taken([whole(event) for event in events])
    assert batch.faults == []
    for event, (_, value) in zip(events, batch.events, strict=True):
        got = TRANSACTIONS.decode(value).data
        sent = msgspec.json.decode(msgspec.json.encode(event.body(NOW)), type=EventIn)
        expected = transaction(sent, source=TILLS, customer_id=str, now=NOW).transaction
        assert got == replace(expected, person=got.person)


def test_each_thing_that_is_wrong_is_said_with_its_place_and_the_opening_of_a_till_is_skipped() -> None:
    batch = taken([*opening_records(NOW), *setup_records(NOW)])
    assert [each.field for each in batch.faults] == ["/customer/mail", "/customer", "/at", "/"]
    assert all(str(each.remedy) for each in batch.faults)
    (move,) = batch.moves.values()
    assert (move.taken, move.refused, move.skipped) == (0, 4, 2)


def test_about_one_sale_in_ten_does_not_fit_and_always_the_same_ones() -> None:
    first, again = ([tills(FakePublisher()).record(event, NOW) for event in AT_TILLS] for _ in range(2))
    assert first == again
    batch = taken(first)
    assert 0 < len(batch.faults) < len(AT_TILLS) / 4
    assert len(batch.faults) + len(batch.events) == len(AT_TILLS)


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_receipt_can_be_damaged_so_that_it_does_not_fit(damage: str) -> None:
    batch = taken([(b"key", damaged(receipt(event, NOW), damage)) for event in AT_TILLS])
    assert len(batch.faults) == len(AT_TILLS)


async def test_what_kafka_does_not_take_is_written_again_until_it_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Backoff, "next", lambda _: 0.0)
    publisher = FakePublisher(refusals=2)
    await tills(publisher).send(AT_TILLS[0], NOW)
    assert publisher.records == [tills(publisher).record(AT_TILLS[0], NOW)]


async def test_a_stop_ends_the_writing() -> None:
    stopping = asyncio.Event()
    stopping.set()
    with pytest.raises(DemoStopped):
        await tills(FakePublisher(), stopping).send(AT_TILLS[0], NOW)


async def test_events_of_the_tills_go_to_kafka_alone_and_all_others_to_the_api(tmp_path: Path) -> None:
    most, posted = 60, list[str]()
    stopping = asyncio.Event()
    checkpoint = Checkpoint(tmp_path / "position.json", lambda: NOW)

    def answer(request: httpx.Request) -> httpx.Response:
        posted.append(msgspec.json.decode(request.content)["id"])
        if checkpoint.progress.next_event >= most:
            stopping.set()
        return httpx.Response(202, json={})

    publisher = FakePublisher()
    client = DemoClient("http://afterword", "key", stopping, transport=httpx.MockTransport(answer))
    traffic = Traffic(
        STREAM, MODEL, client, tills(publisher, stopping), checkpoint, every=0.0001, clock=lambda: NOW
    )
    await traffic.run(stopping)
    await client.close()
    sent = [STREAM.at(n) for n in range(checkpoint.progress.next_event)]
    everything = [each for event in sent for each in (event, STREAM.refund_of(event)) if each is not None]
    assert posted == [each.id for each in everything if each.source != TILLS]
    assert publisher.records == [
        *opening_records(NOW),
        *setup_records(NOW),
        *(record_of(each) for each in everything if each.source == TILLS),
    ]


def record_of(event: DemoEvent) -> Record:
    at = NOW + REFUNDED_AFTER if event.type == REFUND else NOW
    return tills(FakePublisher()).record(event, at)
