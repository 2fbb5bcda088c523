"""The body of ``POST /v1/customers``, for the OpenAPI document: made from the type that reads it."""

from typing import Any

from services.dispatcher.customers.reading import CustomerIn
from shared.http.json_items import MAX_ITEMS
from shared.http.openapi import schema_of

_EXAMPLE = {
    "customers": [
        {
            "id": "c-17",
            "email": "kim@example.com",
            "phone": "+4520123456",
            "locale": "da",
            "country": "DK",
            "time_zone": "Europe/Copenhagen",
            "segments": {"store": "aarhus"},
            "basis": {"kind": "consent", "at": "2026-03-02T09:00:00Z", "source": "order form"},
        }
    ]
}

CUSTOMERS_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["customers"],
                    "properties": {
                        "customers": {"type": "array", "items": schema_of(CustomerIn), "maxItems": MAX_ITEMS}
                    },
                },
                "example": _EXAMPLE,
            }
        },
    }
}
