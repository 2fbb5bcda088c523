"""The scorer's job with Quix Streams: a stateful function for each answer, a sink that adds to PostgreSQL.

Exactly once as far as Kafka goes: offsets, state and its changelog are one Kafka transaction, at the intervals
of its default. PostgreSQL is outside of it, as of every sink of theirs: a process that dies between the
sink's commit and Kafka's counts that interval twice. A batch for each partition is one transaction here.

Run in an environment of its own; prints the seconds from the first answer to the last commit of the sink.
"""

import os
import sys
import tempfile
import time
from collections import defaultdict
from typing import Any

import psycopg
from quixstreams import Application, State
from quixstreams.sinks.base import BatchingSink, SinkBatch

SCORES = range(11)
COLUMNS = ", ".join(f"c{score}" for score in SCORES)
CREATE = f"""
    CREATE TABLE counts (tenant text, measurement text, segment text COLLATE "C", day date,
    {", ".join(f"c{score} bigint NOT NULL" for score in SCORES)},
    PRIMARY KEY (tenant, measurement, segment, day)) WITH (fillfactor = 70)
"""
ADD = f"""
    INSERT INTO counts AS t (tenant, measurement, segment, day, {COLUMNS})
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::date[]{", %s::bigint[]" * len(SCORES)})
    ORDER BY 1, 2, 3, 4 ON CONFLICT (tenant, measurement, segment, day) DO UPDATE SET
    {", ".join(f"c{score} = t.c{score} + EXCLUDED.c{score}" for score in SCORES)}
"""
NOTHING: tuple[()] = ()


class Counts(BatchingSink):
    """Adds up a batch, and then adds it to what is counted."""

    def __init__(self, url: str, wanted: int) -> None:
        super().__init__()
        self._url = url
        self._wanted = wanted
        self._done = 0

    def setup(self) -> None:
        self._connection = psycopg.connect(self._url)
        self._connection.execute(CREATE)
        self._connection.commit()

    def write(self, batch: SinkBatch) -> None:
        cells: defaultdict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * len(SCORES))
        for item in batch:
            for *cell, score, by in item.value:
                cells[tuple(cell)][score] += by
        keys = zip(*cells, strict=True) if cells else ([], [], [], [])
        by_score = zip(*cells.values(), strict=True) if cells else ([] for _ in SCORES)
        with self._connection.transaction():
            self._connection.execute(ADD, [list(column) for column in (*keys, *by_score)])
        self._done += batch.size
        if self._done == self._wanted:
            sys.stdout.write(f"{time.monotonic() - BEGAN[0]}\n")
            sys.stdout.flush()


BEGAN: list[float] = []


def differences(event: dict[str, Any], state: State) -> list[tuple[Any, ...]]:
    """What the answer's newest version changes: what it counted as until now is taken back."""
    if not BEGAN:
        BEGAN.append(time.monotonic())
    answer, tenant = event["data"], event["tenant"]
    known = state.get("counted", [0, None])
    if answer["version"] <= known[0]:
        return []
    now = None
    if answer["state"] != "clicked" and not answer.get("test") and answer.get("day"):
        now = [answer.get("measurement", "transactional"), _segments(answer), answer["day"], answer["score"]]
    state.set("counted", [answer["version"], now])
    found = []
    for counted, by in ((known[1], -1), (now, 1)):
        if counted is not None:
            measurement, segments, day, score = counted
            found += [(tenant, measurement, segment, day, score, by) for segment in segments]
    return found


def _segments(answer: dict[str, Any]) -> list[str]:
    path, found = "organisation:", ["", *(f"{name}:{value}" for name, value in answer["segments"].items())]
    for number, part in enumerate(answer["organisation"]):
        path += f"/{part}" if number else part
        found.append(path)
    return found


def main() -> None:
    wanted = int(os.environ["PEER_RECORDS"])
    with tempfile.TemporaryDirectory() as state:
        app = Application(
            broker_address=os.environ["PEER_KAFKA"],
            consumer_group=os.environ["PEER_GROUP"],
            auto_offset_reset="earliest",
            processing_guarantee="exactly-once",
            state_dir=state,
            loglevel="ERROR",
        )
        answers = app.dataframe(app.topic(os.environ["PEER_TOPIC"], value_deserializer="json"))
        answers = answers.apply(differences, stateful=True)
        answers.sink(Counts(os.environ["PEER_DATABASE"], wanted))
        app.run(count=wanted)


if __name__ == "__main__":
    main()
