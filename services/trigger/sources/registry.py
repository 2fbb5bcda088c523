"""The schemas of a company's registry, each fetched once: a schema's id never changes its meaning.

The client is our own: a few requests, which go to checked addresses alone, end in time and read few bytes.
ARCHITECTURE.md says why no library makes them.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from services.trigger.sources.avro import AvroSchema
from services.trigger.sources.domain import Format, Registry
from services.trigger.sources.json_schema import JsonSchema
from services.trigger.sources.registered_schemas import (
    RegisteredSchema,
    SchemaDocument,
    Version,
    read_with_references,
)
from services.trigger.sources.schema_bundles import bundled
from services.trigger.sources.schema_faults import BadSchema, NoSuchSchema, NotOfSchema
from shared.limits import MAX_EVENT_BYTES
from shared.outbound.address_guard import AddressGuard
from shared.outbound.guarded_http import TIMEOUT_S, ResponseTooLarge, guarded_client, read_bounded
from shared.values.messages import Count, Message, message

MAX_SCHEMAS = 200
"""Of one source, in memory."""
MAX_KEPT_BYTES = 16 * 1024 * 1024
"""Of the texts of all schemas of one source that are in memory."""
PREPARE_TIMEOUT_S = 30.0
"""For the schemas of one batch; those that came by then are known when it is read again."""
ASK_AGAIN_S = 30.0
"""After so long a schema that was missing is asked for again: a copy of a registry may be behind."""
MAGIC = 0
PREFIX_BYTES = 5
"""The magic byte and the schema's id, before each value."""
_NOT_THERE = frozenset({40401, 40402, 40403, 42202})
"""How a registry says that it has no such subject, version or schema; another 404 is none of a registry."""
Decode = Callable[[bytes], Any]


class RegistryUnavailable(Exception):
    """The registry does not answer as one: the records wait. The message says what it answered."""


class _ErrorAnswer(msgspec.Struct):
    error_code: int


_schema_of = msgspec.json.Decoder(RegisteredSchema).decode
_error_of = msgspec.json.Decoder(_ErrorAnswer).decode


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
    _decoders: dict[int, Decode | Message] = field(default_factory=dict)
    """What reads the values of a schema, or why none does, by the schema's id."""
    _versions: dict[Version, RegisteredSchema] = field(default_factory=dict)
    _ask_again_at: dict[int, float] = field(default_factory=dict)
    _kept_bytes: int = 0

    async def prepare(self, values: Iterable[bytes | None]) -> None:
        """Fetch the schemas of these values that are not known yet.

        :raises RegistryUnavailable: when the registry does not give one of them.
        """
        beginnings = {value[: PREFIX_BYTES + 1] for value in values if value}
        named = {schema_id_of(each) for each in beginnings}
        now = time.monotonic()
        for schema_id in [each for each, at in self._ask_again_at.items() if at <= now and each in named]:
            del self._decoders[schema_id], self._ask_again_at[schema_id]
        wanted = sorted(each for each in named if each is not None and each not in self._decoders)
        if not wanted:
            return
        if len(self._decoders) + len(wanted) > MAX_SCHEMAS or self._kept_bytes > MAX_KEPT_BYTES:
            self._forget()
            wanted = sorted(each for each in named if each is not None)
        try:
            async with asyncio.timeout(PREPARE_TIMEOUT_S), guarded_client(self.guard) as client:
                for schema_id in wanted:
                    self._decoders[schema_id] = await self._fetch(client, schema_id)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
            raise RegistryUnavailable(type(error).__name__) from error

    def decode(self, value: bytes) -> Any:
        """The value of a record whose schema was fetched.

        :raises NotOfSchema: when it is none of its schema.
        """
        schema_id = schema_id_of(value)
        if schema_id is None:
            raise NotOfSchema(
                message(
                    "the value does not begin with the id of a schema; without a registry the format is JSON"
                )
            )
        decode = self._decoders[schema_id]
        if isinstance(decode, Message):
            raise NotOfSchema(decode)
        return decode(value[PREFIX_BYTES:])

    def _forget(self) -> None:
        self._decoders.clear()
        self._versions.clear()
        self._ask_again_at.clear()
        self._kept_bytes = 0

    async def _fetch(self, client: httpx.AsyncClient, schema_id: int) -> Decode | Message:
        if len(self._decoders) >= MAX_SCHEMAS or self._kept_bytes > MAX_KEPT_BYTES:
            self._ask_again_at[schema_id] = time.monotonic()
            return message("records beside it name too many or too large schemas; have the topic read again")

        async def of_version(version: Version) -> RegisteredSchema:
            if version not in self._versions:
                path = f"/subjects/{quote(version.subject, safe='')}/versions/{version.version}?deleted=true"
                missing = message(
                    "schema %(id)s refers to the subject %(version)s, which the registry does not have",
                    id=schema_id,
                    version=str(version),
                )
                self._versions[version] = await self._get(client, path, missing)
            return self._versions[version]

        try:
            missing = message("the registry has no schema %(id)s", id=schema_id)
            found = await self._get(client, f"/schemas/ids/{schema_id}", missing)
            return decoder_of(await read_with_references(found, self.format, of_version), self.format)
        except NoSuchSchema as error:
            self._ask_again_at[schema_id] = time.monotonic() + ASK_AGAIN_S
            return error.why
        except BadSchema as error:
            return message("schema %(id)s cannot be used: %(why)s", id=schema_id, why=error.why)

    async def _get(self, client: httpx.AsyncClient, path: str, missing: Message) -> RegisteredSchema:
        url = f"{self.registry.url.rstrip('/')}{path}"
        auth = (self.registry.username, self.password) if self.registry.username else None
        async with asyncio.timeout(TIMEOUT_S):
            try:
                status, body = await read_bounded(client, url, most_bytes=MAX_EVENT_BYTES, auth=auth)
            except ResponseTooLarge as error:
                raise BadSchema(
                    message(
                        "it, or one that it refers to, has more than %(most)s bytes",
                        most=Count(MAX_EVENT_BYTES),
                    )
                ) from error
        if status in {httpx.codes.NOT_FOUND, httpx.codes.UNPROCESSABLE_ENTITY} and _is_not_there(body):
            raise NoSuchSchema(missing)
        if status != httpx.codes.OK:
            raise RegistryUnavailable(f"status {status}")
        try:
            found = _schema_of(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise RegistryUnavailable("no schema in its answer") from error
        self._kept_bytes += len(body)
        return found


def _is_not_there(body: bytes) -> bool:
    try:
        return _error_of(body).error_code in _NOT_THERE
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


def decoder_of(documents: Sequence[SchemaDocument], expected: Format) -> Decode:
    """What decodes values of the last of these schemas.

    :raises BadSchema: when it cannot be used.
    """
    if expected == "avro":
        *others, schema = [each.content for each in documents]
        return AvroSchema(schema, others).decode
    return JsonSchema(bundled(documents)).decode


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
