"""Push messages to browsers, over the push services that they name: any address of the public Internet."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpcore

from shared.clock import Clock
from shared.mail import Deferred, Delivered, Outcome, Rejected, Unknown
from shared.outbound.address_guard import AddressRefused
from shared.outbound.channel_names import DeliveryChannel
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
BROKEN = "the connection broke after the message was handed over"
_BEFORE_REQUEST = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout)


class PushChannel:
    """Hands over one message at a time. What may have been taken is unknown, and never sent again.

    Whatever a push service does is about this one subscription: no browser's service delays another's.
    """

    name: DeliveryChannel = "push"

    def __init__(self, pool: httpcore.AsyncConnectionPool, vapid: Vapid, clock: Clock) -> None:
        """:param pool: connects as an :class:`AddressGuard` allows."""
        self._pool = pool
        self._vapid = vapid
        self._clock = clock
        self._sending: asyncio.Future[Outcome] | None = None
        self._ended = False

    async def send(self, message: PushMessage) -> Outcome:
        self._sending = asyncio.ensure_future(self._hand_over(message))
        try:
            return await self._sending
        except asyncio.CancelledError:
            if not self._ended:
                raise
            return Unknown(BROKEN)  # nobody knows how far it had come
        finally:
            self._sending.cancel()
            self._sending = None

    async def _hand_over(self, message: PushMessage) -> Outcome:
        body = encrypt(message.subscription, message.payload)
        began = False

        async def trace(event: str, _: object) -> None:
            nonlocal began
            began = began or event.startswith(("http11.send_request", "http2.send_request"))

        try:
            async with (
                asyncio.timeout(PUSH_TIMEOUT_S),
                self._pool.stream(
                    "POST",
                    message.subscription.endpoint,
                    headers=self._headers(message),
                    content=body,
                    extensions={"trace": trace},
                ) as response,
            ):
                return self._outcome(response)
        except AddressRefused:
            return Rejected(NOT_PUBLIC, 0)
        except (TimeoutError, OSError, httpcore.TimeoutException, httpcore.NetworkError) as error:
            if began and not isinstance(error, _BEFORE_REQUEST):
                return Unknown(BROKEN)
            return Deferred("the push service did not answer")
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol):
            return Unknown(BROKEN)

    def _headers(self, message: PushMessage) -> list[tuple[bytes, bytes]]:
        headers = {
            "authorization": self._vapid.authorization(message.subscription.endpoint, self._clock()),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(message.ttl_s),
            "urgency": message.urgency,
            "topic": message.topic,
            "user-agent": "Afterword-Push/1",
            "accept-encoding": "identity",
        }
        return [(name.encode(), value.encode()) for name, value in headers.items()]

    def _outcome(self, response: httpcore.Response) -> Outcome:
        status = response.status
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return Delivered()
        if status in GONE:
            return Rejected(SUBSCRIPTION_GONE, status)
        if status in NEVER:
            return Rejected(f"the push service refused it ({status})", status)
        return Deferred(f"the push service answered {status}", not_before=self._retry_after(response))

    def _retry_after(self, response: httpcore.Response) -> datetime | None:
        """When it may be tried again, in seconds or as a date; a day at most."""
        given = next((value for name, value in response.headers if name.lower() == b"retry-after"), b"")
        text, now = given.decode("ascii", "replace").strip(), self._clock()
        latest = now + timedelta(days=1)
        if text.isdecimal():
            return min(now + timedelta(seconds=min(int(text[:7]), 10**6)), latest)
        with suppress(ValueError, TypeError):
            at = parsedate_to_datetime(text)
            return min(at if at.tzinfo else at.replace(tzinfo=UTC), latest)
        return None

    def end(self) -> None:
        self._ended = True
        if self._sending is not None:
            self._sending.cancel()

    async def close(self) -> None:
        await self._pool.aclose()
