"""Push messages to browsers, over the push services that they name: any address of the public Internet."""

from datetime import datetime, timedelta
from http import HTTPStatus

import httpcore

from shared.clock import Clock
from shared.mail import Deferred, Delivered, Outcome, Rejected, Unknown
from shared.outbound.posting import PostAnswer, post_once
from shared.outbound.web_push import PushMessage, Vapid, encrypt

PUSH_TIMEOUT_S = 10.0
"""For the whole of it: the name, the connection, the answer."""
SUBSCRIPTION_GONE = "the browser takes no messages any more"
NOT_PUBLIC = "the push service lies in a network that is not public"
GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
NEVER = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
)
"""This message never works. The subscription stays: perhaps our clock is wrong, and all are refused."""
MAX_WAIT = timedelta(days=1)
"""Of what a push service asks for."""
BROKEN = "the connection broke after the message was handed over"


class PushChannel:
    """Hands over one message at a time. What may have been taken is unknown, and never sent again."""

    def __init__(self, pool: httpcore.AsyncConnectionPool, vapid: Vapid, clock: Clock) -> None:
        """:param pool: connects as an :class:`AddressGuard` allows."""
        self._pool = pool
        self._vapid = vapid
        self._clock = clock

    async def send(self, message: PushMessage) -> Outcome:
        """Send a message, at most once; what became of it. It does not raise for what a service says."""
        now, subscription = self._clock(), message.subscription
        headers = {
            "authorization": self._vapid.authorization(subscription.endpoint, now),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(message.ttl_s),
            "urgency": message.urgency,
            "topic": message.topic,
            "user-agent": "Afterword-Push/1",
        }
        body = encrypt(subscription, message.payload)
        endpoint = subscription.endpoint
        answer = await post_once(self._pool, endpoint, headers, body, now, timeout_s=PUSH_TIMEOUT_S)
        return outcome_of(answer, now)


def outcome_of(answer: PostAnswer, now: datetime) -> Outcome:
    """What an answer means for this one message."""
    status = answer.status
    if status is None:
        if answer.fault == "address":
            return Rejected(NOT_PUBLIC, 0)
        return Unknown(BROKEN) if answer.may_have_arrived else Deferred("the push service did not answer")
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Delivered()
    if status in GONE:
        return Rejected(SUBSCRIPTION_GONE, status)
    if status in NEVER:
        return Rejected(f"the push service refused it ({status})", status)
    wait = answer.retry_after
    not_before = now + min(wait, MAX_WAIT) if wait is not None else None
    return Deferred(f"the push service answered {status}", not_before=not_before)
