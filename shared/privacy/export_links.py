"""The token of a link by which a customer reads what is kept about them: signed, for seven days."""

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

from shared.clock import Clock, system_clock
from shared.ids import derived
from shared.secrets import derive

LINK_LIFETIME = timedelta(days=7)
MAX_TOKEN_LENGTH = 1_000
TAG_BYTES = 32
_PURPOSE = b"export:"


class ExportSubject(NamedTuple):
    """Whose data a link shows."""

    tenant: str
    person: str
    contact: str | None


class ExportLink(NamedTuple):
    """What a token says."""

    id: UUID
    """Of its row; it follows from the token, which a version that knows no rows reads as ever."""
    subject: ExportSubject
    expires_at: datetime

    @property
    def made_at(self) -> datetime:
        """When it was signed, to the second."""
        return self.expires_at - LINK_LIFETIME


class _LinkPayload(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    tenant: str
    person: str
    contact: str | None
    expires_at: int


class ExportLinks:
    """Signs and reads these tokens, by a key that no other token is signed with."""

    def __init__(self, secret: str, *, clock: Clock = system_clock) -> None:
        self._key = derive(secret, "link:export")
        self._clock = clock

    def sign(self, subject: ExportSubject, *, later_s: int = 0) -> tuple[str, ExportLink]:
        """A token for this person, and what it says.

        :param later_s: by how many seconds it ends later. Two that end in one second are the same.
        """
        expires_at = (self._clock() + LINK_LIFETIME).replace(microsecond=0) + timedelta(seconds=later_s)
        payload = msgspec.msgpack.encode(_LinkPayload(*subject, int(expires_at.timestamp())))
        token = base64.urlsafe_b64encode(payload + self._tag(payload)).rstrip(b"=").decode()
        return token, ExportLink(_id_of(token), subject, expires_at)

    def read(self, token: str) -> ExportLink | None:
        """What a token says; None when we did not sign it, or it has ended."""
        if len(token) > MAX_TOKEN_LENGTH or not token.isascii():
            return None
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        payload, tag = raw[:-TAG_BYTES], raw[-TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(payload)):
            return None
        # The last character has unused bits: only one of its spellings is the token.
        if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != token:
            return None
        read = msgspec.msgpack.decode(payload, type=_LinkPayload)
        if read.expires_at <= self._clock().timestamp():
            return None
        subject = ExportSubject(read.tenant, read.person, read.contact)
        return ExportLink(_id_of(token), subject, datetime.fromtimestamp(read.expires_at, UTC))

    def _tag(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, _PURPOSE + payload, hashlib.sha256)


def _id_of(token: str) -> UUID:
    return derived("export link", token)
