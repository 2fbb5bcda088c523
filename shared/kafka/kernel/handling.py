"""From records to a handler: decode a batch, handle its events, and find those that cannot be handled."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, NamedTuple

import structlog
from aiokafka import ConsumerRecord

from shared.db.database import UnitOfWork
from shared.errors import Unprocessable, is_data_error, is_infrastructure_error, sqlstate
from shared.events.envelope import D, Event, Topic, Unreadable

log = structlog.get_logger()

Record = ConsumerRecord[bytes | None, bytes | None]
Handler = Callable[[UnitOfWork, Sequence[Event[D]]], Awaitable[None]]
RecordPlace = tuple[int, int]
"""Partition and offset of a record in its topic."""
DecodedRecords = Sequence[tuple[RecordPlace, Event[D]]]
"""Events, each behind the place of its record."""


class Unhandled(NamedTuple):
    """Why a record becomes a dead letter: the kind of fault, and the reason without a value of the event."""

    kind: Literal["unreadable", "impossible", "refused", "bug"]
    reason: str


UnhandledRecords = dict[RecordPlace, Unhandled]
"""Records that become dead letters, by their places."""


def place_of(record: Record) -> RecordPlace:
    """The partition and offset of a record."""
    return record.partition, record.offset


@dataclass(frozen=True)
class Subscription(Generic[D]):
    """A topic that a service consumes, and the handler of its events."""

    topic: Topic[D]
    handle: Handler[D]
    prompt: bool = False
    """Whether each event is fetched at once. Otherwise the broker collects records for a third of a second at
    most: while few arrive, a transaction costs more than its records.
    """


def decode(topic: Topic[D], records: Sequence[Record]) -> tuple[DecodedRecords[D], UnhandledRecords]:
    """The events of a batch in the order in which a handler gets them, and the records that are no events."""
    decoded: list[tuple[RecordPlace, Event[D]]] = []
    unhandled: UnhandledRecords = {}
    for record in records:
        if record.value is None and topic.has_tombstones:
            continue  # a tombstone: the thing's last version was published before it
        try:
            decoded.append((place_of(record), topic.decode(record.value)))
        except Unreadable as why:
            unhandled[place_of(record)] = Unhandled("unreadable", str(why))
    # Rows are locked in one order everywhere, so that no two transactions wait for each other.
    decoded.sort(key=lambda at: (at[1].tenant, topic.identity(at[1].data), topic.version(at[1].data), at[0]))
    return decoded, unhandled


HandleRecords = Callable[
    [UnitOfWork, Subscription[Any], DecodedRecords[Any], UnhandledRecords], Awaitable[None]
]


async def handle_together(
    uow: UnitOfWork, subscription: Subscription[D], decoded: DecodedRecords[D], _unhandled: UnhandledRecords
) -> None:
    """Handle all events at once; any refused one ends the transaction."""
    if decoded:
        await subscription.handle(uow, [event for _, event in decoded])


async def handle(
    uow: UnitOfWork, subscription: Subscription[D], decoded: DecodedRecords[D], unhandled: UnhandledRecords
) -> None:
    """Handle the events within a savepoint; when they are refused, each half of them, down to single events.

    An event that is refused alone is added to ``unhandled``.
    """
    if not decoded:
        return
    try:
        async with uow.savepoint():
            await subscription.handle(uow, [event for _, event in decoded])
    except Exception as error:
        if is_infrastructure_error(error):
            raise
        if len(decoded) == 1:
            place = decoded[0][0]
            unhandled[place] = _unhandled(error)
            log.warning(
                "event_dead_letter",
                topic=subscription.topic.name,
                partition=place[0],
                offset=place[1],
                error=type(error).__name__,
            )
            return
        middle = len(decoded) // 2
        await handle(uow, subscription, decoded[:middle], unhandled)
        await handle(uow, subscription, decoded[middle:], unhandled)


def _unhandled(error: Exception) -> Unhandled:
    """Kind and reason of an error, without its message where a database made it: that may quote a row."""
    if isinstance(error, Unprocessable):
        return Unhandled("impossible", str(error))
    innermost = error.__traceback__
    while innermost is not None and innermost.tb_next is not None:
        innermost = innermost.tb_next
    where = f" in {innermost.tb_frame.f_code.co_qualname}:{innermost.tb_lineno}" if innermost else ""
    kind: Literal["refused", "bug"] = "refused" if is_data_error(error) else "bug"
    return Unhandled(kind, f"{type(error).__name__} {sqlstate(error)}{where}")
