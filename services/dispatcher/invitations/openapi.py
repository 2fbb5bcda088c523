"""What ``POST /v1/invitations`` takes and answers, for OpenAPI: made from the types that are read."""

from typing import Any

from services.dispatcher.invitations.schemas import MAX_LINKS, LinkEvent, LinkResult, LinkResults
from shared.http.openapi import schema_of

_EXAMPLE = {
    "id": "order-99817-receipt",
    "source": "app",
    "type": "order.delivered",
    "occurred_at": "2026-11-22T05:00:00Z",
    "customer": {"id": "c-17", "locale": "da"},
    "segments": {"touchpoint": "app"},
    "channel": "link",
}
_EVENT = schema_of(LinkEvent)
_RESULTS = schema_of(LinkResults)

LINKS_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"anyOf": [_EVENT, {"type": "array", "items": _EVENT, "maxItems": MAX_LINKS}]},
                "example": _EXAMPLE,
            }
        },
    }
}
LINKS_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Decided: the link, or why the customer is not asked.",
        "content": {"application/json": {"schema": {"anyOf": [schema_of(LinkResult), _RESULTS]}}},
    },
    207: {
        "description": "Some were refused; the others are decided.",
        "content": {"application/json": {"schema": _RESULTS}},
    },
    409: {"description": "The company has stopped all sending, or is paused; nothing was decided."},
}
