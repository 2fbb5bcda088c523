"""How this installation sends texts: its provider and its senders, of the settings."""

import json
from dataclasses import dataclass

from services.dispatcher.settings import Settings
from services.dispatcher.sms.providers import PROVIDERS, Provider, ProviderSettings

WEBHOOK_PATH = "/v1/texts"


@dataclass(frozen=True, kw_only=True)
class SmsInstallation:
    """What of the settings a text depends on."""

    provider: Provider | None
    """None: this installation sends no texts."""
    name: str | None
    number: str | None

    @property
    def sends(self) -> bool:
        """Whether texts leave at all."""
        return self.provider is not None


def sms_installation(settings: Settings, staff_url: str) -> SmsInstallation:
    """The provider of the settings, which have checked that nothing is missing.

    :param staff_url: under which the provider's requests come.
    """
    provider = None
    if settings.sms_provider is not None:
        kind = PROVIDERS[settings.sms_provider]
        headers = settings.sms_headers
        provider = kind(
            ProviderSettings(
                url=(settings.sms_url or kind.standard_url).rstrip("/"),
                account=settings.sms_account or "",
                secret=settings.sms_secret.get_secret_value() if settings.sms_secret else "",
                signing_secret=settings.sms_signing_secret.get_secret_value()
                if settings.sms_signing_secret
                else "",
                webhook_url=f"{staff_url.rstrip('/')}{WEBHOOK_PATH}/{settings.sms_provider}",
                template=settings.sms_template or "",
                headers=json.loads(headers.get_secret_value()) if headers is not None else {},
            )
        )
    return SmsInstallation(provider=provider, name=settings.sms_name, number=settings.sms_number)
