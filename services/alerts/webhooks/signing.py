"""Secrets and signatures of webhooks, as Standard Webhooks has them (symmetric, ``v1``)."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.alerts.webhooks.domain import WebhookEndpoint
from shared.sealed import seal, unseal

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """A secret, as the receiver gets it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature(keys: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """The header ``webhook-signature``: one signature by each secret."""
    signed = b"%s.%d.%s" % (message_id.encode(), timestamp, body)
    return " ".join("v1," + base64.b64encode(_mac(key, signed)).decode() for key in keys)


def headers_of(keys: Sequence[str], message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """The three headers of a message that leaves now."""
    timestamp = int(now.timestamp())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(keys, message_id, timestamp, body),
    }


def sealed_secret(root: str, tenant: str, webhook_id: UUID, key: str) -> bytes:
    """A secret as the database keeps it."""
    return seal(root, _about(tenant, webhook_id), key.encode())


def keys_of(root: str, webhook: WebhookEndpoint, now: datetime) -> list[str]:
    """The secrets that sign now: the newest first.

    :raises SealBroken: when the secret of the installation was changed.
    """
    about = _about(webhook.tenant, webhook.id)
    keys = [unseal(root, about, webhook.sealed).decode()]
    if webhook.sealed_before is not None and webhook.before_until is not None and now < webhook.before_until:
        keys.append(unseal(root, about, webhook.sealed_before).decode())
    return keys


def _mac(key: str, signed: bytes) -> bytes:
    return hmac.new(base64.b64decode(key.removeprefix(PREFIX)), signed, hashlib.sha256).digest()


def _about(tenant: str, webhook_id: UUID) -> str:
    return f"webhook/{tenant}/{webhook_id}"
