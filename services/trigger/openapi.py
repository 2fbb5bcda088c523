"""What ``POST /v1/events`` takes and gives, for the OpenAPI document; written from the types that read it."""

from typing import Any

import msgspec

from services.trigger.domain import EventContent, EventIn

_EXAMPLE = {
    "id": "order-99817-delivered",
    "source": "webshop",
    "type": "order.delivered",
    "occurred_at": "2026-11-22T05:00:00Z",
    "customer": {"id": "c-17", "email": "a@example.com", "locale": "da"},
    "segments": {"touchpoint": "checkout", "store": "aarhus"},
    "attributes": {"order_id": "99817", "total": 129.9},
}


def _inline(kind: type) -> dict[str, Any]:
    """The schema of a type with its parts in place, since they belong to no component of FastAPI's."""
    (schema,), parts = msgspec.json.schema_components([kind], ref_template="{name}")

    def resolve(value: Any) -> Any:
        if isinstance(value, dict):
            if "$ref" in value:
                return resolve(parts[value["$ref"]])
            return {name: resolve(inner) for name, inner in value.items()}
        return [resolve(inner) for inner in value] if isinstance(value, list) else value

    resolved: dict[str, Any] = resolve(schema)
    return resolved


_event = _inline(EventIn)
_cloud_event = {
    "title": "CloudEvent",
    "type": "object",
    "required": ["specversion", "id", "source", "type", "time"],
    "oneOf": [{"required": ["data"]}, {"required": ["data_base64"]}],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string"},
        "source": {"type": "string"},
        "type": {"type": "string"},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"type": "string", "description": "JSON alone."},
        "data": _inline(EventContent),
        "data_base64": {"type": "string", "description": "The same data as JSON in base64."},
    },
}

EVENTS_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"anyOf": [_event, {"type": "array", "items": _event, "maxItems": 1_000}]},
                "example": _EXAMPLE,
            },
            "application/x-ndjson": {
                "schema": {"type": "string", "description": "One event a line, 1,000 at most."}
            },
            "application/cloudevents+json": {"schema": _cloud_event},
            "application/cloudevents-batch+json": {
                "schema": {"type": "array", "items": _cloud_event, "maxItems": 1_000}
            },
        },
    }
}

_faults = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["field", "detail"],
        "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
    },
}
_result = {
    "type": "object",
    "required": ["id", "status"],
    "properties": {
        "id": {"type": ["string", "null"]},
        "status": {"enum": ["accepted", "refused"]},
        "see": {"type": "string", "description": "The page that tells what became of it."},
        "errors": _faults,
        "warnings": {
            **_faults,
            "description": "What only helps (a phone, a locale, …) and was not understood: "
            "the event is accepted without it.",
        },
    },
}
_batch = {
    "type": "object",
    "required": ["accepted", "refused", "results"],
    "properties": {
        "accepted": {"type": "integer"},
        "refused": {"type": "integer"},
        "results": {"type": "array", "items": _result},
    },
}

EVENTS_RESPONSES: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "Acknowledged by Kafka, all of them.",
        "content": {"application/json": {"schema": {"anyOf": [_result, _batch]}}},
    },
    207: {
        "description": "Some were refused; the others are acknowledged by Kafka.",
        "content": {"application/json": {"schema": _batch}},
    },
}
