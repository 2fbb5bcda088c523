"""From a record of a source to an event as a client sends it, in each of the formats."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from services.trigger.cloud_events import pointer_in, read_structured
from services.trigger.sources.domain import Source, event_id_of
from services.trigger.sources.mapping import EventMapper, is_wanted, place_in_record
from services.trigger.sources.registry import SchemaRegistry, schema_id_of
from services.trigger.sources.schema_faults import NotOfSchema
from shared.http.json_items import BadItem, read_item
from shared.intake.domain import MAX_EVENT_AGE
from shared.intake.errors import Unacceptable
from shared.intake.schemas import HINTS, EventIn
from shared.kafka.kernel.handling import Record
from shared.values.messages import message

_ENVELOPE_FIELDS = {"id": "id", "source": "source", "type": "type", "time": "occurred_at"}
"""Attributes of a CloudEvent that no rule maps, and the fields of an event that they are."""
_HAS_SCHEMA = message(
    "Begins with the id of a schema of a registry. Choose Avro or JSON Schema as the format."
)
_STRUCTURED = b"application/cloudevents"
_BINARY_PREFIX = "ce_"


NOT_IN_JSON = (OverflowError, ValueError, RecursionError)
"""What encoding raises of values that other formats have, and JSON has not."""


class Skipped(Exception):
    """The record is no event, and nothing is wrong with it: a tombstone, filtered out, or too old."""


Read = tuple[EventIn, Collection[str]]
"""An event, and the pointers of the hints with a character that cannot be kept."""


class RecordReader:
    """Reads the records of one source."""

    def __init__(self, source: Source, registry: SchemaRegistry | None) -> None:
        self._source = source
        self._reading = source.reading
        self._mapper = EventMapper(source.reading.mapping)
        self._registry = registry

    async def prepare(self, values: Iterable[bytes | None]) -> None:
        """Fetch what these values need to be read.

        :raises RegistryUnavailable: when a schema cannot be fetched now.
        """
        if self._registry is not None:
            await self._registry.prepare(values)

    def read(self, record: Record, now: datetime) -> Read:
        """The event of a record.

        :raises Skipped: when it is none.
        :raises Unacceptable: naming the place in the record, and the remedy.
        """
        if record.value is None:
            raise Skipped
        try:
            event, spoilt = self._read(record, record.value)
        except Unacceptable as fault:
            if fault.field == "/" and self._registry is None and schema_id_of(record.value) is not None:
                raise Unacceptable("/", _HAS_SCHEMA) from None
            raise Unacceptable(self._mapped_place(fault.field), fault.remedy) from None
        if event.occurred_at < now - MAX_EVENT_AGE:
            raise Skipped
        return event, spoilt

    def place(self, field: str) -> str:
        """Where in the record a field of the event stands that was read of it."""
        if self._reading.format == "cloudevents" and not self._reading.mapping:
            return pointer_in(field, binary=False)
        return self._mapped_place(field)

    def _mapped_place(self, field: str) -> str:
        return place_in_record(field, self._reading.mapping)

    def decoded(self, record: Record) -> Any:
        """The record as the paths of the rules see it, to be shown.

        :raises Unacceptable: when it cannot be read.
        """
        if record.value is None:
            return None
        if self._reading.format == "cloudevents":
            return _with_data(_object(_cloud_event(record, record.value)))
        return self._decode(record.value)

    def _read(self, record: Record, value: bytes) -> Read:
        if self._reading.format == "cloudevents":
            return self._read_cloud_event(record, _cloud_event(record, value))
        if self._reading.format == "json" and not self._reading.mapping and self._reading.only is None:
            try:
                return _event(value)
            except Unacceptable as fault:
                if fault.field not in {"/id", "/occurred_at"}:
                    raise
        return self._event_of(record, self._decode(value))

    def _decode(self, value: bytes) -> Any:
        if self._registry is None:
            return _object(value)
        try:
            return self._registry.decode(value)
        except NotOfSchema as fault:
            raise Unacceptable(
                "/", message("Cannot be read by its schema: %(why)s.", why=fault.why)
            ) from None

    def _read_cloud_event(self, record: Record, structured: bytes) -> Read:
        if not self._reading.mapping:
            if self._reading.only is not None and not is_wanted(
                _with_data(_object(structured)), self._reading.only
            ):
                raise Skipped
            return read_structured(structured)
        envelope = _with_data(_object(structured))
        return self._event_of(
            record,
            envelope,
            {field: envelope.get(name) for name, field in _ENVELOPE_FIELDS.items()},
        )

    def _event_of(self, record: Record, found: Any, defaults: Mapping[str, Any] | None = None) -> Read:
        """The event that the rules make of the record; what they leave out comes from ``defaults``."""
        if not isinstance(found, dict):
            raise Unacceptable("/", message("Must be an object, with fields that have names."))
        if not is_wanted(found, self._reading.only):
            raise Skipped
        mapping = self._reading.mapping
        event = self._mapper.event(found) if mapping else dict(found)
        for name, value in (defaults or {}).items():
            if name not in mapping and value is not None:
                event.setdefault(name, value)
        if event.get("id") is None:
            event["id"] = event_id_of(self._source, record.partition, record.offset)
        if event.get("occurred_at") is None and "occurred_at" not in mapping:
            event["occurred_at"] = time_of_record(record)
        try:
            encoded = _encoder.encode(event)
        except NOT_IN_JSON:
            raise Unacceptable(
                "/", message("Holds a number beyond 64 bits, or no Unicode. Write such a number as a text.")
            ) from None
        return _event(encoded)


def time_of_record(record: Record) -> datetime | None:
    """The time that Kafka has of a record; None: it has none that is one."""
    if record.timestamp <= 0:
        return None
    try:
        return datetime.fromtimestamp(record.timestamp / 1_000, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _event(encoded: bytes) -> Read:
    try:
        return read_item(_plain, encoded, helps=HINTS)
    except BadItem as bad:
        raise Unacceptable(bad.faults[0]["field"], bad.faults[0]["detail"]) from None


def _object(value: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Unacceptable("/", message("Not JSON: a bracket, a quote or a comma is missing.")) from None
    if not isinstance(found, dict):
        raise Unacceptable("/", message("Must be an object, with fields that have names."))
    return found


def _cloud_event(record: Record, value: bytes) -> bytes:
    """The CloudEvent of a record in the JSON format (Kafka protocol binding 1.0.2, 3.2 and 3.3)."""
    if not record.headers:
        return value  # a producer that sets none; the attributes are looked for in the value
    headers = {name.lower(): content or b"" for name, content in record.headers}
    kind = headers.get("content-type", b"").strip().lower()
    if kind.startswith(_STRUCTURED):
        if kind.partition(b";")[0].strip() != _STRUCTURED + b"+json":
            raise Unacceptable("header/content-type", message("Must be application/cloudevents+json."))
        return value
    if not any(name.startswith(_BINARY_PREFIX) for name in headers):
        return value
    if kind and not (kind.partition(b";")[0].strip().endswith(b"json")):
        raise Unacceptable(
            "header/content-type", message("Must be application/json: no other data are read here.")
        )
    _object(value)
    attributes: dict[str, Any] = {}
    for name, content in headers.items():
        if name.startswith(_BINARY_PREFIX):
            attributes[name.removeprefix(_BINARY_PREFIX)] = _text(name, content)
    attributes.pop("data", None)
    attributes.pop("data_base64", None)
    return _encoder.encode({**attributes, "data": msgspec.Raw(value)})


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Unacceptable(f"header/{name}", message("Is not UTF-8. Encode UTF-8.")) from None


def _with_data(envelope: dict[str, Any]) -> dict[str, Any]:
    """The envelope with its data as an object, also where they came in base64."""
    encoded = envelope.get("data_base64")
    if envelope.get("data") is None and isinstance(encoded, str):
        try:
            data = _object(msgspec.convert(encoded, bytes))
        except (msgspec.ValidationError, Unacceptable):
            raise Unacceptable("/data_base64", message("Holds no JSON object in base64.")) from None
        return {**envelope, "data": data}
    return envelope


_plain = msgspec.json.Decoder(EventIn)
_encoder = msgspec.json.Encoder(enc_hook=str)
