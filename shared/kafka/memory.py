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
from shared.errors import is_retryable
from shared.kafka.reading import a_reader, partitions_of, records_between
from shared.plight import in_words
from shared.runtime import Backoff, Health, pause
from shared.telemetry import metrics

SEQUENCE = "afterword-seq"
"""The header with the number of the outbox row."""
NEWEST = 20
"""So many records at the end of each partition are looked at: what an operator sent again has no number."""
LOOK_AGAIN = 5.0
WITHIN = 30.0


async def highest_said(reader: AIOKafkaConsumer, topics: Sequence[str]) -> int:
    """The highest number at the end of these topics; 0 where none is."""
    places = await partitions_of(reader, topics)
    ends = await reader.end_offsets(places)
    beginnings = await reader.beginning_offsets(places)
    since = {tp: max(beginnings[tp], ends[tp] - NEWEST) for tp in places}
    highest = 0
    async with asyncio.timeout(WITHIN):
        async for _, records in records_between(reader, since, ends):
            for record in records:
                for name, value in record.headers:
                    if name == SEQUENCE and value.isdigit():
                        highest = max(highest, int(value))
    return highest


async def forgotten(database: Database, reader: AIOKafkaConsumer, topics: Sequence[str]) -> int:
    """How many numbers lie between what was said and what the database remembers; 0: it remembers all."""
    said = await highest_said(reader, topics)
    async with database.reading() as uow:  # after the topics: what is said meanwhile had its number before
        given = await uow.execute(
            "SELECT coalesce(pg_sequence_last_value(CAST('outbox_seq_seq' AS regclass)), 0)"
        )
        return max(said - int(given.scalar_one()), 0)


async def remember(database: Database, said: int) -> None:
    """Give out only numbers above ``said`` from now on: the recovery is complete."""
    async with database.transaction() as uow:
        await uow.execute(
            "SELECT setval(CAST('outbox_seq_seq' AS regclass), :said) FROM outbox_seq_seq "
            "WHERE last_value < :said",
            {"said": said},
        )


@dataclass
class Memory:
    """Tells the loops of a process that they may begin: its database remembers all that was said from it."""

    database: Database
    service: str
    topics: Sequence[str]
    """Those on which the service alone speaks."""
    bootstrap: str
    health: Health
    sound: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.health.missing("memory", "not compared with the topics yet")

    async def run(self, stopping: asyncio.Event) -> None:
        """Look until it is so: ``recover`` may come while we wait."""
        backoff = Backoff()
        while not (stopping.is_set() or self.sound.is_set()):
            self.health.tick("memory")
            try:
                async with a_reader(self.bootstrap, f"{self.service}-memory") as reader:
                    behind = await forgotten(self.database, reader, self.topics)
            except Exception as error:
                if not is_retryable(error):
                    raise
                self.health.missing("memory", in_words(error))
                await pause(stopping, backoff.next())
                continue
            metrics.FORGOTTEN.labels(self.service).set(behind)
            if behind:
                self.health.missing("memory", f"the database is {behind} rows older; see afterword recover")
                await pause(stopping, LOOK_AGAIN)
            else:
                self.health.found("memory")
                self.sound.set()
        self.health.forget("memory")
        await stopping.wait()
