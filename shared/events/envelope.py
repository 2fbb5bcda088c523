"""The envelope: CloudEvents 1.0 in Kafka's structured mode, with our extension attribute ``tenant``."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Generic, TypeVar

import msgspec

from shared.ids import new_id

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Text = Annotated[str, msgspec.Meta(max_length=1_000)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
ScoreValue = Annotated[int, msgspec.Meta(ge=0, le=10)]


class Unreadable(Exception):
    """These bytes are not an event of this topic. The message says why, without quoting them."""


class Data(msgspec.Struct, frozen=True, kw_only=True):
    """What an event says: the whole state of one thing."""


D = TypeVar("D", bound=Data)


class Event(msgspec.Struct, Generic[D], frozen=True, kw_only=True):
    """One thing of one tenant as it stands at ``time``."""

    id: str
    source: str
    type: str
    subject: str
    time: Instant
    tenant: Name
    data: D
    specversion: str = "1.0"
    datacontenttype: str = "application/json"


@dataclass(frozen=True)
class Topic(Generic[D]):
    """Where one kind of thing is said, and how its events are written, keyed and read."""

    name: str
    event_type: str
    data: type[D]
    source: str
    identity: Callable[[D], str]
    """The thing's id within its tenant."""
    version: Callable[[D], int]
    """Grows with each change; 0 for ever where the first event wins."""
    key: Callable[[D], str]
    """What must stay together, within the tenant; decides the partition."""
    compacted: bool = False
    _decoder: "msgspec.json.Decoder[Event[D]]" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_decoder", msgspec.json.Decoder(Event[self.data]))  # type: ignore[name-defined]

    def event(self, tenant: str, data: D, time: datetime) -> Event[D]:
        """Say that this is how the thing stands now."""
        return Event(
            id=new_id(),
            source=self.source,
            type=self.event_type,
            subject=self.identity(data),
            time=time,
            tenant=tenant,
            data=data,
        )

    def record_key(self, event: Event[D]) -> bytes:
        """The record's key: always behind the tenant."""
        return f"{event.tenant}/{self.key(event.data)}".encode()

    def encode(self, event: Event[D]) -> bytes:
        """The record's value."""
        return _encoder.encode(event)

    def decode(self, value: bytes | None) -> Event[D]:
        r"""Read a record's value.

        :raises Unreadable: for anything that is not such an event, ``\u0000`` in a text included,
            since no column of PostgreSQL could hold it.
        """
        if not value:
            raise Unreadable("the record is empty")
        if b"\\u0000" in value and _NUL.search(value):
            raise Unreadable("a text holds the character U+0000")
        try:
            event = self._decoder.decode(value)
        except RecursionError:
            raise Unreadable("nested too deeply") from None
        except UnicodeDecodeError:
            raise Unreadable("not UTF-8") from None
        except msgspec.MsgspecError as error:
            raise Unreadable(_QUOTED.sub("Invalid value", str(error))) from None
        if event.specversion != "1.0" or event.type != self.event_type:
            raise Unreadable(f"not an event of type {self.event_type}")
        return event


_encoder = msgspec.json.Encoder()
# The one kind of message in which msgspec repeats what was sent: the reason of a dead letter is read by many.
_QUOTED = re.compile(r"^Invalid (?:enum )?value .*(?= - at `)", re.DOTALL)
# An odd number of backslashes: the customer who typed a backslash and "u0000" is no fault.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
