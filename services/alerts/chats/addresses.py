"""Addresses of incoming webhooks: which are taken, what is shown of them, and how they are kept."""

from collections.abc import Mapping
from urllib.parse import urlsplit
from uuid import UUID

from services.alerts.chats.domain import ChatKind
from services.alerts.errors import SettingRefused
from services.alerts.webhooks.endpoints import checked_url, is_of_internet
from shared.outbound.address_guard import AddressGuard
from shared.sealed import seal, unseal
from shared.values.messages import Message, message

SHOWN_CHARS = 4
"""Of the end of an address: enough to tell two apart, too few to post with."""
HOSTS: Mapping[ChatKind, tuple[str, ...]] = {
    "slack": ("hooks.slack.com", "hooks.slack-gov.com"),
    "teams": (".logic.azure.com", ".logic.azure.us", ".powerplatform.com", ".powerplatform.us"),
}
"""Of the Internet; one that begins with a point stands for all hosts below."""
SLACK_PATH = "/services/"
NOT_OF_KIND: Mapping[ChatKind, Message] = {
    "slack": message(
        "Must be the address of an incoming webhook, such as https://hooks.slack.com/services/…"
    ),
    "teams": message(
        "Must be the address of a workflow in Teams: “When a Teams webhook request is received”."
    ),
}
RETIRED = message(
    "Addresses of Office 365 connectors are retired. Make a workflow in Teams and take its address."
)
RETIRED_HOST = ".webhook.office.com"


def checked_address(guard: AddressGuard, kind: ChatKind, given: str) -> str:
    """The address in one form.

    :raises SettingRefused: with what is wrong.
    """
    url = checked_url(guard, given, field="/address")
    if is_of_internet(url):
        parts = urlsplit(url)
        host = parts.hostname or ""
        if host.endswith(RETIRED_HOST):
            raise SettingRefused("/address", RETIRED)
        if not _is_of(kind, host) or (kind == "slack" and not parts.path.startswith(SLACK_PATH)):
            raise SettingRefused("/address", NOT_OF_KIND[kind])
    return url


def shown_address(url: str) -> str:
    """The host, and the last characters: never what one could post with."""
    return f"{urlsplit(url).hostname}/…{url[-SHOWN_CHARS:]}"


def sealed_address(root: str, tenant: str, channel_id: UUID, url: str) -> bytes:
    """An address as the database keeps it."""
    return seal(root, _about(tenant, channel_id), url.encode())


def address_of(root: str, tenant: str, channel_id: UUID, sealed: bytes) -> str:
    """The address to post to.

    :raises SealBroken: when the secret of the installation was changed.
    """
    return unseal(root, _about(tenant, channel_id), sealed).decode()


def _is_of(kind: ChatKind, host: str) -> bool:
    return any(host.endswith(each) if each.startswith(".") else host == each for each in HOSTS[kind])


def _about(tenant: str, channel_id: UUID) -> str:
    return f"chat/{tenant}/{channel_id}"
