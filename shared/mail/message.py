"""Mail messages: text, then HTML, with the headers that mailbox providers require of automatic mail."""

import base64
import hashlib
import hmac
from binascii import b2a_qp
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import datetime
from email.utils import format_datetime

from shared.mail.dkim import DomainKey, signed
from shared.mail.headers import field, mailbox_field, text_field
from shared.mail.wire_addresses import link_on_the_wire, on_the_wire
from shared.secrets import derive

_BOUNDARY = "=_afterword_part"
"""No quoted-printable text can contain it: there a "=" is never followed by "_"."""


_RELATED_BOUNDARY = "=_afterword_related"
"""As the other one; neither begins with the other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InlinePicture:
    """A PNG that the HTML shows by ``cid:``."""

    content_id: str
    """As the HTML has it, of letters and digits."""
    name: str
    """Of the file, for programs that list it."""
    body: bytes = dataclass_field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class MailMessage:
    """One mail to one recipient."""

    sender: str
    sender_name: str
    recipient: str
    subject: str
    text: str
    html: str
    message_id: str
    date: datetime
    unsubscribe: str | None = None
    """The URL for the one-click POST of RFC 8058. Survey mail always has one."""
    list_id: str | None = None
    """The list's name in the form of a host name (RFC 2919)."""
    reply_to: str | None = None
    """The address for replies; None: the sender's."""
    in_reply_to: str | None = None
    """The Message-ID of the mail that it belongs to: mail programs show both together."""
    envelope_sender: str | None = None
    """The address that bounces go to; None: the sender's."""
    reference: tuple[str, str] | None = None
    """A further header field, with its value: what a provider sends back with a report."""
    keys: Sequence[DomainKey] = dataclass_field(default=(), repr=False)
    """Signed with; each is of the domain of ``sender``."""
    picture: InlinePicture | None = None
    by_person: bool = False
    """Whether somebody wrote it, so that it is no automatic mail."""

    def as_bytes(self) -> bytes:
        """The message as it is sent, in the form of the wire, with its signatures."""
        return signed(self._unsigned(), self.keys, self.date)

    def _unsigned(self) -> bytes:
        head = [
            field("Date", format_datetime(self.date)),
            mailbox_field("From", self.sender_name, on_the_wire(self.sender)),
            # Addresses may contain no encoded word (RFC 2047, 5): outside ASCII they are UTF-8 (RFC 6532).
            field("To", on_the_wire(self.recipient)),
            text_field("Subject", self.subject),
            field("Message-ID", self.message_id),
        ]
        if not self.by_person:
            head.append(field("Auto-Submitted", "auto-generated"))
        if self.reply_to is not None:
            head.append(field("Reply-To", on_the_wire(self.reply_to)))
        if self.in_reply_to is not None:
            head += [field("In-Reply-To", self.in_reply_to), field("References", self.in_reply_to)]
        if self.list_id is not None:
            head.append(field("List-Id", f"<{on_the_wire(f'@{self.list_id}')[1:]}>"))
        if self.unsubscribe is not None:
            # Never folded: that is allowed, but some clients do not understand it.
            head.append(field("List-Unsubscribe", f"<{link_on_the_wire(self.unsubscribe)}>"))
            head.append(field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
        if self.reference is not None:
            head.append(field(*self.reference))
        head.append(field("MIME-Version", "1.0"))
        head.append(field("Content-Type", f'multipart/alternative; boundary="{_BOUNDARY}"'))
        html = _part("html", self.html)
        parts = [_part("plain", self.text), html if self.picture is None else _related(html, self.picture)]
        body = b"".join(b"\r\n--%b\r\n%b" % (_BOUNDARY.encode(), part) for part in parts)
        return "".join(head).encode(errors="replace") + body + b"\r\n--%b--\r\n" % _BOUNDARY.encode()


def _part(kind: str, text: str) -> bytes:
    """One body part, in quoted-printable: spam filters trust it more than base64."""
    head = (
        f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    )
    lines = b2a_qp(text.encode(errors="replace")).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return head.encode() + lines


def _related(html: bytes, picture: InlinePicture) -> bytes:
    """The HTML with its picture (RFC 2387), so that the picture is no attachment."""
    head = (
        f'Content-Type: image/png; name="{picture.name}"\r\nContent-Transfer-Encoding: base64\r\n'
        f"Content-ID: <{picture.content_id}>\r\n"
        f'Content-Disposition: inline; filename="{picture.name}"\r\n\r\n'
    )
    lines = base64.encodebytes(picture.body).rstrip(b"\n").replace(b"\n", b"\r\n")
    mark = _RELATED_BOUNDARY.encode()
    parts = b"".join(b"\r\n--%b\r\n%b" % (mark, part) for part in (html, head.encode() + lines))
    kind = f'Content-Type: multipart/related; type="text/html"; boundary="{_RELATED_BOUNDARY}"\r\n'
    return kind.encode() + parts + b"\r\n--%b--" % mark


def message_id(secret: str, kind: str, thing: str, sender: str) -> str:
    """The same id for each attempt to send the same mail; it reveals nothing about its subject."""
    digest = hmac.digest(derive(secret, "message-id"), f"{kind}|{thing}".encode(), hashlib.sha256)
    name = base64.b32encode(digest[:20]).decode().lower()
    return f"<{name}@{on_the_wire(sender).rpartition('@')[2]}>"
