"""What ``POST /v1/events`` takes and answers, for the OpenAPI document: made from the types that are read."""

from typing import Any

from services.trigger.cloud_events import ATTRIBUTES
from services.trigger.schemas import BatchResult, EventResult
from shared.http.json_items import MAX_ITEMS
from shared.http.openapi import schema_of
from shared.intake.schemas import EventContent, EventIn

_EXAMPLE = {
    "id": "order-99817-delivered",
    "source": "webshop",
    "type": "order.delivered",
    "occurred_at": "2026-11-22T05:00:00Z",
    "customer": {"id": "c-17", "email": "a@example.com", "locale": "da"},
    "segments": {"touchpoint": "checkout", "store": "aarhus"},
    "attributes": {"order_id": "99817", "total": 129.9},
}
_EVENT = schema_of(EventIn)
_CLOUD_EVENT = {
    "title": "CloudEvent",
    "type": "object",
    "required": list(ATTRIBUTES),
    "oneOf": [{"required": ["data"]}, {"required": ["data_base64"]}],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string"},
        "source": {"type": "string"},
        "type": {"type": "string"},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"type": "string", "description": "JSON alone."},
        "data": schema_of(EventContent),
        "data_base64": {"type": "string", "description": "The same data as JSON in base64."},
    },
}
_BATCH_RESULT = schema_of(BatchResult)


def _array_of(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": schema, "maxItems": MAX_ITEMS}


EVENTS_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"anyOf": [_EVENT, _array_of(_EVENT)]},
                "example": _EXAMPLE,
            },
            "application/x-ndjson": {
                "schema": {"type": "string", "description": f"One event a line, {MAX_ITEMS:,} at most."}
            },
            "application/cloudevents+json": {"schema": _CLOUD_EVENT},
            "application/cloudevents-batch+json": {"schema": _array_of(_CLOUD_EVENT)},
        },
    }
}
EVENTS_RESPONSES: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "Acknowledged by Kafka, all of them.",
        "content": {"application/json": {"schema": {"anyOf": [schema_of(EventResult), _BATCH_RESULT]}}},
    },
    207: {
        "description": "Some were refused; the others are acknowledged by Kafka.",
        "content": {"application/json": {"schema": _BATCH_RESULT}},
    },
}
