"""The envelope of events: CloudEvents 1.0 in Kafka's structured mode, with the extension ``tenant``."""

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
    """The data of an event: the whole state of one thing."""


D = TypeVar("D", bound=Data)


class Event(msgspec.Struct, Generic[D], frozen=True, kw_only=True):
    """The state of one thing of one tenant at ``time``."""

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
    """A topic: the kind of its events, and how they are encoded, keyed and decoded."""

    name: str
    event_type: str
    data: type[D]
    source: str
    identity: Callable[[D], str]
    """The thing's id within its tenant."""
    version: Callable[[D], int]
    """Grows with each change; always 0 where the first event wins."""
    key: Callable[[D], str] | None = None
    """Within the tenant: events of one key are in one partition, in order. None: that of one thing are."""
    compacted: bool = False
    """Only the newest record of each key is kept, for ever; one without a value is a tombstone."""
    erasable: bool = False
    """Records are kept for some days, of each key only the newest: what replaces a record, or a tombstone,
    erases it."""
    _decoder: "msgspec.json.Decoder[Event[D]]" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_decoder", msgspec.json.Decoder(Event[self.data]))  # type: ignore[name-defined]

    def event(self, tenant: str, data: D, time: datetime) -> Event[D]:
        """A new event with this state of a thing."""
        return Event(
            id=new_id(),
            source=self.source,
            type=self.event_type,
            subject=self.identity(data),
            time=time,
            tenant=tenant,
            data=data,
        )

    @property
    def has_tombstones(self) -> bool:
        """Whether a record without a value is no fault."""
        return self.compacted or self.erasable

    def record_key(self, event: Event[D]) -> bytes:
        """The record's key, which begins with the tenant."""
        return record_key(event.tenant, event.subject if self.key is None else self.key(event.data))

    def encode(self, event: Event[D]) -> bytes:
        """The record's value."""
        return _encoder.encode(event)

    def decode(self, value: bytes | None) -> Event[D]:
        r"""The event in a record's value.

        :raises Unreadable: when it is no event of this topic, or contains ``\u0000``, which PostgreSQL cannot
            store.
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


def record_key(tenant: str, key: str) -> bytes:
    """The key of a record about a tenant's thing."""
    return f"{tenant}/{key}".encode()


_encoder = msgspec.json.Encoder()
# The only kind of message in which msgspec quotes a value: the reason of a dead letter must not contain one.
_QUOTED = re.compile(r"^Invalid (?:enum )?value .*(?= - at `)", re.DOTALL)
# An odd number of backslashes: an even number is text in which a customer typed a backslash and "u0000".
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
