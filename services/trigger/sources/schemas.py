"""Bodies and answers of ``/v1/sources``."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.trigger.sources.domain import (
    Filter,
    Format,
    Reading,
    Registry,
    Rule,
    Sasl,
    Secrets,
    Source,
    SourceConnection,
    SourceState,
)
from services.trigger.sources.labels import PROBLEM_LABELS
from services.trigger.sources.mapping import MAX_PATH_LENGTH, MAX_RULES
from services.trigger.sources.preview import PreviewedRecord
from services.trigger.sources.problems import ProblemCode
from services.trigger.sources.repository.faults import Fault
from services.trigger.sources.repository.sources import SourceStatus
from services.trigger.sources.source_commands import Wanted
from shared.intake.sources import RESERVED, is_reserved
from shared.pages.language import spoken
from shared.values.messages import Message, message
from shared.values.text import normalized_text

MAX_PEM_LENGTH = 40_000
MAX_BROKERS = 10
MAX_PORT = 65_535


def _name(given: str) -> str:
    if not (name := normalized_text(given)):
        raise ValueError(message("Is blank. Fill it."))
    if is_reserved(name):
        raise ValueError(RESERVED)
    return name


def _broker(given: str) -> str:
    host, _, port = given.strip().rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) <= MAX_PORT:
        raise ValueError(message("Must be host:port, such as kafka-1.shop.example:9093."))
    return f"{host.lower()}:{int(port)}"


Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_name)]
Topic = Annotated[str, Field(min_length=1, max_length=249, pattern=r"^[A-Za-z0-9._-]+$")]
Broker = Annotated[str, Field(min_length=3, max_length=260), AfterValidator(_broker)]
Pem = Annotated[str, Field(max_length=MAX_PEM_LENGTH)]
Secret = Annotated[str | None, Field(max_length=1_000)]
Path = Annotated[str, Field(max_length=MAX_PATH_LENGTH)]
_GIVEN_AGAIN = (
    "Never shown. Left out, it stays; empty, it is forgotten; for another server it is given again."
)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ConnectionBody(_Body):
    """How the company's cluster is reached."""

    bootstrap: Annotated[list[Broker], Field(min_length=1, max_length=MAX_BROKERS)] = Field(
        description="Some brokers, each as host:port."
    )
    tls: bool = False
    ca: Pem = Field(
        default="",
        description="Certificates (PEM) of the authorities that the brokers' come from. "
        "Empty: those that the system trusts.",
    )
    client_certificate: Pem = Field(default="", description="PEM, where the brokers ask for one.")
    client_key: Annotated[str | None, Field(max_length=MAX_PEM_LENGTH)] = Field(
        default=None, description=f"Its key (PEM, without a password). {_GIVEN_AGAIN}"
    )
    sasl: Sasl = "none"
    username: Annotated[str, Field(max_length=200)] = ""
    password: Secret = Field(default=None, description=_GIVEN_AGAIN)

    def connection(self) -> SourceConnection:
        """The connection without its secrets."""
        return SourceConnection(
            bootstrap=tuple(self.bootstrap),
            tls=self.tls,
            ca=self.ca.strip(),
            client_certificate=self.client_certificate.strip(),
            sasl=self.sasl,
            username=self.username,
        )


class RegistryBody(_Body):
    """A schema registry with Confluent's API."""

    url: Annotated[str, Field(max_length=500)]
    username: Annotated[str, Field(max_length=200)] = ""
    password: Secret = Field(default=None, description=_GIVEN_AGAIN)


class RuleBody(_Body):
    """Where a field of the event comes from."""

    path: Path | None = Field(default=None, description="A JSON pointer into the record: /customer/email.")
    value: Any = Field(default=None, description="The same for all records, in place of a path.")


class FilterBody(_Body):
    """Which records are events."""

    path: Path = Field(description="A JSON pointer into the record: /type.")
    values: Annotated[list[Annotated[str, Field(max_length=200)]], Field(min_length=1, max_length=50)]


Mapping = Annotated[dict[Annotated[str, Field(max_length=200)], RuleBody], Field(max_length=MAX_RULES)]
_MAPPING = (
    "By the field of an event, such as `customer.email`, `segments.store` or `attributes.order_id`. Empty: a "
    "record is an event as `POST /v1/events` takes it, or its CloudEvent. Without an `id` an event has its "
    "place in the topic for one; without `occurred_at` its time is the record's."
)
_READ_FROM = (
    "Where reading begins: `oldest`, `newest`, or a time. What happened more than 30 days ago is skipped."
)


class ReadingBody(_Body):
    """How the records are read."""

    format: Format = "json"
    registry: RegistryBody | None = None
    mapping: Mapping = Field(default={}, description=_MAPPING)
    only: FilterBody | None = Field(default=None, description="Other records are skipped.")

    def reading(self) -> Reading:
        """How they are read, without secrets."""
        return Reading(
            format=self.format,
            registry=Registry(url=self.registry.url, username=self.registry.username)
            if self.registry
            else None,
            mapping={name: Rule(path=rule.path, value=rule.value) for name, rule in self.mapping.items()},
            only=Filter(path=self.only.path, values=tuple(self.only.values)) if self.only else None,
        )


class SourceBody(ReadingBody):
    """A new source."""

    name: Name = Field(description="Unique in the company; the source of events that name none.")
    topic: Topic
    connection: ConnectionBody
    read_from: Annotated[str, Field(max_length=40)] = Field(default="oldest", description=_READ_FROM)
    state: SourceState = Field(default="paused", description="`running` reads at once.")

    def wanted(self) -> Wanted:
        """What the source is to be."""
        return Wanted(
            name=self.name,
            topic=self.topic,
            connection=self.connection.connection(),
            reading=self.reading(),
            read_from=self.read_from,
            state=self.state,
            password=self.connection.password,
            client_key=self.connection.client_key,
            registry_password=self.registry.password if self.registry else None,
        )


class SourceChange(_Body):
    """What is to change of a source; what is left out stays."""

    name: Name | None = None
    topic: Topic | None = Field(default=None, description="Of another topic the counts begin anew.")
    connection: ConnectionBody | None = None
    reading: ReadingBody | None = Field(
        default=None, description="The format, registry, mapping and filter, all anew."
    )
    state: SourceState | None = None

    def wanted(self) -> Wanted:
        """What the source is to be."""
        registry = self.reading.registry if self.reading else None
        return Wanted(
            name=self.name,
            topic=self.topic,
            connection=self.connection.connection() if self.connection else None,
            reading=self.reading.reading() if self.reading else None,
            state=self.state,
            password=self.connection.password if self.connection else None,
            client_key=self.connection.client_key if self.connection else None,
            registry_password=registry.password if registry else None,
        )


class ReadAgainBody(_Body):
    """How a topic is read again. Each event that was taken in before changes nothing."""

    read_from: Annotated[str, Field(max_length=40)] = Field(default="oldest", description=_READ_FROM)
    another_topic: bool = Field(
        default=False,
        description="The topic was deleted and created again: its records are other events, also where they "
        "name no id.",
    )


class PreviewBody(_Body):
    """A reading to be tried in place of the source's own."""

    reading: ReadingBody | None = None


class ConnectionOut(BaseModel):
    """How the cluster is reached, without secrets."""

    bootstrap: list[str]
    tls: bool
    ca: str
    client_certificate: str
    has_client_key: bool
    sasl: Sasl
    username: str
    has_password: bool


class RegistryOut(BaseModel):
    """The schema registry, without its password."""

    url: str
    username: str
    has_password: bool


class ProblemOut(BaseModel):
    """What keeps a source from being read."""

    code: ProblemCode
    detail: str
    since: datetime | None


class SourceOut(BaseModel):
    """A source, and what became of its records."""

    id: UUID
    name: str
    topic: str
    state: SourceState
    read_from: str
    connection: ConnectionOut
    format: Format
    registry: RegistryOut | None
    mapping: dict[str, dict[str, Any]]
    only: dict[str, Any] | None
    taken: int = Field(description="Records that became events.")
    refused: int = Field(description="Records that did not fit: dead letters.")
    skipped: int = Field(description="Records that are no events: filtered out, too old, or empty.")
    lag: int | None = Field(description="Records that are not read yet. Null: not measured yet.")
    measured_at: datetime | None
    problem: ProblemOut | None
    revision: int
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, source: Source, status: SourceStatus, secrets: Secrets) -> Self:
        """A source as it is kept."""
        connection, reading = source.connection, source.reading
        return cls(
            id=source.id,
            name=source.name,
            topic=source.topic,
            state=source.state,
            read_from=source.read_from,
            connection=ConnectionOut(
                bootstrap=list(connection.bootstrap),
                tls=connection.tls,
                ca=connection.ca,
                client_certificate=connection.client_certificate,
                has_client_key=bool(secrets.client_key),
                sasl=connection.sasl,
                username=connection.username,
                has_password=bool(secrets.password),
            ),
            format=reading.format,
            registry=RegistryOut(
                url=reading.registry.url,
                username=reading.registry.username,
                has_password=bool(secrets.registry_password),
            )
            if reading.registry
            else None,
            mapping={name: msgspec.to_builtins(rule) for name, rule in reading.mapping.items()},
            only=msgspec.to_builtins(reading.only) if reading.only else None,
            taken=status.taken,
            refused=status.refused,
            skipped=status.skipped,
            lag=status.lag,
            measured_at=status.measured_at,
            problem=ProblemOut(
                code=status.problem,
                detail=spoken(PROBLEM_LABELS[status.problem]),
                since=status.problem_since,
            )
            if status.problem is not None and source.state == "running"
            else None,
            revision=source.revision,
            created_at=source.created_at,
            changed_at=source.changed_at,
        )


class SourceList(BaseModel):
    """A company's sources, by their names."""

    sources: list[SourceOut]


class PreviewedOut(BaseModel):
    """One of the newest records, and what would become of it."""

    partition: int
    offset: int
    at: datetime | None
    record: str = Field(description="As the paths see it: JSON. Empty: it cannot be read.")
    event: dict[str, Any] | None = Field(description="The event. Null: it is skipped, or does not fit.")
    field: str | None = Field(description="Where it does not fit.")
    remedy: str | None

    @classmethod
    def of(cls, found: PreviewedRecord) -> Self:
        """A record that was tried."""
        return cls(
            partition=found.part,
            offset=found.offset,
            at=found.at,
            record=found.record,
            event=event_out(found),
            field=found.field or None,
            remedy=worded(found.remedy) if found.remedy is not None else None,
        )


class PreviewOut(BaseModel):
    """The newest records of the topic."""

    records: list[PreviewedOut]


class DeadLetterOut(BaseModel):
    """A record that did not fit: where it is, and what would make it fit."""

    id: UUID | None
    at: datetime | None
    partition: int
    offset: int
    field: str
    remedy: str

    @classmethod
    def of(cls, fault: Fault) -> Self:
        """A dead letter as it is kept."""
        return cls(
            id=fault.id,
            at=fault.at,
            partition=fault.part,
            offset=fault.offset,
            field=fault.field,
            remedy=worded(fault.remedy),
        )


class DeadLetterList(BaseModel):
    """A source's newest dead letters, at most 200."""

    dead_letters: list[DeadLetterOut]
    next: str | None = Field(description="Give it as `after` to get the next page.")


def worded(remedy: Message | str) -> str:
    """A remedy in the reader's language."""
    return spoken(remedy) if isinstance(remedy, Message) else remedy


def event_out(found: PreviewedRecord) -> dict[str, Any] | None:
    """The event of a record as it would be published, without what we make of it ourselves."""
    if found.event is None:
        return None
    event = msgspec.json.decode(msgspec.json.encode(found.event))
    hidden = {"digest", "person", "accepted_at", "dropped"}
    shown: dict[str, Any] = _without_nulls(
        {name: value for name, value in event.items() if name not in hidden}
    )
    return shown


def _without_nulls(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    kept = {name: _without_nulls(each) for name, each in value.items()}
    return {name: each for name, each in kept.items() if each not in (None, {}, [])}
