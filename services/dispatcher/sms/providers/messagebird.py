"""MessageBird: the REST API of rest.messagebird.com (Bird's classic one)."""

import json
from typing import ClassVar

from services.dispatcher.sms.messages import TextMessage, TextReply, TextReport
from services.dispatcher.sms.providers.provider import (
    HTTP_UNAUTHORIZED,
    BadSignature,
    Provider,
    ProviderRequest,
    Webhook,
    claims_of,
    code_of,
    common_outcome,
    hex_digest,
    json_of,
    objects_of,
    refused_message,
    refused_number,
    reply_from,
    report_of,
    same,
    signed_bytes,
)
from shared.mail import Away, Outcome

NOT_ALLOWED, INVALID, NO_BALANCE = "2", "10", "25"
NOT_DELIVERED = frozenset({"delivery_failed", "expired"})


class MessageBird(Provider):
    """Signs its requests with a token of the signing key (JWT) over address and body."""

    name: ClassVar[str] = "messagebird"
    standard_url: ClassVar[str] = "https://rest.messagebird.com"

    def request(self, message: TextMessage) -> ProviderRequest:
        body = {
            "originator": (message.sender or "").removeprefix("+"),
            "recipients": [message.to.removeprefix("+")],
            "body": message.text,
            "datacoding": "auto",
            "reference": message.reference,
            "reportUrl": self.settings.webhook_url,
        }
        return ProviderRequest(
            url=f"{self.settings.url}/messages",
            headers={
                "Authorization": f"AccessKey {self.settings.secret}",
                "Content-Type": "application/json",
            },
            content=json.dumps(body, ensure_ascii=False).encode(),
        )

    def outcome(self, status: int, body: bytes) -> Outcome:
        common = common_outcome(status)
        if common is not None:
            return common
        first = next(iter(objects_of(json_of(body), "errors")), {})
        code = code_of(first, "code", status)
        if code == NOT_ALLOWED:
            return common_outcome(HTTP_UNAUTHORIZED) or refused_message(code)
        if code == NO_BALANCE:
            return Away(f"the SMS provider takes no message now ({code})")
        if code == INVALID and code_of(first, "parameter", "") in {"recipient", "recipients"}:
            return refused_number(code)
        return refused_message(code)

    def read(self, webhook: Webhook) -> list[TextReply | TextReport]:
        token = webhook.headers.get("messagebird-signature-jwt", "")
        claims = claims_of(token, self.settings.signing_secret, webhook.at)
        if claims.get("iss") != "MessageBird" or not same(
            str(claims.get("url_hash", "")), hex_digest(signed_bytes(webhook.url))
        ):
            raise BadSignature("MessageBird-Signature-JWT is of another address")
        if webhook.body and not same(str(claims.get("payload_hash", "")), hex_digest(webhook.body)):
            raise BadSignature("MessageBird-Signature-JWT is of another body")
        sent = webhook.values()
        if reference := sent.get("reference"):
            return report_of(reference, sent.get("status"), sent.get("statusErrorCode", ""), NOT_DELIVERED)
        text = sent.get("payload", sent.get("body", ""))
        said = sent.get("id", ""), sent.get("createdDatetime", "")
        return reply_from(sent.get("originator", ""), text, *said) if text else []
