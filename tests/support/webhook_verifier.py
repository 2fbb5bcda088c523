"""A receiver that trusts nobody, after the specification of Standard Webhooks and without our code."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from support.webhook_receiver import Received

TOLERANCE = timedelta(minutes=5)


class NotTrusted(Exception):
    """The message is not taken; why."""


@dataclass
class Verifier:
    """Takes each message once."""

    secret: str
    taken: set[str] = field(default_factory=set)

    def take(self, received: Received, now: datetime) -> bool:
        """Whether it is new.

        :raises NotTrusted: when somebody else may have sent it, or long ago.
        """
        headers = received.headers
        sent_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), now.tzinfo)
        if not now - TOLERANCE <= sent_at <= now + TOLERANCE:
            raise NotTrusted("its time is not now")
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + received.body
        expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        given = [each.partition(",") for each in headers["webhook-signature"].split(" ")]
        if not any(name == "v1" and hmac.compare_digest(value, expected) for name, _, value in given):
            raise NotTrusted("no signature is by our secret")
        if headers["webhook-id"] in self.taken:
            return False
        self.taken.add(headers["webhook-id"])
        return True
