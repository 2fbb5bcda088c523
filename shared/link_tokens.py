"""The tokens in customers' links: the invitation's id, and 128 bits of an HMAC."""

import base64
import binascii
import hashlib
import hmac
from typing import Literal
from uuid import UUID

from shared.secrets import derive

Purpose = Literal["answer", "anonymous", "unsubscribe"]
"""anonymous: to answer too; the link itself says that the answer is kept without a person, so that no process
that does not know of anonymous surveys takes it."""
PURPOSES: tuple[Purpose, ...] = ("answer", "anonymous", "unsubscribe")
TOKEN_LENGTH = 43
_ID_BYTES = 16
_TAG_BYTES = 16


class LinkSigner:
    """Signs and verifies link tokens. A token is valid for one purpose only."""

    def __init__(self, secret: str) -> None:
        self._keys = {purpose: derive(secret, f"link:{purpose}") for purpose in PURPOSES}

    def sign(self, purpose: Purpose, invitation_id: UUID) -> str:
        """The token of an invitation: 43 characters of base64url."""
        return base64.urlsafe_b64encode(
            invitation_id.bytes + self._tag(purpose, invitation_id.bytes)
        ).decode()[:TOKEN_LENGTH]

    def read(self, purpose: Purpose, token: str) -> UUID | None:
        """The invitation of a valid token, else None. Only the spelling that `sign` returns is valid."""
        if len(token) != TOKEN_LENGTH or not token.isascii():
            return None
        try:
            raw = base64.b64decode(token + "=", altchars=b"-_", validate=True)
        except binascii.Error:
            return None
        invitation_id = raw[:_ID_BYTES]
        if not hmac.compare_digest(raw[_ID_BYTES:], self._tag(purpose, invitation_id)):
            return None
        found = UUID(bytes=invitation_id)
        # The last letter of the base64 has two unused bits: only one of its four spellings is valid.
        return found if hmac.compare_digest(self.sign(purpose, found), token) else None

    def _tag(self, purpose: Purpose, invitation_id: bytes) -> bytes:
        return hmac.digest(self._keys[purpose], purpose.encode() + b":" + invitation_id, hashlib.sha256)[
            :_TAG_BYTES
        ]
