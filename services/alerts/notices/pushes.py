"""Push messages to colleagues, of the words of a notice, and the sealing of where they go.

A message tells as little as the mail: it stands on a locked screen, and its push service may be anybody's.
"""

import hashlib
from uuid import UUID

import msgspec

from services.alerts.notices.kinds import NoticeText, WaitingNotice
from services.alerts.notices.topics import ESCALATION_KINDS
from shared.outbound.web_push import MAX_PAYLOAD_BYTES, PushMessage, PushSubscription, encoded
from shared.sealed import seal, unseal

TTL_S = 24 * 3600
"""A browser that was away for longer shows nothing: the page tells what is still true."""
TOPIC_BYTES = 24
"""32 characters of base64url."""
MAX_TITLE_CHARS = 200
MAX_BODY_CHARS = 600


class PushRenderer:
    """Makes push messages. Addresses and keys of browsers are sealed with the one secret."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def message(self, notice: WaitingNotice, text: NoticeText, browser: UUID, sealed: bytes) -> PushMessage:
        """The message to this browser. Of several about a case or incident the newest replaces others."""
        topic = push_topic(notice)
        body = text.paragraphs[0] if text.paragraphs else ""
        shown = {
            "title": text.subject[:MAX_TITLE_CHARS],
            "body": body[:MAX_BODY_CHARS],
            "path": text.path,
            "tag": topic,
        }
        payload = msgspec.json.encode(shown)
        if len(payload) > MAX_PAYLOAD_BYTES:
            payload = msgspec.json.encode({**shown, "body": ""})
        return PushMessage(
            subscription=opened(self._secret, notice.tenant, browser, sealed),
            payload=payload,
            ttl_s=TTL_S,
            urgency="high" if notice.kind in ESCALATION_KINDS else "normal",
            topic=topic,
        )


def push_topic(notice: WaitingNotice) -> str:
    """What the message is about: a push service replaces one that waits by a newer one of the same topic."""
    if incident := notice.about.get("incident"):
        about = f"incident/{incident}"
    else:
        about = f"case/{notice.case_id}" if notice.case_id is not None else f"notice/{notice.id}"
    return encoded(hashlib.sha256(about.encode()).digest()[:TOPIC_BYTES])


def sealed_subscription(secret: str, tenant: str, browser: UUID, subscription: PushSubscription) -> bytes:
    """A subscription as the database keeps it."""
    return seal(secret, _about(tenant, browser), msgspec.json.encode(subscription))


def opened(secret: str, tenant: str, browser: UUID, sealed: bytes) -> PushSubscription:
    """A subscription that was sealed.

    :raises SealBroken: when the secret is another one.
    """
    return msgspec.json.decode(unseal(secret, _about(tenant, browser), sealed), type=PushSubscription)


def _about(tenant: str, browser: UUID) -> str:
    return f"push/{tenant}/{browser}"
