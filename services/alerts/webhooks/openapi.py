"""The messages in the OpenAPI document: ``webhooks`` of OpenAPI 3.1, made from the types that are sent."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Response

from services.alerts.webhooks.contents import CONTENTS
from services.alerts.webhooks.domain import MessageType
from shared.http.openapi import schema_of

_AT = "2026-11-22T05:00:00Z"
_SEGMENTS = {"segments": {"touchpoint": "checkout", "store": "aarhus"}, "organisation": ["north", "aarhus"]}
EXAMPLES: dict[MessageType, dict[str, Any]] = {
    "answer.changed": {
        "id": "019aa9f4-2e15-7c1d-9e2f-3a5b8c0d1e2f",
        "version": 3,
        "state": "sent",
        "origin": "survey",
        "test": False,
        "erased": False,
        "score": 4,
        "comment": "It came a week late.",
        "follow_up_question": "What should we do better?",
        "follow_up": "Tell me when it is late.",
        "replies": [],
        "may_contact": True,
        "customer_id": "c-17",
        "event_id": "6b0f2f4d-7f5e-5a0e-9d6a-1c7b5e0a2f11",
        "survey_id": "019aa9f4-2e15-7c1d-9e2f-000000000001",
        "survey_version": 2,
        "measurement": "transactional",
        "touchpoint": "checkout",
        **_SEGMENTS,
        "language": "da",
        "channel": "mail",
        "day": "2026-11-22",
        "answered_at": "2026-11-22T04:58:12Z",
        "changed_at": _AT,
    },
    "case.changed": {
        "id": "019aa9f4-4b1c-7a8d-8e3f-9a0b1c2d3e4f",
        "number": 1742,
        "version": 2,
        "state": "assigned",
        "stage": "assigned",
        "priority": "high",
        "team_id": "019aa000-0000-7000-8000-0000000000b1",
        "answer_id": "019aa9f4-2e15-7c1d-9e2f-3a5b8c0d1e2f",
        "event_id": "6b0f2f4d-7f5e-5a0e-9d6a-1c7b5e0a2f11",
        "customer_id": "c-17",
        "anonymous": False,
        "erased": False,
        "score": 4,
        "touchpoint": "checkout",
        **_SEGMENTS,
        "may_contact": True,
        "owner": "019aa000-0000-7000-8000-00000000000a",
        "cause": None,
        "outcome": None,
        "told": None,
        "opened_at": "2026-11-22T04:58:12Z",
        "due_at": "2026-11-24T04:58:12Z",
        "waits_until": None,
        "first_contact_at": None,
        "closed_at": None,
    },
    "score.changed": {
        "segment": "touchpoint:checkout",
        "measurement": "transactional",
        "version": 1795,
        "window_days": 90,
        "until": "2026-11-22",
        "n": 412,
        "nps": 31.3,
        "low": 24.0,
        "high": 38.6,
        "level": 0.95,
        "computed_at": _AT,
    },
    "decision.made": {
        "event_id": "6b0f2f4d-7f5e-5a0e-9d6a-1c7b5e0a2f11",
        "version": 1795323600000000,
        "source": "shop",
        "source_id": "order-1742",
        "event_type": "order.delivered",
        "occurred_at": "2026-11-22T04:30:00Z",
        "decided_at": _AT,
        "outcome": "invited",
        "reason": "invited",
        "survey_id": "019aa9f4-2e15-7c1d-9e2f-000000000001",
        "survey_version": 2,
        "invitation_id": "019aa9f4-2e15-7c1d-9e2f-3a5b8c0d1e2f",
        "channel": "mail",
        "due_at": "2026-11-23T08:00:00Z",
        "test": False,
        "erased": False,
        "customer_id": "c-17",
        "touchpoint": "checkout",
        **_SEGMENTS,
    },
    "erasure.done": {
        "erasure_id": "019aa9f4-9d00-7000-8000-0000000000ff",
        "services": ["dispatcher", "collector", "scorer", "alerts"],
        "done_at": _AT,
    },
}
_SUMMARIES: dict[MessageType, str] = {
    "answer.changed": "An answer came, was added to, changed or erased",
    "case.changed": "Something happened to a case",
    "score.changed": "The score of a segment changed",
    "decision.made": "It was decided whether the customer of an event is asked",
    "erasure.done": "All services have erased a customer",
}
_HEADERS = (
    ("webhook-id", "The message's id, the same for every try: do nothing twice by it."),
    (
        "webhook-timestamp",
        "When this try left, in seconds of Unix time: refuse what is older than five minutes.",
    ),
    (
        "webhook-signature",
        "`v1,` and the base64 of an HMAC-SHA256 of `id.timestamp.body`; several while two secrets hold.",
    ),
)


def message_routes() -> APIRouter:
    """What the document says of each type of message. Nobody calls these."""
    router = APIRouter()
    for kind in CONTENTS:
        router.post(
            kind,
            summary=_SUMMARIES[kind],
            status_code=204,
            openapi_extra=_described(kind),
            operation_id=f"webhook {kind}",
        )(_receiver(kind))
    return router


def _receiver(kind: MessageType) -> Callable[[], Response]:
    def receive() -> Response:
        raise NotImplementedError(f"the company's own endpoint takes {kind}")

    receive.__doc__ = (CONTENTS[kind].__doc__ or "") + (
        "\n\nAny answer of 2xx takes it. 410 switches the webhook off; with 429, 502, 503 and 504 "
        "`Retry-After` is obeyed. There is no address, name or number of a customer in it."
    )
    return receive


def _described(kind: MessageType) -> dict[str, Any]:
    schema = {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": kind},
            "timestamp": {"type": "string", "format": "date-time", "description": "When it came about."},
            "data": schema_of(CONTENTS[kind]),
        },
    }
    example = {"type": kind, "timestamp": _AT, "data": EXAMPLES[kind]}
    content = {"application/json": {"schema": schema, "example": example}}
    headers = [
        {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "description": words}
        for name, words in _HEADERS
    ]
    return {"requestBody": {"required": True, "content": content}, "parameters": headers}
