"""A source: a topic of a company's own, how it is reached, and how its records become events."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

import msgspec

from shared.values.messages import Message

Format = Literal["json", "cloudevents", "avro", "json-schema"]
FORMATS: tuple[Format, ...] = get_args(Format)
REGISTRY_FORMATS: tuple[Format, ...] = ("avro", "json-schema")
"""Those whose records name a schema of a registry (magic byte 0 and the schema's id before the value)."""
Sasl = Literal["none", "plain", "scram-sha-256", "scram-sha-512"]
SASL_MECHANISMS: tuple[Sasl, ...] = get_args(Sasl)
SourceState = Literal["running", "paused"]
STATES: tuple[SourceState, ...] = get_args(SourceState)

MAX_SOURCES = 20
"""Of a company."""
MAX_BAD_RUN = 100
"""So many dead letters in a row mean that the mapping is wrong, not the records: the partition stops."""
OWN_CLUSTER_PREFIX = "sources.{tenant}."
"""How the topics begin that a company may read on the cluster of this installation."""


class SourceRefused(Exception):
    """A source cannot be so: the field of the API as a JSON pointer, and the remedy."""

    def __init__(self, field: str, remedy: Message) -> None:
        super().__init__(field)
        self.field = field
        self.remedy = remedy


class SourceConnection(msgspec.Struct, frozen=True, kw_only=True):
    """How the cluster is reached, without its secrets."""

    bootstrap: tuple[str, ...]
    """host:port of some brokers."""
    tls: bool = False
    ca: str = ""
    """Certificates (PEM) of the authorities of the brokers; empty: those that the system trusts."""
    client_certificate: str = ""
    """PEM; its key is a secret."""
    sasl: Sasl = "none"
    username: str = ""


class Registry(msgspec.Struct, frozen=True, kw_only=True):
    """The schema registry, without its password."""

    url: str
    username: str = ""


class Secrets(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is sealed in the database and never shown."""

    password: str = ""
    client_key: str = ""
    registry_password: str = ""


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a field of an event comes from: a place in the record, or one value for all."""

    path: str | None = None
    """A JSON pointer."""
    value: Any = None


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which records are events: those that have one of these values at this place."""

    path: str
    values: tuple[str, ...]


class Reading(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the records are read."""

    format: Format = "json"
    registry: Registry | None = None
    mapping: Mapping[str, Rule] = {}
    """By the field of an event, such as ``customer.email``; empty: a record is an event as it is."""
    only: Filter | None = None


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A source as it is kept."""

    tenant: str
    id: UUID
    name: str
    """Unique in the company; the source of an event that names none."""
    topic: str
    state: SourceState
    read_from: str
    """Where reading begins: ``oldest``, ``newest``, or a time in ISO 8601."""
    connection: SourceConnection
    reading: Reading
    sealed: bytes | None
    revision: int
    """Higher with each change; a worker that knows an older one takes nothing in."""
    generation: int
    """How often the topic was said to be another one: part of the ids of events without one."""
    created_at: datetime
    changed_at: datetime


def event_id_of(source: Source, partition: int, offset: int) -> str:
    """The id of an event whose record names none: the same whenever the record is read."""
    again = f"@{source.generation}" if source.generation else ""
    return f"{source.topic[:150]}{again}/{partition}/{offset}"
