"""The providers that carry texts. Each module is pure: it writes a request, and reads what comes back."""

from services.dispatcher.sms.providers.generic import Generic
from services.dispatcher.sms.providers.messagebird import MessageBird
from services.dispatcher.sms.providers.provider import (
    BadSignature,
    Provider,
    ProviderRequest,
    ProviderSettings,
    Webhook,
)
from services.dispatcher.sms.providers.twilio import Twilio
from services.dispatcher.sms.providers.vonage import Vonage

PROVIDERS: dict[str, type[Provider]] = {
    "twilio": Twilio,
    "messagebird": MessageBird,
    "vonage": Vonage,
    "generic": Generic,
}

__all__ = [
    "PROVIDERS",
    "BadSignature",
    "Generic",
    "MessageBird",
    "Provider",
    "ProviderRequest",
    "ProviderSettings",
    "Twilio",
    "Vonage",
    "Webhook",
]
