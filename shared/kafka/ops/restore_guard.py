"""Whether a database contains all that was published from it: one restored from an older backup does not.

The relay writes the number of its outbox row into a header of each record. The database's sequence gives
these numbers out and never repeats one, so a record with a higher number than the sequence has reached was
published from a newer state. A worker on such a database would decide, open cases and send mail again.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer

from shared.db.database import Database
from shared.health import Health
from shared.kafka.kernel.relay import SEQUENCE_HEADER
from shared.kafka.kernel.topic_reader import partitions_of, records_between, topic_reader
from shared.runtime import NEVER_AGAIN, Periodic
from shared.telemetry import metrics

RECORDS_PER_PARTITION = 20
"""Records read at the end of each partition: those that an operator replayed have no number."""
RECHECK_INTERVAL_S = 5.0
READ_TIMEOUT_S = 30.0


LAST_SEQ = "SELECT coalesce(pg_sequence_last_value(CAST('outbox_seq_seq' AS regclass)), 0)"
RAISE_SEQUENCE = """
    SELECT setval(CAST('outbox_seq_seq' AS regclass), :published)
    FROM outbox_seq_seq
    WHERE last_value < :published
"""


async def highest_published(reader: AIOKafkaConsumer, topics: Sequence[str]) -> int:
    """The highest number of an outbox row at the end of these topics; 0 if there is none."""
    partitions = await partitions_of(reader, topics)
    ends = await reader.end_offsets(partitions)
    beginnings = await reader.beginning_offsets(partitions)
    since = {tp: max(beginnings[tp], ends[tp] - RECORDS_PER_PARTITION) for tp in partitions}
    highest = 0
    async with asyncio.timeout(READ_TIMEOUT_S):
        async for _, records in records_between(reader, since, ends):
            for record in records:
                for name, value in record.headers:
                    if name == SEQUENCE_HEADER and value.isdigit():
                        highest = max(highest, int(value))
    return highest


async def missing_outbox_rows(database: Database, reader: AIOKafkaConsumer, topics: Sequence[str]) -> int:
    """How many numbers of published rows the database's sequence has not reached; 0 if it is complete."""
    published = await highest_published(reader, topics)
    async with database.reading() as uow:  # after the topics: a row gets its number before it is published
        reached = await uow.execute(LAST_SEQ)
        return max(published - int(reached.scalar_one()), 0)


async def restore_sequence(database: Database, published: int) -> None:
    """Let the sequence go on behind the highest published number: the database is complete again."""
    async with database.transaction() as uow:
        await uow.execute(RAISE_SEQUENCE, {"published": published})


@dataclass
class RestoreGuard:
    """Lets the loops of a process begin once its database contains all that was published from it."""

    database: Database
    service: str
    topics: Sequence[str]
    """The topics on which the service alone publishes."""
    bootstrap: str
    health: Health
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the database is complete."""

    def __post_init__(self) -> None:
        self.health.set_unready("restore guard", "not compared with the topics yet")

    async def run(self, stopping: asyncio.Event) -> None:
        """Compare until the database is complete: ``afterword recover`` may mend it meanwhile."""
        await Periodic("restore guard", self._step, RECHECK_INTERVAL_S, self.health, sets_ready=False).run(
            stopping
        )

    async def _step(self) -> float | None:
        async with topic_reader(self.bootstrap, f"{self.service}-restore-guard") as reader:
            missing = await missing_outbox_rows(self.database, reader, self.topics)
        metrics.MISSING_OUTBOX_ROWS.labels(self.service).set(missing)
        if missing:
            self.health.set_unready(
                "restore guard", f"the database is {missing} rows older; see afterword recover"
            )
            return None
        self.health.set_ready("restore guard")
        self.ready.set()
        return NEVER_AGAIN
