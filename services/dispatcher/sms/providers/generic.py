"""Any provider that takes a message as JSON by POST: its address, headers and JSON are settings.

What comes back is in our own form: ``{"reference": …, "status": …, "code": …}`` (the status ``delivered`` or
``undeliverable``) or ``{"from": …, "text": …, "id": …}``, with
``"at"`` (ISO 8601) when it was sent where that is known, with the shared secret in ``Authorization: Bearer``.
"""

import json
import re
from typing import Any, ClassVar

from services.dispatcher.sms.messages import TextMessage, TextReply, TextReport
from services.dispatcher.sms.providers.provider import (
    BadSignature,
    Provider,
    ProviderRequest,
    Webhook,
    common_outcome,
    refused_message,
    reply_from,
    report_of,
    same,
)
from shared.mail import Outcome

STANDARD_TEMPLATE = '{"to": "{to}", "from": "{from}", "text": "{text}", "reference": "{reference}"}'


class Generic(Provider):
    """Sends what its template says. Each message has an ``Idempotency-Key``, for a provider that knows it."""

    name: ClassVar[str] = "generic"
    needs_reply_ids: ClassVar[bool] = True

    def request(self, message: TextMessage) -> ProviderRequest:
        values = {
            "to": message.to,
            "from": message.sender or "",
            "text": message.text,
            "reference": message.reference,
        }
        body = _filled(json.loads(self.settings.template or STANDARD_TEMPLATE), values)
        headers = {"Authorization": f"Bearer {self.settings.secret}", **self.settings.headers}
        return ProviderRequest(
            url=self.settings.url,
            headers={**headers, "Content-Type": "application/json", "Idempotency-Key": message.reference},
            content=json.dumps(body, ensure_ascii=False).encode(),
        )

    def outcome(self, status: int, body: bytes) -> Outcome:  # noqa: ARG002  (the status says all)
        return common_outcome(status) or refused_message(status)

    def read(self, webhook: Webhook) -> list[TextReply | TextReport]:
        kind, _, given = webhook.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not same(given, self.settings.signing_secret):
            raise BadSignature("the secret in Authorization: Bearer is another one")
        sent = webhook.values()
        if reference := sent.get("reference"):
            return report_of(reference, sent.get("status"), sent.get("code", ""), {"undeliverable"})
        said = sent.get("id", ""), sent.get("at", "")
        return reply_from(sent.get("from", ""), sent["text"], *said) if sent.get("text") else []


def _filled(part: Any, values: dict[str, str]) -> Any:
    """The template with its placeholders replaced in its texts, in one pass: values are never read again."""
    if isinstance(part, dict):
        return {name: _filled(each, values) for name, each in part.items()}
    if isinstance(part, list):
        return [_filled(each, values) for each in part]
    return _PLACEHOLDER.sub(lambda found: values[found[1]], part) if isinstance(part, str) else part


_PLACEHOLDER = re.compile(r"\{(to|from|text|reference)\}")
