"""What an import takes, for the OpenAPI document; written from the type that reads it."""

from typing import Any

import msgspec

from services.collector.imports import AnswerIn
from shared.http.json_items import MAX_ITEMS

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


IMPORT_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["answers"],
                    "properties": {
                        "answers": {"type": "array", "items": _inline(AnswerIn), "maxItems": MAX_ITEMS}
                    },
                },
                "example": _EXAMPLE,
            }
        },
    }
}
