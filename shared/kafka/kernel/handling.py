"""From records to a handler: what can be read is handed over, what cannot be handled is told apart."""

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
"""Events by their places."""


class Unhandled(NamedTuple):
    """Why a record was put aside: whose fault it is, and what is wrong, without a value."""

    kind: Literal["unreadable", "impossible", "refused", "bug"]
    reason: str


UnhandledRecords = dict[RecordPlace, Unhandled]
"""Those that were put aside, by their places."""


def place_of(record: Record) -> RecordPlace:
    """Where a record stands."""
    return record.partition, record.offset


@dataclass(frozen=True)
class Subscription(Generic[D]):
    """What a service hears, and what it then does."""

    topic: Topic[D]
    handle: Handler[D]
    prompt: bool = False
    """Somebody waits for each event. Others wait at the broker for company, a third of a second at most: a
    transaction costs more than the few records that are in it while little comes.
    """


def decode(topic: Topic[D], records: Sequence[Record]) -> tuple[DecodedRecords[D], UnhandledRecords]:
    """The events of a batch in the order in which a handler takes them, and what cannot be read."""
    good: list[tuple[RecordPlace, Event[D]]] = []
    bad: UnhandledRecords = {}
    for record in records:
        if record.value is None and topic.compacted:
            continue  # a tombstone: the thing's last word was said before it
        try:
            good.append((place_of(record), topic.decode(record.value)))
        except Unreadable as why:
            bad[place_of(record)] = Unhandled("unreadable", str(why))
    # Rows are taken in one order everywhere, so that no two transactions wait for each other.
    good.sort(key=lambda at: (at[1].tenant, topic.identity(at[1].data), topic.version(at[1].data), at[0]))
    return good, bad


HandleRecords = Callable[
    [UnitOfWork, Subscription[Any], DecodedRecords[Any], UnhandledRecords], Awaitable[None]
]


async def handle_together(
    uow: UnitOfWork, subscription: Subscription[D], good: DecodedRecords[D], _bad: UnhandledRecords
) -> None:
    """All events at once: what is refused ends the transaction."""
    if good:
        await subscription.handle(uow, [event for _, event in good])


async def handle(
    uow: UnitOfWork, subscription: Subscription[D], good: DecodedRecords[D], bad: UnhandledRecords
) -> None:
    """Hand over the events; halve what is refused down to the one event that is to blame."""
    if not good:
        return
    try:
        async with uow.savepoint():
            await subscription.handle(uow, [event for _, event in good])
    except Exception as error:
        if is_infrastructure_error(error):
            raise
        if len(good) == 1:
            place = good[0][0]
            bad[place] = _unhandled(error)
            log.warning(
                "event_dead_letter",
                topic=subscription.topic.name,
                partition=place[0],
                offset=place[1],
                error=type(error).__name__,
            )
            return
        middle = len(good) // 2
        await handle(uow, subscription, good[:middle], bad)
        await handle(uow, subscription, good[middle:], bad)


def _unhandled(error: Exception) -> Unhandled:
    """Why, without a value: a database's message may quote a row."""
    if isinstance(error, Unprocessable):
        return Unhandled("impossible", str(error))
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" in {place.tb_frame.f_code.co_qualname}:{place.tb_lineno}" if place else ""
    kind: Literal["refused", "bug"] = "refused" if is_data_error(error) else "bug"
    return Unhandled(kind, f"{type(error).__name__} {sqlstate(error)}{where}")
