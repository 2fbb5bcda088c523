"""What a company writes to topics of its own in each format, and the judge of what became of it."""

import json
import random
import struct
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import fastavro
from support.registry import a_reference, register

from services.trigger.sources.domain import REGISTRY_FORMATS, Format, Reading, Registry, Rule
from shared.kafka.kernel.dead_letters import HEADER_PREFIX

FORMATS: tuple[Format, ...] = ("json", "cloudevents", "avro", "json-schema")
MISFIT_SHARE, SILENT_SHARE, UNNAMED_SHARE = 0.02, 0.01, 0.3
"""Records that do not fit, that are no events (without a value), and events that name no id."""
SCHEMA_ID_BY_FORMAT: Mapping[str, int] = {"avro": 2, "json-schema": 3}
"""By format; a registry that is empty at first counts so."""
OTHER_SCHEMA_ID = 77
AVRO_SCHEMA = {
    "type": "record",
    "name": "Order",
    "fields": [
        {"name": "id", "type": ["null", "string"]},
        {"name": "customer", "type": ["null", "string"]},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    ],
}
CUSTOMER_SCHEMA = {"type": ["string", "null"], "pattern": "^c-[0-9]+$"}
JSON_SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "id": {"type": ["string", "null"]},
        "customer": {"$ref": "customer.json"},
        "at": {"type": "string", "minLength": 20},
    },
    "required": ["id", "customer", "at"],
}
MAPPING = {
    "id": Rule(path="/id"),
    "type": Rule(value="order.delivered"),
    "occurred_at": Rule(path="/at"),
    "customer.id": Rule(path="/customer"),
}
_PARSED = fastavro.parse_schema(AVRO_SCHEMA)
Place = tuple[int, int]
"""Partition and offset."""


def register_schemas(registry: str) -> None:
    """Register what the records of these topics are written by; that of JSON refers to another one."""
    register(registry, "customers", CUSTOMER_SCHEMA, "JSON")
    customer = a_reference("customer.json", "customers")
    ids = (
        register(registry, "orders-avro", AVRO_SCHEMA),
        register(registry, "orders-json", JSON_SCHEMA, "JSON", [customer]),
    )
    assert ids == tuple(SCHEMA_ID_BY_FORMAT.values()), "the records name other schemas"


def reading_of(name: Format, registry: str) -> Reading:
    """How the topic of a format is read."""
    if name in REGISTRY_FORMATS:
        return Reading(format=name, registry=Registry(url=registry), mapping=MAPPING)
    return Reading(format=name)


@dataclass(frozen=True)
class OwnRecord:
    """One record: an event, with or without an id, one that does not fit, with its remedy, or neither."""

    value: bytes | None
    id: str | None = None
    remedy: str | None = None
    """How the reason of its dead letter begins: the field and the remedy."""


def records(name: str, count: int, chance: random.Random) -> Iterator[OwnRecord]:
    """So many records of a format; the first are one of each kind that does not fit."""
    misfits = [_misfit(name, kind) for kind in range(len(MISFITS[name]))]
    for number in range(count):
        draw = chance.random()
        if number < len(misfits) or draw < MISFIT_SHARE:
            yield misfits[number % len(misfits)]
        elif draw < MISFIT_SHARE + SILENT_SHARE:
            yield OwnRecord(None)
        else:
            # A CloudEvent has an id always.
            named = name == "cloudevents" or chance.random() > UNNAMED_SHARE
            yield _event(name, f"{name}-{number}-{chance.getrandbits(32):08x}" if named else None, number)


def _event(name: str, id_: str | None, number: int) -> OwnRecord:
    return OwnRecord(_encoded(name, {"id": id_, "customer": f"c-{number % 50_000}"}), id_ or "")


def _encoded(name: str, order: Mapping[str, Any]) -> bytes:
    now = datetime.now(UTC)
    if name == "avro":
        encoded = BytesIO()
        fastavro.schemaless_writer(encoded, _PARSED, {**order, "at": now})
        return _prefix(name) + encoded.getvalue()
    if name == "json-schema":
        return _prefix(name) + json.dumps({**order, "at": now.isoformat()}).encode()
    content: dict[str, Any] = {"customer": {"id": order["customer"]} if order["customer"] else {}}
    event = {"type": "order.delivered", ("id"): order["id"]}
    if name == "cloudevents":
        event |= {"specversion": "1.0", "source": "/shop", "time": now.isoformat(), "data": content}
    else:
        event |= {"occurred_at": now.isoformat(), **content}
    return json.dumps({key: value for key, value in event.items() if value is not None}).encode()


def _prefix(name: str) -> bytes:
    return struct.pack(">bI", 0, SCHEMA_ID_BY_FORMAT.get(name, OTHER_SCHEMA_ID))


def _misfit(name: str, kind: int) -> OwnRecord:
    value, remedy = MISFITS[name][kind]
    return OwnRecord(value, None, remedy)


_NOBODY: Mapping[str, Any] = {"id": "of-nobody", "customer": None}
MISFITS: Mapping[str, Sequence[tuple[bytes, str]]] = {
    "json": (
        (b"{", "/: Not JSON"),
        (b"[]", "/: Must be an object"),
        (_encoded("json", _NOBODY), "/customer: Needs an id"),
        (b'{"type": "order.delivered", "occurred_at": "soon", "customer": {"id": "x"}}', "/occurred_at: "),
        (b"\xff\xfe", "/: Not JSON"),
    ),
    "cloudevents": (
        (b"{", "/: Not JSON"),
        (b'{"specversion": "1.0", "id": "x"}', "/source: "),
        (_encoded("cloudevents", _NOBODY), "/data/customer: Needs an id"),
        (b'{"specversion": "0.3", "id": "x", "source": "/s", "type": "t", "data": {}}', "/specversion: "),
    ),
    "avro": (
        (b"{", "/: Cannot be read by its schema: the value does not begin"),
        (_prefix("another") + b"x", "/: Cannot be read by its schema: the registry has no"),
        (_prefix("avro") + b"\x02", "/: Cannot be read by its schema: "),
        (_encoded("avro", _NOBODY), "/customer: Needs an id"),
    ),
    "json-schema": (
        (b"{}", "/: Cannot be read by its schema: the value does not begin"),
        (_prefix("another") + b"{}", "/: Cannot be read by its schema: the registry has no"),
        (_prefix("json-schema") + b"{", "/: Cannot be read by its schema: the value is not JSON"),
        (
            _encoded("json-schema", {"id": None, "customer": "nobody"}),
            "/: Cannot be read by its schema: the value does not fit its schema at /customer",
        ),
        (_encoded("json-schema", _NOBODY), "/customer: Needs an id"),
    ),
}
"""What does not fit, and how the reason of its dead letter begins."""


@dataclass
class OwnTopic:
    """A topic of the company's own, and what was written to it."""

    name: str
    topic: str
    ids: set[str] = field(default_factory=set)
    """Of its events: the events' own, or of their places."""
    misfits: dict[Place, str] = field(default_factory=dict)
    silent: int = 0

    def wrote(self, record: OwnRecord, place: Place) -> None:
        """Remember a record that the broker has acknowledged."""
        if record.remedy is not None:
            self.misfits[place] = record.remedy
        elif record.id is None:
            self.silent += 1
        else:
            self.ids.add(record.id or f"{self.topic}/{place[0]}/{place[1]}")

    def faults(self, decided: Collection[str], letters: Mapping[Place, str]) -> list[str]:
        """What is missing and what is too much: of its events' decisions, and of its dead letters.

        :param decided: the ids of the decisions of its source.
        :param letters: the reason of each dead letter of its source.
        """
        found = []
        for what, wanted, seen in (
            ("events of the topic without a decision", self.ids, set(decided)),
            ("records that do not fit and are no dead letter", set(self.misfits), set(letters)),
        ):
            if missing := wanted - seen:
                found.append(f"lost: {len(missing)} {what} ({self.name}), such as {min(missing)}")
            if more := seen - wanted:
                found.append(
                    f"wrong: {len(more)} more than there are of: {what} ({self.name}), such as {min(more)}"
                )
        if len(decided) > len(set(decided)):
            found.append(f"doubled: {len(decided) - len(set(decided))} decisions of one event ({self.name})")
        unlike = [
            f"{place}: {letters[place]}"
            for place, remedy in self.misfits.items()
            if place in letters and not letters[place].startswith(remedy)
        ]
        return found + [
            f"wrong: {len(unlike)} remedies ({self.name}), such as of {each}" for each in unlike[:1]
        ]


def letters_of(source_place: str, headers: Iterator[Mapping[str, bytes]]) -> dict[Place, str]:
    """The reasons of a source's dead letters, by the places of their records; a letter may have come twice."""
    found = {}
    for each in headers:
        if each.get(f"{HEADER_PREFIX}topic", b"").decode() == source_place:
            part, offset = (int(each[HEADER_PREFIX + name]) for name in ("partition", "offset"))
            found[part, offset] = each[f"{HEADER_PREFIX}reason"].decode()
    return found
