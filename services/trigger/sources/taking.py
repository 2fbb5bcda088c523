"""What becomes of a batch of records: events to publish, dead letters, and the moves of the positions."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from services.trigger.sources.domain import MAX_BAD_RUN, Source
from services.trigger.sources.record_reader import RecordReader, Skipped
from services.trigger.sources.repository.faults import Fault
from services.trigger.sources.repository.positions import Move
from shared.api_keys import ApiKey
from shared.db.database import UnitOfWork
from shared.events import TRANSACTIONS
from shared.intake.accepting import accepted_event
from shared.intake.domain import AcceptedEvent
from shared.intake.errors import Unacceptable
from shared.kafka.kernel.dead_letters import HEADER_PREFIX, dead_letter_key, encode_headers
from shared.kafka.kernel.handling import Record
from shared.kafka.kernel.source_letters import SOURCE_KEY_HEADER, SOURCE_LETTERS, source_place
from shared.limits import MAX_EVENT_BYTES
from shared.values.json_pointers import printable
from shared.values.messages import Count, message

log = structlog.get_logger()

MAX_LETTER_HEADER_BYTES = 48_000
RECORDS_PER_TURN = 50
"""After so many other loops of the process get their turn."""
_OUR_FAULT = message("Could not be read, by a fault of ours. Tell whoever runs Afterword.")


class ReadPosition:
    """Where a worker stands in a partition."""

    def __init__(self, next_offset: int, bad_run: int) -> None:
        self.next_offset = next_offset
        self.bad_run = bad_run


@dataclass
class Batch:
    """What one transaction takes in."""

    events: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Key and value of each transaction."""
    faults: list[Fault] = field(default_factory=list)
    letters: list[Record] = field(default_factory=list)
    """The records that do not fit, in the order of ``faults``."""
    moves: dict[int, Move] = field(default_factory=dict)
    fused: list[int] = field(default_factory=list)
    """Partitions that stop behind this batch: too many dead letters in a row."""

    @property
    def records(self) -> int:
        """How many records it is made of."""
        return sum(each.taken + each.refused + each.skipped for each in self.moves.values())


class Judge:
    """Judges the records of one source."""

    def __init__(self, source: Source, reader: RecordReader, secret: str, country: str | None) -> None:
        """:param country: in whose form phone numbers are read where the customer has none."""
        self._source = source
        self._reader = reader
        self._secret = secret
        self._key = judge_key(source, country)

    async def batch(
        self, fetched: Mapping[int, Sequence[Record]], positions: Mapping[int, ReadPosition], now: datetime
    ) -> Batch:
        """What becomes of the records that lie at or behind the positions.

        Now and then the process's other loops get their turn: a batch takes as long as several round trips to
        the database.
        """
        batch = Batch()
        for part, records in fetched.items():
            position = positions[part]
            fresh = [each for each in records if each.offset >= position.next_offset]
            if fresh:
                await self._judge_partition(batch, part, position, fresh, now)
        return batch

    async def _judge_partition(
        self, batch: Batch, part: int, position: ReadPosition, records: Sequence[Record], now: datetime
    ) -> None:
        taken = refused = skipped = youngest = 0
        end, bad_run = position.next_offset, position.bad_run
        for number, record in enumerate(records, 1):
            if number % RECORDS_PER_TURN == 0:
                await asyncio.sleep(0)  # the other loops of the process have their turn
            end, youngest = record.offset + 1, max(youngest, record.timestamp)
            try:
                batch.events.append(self._event(record, now))
            except Skipped:
                skipped += 1
                continue
            except Unacceptable as fault:
                batch.faults.append(Fault(part, record.offset, _shown(fault.field), fault.remedy))
            except Exception as error:
                # One record never harms its batch; the fault is ours, so it is a dead letter.
                log.exception("source_record_failed", source=str(self._source.id), error=type(error).__name__)
                batch.faults.append(Fault(part, record.offset, "/", _OUR_FAULT))
            else:
                taken += 1
                bad_run = 0
                continue
            batch.letters.append(record)
            refused += 1
            bad_run += 1
            if bad_run >= MAX_BAD_RUN:
                batch.fused.append(part)
                break
        batch.moves[part] = Move(position.next_offset, end, youngest, bad_run, taken, refused, skipped)

    def _event(self, record: Record, now: datetime) -> tuple[bytes, bytes]:
        accepted = accepted_record(self._reader, self._secret, self._key, record, now)
        published = TRANSACTIONS.event(self._source.tenant, accepted.transaction, now)
        value = TRANSACTIONS.encode(published)
        if len(value) > MAX_EVENT_BYTES:
            raise Unacceptable(
                "/", message("Is larger than %(most)s bytes as an event.", most=Count(MAX_EVENT_BYTES))
            )
        return TRANSACTIONS.record_key(published), value


def accepted_record(
    reader: RecordReader, secret: str, key: ApiKey, record: Record, now: datetime
) -> AcceptedEvent:
    """The event of a record, checked as one that a client sends.

    :raises Skipped: when it is none.
    :raises Unacceptable: naming the place in the record, and the remedy.
    """
    event, spoilt = reader.read(record, now)
    try:
        return accepted_event(secret, key, event, now, spoilt)
    except Unacceptable as fault:
        raise Unacceptable(reader.place(fault.field), fault.remedy) from None


def judge_key(source: Source, country: str | None) -> ApiKey:
    """Whose the events of a source are: as if a key of the company had sent them."""
    return ApiKey(
        tenant=source.tenant,
        id=str(source.id),
        name=source.name,
        scopes=frozenset({"events:write"}),
        country=country,
        source=source.name,
    )


def add_letters(uow: UnitOfWork, source: Source, batch: Batch) -> None:
    """Publish the dead letters, with their original bytes and the remedy."""
    place = source_place(source.tenant, str(source.id))
    for record, fault in zip(batch.letters, batch.faults, strict=True):
        value = record.value or b""
        headers = [
            (name, content or b"") for name, content in record.headers if not name.startswith(HEADER_PREFIX)
        ]
        if record.key is not None:
            headers.insert(0, (SOURCE_KEY_HEADER, record.key))
        if sum(len(name) + len(content) for name, content in headers) > MAX_LETTER_HEADER_BYTES:
            headers = []
        reason = f"{fault.field}: {fault.remedy}"
        encoded = encode_headers(place, record.partition, record.offset, None, reason, uow.now, headers)
        key = dead_letter_key(place, record.partition, record.offset)
        # What is larger than a topic of ours takes is cut: the whole is still on the company's topic.
        uow.add_dead_letter(SOURCE_LETTERS, key, value[:MAX_EVENT_BYTES], encoded)


def _shown(field: str) -> str:
    return printable(field)
