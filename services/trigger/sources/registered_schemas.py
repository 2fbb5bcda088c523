"""Schemas as a registry gives them, with those that they refer to (``references``).

What a registry answers comes from outside: a schema may refer to one that there is not, to itself, or to ever
more. So how deep, how many and how long they may be is bounded, and each version is fetched once.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from services.trigger.sources.domain import Format
from services.trigger.sources.schema_faults import BadSchema
from shared.values.json_pointers import printable
from shared.values.messages import Count, message

MAX_REFERENCED = 100
"""Schemas that one schema needs, each counted once."""
MAX_REFERENCE_DEPTH = 16
MAX_SCHEMA_BYTES = 2 * 1024 * 1024
"""Of a schema together with those that it needs."""
_FORMAT_BY_TYPE: Mapping[str | None, Format] = {None: "avro", "AVRO": "avro", "JSON": "json-schema"}
"""By the ``schemaType`` of an answer; Avro schemas have none."""


class Version(NamedTuple):
    """A version of a subject of the registry: it is one schema, always the same."""

    subject: str
    version: int

    def __str__(self) -> str:
        return f"{printable(self.subject)} {self.version}"


class Reference(msgspec.Struct, frozen=True):
    """Where a name that a schema uses is defined."""

    name: str
    """In Avro that of a type, in JSON Schema what ``$ref`` says."""
    subject: str
    version: int


class RegisteredSchema(msgspec.Struct, frozen=True):
    """A schema as the registry answers."""

    schema: str
    type: str | None = msgspec.field(default=None, name="schemaType")
    references: tuple[Reference, ...] | None = None


class SchemaDocument(NamedTuple):
    """A schema that was read, and where the others are that it refers to."""

    content: Any
    others: Mapping[str, int]
    """By the name of a reference the number of its document."""


FetchVersion = Callable[[Version], Awaitable[RegisteredSchema]]


async def read_with_references(
    schema: RegisteredSchema, expected: Format, fetch: FetchVersion
) -> list[SchemaDocument]:
    """The schema as the last document, and before it all that it needs, each behind what it needs itself.

    :param fetch: gives the schema of a version.
    :raises BadSchema: when one of them cannot be used.
    """
    reading = _Reading(expected, fetch)
    await reading.read(schema)
    return reading.documents


class _Reading:
    """The reading of one schema with its references."""

    def __init__(self, expected: Format, fetch: FetchVersion) -> None:
        self._expected = expected
        self._fetch = fetch
        self._within: list[Version] = []
        self._numbers: dict[Version, int] = {}
        self._bytes = 0
        self.documents: list[SchemaDocument] = []

    async def read(self, schema: RegisteredSchema) -> int:
        """The number of the document."""
        content = self._content_of(schema)
        others = {
            each.name: await self._number_of(Version(each.subject, each.version))
            for each in schema.references or ()
        }
        self.documents.append(SchemaDocument(content, others))
        return len(self.documents) - 1

    def _content_of(self, schema: RegisteredSchema) -> Any:
        if _FORMAT_BY_TYPE.get(schema.type) != self._expected:
            raise BadSchema(message("it is of another kind than the format of the source"))
        self._bytes += len(schema.schema)
        if self._bytes > MAX_SCHEMA_BYTES:
            raise BadSchema(
                message(
                    "together with those that it refers to it has more than %(most)s characters",
                    most=Count(MAX_SCHEMA_BYTES),
                )
            )
        try:
            return json.loads(schema.schema)
        except (ValueError, RecursionError) as error:
            raise BadSchema(message("it is not JSON")) from error

    async def _number_of(self, version: Version) -> int:
        if version in self._numbers:
            return self._numbers[version]
        if version in self._within:
            raise BadSchema(message("it refers in a circle to the subject %(version)s", version=str(version)))
        if len(self._within) == MAX_REFERENCE_DEPTH:
            raise BadSchema(
                message(
                    "its references are nested deeper than %(most)s levels", most=Count(MAX_REFERENCE_DEPTH)
                )
            )
        if len(self._numbers) + len(self._within) == MAX_REFERENCED:
            raise BadSchema(message("it refers to more than %(most)s others", most=Count(MAX_REFERENCED)))
        self._within.append(version)
        self._numbers[version] = await self.read(await self._fetch(version))
        self._within.pop()
        return self._numbers[version]
