"""What would become of a source's newest records: read once, without a position."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from services.trigger.sources.cluster import SourceCluster, cluster_id_of
from services.trigger.sources.domain import Source
from services.trigger.sources.problems import SourceProblem, problem_of
from services.trigger.sources.reading import record_reader
from services.trigger.sources.record_reader import NOT_IN_JSON, RecordReader, Skipped, time_of_record
from services.trigger.sources.registry import RegistryUnavailable
from services.trigger.sources.sealing import opened
from services.trigger.sources.taking import accepted_record, judge_key
from shared.events import Transaction
from shared.intake.errors import Unacceptable
from shared.kafka.kernel.handling import Record
from shared.outbound.address_guard import AddressGuard
from shared.sealed import SealBroken
from shared.service import Context
from shared.values.messages import Message

MAX_RECORDS = 5
OFFSETS_BACK = 4 * MAX_RECORDS
"""Markers of transactions, and the records of those that were aborted, have offsets, too."""
MAX_PARTITIONS = 50
MAX_SHOWN_CHARACTERS = 8_000
"""Of a record."""
FETCH_TIMEOUT_S = 4.0
_encoder = msgspec.json.Encoder(enc_hook=str)


class PreviewedRecord(NamedTuple):
    """A record, and the event that it would become."""

    part: int
    offset: int
    at: datetime | None
    record: str
    """As the paths of the mapping see it, as JSON; empty where it cannot be read."""
    event: Transaction | None
    """None: it is skipped, or does not fit."""
    field: str
    remedy: Message | str | None
    """What would make it fit."""


async def preview(context: Context, source: Source, country: str | None) -> list[PreviewedRecord]:
    """The newest records of the topic, the newest first.

    :raises SourceProblem: when they cannot be read now.
    """
    guard = AddressGuard.of(context.afterword.outbound_networks)
    try:
        secrets = opened(context.secret, source)
    except SealBroken as error:
        raise SourceProblem("secrets") from error
    reader = record_reader(source, secrets, guard)
    own_cluster = await cluster_id_of(context.afterword.kafka)
    async with SourceCluster(source, secrets, guard, own_cluster).connected() as cluster:
        partitions = await cluster.partitions()
        records = await _newest(cluster, partitions[:MAX_PARTITIONS])
    try:
        await reader.prepare(record.value for record in records)
    except RegistryUnavailable as error:
        raise SourceProblem(problem_of(error) or "registry") from error
    now = context.database.clock()
    return [_previewed(context.secret, source, reader, record, country, now) for record in records]


async def _newest(cluster: SourceCluster, parts: Sequence[int]) -> list[Record]:
    beginnings, ends = await cluster.beginnings(parts), await cluster.ends(parts)
    starts = {part: max(beginnings[part], ends[part] - OFFSETS_BACK) for part in parts}
    left = {part for part in parts if starts[part] < ends[part]}
    if not left:
        return []
    cluster.assign({part: starts[part] for part in left})
    found: list[Record] = []
    deadline = asyncio.get_running_loop().time() + FETCH_TIMEOUT_S
    while left and asyncio.get_running_loop().time() < deadline:
        for records in (await cluster.fetch(wait_ms=500, most=100)).values():
            found += records
        found.sort(key=lambda record: (record.timestamp, record.offset), reverse=True)
        del found[MAX_RECORDS:]
        left = {part for part in left if await cluster.position(part) < ends[part]}
    return found


def _previewed(
    secret: str, source: Source, reader: RecordReader, record: Record, country: str | None, now: datetime
) -> PreviewedRecord:
    event, field, remedy, shown = None, "", None, ""
    try:
        shown = _shown(reader.decoded(record))
        event = accepted_record(reader, secret, judge_key(source, country), record, now).transaction
    except Skipped:
        pass
    except Unacceptable as fault:
        field, remedy = fault.field, fault.remedy
    return PreviewedRecord(
        record.partition, record.offset, time_of_record(record), shown, event, field, remedy
    )


def _shown(decoded: Any) -> str:
    try:
        text = msgspec.json.format(_encoder.encode(decoded), indent=2).decode()
    except NOT_IN_JSON:
        return ""
    return text if len(text) <= MAX_SHOWN_CHARACTERS else text[:MAX_SHOWN_CHARACTERS] + "…"
