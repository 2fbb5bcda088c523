"""With the real broker: consumed, answered while it was away, published when it is back."""

from typing import Any
from uuid import UUID

from support.eventually import eventually
from support.kernel_service import create_topics, records_of, running

from services.collector.app import SERVICE
from shared.events import ANSWERS, INVITATIONS, SURVEYS, TENANTS, Answer
from shared.health import Health
from shared.kafka.kernel import BatchConsumer, Relay
from shared.kafka.kernel.clients import new_producer, stop_producer

from .conftest import ASKS, Bench, an_invitation, tenant_of, the_survey


async def on_topic(kafka: str, invitation: UUID) -> list[Answer]:
    records = await records_of(kafka, ANSWERS.name)
    published = [ANSWERS.decode(value) for _, value, _ in records]
    return [event.data for event in published if event.data.id == invitation]


async def test_an_answer_given_while_kafka_is_away_is_published_when_it_is_back(
    bench: Bench, kafka: str
) -> None:
    """The application of the bench knows no broker at all: what it accepts, it accepts alone."""
    await create_topics(kafka, [topic.name for topic in (TENANTS, SURVEYS, INVITATIONS, ANSWERS)], 2)
    health = Health()
    consumers = [
        BatchConsumer(bench.context.database, SERVICE.name, subscription, kafka, health)
        for subscription in SERVICE.consumed(bench.context)
    ]
    invitation = an_invitation(bench.now)
    events: list[tuple[Any, Any]] = [
        (INVITATIONS, invitation),
        (SURVEYS, the_survey(bench.now, ASKS)),
        (TENANTS, tenant_of("harbour", bench.now, "Europe/Copenhagen", key="key-of-harbour")),
    ]
    producer = new_producer(kafka, "test")
    await producer.start()
    try:
        for topic, data in events:
            event = topic.event("harbour", data, bench.now)
            await producer.send_and_wait(topic.name, topic.encode(event), topic.record_key(event))
    finally:
        await stop_producer(producer)

    async def is_consumed() -> bool:
        page = await bench.client.get(f"/s/{bench.token(invitation.id)}")
        return page.status_code == 200 and "What should we have done?" in page.text

    async with running(*consumers):
        await eventually(is_consumed, within=30)
    await bench.submit(invitation.id, 3, action="choose")
    await bench.submit(invitation.id, 4, comment="It came late.")
    assert await on_topic(kafka, invitation.id) == []

    async def is_published() -> list[Answer] | None:
        published = await on_topic(kafka, invitation.id)
        return published if len(published) == 3 else None

    async with running(Relay(bench.context.database, SERVICE.name, kafka, health)):
        published = await eventually(is_published, within=30)
    assert published is not None
    assert [(answer.version, answer.state, answer.score) for answer in published] == [
        (1, "clicked", None),
        (2, "saved", 3),
        (3, "sent", 4),
    ]
