"""Record batches of a size that a topic takes, sent in their order within each partition."""

import asyncio

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from shared.kafka.kernel.dead_letters import Headers
from shared.limits import MAX_BATCH_BYTES


class RecordBatches:
    """Batches that one producer sends together."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._waiting: dict[tuple[str, int], list[BatchBuilder]] = {}

    def append(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers | None = None,
    ) -> None:
        """Append a record to those of its partition.

        :raises ValueError: when it is larger than a batch can be.
        """
        waiting = self._waiting.setdefault((topic, partition), [])
        batch = waiting[-1] if waiting else None
        if batch is None or (batch.record_count() and batch.size() + len(value or b"") > MAX_BATCH_BYTES):
            batch = self._producer.create_batch()
            waiting.append(batch)
        if batch.append(key=key, value=value, timestamp=None, headers=headers or []) is None:
            raise ValueError("a record is larger than a batch")

    async def send(self) -> None:
        """Return when every record is acknowledged."""
        acknowledgements = []
        for (topic, partition), waiting in self._waiting.items():
            for batch in waiting:
                acknowledgements.append(await self._producer.send_batch(batch, topic, partition=partition))
        await asyncio.gather(*acknowledgements)
