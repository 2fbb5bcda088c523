"""What messages to webhooks hold of one customer."""

from typing import Any

import msgspec
from msgspec import UNSET, Raw
from sqlalchemy import Row

from shared.privacy.export import ExportSource, of_person
from shared.privacy.export_records import WebhookRecord

CUSTOMER_ID = "CAST(convert_from(t.body, 'UTF8') AS jsonb) #>> '{data,customer_id}'"
FIND_MESSAGES = f"""
    SELECT t.message_id, t.type, t.state, t.attempts, t.created_at, t.body, coalesce(w.name, '') AS system
    FROM webhook_delivery t
    LEFT JOIN webhook w ON w.tenant = t.tenant AND w.id = t.webhook_id
    WHERE {of_person("t.created_at", "t.contact", CUSTOMER_ID)}
"""


class _SentMessage(msgspec.Struct):
    data: Raw


def _message(row: Row[Any]) -> WebhookRecord:
    return WebhookRecord(
        at=row.created_at,
        obtained_from="afterword",
        message=row.message_id,
        type=row.type,
        system=row.system,
        state=row.state,
        attempts=row.attempts,
        content=_messages.decode(row.body).data if row.body is not None else UNSET,
    )


_messages = msgspec.json.Decoder(_SentMessage)
SENT_MESSAGES = ExportSource("webhook", FIND_MESSAGES, _message)
