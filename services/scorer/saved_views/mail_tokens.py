"""The token in a mail of a saved view: whoever has the mail stops it, without signing in.

It is made again for each mail, so nothing of it is kept.
"""

import base64
import binascii
import hashlib
import hmac
from typing import NamedTuple
from urllib.parse import quote, unquote
from uuid import UUID

from shared.secrets import derive

MAX_TOKEN_CHARS = 800
_IDS, _ID, _TAG = 32, 16, 16


class StopLink(NamedTuple):
    """Which mail a link stops."""

    tenant: str
    view: UUID
    staff: UUID


def stop_token(secret: str, link: StopLink) -> str:
    """The token of a link."""
    body = link.view.bytes + link.staff.bytes + _tag(secret, link)
    return f"{base64.urlsafe_b64encode(body).decode()}.{quote(link.tenant, safe='')}"


def read_stop_token(secret: str, token: str) -> StopLink | None:
    """The link of a token; None when it is none of ours. Only the spelling that we sign is valid."""
    encoded, _, quoted = token.partition(".")
    if len(token) > MAX_TOKEN_CHARS or not token.isascii():
        return None
    try:
        body = base64.b64decode(encoded, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(body) != _IDS + _TAG:
        return None
    link = StopLink(unquote(quoted), UUID(bytes=body[:_ID]), UUID(bytes=body[_ID:_IDS]))
    return link if hmac.compare_digest(stop_token(secret, link).encode(), token.encode()) else None


def _tag(secret: str, link: StopLink) -> bytes:
    signed = b"|".join((link.view.bytes, link.staff.bytes, link.tenant.encode()))
    return hmac.digest(derive(secret, "view-mail-stop"), signed, hashlib.sha256)[:_TAG]
