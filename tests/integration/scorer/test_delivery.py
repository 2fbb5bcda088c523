"""From the topic to the counts, through the kernel: delivered twice, in any order, after a crash."""

import secrets
from dataclasses import replace
from random import Random

from support.asked_model import differing_counts
from support.eventually import eventually
from support.kernel_service import create_topics, running
from support.scorer_builders import an_answer, kept_counts, naive_counts

from services.scorer.handlers import count_answers
from shared.db.database import Database
from shared.events import ANSWERS
from shared.health import Health
from shared.kafka.kernel import BatchConsumer, Subscription
from shared.kafka.kernel.clients import new_producer, stop_producer
from shared.kafka.kernel.dead_letters import dead_letter_topic


async def test_answers_delivered_twice_and_out_of_order_count_once(kafka: str, database: Database) -> None:
    topic = replace(ANSWERS, name=f"answers-{secrets.token_hex(4)}.v1")
    await create_topics(kafka, [topic.name, dead_letter_topic(topic.name, "scorer")], partitions=3)
    chance = Random(7)
    history = [
        an_answer(f"a{i % 40}", version=1 + i // 40, score=chance.randrange(11), test=i % 40 == 0)
        for i in range(120)
    ]
    published = [*history, *history]
    chance.shuffle(published)
    producer = new_producer(kafka, "test")
    await producer.start()
    try:
        for answer in published:
            event = topic.event("acme", answer, database.clock())
            # Any partition: no order may be relied on.
            await producer.send(topic.name, topic.encode(event), b"k", partition=chance.randrange(3))
        await producer.flush()
    finally:
        await stop_producer(producer)

    async def all_read(times: int) -> bool:
        async with database.reading() as uow:
            row = await uow.execute(
                "SELECT coalesce(sum(next_offset), 0) FROM position WHERE topic = :t", {"t": topic.name}
            )
            return bool(row.scalar_one() == times * len(published))

    subscription = Subscription(topic, count_answers)
    async with running(BatchConsumer(database, "scorer", subscription, kafka, Health())):
        await eventually(lambda: all_read(1), within=40)
    assert await kept_counts(database) == naive_counts(history)

    async with database.transaction() as uow:  # an operator reads the topic again from its beginning
        await uow.execute(
            "UPDATE position SET next_offset = 0, max_ts = 0 WHERE topic = :t", {"t": topic.name}
        )
    async with running(BatchConsumer(database, "scorer", subscription, kafka, Health())):
        await eventually(lambda: all_read(1), within=40)
    assert await kept_counts(database) == naive_counts(history)
    async with database.reading() as uow:
        assert await differing_counts(uow, "acme") == []
