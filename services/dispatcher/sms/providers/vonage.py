"""Vonage: the SMS API of rest.nexmo.com."""

import hashlib
import hmac
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlencode

from services.dispatcher.sms.lengths import text_length
from services.dispatcher.sms.messages import TextMessage, TextReply, TextReport
from services.dispatcher.sms.providers.provider import (
    MAX_CLOCK_DIFFERENCE_S,
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
from shared.mail import Away, Blocked, Delivered, Outcome, Unknown

TAKEN, THROTTLED, INTERNAL = "0", "1", "5"
OF_THE_NUMBER = frozenset({"6", "7"})
"""Not understood, such as an unknown prefix; barred."""
OF_US = frozenset({"2", "4", "8", "14", "15", "23", "29"})
"""Parameters, account, signature, sender, country."""
NO_BALANCE = "9"
NOT_DELIVERED = frozenset({"failed", "rejected", "expired"})


class Vonage(Provider):
    """Signs its requests with the account's signature secret: HMAC-SHA256 of the fields, or a token (JWT)."""

    name: ClassVar[str] = "vonage"
    standard_url: ClassVar[str] = "https://rest.nexmo.com"
    needs_account: ClassVar[bool] = True

    def request(self, message: TextMessage) -> ProviderRequest:
        fields = {
            "api_key": self.settings.account,
            "api_secret": self.settings.secret,
            "from": (message.sender or "").removeprefix("+"),
            "to": message.to.removeprefix("+"),
            "text": message.text,
            "type": "text" if text_length(message.text).encoding == "GSM-7" else "unicode",
            "client-ref": message.reference,
            "callback": self.settings.webhook_url,
        }
        return ProviderRequest(
            url=f"{self.settings.url}/sms/json",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            content=urlencode(fields).encode(),
        )

    def outcome(self, status: int, body: bytes) -> Outcome:  # noqa: PLR0911  (one for each kind)
        common = common_outcome(status)
        if common is not None and not isinstance(common, Delivered):
            return common
        states = [code_of(each, "status", "") for each in objects_of(json_of(body), "messages")]
        if not states and common is None:
            return refused_message(status)  # of whatever stands before the API
        if TAKEN in states:  # of several parts one was taken: the text is not sent again
            return Delivered()
        if not states or "" in states:
            return Unknown(f"the SMS provider answered what is no refusal ({status})")
        code = states[0]
        if code in OF_THE_NUMBER:
            return refused_number(code)
        if code in {THROTTLED, NO_BALANCE}:
            return Away(f"the SMS provider takes no message now ({code})")
        if code == INTERNAL:
            return Unknown(f"the SMS provider answered what is no refusal ({code})")
        if code in OF_US:
            return Blocked(
                f"the SMS provider refuses the account or secret of the settings ({code})", certain=True
            )
        return refused_message(code)

    def read(self, webhook: Webhook) -> list[TextReply | TextReport]:
        sent = webhook.values()
        kind, _, token = webhook.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            claims = claims_of(token, self.settings.signing_secret, webhook.at)
            if not same(str(claims.get("payload_hash", "")), hex_digest(webhook.body)):
                raise BadSignature("the token in Authorization is of another body")
        else:
            self._check_fields(sent, webhook.at)
        if reference := sent.get("client-ref"):
            return report_of(reference, sent.get("status"), sent.get("err-code", ""), NOT_DELIVERED)
        said = sent.get("messageId", ""), sent.get("message-timestamp", "")
        return reply_from(sent.get("msisdn", ""), sent["text"], *said) if sent.get("text") else []

    def _check_fields(self, sent: dict[str, str], at: datetime) -> None:
        signed = {name: value for name, value in sent.items() if name != "sig"}
        text = "".join(
            f"&{name}={value.replace('&', '_').replace('=', '_')}" for name, value in sorted(signed.items())
        )
        expected = hmac.new(
            self.settings.signing_secret.encode(), signed_bytes(text), hashlib.sha256
        ).hexdigest()
        if not same(sent.get("sig", "").lower(), expected):
            raise BadSignature("sig is another one")
        stated = sent.get("timestamp", "")
        if not stated.isascii() or not stated.isdecimal() or len(stated) > len("9999999999"):
            raise BadSignature("the signed request has no timestamp")
        if abs(at.timestamp() - int(stated)) > MAX_CLOCK_DIFFERENCE_S:
            raise BadSignature("the signature has ended, or the clocks differ")
