"""How a mail that comes back names what it was about: by Message-ID, the envelope's sender, or Reply-To.

All hold the id of what the mail is about, which of the messages about it this is, and 104 bits of an HMAC,
in letters and digits whose case means nothing (base32), since some mail servers change it. Who sends a report
can name no mail that they have not seen. The two have different keys: a Message-ID, which people quote, makes
no envelope's sender (VERP). A third key makes the addresses to which customers answer mails from cases: they
say which mail is answered, and whoever has not seen that mail cannot write to them.
"""

import base64
import binascii
import hashlib
import hmac
import re
from typing import Literal, NamedTuple
from uuid import UUID

from shared.mail.wire_addresses import on_the_wire
from shared.secrets import derive

TOKEN_LENGTH = 48
"""With ``bounce+`` or ``reply+`` before it, it fits into a local part (64 octets: RFC 5321, 4.5.3.1.1)."""
BOUNCE_PREFIX, REPLY_PREFIX = "bounce+", "reply+"
MAX_MESSAGES = 255
_ID_BYTES, _TAG_BYTES = 16, 13
_TOKEN = rf"[a-z2-7]{{{TOKEN_LENGTH}}}"
_MESSAGE_ID = re.compile(rf"<?({_TOKEN})@[^\s<>@]+>?", re.IGNORECASE)
_BOUNCE_ADDRESS = re.compile(rf"<?{re.escape(BOUNCE_PREFIX)}({_TOKEN})@([^\s<>@]+?)>?", re.IGNORECASE)
_REPLY_ADDRESS = re.compile(rf"<?{re.escape(REPLY_PREFIX)}({_TOKEN})@([^\s<>@]+?)>?", re.IGNORECASE)
_Place = Literal["message-id", "bounce", "reply"]


class MailReference(NamedTuple):
    """One message about one thing, such as an invitation."""

    about_id: UUID
    n: int = 1
    """Which of the deliveries about it; 1 is the first."""


class MailReferences:
    """Writes references to mails, and reads those that it has written."""

    def __init__(self, secret: str) -> None:
        self._keys: dict[_Place, bytes] = {
            "message-id": derive(secret, "mail:message-id"),
            "bounce": derive(secret, "mail:bounce"),
            "reply": derive(secret, "mail:reply"),
        }

    def message_id(self, mail: MailReference, sender: str) -> str:
        """The Message-ID of a mail, the same for each attempt to send it.

        :param sender: an address of the domain that it is given by.
        """
        return f"<{self.reference(mail)}@{on_the_wire(sender).rpartition('@')[2]}>"

    def reference(self, mail: MailReference) -> str:
        """The part of the Message-ID before the ``@``: for a header field that a provider sends back."""
        return self._sign("message-id", mail)

    def bounce_address(self, mail: MailReference, host: str) -> str:
        """The envelope's sender of a mail."""
        return f"{BOUNCE_PREFIX}{self._sign('bounce', mail)}@{host}"

    def reply_address(self, mail: MailReference, host: str) -> str:
        """The address to which a customer answers a mail."""
        return f"{REPLY_PREFIX}{self._sign('reply', mail)}@{host}"

    def read_message_id(self, text: str) -> MailReference | None:
        """The mail of a Message-ID of ours, of whatever domain; None: it is no such id."""
        found = _MESSAGE_ID.fullmatch(text.strip())
        return self.read_reference(found[1]) if found is not None else None

    def read_reference(self, text: str) -> MailReference | None:
        """The mail of a reference of ours; None: it is none."""
        return self._read("message-id", text.strip())

    def read_bounce_address(self, address: str, host: str | None = None) -> MailReference | None:
        """The mail of an envelope's sender of ours; None: it is no such address.

        :param host: whose address it must be; None: whosever.
        """
        found = _BOUNCE_ADDRESS.fullmatch(address.strip())
        if found is None or (host is not None and found[2].lower().rstrip(".") != host.lower()):
            return None
        return self._read("bounce", found[1])

    def read_reply_address(self, address: str, host: str) -> MailReference | None:
        """The mail that is answered at this address of ours; None: it is no such address.

        :param host: whose address it must be.
        """
        found = _REPLY_ADDRESS.fullmatch(address.strip())
        if found is None or found[2].lower().rstrip(".") != host.lower():
            return None
        return self._read("reply", found[1])

    def _sign(self, place: _Place, mail: MailReference) -> str:
        if not 1 <= mail.n <= MAX_MESSAGES:
            raise ValueError(f"a thing has from 1 to {MAX_MESSAGES} messages")
        signed = mail.about_id.bytes + bytes([mail.n])
        return base64.b32encode(signed + self._tag(place, signed)).decode().lower()

    def _read(self, place: _Place, token: str) -> MailReference | None:
        if len(token) != TOKEN_LENGTH or not token.isascii():
            return None
        try:
            raw = base64.b32decode(token.upper())
        except binascii.Error:
            return None
        signed = raw[: _ID_BYTES + 1]
        if not hmac.compare_digest(raw[_ID_BYTES + 1 :], self._tag(place, signed)) or signed[-1] == 0:
            return None
        return MailReference(UUID(bytes=signed[:_ID_BYTES]), signed[-1])

    def _tag(self, place: _Place, signed: bytes) -> bytes:
        return hmac.digest(self._keys[place], signed, hashlib.sha256)[:_TAG_BYTES]
