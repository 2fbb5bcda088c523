"""The interface of a channel: one way to reach people, such as mail.

A service that uses it has a renderer, which knows where the channel reaches a person and makes the messages
that it sends.
"""

from typing import Any, Protocol

from shared.mail import Mailer, MailMessage, Outcome
from shared.outbound.channel_names import DeliveryChannel
from shared.telemetry import metrics


class Channel(Protocol):
    """Sends messages of its own form, one at a time, over a connection of its own."""

    @property
    def name(self) -> DeliveryChannel:
        """As in ``delivery.channel``."""

    async def send(self, message: Any) -> Outcome:
        """Send a message, at most once; what became of it. It does not raise for what a server says."""

    def end(self) -> None:
        """End the connection now: what is being sent has the outcome that is certain at that moment."""

    async def close(self) -> None:
        """Close the connection when nothing is being sent."""


class MailChannel:
    """Mail, over one connection to the mail server."""

    name: DeliveryChannel = "mail"

    def __init__(self, mailer: Mailer, service: str) -> None:
        """:param service: whose mails they are, for metrics."""
        self._mailer = mailer
        self._service = service

    async def send(self, message: MailMessage) -> Outcome:
        outcome = await self._mailer.send(
            message.envelope_sender or message.sender, message.recipient, message.as_bytes()
        )
        metrics.MAIL_SIGNATURES.labels(self._service, "yes" if message.keys else "no").inc()
        return outcome

    def end(self) -> None:
        self._mailer.end()

    async def close(self) -> None:
        await self._mailer.close()
