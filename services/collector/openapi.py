"""The body of an import, for the OpenAPI document: made from the type that reads it."""

from typing import Any

from services.collector.imports import AnswerIn
from shared.http.json_items import MAX_ITEMS
from shared.http.openapi import schema_of

_EXAMPLE = {
    "answers": [
        {
            "id": "2024-000017",
            "score": 9,
            "comment": "Quick, and the driver rang first.",
            "answered_at": "2024-05-17T13:04:00+02:00",
            "invited_at": "2024-05-16T09:00:00+02:00",
            "customer": {"id": "c-17"},
            "segments": {"touchpoint": "delivery", "store": "aarhus"},
            "organisation": ["north", "sales"],
            "measurement": "transactional",
        }
    ]
}

IMPORT_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["answers"],
                    "properties": {
                        "answers": {"type": "array", "items": schema_of(AnswerIn), "maxItems": MAX_ITEMS}
                    },
                },
                "example": _EXAMPLE,
            }
        },
    }
}
