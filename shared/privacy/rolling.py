"""The loop that lets Kafka compact what erasures have replaced, on partitions to which nobody writes.

Kafka never compacts the newest segment of a partition, and begins a new one only when a record comes that is
``max.compaction.lag.ms`` younger than the segment: until then the erased record can be read. So for some time
after an erasure each partition gets a tombstone of nothing, which every consumer passes over.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from aiokafka import TopicPartition

from shared.db.database import Database
from shared.kafka.kernel.clients import partition_of
from shared.kafka.kernel.topic_reader import partitions_of, topic_reader

SEGMENTS_LOOP = "segments"
CHECK_INTERVAL_S = 60.0
ROLL_INTERVAL_S = 6 * 3600.0
ROLLED_FOR = timedelta(days=3)
"""So long after an erasure: its tombstones were published, the lag has passed, and the segment has ended."""

FIND_RECENTLY_ERASED = """
    SELECT 1 WHERE EXISTS (SELECT FROM erased WHERE done_at > :since)
        OR EXISTS (SELECT FROM closed_company WHERE coalesce(swept_at, erased_at) > :since)
"""


@dataclass
class SegmentRolling:
    """Writes to every partition of a service's topics of personal data."""

    database: Database
    bootstrap: str
    topics: Sequence[str]
    _not_before: float = 0.0
    """By the monotonic clock: a loop that ticks more rarely would count as stalled."""

    async def step(self) -> float | None:
        """Publish a tombstone of nothing to each partition, if it is time and there were erasures."""
        if time.monotonic() < self._not_before:
            return None
        async with self.database.reading() as uow:
            found = await uow.execute(FIND_RECENTLY_ERASED, {"since": uow.now - ROLLED_FOR})
            if found.one_or_none() is None:
                return None
        async with topic_reader(self.bootstrap, "afterword-segments") as reader:
            partitions = await partitions_of(reader, self.topics)
        async with self.database.transaction() as uow:
            for topic, key in keys_of(partitions):
                uow.publish_tombstone(topic, key)
        self._not_before = time.monotonic() + ROLL_INTERVAL_S
        return None


def keys_of(partitions: Sequence[TopicPartition]) -> Iterator[tuple[str, bytes]]:
    """A key of nothing for each of these partitions, which are all of their topics."""
    for topic in sorted({tp.topic for tp in partitions}):
        missing = {tp.partition for tp in partitions if tp.topic == topic}
        number = len(missing)
        for each in count():
            key = b"/segment/%d" % each
            if partition_of(key, number) in missing:
                missing.remove(partition_of(key, number))
                yield topic, key
            if not missing:
                break
