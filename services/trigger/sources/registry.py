"""The schemas of a company's registry, each fetched once: a schema's id never changes its meaning."""

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from services.trigger.sources.avro import AvroSchema, BadSchema
from services.trigger.sources.domain import Format, Registry
from services.trigger.sources.json_schema import JsonSchema
from shared.limits import MAX_EVENT_BYTES
from shared.outbound.address_guard import AddressGuard
from shared.outbound.guarded_http import TIMEOUT_S, ResponseTooLarge, guarded_client, read_bounded

MAX_SCHEMAS = 200
"""Of one source, in memory."""
MAGIC = 0
PREFIX_BYTES = 5
"""The magic byte and the schema's id, before each value."""
_TYPES: dict[str, Format] = {"AVRO": "avro", "JSON": "json-schema"}
Decode = Callable[[bytes], Any]


class RegistryUnavailable(Exception):
    """The registry does not answer as one: the records wait. The message says what it answered."""


class NotOfSchema(Exception):
    """The value is none of its schema, or its schema cannot be used; the message says which."""


def schema_id_of(value: bytes) -> int | None:
    """The id of the schema of a record's value; None when it names none."""
    return int.from_bytes(value[1:PREFIX_BYTES]) if len(value) > PREFIX_BYTES and value[0] == MAGIC else None


@dataclass
class SchemaRegistry:
    """The schemas of one source."""

    registry: Registry
    password: str = field(repr=False)
    format: Format
    guard: AddressGuard
    _decoders: dict[int, Decode | NotOfSchema] = field(default_factory=dict)

    async def prepare(self, values: Iterable[bytes | None]) -> None:
        """Fetch the schemas of these values that are not known yet.

        :raises RegistryUnavailable: when the registry does not give one of them.
        """
        beginnings = {value[: PREFIX_BYTES + 1] for value in values if value}
        wanted = {schema_id_of(each) for each in beginnings} - {None} - self._decoders.keys()
        if not wanted:
            return
        if len(self._decoders) + len(wanted) > MAX_SCHEMAS:
            self._decoders.clear()
        try:
            async with guarded_client(self.guard) as client:
                for schema_id in sorted(each for each in wanted if each is not None):
                    self._decoders[schema_id] = await self._fetch(client, schema_id)
        except (httpx.HTTPError, httpx.InvalidURL, ResponseTooLarge, OSError, TimeoutError) as error:
            raise RegistryUnavailable(type(error).__name__) from error

    def decode(self, value: bytes) -> Any:
        """The value of a record whose schema was fetched.

        :raises NotOfSchema: when it is none of its schema.
        """
        schema_id = schema_id_of(value)
        if schema_id is None:
            raise NotOfSchema("the value does not begin with the id of a schema")
        decode = self._decoders[schema_id]
        if isinstance(decode, NotOfSchema):
            raise decode
        return decode(value[PREFIX_BYTES:])

    async def _fetch(self, client: httpx.AsyncClient, schema_id: int) -> Decode | NotOfSchema:
        url = f"{self.registry.url.rstrip('/')}/schemas/ids/{schema_id}"
        auth = (self.registry.username, self.password) if self.registry.username else None
        async with asyncio.timeout(TIMEOUT_S):
            status, body = await read_bounded(client, url, most_bytes=MAX_EVENT_BYTES, auth=auth)
        if status == httpx.codes.NOT_FOUND:
            return NotOfSchema(f"the registry has no schema {schema_id}")
        if status != httpx.codes.OK:
            raise RegistryUnavailable(f"status {status}")
        return read_schema(schema_id, body, self.format)


def read_schema(schema_id: int, body: bytes, expected: Format) -> Decode | NotOfSchema:
    """What decodes values of a schema, from the registry's answer.

    :raises RegistryUnavailable: when the answer is none of a registry.
    """
    try:
        found = json.loads(body)
        kind, text, references = found.get("schemaType", "AVRO"), found["schema"], found.get("references")
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise RegistryUnavailable("no schema in its answer") from error
    if _TYPES.get(kind) != expected:
        return NotOfSchema(f"schema {schema_id} is of another kind than the source's format")
    if references:
        return NotOfSchema(f"schema {schema_id} refers to others; register it with its types in it")
    try:
        schema = json.loads(text)
        return _decode_by(AvroSchema(schema) if expected == "avro" else JsonSchema(schema))
    except (ValueError, TypeError, RecursionError):
        return NotOfSchema(f"schema {schema_id} cannot be used: it is not JSON")
    except BadSchema as error:
        return NotOfSchema(f"schema {schema_id} cannot be used: {error}")


def _decode_by(schema: AvroSchema | JsonSchema) -> Decode:
    def decode(value: bytes) -> Any:
        try:
            return schema.decode(value)
        except ValueError as error:
            raise NotOfSchema(str(error)) from error

    return decode


def is_registry_url(given: str) -> bool:
    """Whether this can be the address of a registry."""
    try:
        parts = urlsplit(given)
        return (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and parts.port != 0
            and not (parts.username or parts.password or parts.query or parts.fragment)
        )
    except ValueError:
        return False
