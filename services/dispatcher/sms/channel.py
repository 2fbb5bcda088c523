"""Text messages, over the HTTP API of the installation's provider."""

import asyncio

import httpx

from services.dispatcher.sms.lengths import text_length
from services.dispatcher.sms.messages import TextMessage
from services.dispatcher.sms.providers import Provider
from shared.events.surveys import ChannelName
from shared.mail import Away, Delivered, Outcome, Rejected, Unknown
from shared.telemetry import metrics

CONNECT_TIMEOUT_S = 10.0
ANSWER_TIMEOUT_S = 60.0
MAX_ANSWER_BYTES = 32 * 1024
NO_PROVIDER = "no SMS provider is set: see DISPATCHER_SMS_PROVIDER"
NO_SENDER = "the country of the number takes no name as sender: set DISPATCHER_SMS_NUMBER"
BROKEN = "the connection broke while the message was handed over"
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
"""What httpx raises before a byte of the request has left."""


class SmsChannel:
    """Hands over one message at a time. What may have been taken is unknown, and never sent again."""

    name: ChannelName = "sms"

    def __init__(
        self, provider: Provider | None, service: str, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """:param provider: None: the installation has none, so that messages wait.
        :param service: whose messages they are, for metrics.
        :param transport: set by tests: the way to the provider without a socket.
        """
        self._provider = provider
        self._service = service
        self._transport = transport
        self._client: httpx.AsyncClient | None = None
        self._sending: asyncio.Future[Outcome] | None = None
        self._ended = False

    async def send(self, message: TextMessage) -> Outcome:
        if self._provider is None:
            return Away(NO_PROVIDER)
        if message.sender is None:
            return Rejected(NO_SENDER, 0)
        self._sending = asyncio.ensure_future(self._hand_over(self._provider, message))
        try:
            outcome = await self._sending
        except asyncio.CancelledError:
            if not self._ended:
                raise
            outcome = Unknown(BROKEN)  # nobody knows how far it had come
        finally:
            self._sending.cancel()
            self._sending = None
        if isinstance(outcome, Delivered):
            metrics.TEXT_PARTS.labels(self._service).inc(text_length(message.text).parts)
        return outcome

    async def _hand_over(self, provider: Provider, message: TextMessage) -> Outcome:
        request = provider.request(message)
        try:
            async with self._opened().stream(
                "POST", request.url, headers=dict(request.headers), content=request.content
            ) as response:
                body = b""
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > MAX_ANSWER_BYTES:
                        break
                return provider.outcome(response.status_code, body)
        except _NOT_SENT:
            return Away("the SMS provider did not answer")
        except httpx.HTTPError:
            return Unknown(BROKEN)

    def end(self) -> None:
        self._ended = True
        if self._sending is not None:
            self._sending.cancel()

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _opened(self) -> httpx.AsyncClient:
        """The one client, which keeps its connection between messages. A redirect is not followed."""
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=httpx.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
                trust_env=False,
                transport=self._transport,
            )
        return self._client
