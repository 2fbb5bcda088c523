"""Whether a stored position belongs to the topic as it is, and not to another one of its name."""

import time
from collections.abc import Mapping

from services.trigger.sources.cluster import SourceCluster
from services.trigger.sources.domain import MAX_BAD_RUN
from services.trigger.sources.problems import ProblemCode
from services.trigger.sources.repository.positions import StoredPosition

LAST_TIME_MS = 2**63 - 1
"""No record is younger: it is the largest time that one can have."""
PROOF_RECORDS = 2_000
"""So many are read at most to tell a topic from another of its name."""
PROOF_TIMEOUT_S = 10.0
PROOF_WAIT_MS = 300


def problem_of_position(position: StoredPosition, beginning: int, end: int) -> ProblemCode | None:
    """Whether the position can belong to the topic as it is, by the offsets that it has."""
    next_offset = position.next_offset or 0
    if next_offset > end:
        return "another_topic"
    if next_offset < beginning:
        return "lost"
    return "misfits" if position.bad_run >= MAX_BAD_RUN else None


async def parts_of_another_topic(cluster: SourceCluster, read: Mapping[int, StoredPosition]) -> list[int]:
    """The partitions that have a record before the position that is younger than all that were read.

    Only of partitions whose records before the position were all read: such a record was never there. What is
    found by time is a hint alone: it may be a marker of a transaction, or a record of one that was aborted,
    which no reader gets. So the records from there on are read.
    """
    hints = await cluster.at_times(
        {part: each.max_ts + 1 for part, each in read.items() if each.max_ts < LAST_TIME_MS}
    )
    left = {part: hint[0] for part, hint in hints.items() if hint and hint[0] < (read[part].next_offset or 0)}
    if not left:
        return []
    cluster.assign(left)
    another: list[int] = []
    deadline, seen = time.monotonic() + PROOF_TIMEOUT_S, 0
    while left and seen < PROOF_RECORDS and time.monotonic() < deadline:
        fetched = await cluster.fetch(wait_ms=PROOF_WAIT_MS, most=PROOF_RECORDS - seen)
        seen += sum(map(len, fetched.values()))
        for part in list(left):
            position = read[part]
            end = position.next_offset or 0
            records = fetched.get(part, [])
            younger = any(each.offset < end and each.timestamp > position.max_ts for each in records)
            if younger:
                another.append(part)
            if younger or await cluster.position(part) >= end:
                del left[part]
                cluster.pause(part)
    return another
