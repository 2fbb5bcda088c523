"""Topics read apart from any group."""

import secrets
from collections.abc import Awaitable, Callable

import pytest
from aiokafka.consumer.fetcher import Fetcher
from support.kernel_service import create_topics

from shared.kafka.kernel.topic_reader import partitions_of, topic_reader


async def test_the_ends_of_many_topics_are_asked_for_in_one_go(
    kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Aiokafka sleeps, and begins again, for each topic that is not in its metadata."""
    names = [f"read-{secrets.token_hex(4)}.v1" for _ in range(5)]
    await create_topics(kafka, names, 2)
    async with topic_reader(kafka, "test") as reader:  # until the new partitions have their leaders
        await reader.end_offsets(await partitions_of(reader, names))
    asked: list[object] = []
    ask: Callable[[Fetcher, object], Awaitable[object]] = Fetcher._proc_offset_requests

    async def counted(fetcher: Fetcher, timestamps: object) -> object:
        asked.append(timestamps)
        return await ask(fetcher, timestamps)

    monkeypatch.setattr(Fetcher, "_proc_offset_requests", counted)
    async with topic_reader(kafka, "test") as reader:
        places = await partitions_of(reader, [*names, "no-such-topic.v1"])
        assert await reader.end_offsets(places) == dict.fromkeys(places, 0)
    assert len(places) == 10
    assert len(asked) == 1
