"""Twilio: Programmable Messaging, 2010-04-01."""

import base64
import hashlib
import hmac
from typing import ClassVar
from urllib.parse import quote, urlencode

from services.dispatcher.sms.messages import TextMessage, TextReply, TextReport
from services.dispatcher.sms.providers.provider import (
    BadSignature,
    Provider,
    ProviderRequest,
    Webhook,
    code_of,
    common_outcome,
    json_of,
    refused_message,
    refused_number,
    reply_from,
    report_of,
    same,
    signed_bytes,
    try_later,
)
from shared.mail import Blocked, Outcome

OF_THE_NUMBER = frozenset({"21211", "21214", "21217", "21610", "21614"})
"""Invalid, not reachable, has said STOP to the provider, not a mobile phone."""
OF_US = frozenset(
    {"20003", "20404", "21212", "21408", "21603", "21606", "21611", "21612", "21659", "21660", "63038"}
)
"""Account, sender, country that is not enabled, too many messages: every message would meet the same."""
QUEUE_OVERFLOW = "30001"
NOT_DELIVERED = frozenset({"undelivered", "failed"})


class Twilio(Provider):
    """Signs its requests with the account's auth token (HMAC-SHA1)."""

    name: ClassVar[str] = "twilio"
    standard_url: ClassVar[str] = "https://api.twilio.com"
    needs_account: ClassVar[bool] = True
    needs_signing_secret: ClassVar[bool] = False

    def request(self, message: TextMessage) -> ProviderRequest:
        account = self.settings.account
        login = base64.b64encode(f"{account}:{self.settings.secret}".encode()).decode()
        fields = {
            "To": message.to,
            "From": message.sender or "",
            "Body": message.text,
            "StatusCallback": f"{self.settings.webhook_url}?{urlencode({'ref': message.reference})}",
        }
        return ProviderRequest(
            url=f"{self.settings.url}/2010-04-01/Accounts/{quote(account, safe='')}/Messages.json",
            headers={
                "Authorization": f"Basic {login}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
            content=urlencode(fields).encode(),
        )

    def outcome(self, status: int, body: bytes) -> Outcome:
        common = common_outcome(status)
        if common is not None:
            return common
        code = code_of(json_of(body), "code", status)
        if code in OF_THE_NUMBER:
            return refused_number(code)
        if code in OF_US:
            return Blocked(f"the SMS provider refuses the sender or country ({code})", certain=False)
        return try_later(code) if code == QUEUE_OVERFLOW else refused_message(code)

    def read(self, webhook: Webhook) -> list[TextReply | TextReport]:
        form = webhook.form()
        signed = webhook.url + "".join(f"{name}{value}" for name, value in sorted(form))
        secret = self.settings.signing_secret or self.settings.secret
        digest = hmac.digest(secret.encode(), signed_bytes(signed), hashlib.sha1)
        if not same(webhook.headers.get("x-twilio-signature", ""), base64.b64encode(digest).decode()):
            raise BadSignature("X-Twilio-Signature is another one")
        sent, asked = dict(form), dict(webhook.query)
        if reference := asked.get("ref"):
            return report_of(reference, sent.get("MessageStatus"), sent.get("ErrorCode", ""), NOT_DELIVERED)
        return (
            reply_from(sent.get("From", ""), sent["Body"], sent.get("MessageSid", ""))
            if "Body" in sent
            else []
        )
