"""The scorer's job with FastStream and asyncpg: a batch subscriber, and a transaction for each batch.

At least once: its offsets are committed after the handler. So that a batch that comes again changes nothing,
the handler keeps each answer with its version, in the same transaction, and counts what was new: the same
thought as ours, written by hand. Nothing here holds when the database is restored or two owners overlap for
longer than Kafka knows.

Run in an environment of its own; prints the seconds from the first batch to the last commit.
"""

import logging
import os
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg
import uvloop
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker
from pydantic import BaseModel

SCORES = range(11)
COLUMNS = ", ".join(f"c{score}" for score in SCORES)
CREATE = f"""
    CREATE TABLE counts (tenant text, measurement text, segment text COLLATE "C", day date,
    {", ".join(f"c{score} bigint NOT NULL" for score in SCORES)},
    PRIMARY KEY (tenant, measurement, segment, day)) WITH (fillfactor = 70);
    CREATE TABLE seen (tenant text, id uuid, version bigint NOT NULL, measurement text NOT NULL,
    segments text NOT NULL, day date, score smallint, PRIMARY KEY (tenant, id))
"""
KEEP = """
    INSERT INTO seen AS t SELECT * FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::text[],
    $6::date[], $7::smallint[]) ORDER BY 1, 2 ON CONFLICT (tenant, id) DO UPDATE SET
    version = EXCLUDED.version, measurement = EXCLUDED.measurement, segments = EXCLUDED.segments,
    day = EXCLUDED.day, score = EXCLUDED.score WHERE t.version < EXCLUDED.version
    RETURNING new.tenant, old.measurement AS old_measurement, old.segments AS old_segments, old.day AS old_day,
    old.score AS old_score, new.measurement, new.segments, new.day, new.score
"""
ADD = f"""
    INSERT INTO counts AS t (tenant, measurement, segment, day, {COLUMNS})
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::date[],
    {", ".join(f"${5 + score}::bigint[]" for score in SCORES)})
    ORDER BY 1, 2, 3, 4 ON CONFLICT (tenant, measurement, segment, day) DO UPDATE SET
    {", ".join(f"c{score} = t.c{score} + EXCLUDED.c{score}" for score in SCORES)}
"""
BETWEEN = "%|"


class Answer(BaseModel):
    id: UUID
    version: int
    state: str
    test: bool = False
    score: int | None = None
    measurement: str = "transactional"
    segments: dict[str, str] = {}
    organisation: list[str] = []
    day: date | None = None

    @property
    def counts(self) -> bool:
        return self.state != "clicked" and not self.test and self.day is not None

    @property
    def within(self) -> list[str]:
        """The company, and all segments it lies in."""
        path, found = "organisation:", ["", *(f"{name}:{value}" for name, value in self.segments.items())]
        for number, part in enumerate(self.organisation):
            path += f"/{part}" if number else part
            found.append(path)
        return found


class Event(BaseModel):
    tenant: str
    data: Answer


logger = logging.getLogger("counting")
logger.setLevel(logging.ERROR)
broker = KafkaBroker(os.environ["PEER_KAFKA"], logger=logger)
app = FastStream(broker, logger=logger)


@dataclass
class Job:
    wanted: int
    done: int = 0
    began: float = 0.0
    pool: asyncpg.Pool | None = None


job = Job(int(os.environ["PEER_RECORDS"]))


@app.on_startup
async def connect() -> None:
    job.pool = pool = await asyncpg.create_pool(os.environ["PEER_DATABASE"], server_settings={"jit": "off"})
    await pool.execute(CREATE)


@broker.subscriber(
    os.environ["PEER_TOPIC"],
    batch=True,
    max_records=500,
    group_id=os.environ["PEER_GROUP"],
    auto_offset_reset="earliest",
    ack_policy=AckPolicy.NACK_ON_ERROR,
)
async def count(events: list[Event]) -> None:
    job.began = job.began or time.monotonic()
    newest: dict[tuple[str, UUID], Event] = {}
    for event in events:
        at = newest.setdefault((event.tenant, event.data.id), event)
        if event.data.version > at.data.version:
            newest[event.tenant, event.data.id] = event
    assert job.pool is not None
    async with job.pool.acquire() as connection, connection.transaction():
        rows = await connection.fetch(
            KEEP,
            [event.tenant for event in newest.values()],
            [event.data.id for event in newest.values()],
            [event.data.version for event in newest.values()],
            [event.data.measurement for event in newest.values()],
            [BETWEEN.join(event.data.within) for event in newest.values()],
            [event.data.day for event in newest.values()],
            [event.data.score if event.data.counts else None for event in newest.values()],
        )
        cells: defaultdict[tuple[str, str, str, date], list[int]] = defaultdict(lambda: [0] * len(SCORES))
        for row in rows:
            if row["old_score"] is not None:
                for segment in row["old_segments"].split(BETWEEN):
                    cells[row["tenant"], row["old_measurement"], segment, row["old_day"]][
                        row["old_score"]
                    ] -= 1
            if row["score"] is not None:
                for segment in row["segments"].split(BETWEEN):
                    cells[row["tenant"], row["measurement"], segment, row["day"]][row["score"]] += 1
        if cells:
            keys, by_score = zip(*cells, strict=True), zip(*cells.values(), strict=True)
            await connection.execute(ADD, *(list(column) for column in (*keys, *by_score)))
    job.done += len(events)
    if job.done == job.wanted:
        sys.stdout.write(f"{time.monotonic() - job.began}\n")
        sys.stdout.flush()
        app.exit()


if __name__ == "__main__":
    uvloop.run(app.run())
