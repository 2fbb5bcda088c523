"""Whether a position belongs to its topic, also where a record says that it is of the end of all time."""

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from services.trigger.sources.repository.positions import StoredPosition
from services.trigger.sources.topic_checks import LAST_TIME_MS, parts_of_another_topic


def test_no_time_is_asked_for_that_kafka_cannot_say() -> None:
    asked: dict[int, int] = {}

    async def at_times(times_ms: Mapping[int, int]) -> dict[int, None]:
        asked.update(times_ms)
        return dict.fromkeys(times_ms)

    cluster: Any = SimpleNamespace(at_times=at_times)
    read = {0: StoredPosition(5, LAST_TIME_MS, 0), 1: StoredPosition(5, 10, 0)}
    assert asyncio.run(parts_of_another_topic(cluster, read)) == []
    assert asked == {1: 11}
