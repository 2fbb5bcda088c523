"""A provider of texts that keeps what it is handed, and the sender that hands it over."""

import json
from collections.abc import Callable
from typing import Any

import httpx
from support.dispatcher_builders import CONTACT_POLICY, Clock
from support.http_clients import SECRET, afterword_settings

from services.dispatcher.invitations.queue import InvitationQueue, InvitationRenderer
from services.dispatcher.invitations.survey_mail import SurveyMailRenderer
from services.dispatcher.sms.channel import SmsChannel
from services.dispatcher.sms.installation import SmsInstallation
from services.dispatcher.sms.providers import Generic, Provider, ProviderSettings
from services.dispatcher.sms.survey_text import SurveyTextRenderer
from shared.db.database import Database
from shared.health import Health
from shared.outbound import Sender

NUMBER = "+4591234567"
SMS_SETTINGS = {
    "sms_provider": "generic",
    "sms_url": "http://127.0.0.1:1/texts",
    "sms_secret": "the secret of the provider",
    "sms_signing_secret": "the provider signs with this",
    "sms_number": NUMBER,
}
"""Of an API that may text, by nobody who answers."""
SIGNED = {"authorization": f"Bearer {SMS_SETTINGS['sms_signing_secret']}"}


class FakeProvider(httpx.AsyncBaseTransport):
    """Keeps each text; ``answer`` decides what is answered, or raises."""

    def __init__(self) -> None:
        self.texts: list[dict[str, Any]] = []
        self.answer: Callable[[], httpx.Response] = lambda: httpx.Response(202)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.texts.append(json.loads(await request.aread()))
        return self.answer()

    def to(self, number: str) -> list[dict[str, Any]]:
        return [text for text in self.texts if text["to"] == number]


GENERIC = Generic(
    ProviderSettings(
        url="http://sms.example",
        account="",
        secret="s",
        signing_secret="s",
        webhook_url="http://afterword.example/v1/texts/generic",
    )
)


def a_text_renderer(clock: Clock, provider: Provider = GENERIC) -> SurveyTextRenderer:
    settings = afterword_settings("127.0.0.1:1", mail_from="ask@shop.example")
    return SurveyTextRenderer(settings, SmsInstallation(provider=provider, name=None, number=NUMBER), clock)


def a_text_sender(
    database: Database, way: httpx.AsyncBaseTransport, clock: Clock, provider: Provider = GENERIC
) -> Sender:
    """:param way: to the provider."""
    settings = afterword_settings("127.0.0.1:1", mail_from="ask@shop.example")
    renderers: dict[str, InvitationRenderer] = {
        "mail": SurveyMailRenderer(settings, clock),
        "sms": a_text_renderer(clock, provider),
    }
    queue = InvitationQueue(renderers, SECRET, CONTACT_POLICY)
    channel = SmsChannel(provider, "dispatcher", way)
    return Sender("sms sender", database, channel, queue, Health())
