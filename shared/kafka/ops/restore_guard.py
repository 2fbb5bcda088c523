"""Whether a database remembers all that was said from it: one restored from an older backup does not.

The relay writes the number of its outbox row on each record. The database gives these numbers out and never
takes one back, so a record with a higher one than it has given out was said by a younger state. A worker
on such a database would decide again, open again and mail again what it has forgotten.
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
"""So many records at the end of each partition are looked at: what an operator sent again has no number."""
RECHECK_INTERVAL_S = 5.0
READ_TIMEOUT_S = 30.0


async def highest_published(reader: AIOKafkaConsumer, topics: Sequence[str]) -> int:
    """The highest number at the end of these topics; 0 where none is."""
    places = await partitions_of(reader, topics)
    ends = await reader.end_offsets(places)
    beginnings = await reader.beginning_offsets(places)
    since = {tp: max(beginnings[tp], ends[tp] - RECORDS_PER_PARTITION) for tp in places}
    highest = 0
    async with asyncio.timeout(READ_TIMEOUT_S):
        async for _, records in records_between(reader, since, ends):
            for record in records:
                for name, value in record.headers:
                    if name == SEQUENCE_HEADER and value.isdigit():
                        highest = max(highest, int(value))
    return highest


async def missing_outbox_rows(database: Database, reader: AIOKafkaConsumer, topics: Sequence[str]) -> int:
    """How many numbers lie between what was said and what the database remembers; 0: it remembers all."""
    said = await highest_published(reader, topics)
    async with database.reading() as uow:  # after the topics: what is said meanwhile had its number before
        given = await uow.execute(
            "SELECT coalesce(pg_sequence_last_value(CAST('outbox_seq_seq' AS regclass)), 0)"
        )
        return max(said - int(given.scalar_one()), 0)


async def restore_sequence(database: Database, said: int) -> None:
    """Give out only numbers above ``said`` from now on: the recovery is complete."""
    async with database.transaction() as uow:
        await uow.execute(
            "SELECT setval(CAST('outbox_seq_seq' AS regclass), :said) FROM outbox_seq_seq "
            "WHERE last_value < :said",
            {"said": said},
        )


@dataclass
class RestoreGuard:
    """Tells the loops of a process that they may begin: its database remembers all that was said from it."""

    database: Database
    service: str
    topics: Sequence[str]
    """Those on which the service alone speaks."""
    bootstrap: str
    health: Health
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.health.set_unready("restore guard", "not compared with the topics yet")

    async def run(self, stopping: asyncio.Event) -> None:
        """Compare until they fit: ``recover`` may come while we wait."""
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
