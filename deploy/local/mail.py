"""The mails that a local stack has received. Each is two files: the raw mail, and its summary for lists."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import Header, decode_header, make_header
from email.message import EmailMessage, Message
from pathlib import Path
from typing import cast

import msgspec

from shared.values.addresses import canonical_address

LINK_PATTERN = re.compile(r"https?://[^\s<>\"']+")
SENTENCE_ENDS = ".,;:!?)]}"
"""Behind a link in a sentence; no part of the link."""


class MailSummary(msgspec.Struct, frozen=True, rename={"sender": "from"}):
    """A mail in a list; ids sort by time of arrival."""

    id: str
    to: str
    sender: str
    subject: str
    at: datetime
    links: list[str]


class Mail(msgspec.Struct, frozen=True):
    headers: dict[str, str]
    text: str | None
    html: str | None


class MailStore:
    """All mails in the order of their arrival, kept over restarts."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        # The summary is written last: a mail without one was never acknowledged.
        summaries = (
            msgspec.json.decode(path.read_bytes(), type=MailSummary) for path in folder.glob("*.json")
        )
        self._summaries = {summary.id: summary for summary in sorted(summaries, key=lambda s: s.id)}
        self._last = max((int(known) for known in self._summaries), default=0)

    def add(self, sender: str, recipient: str, content: bytes) -> MailSummary:
        self._last = max(self._last + 1, time.time_ns())
        envelope = f"Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\n".encode()
        message = message_from_bytes(envelope + content)  # an EmailMessage takes seven times as long
        summary = MailSummary(
            id=f"{self._last:019d}",
            to=recipient,
            sender=_decoded_header(message.get("From", sender)),
            subject=_decoded_header(message.get("Subject", "")),
            at=datetime.fromtimestamp(self._last / 1e9, UTC),
            links=links(next((_decoded(part) for part in message.walk() if _is_text(part)), "")),
        )
        self._write(summary.id + ".eml", envelope + content)
        self._write(summary.id + ".json", msgspec.json.encode(summary))
        self._summaries[summary.id] = summary
        return summary

    def after(self, mail_id: str, recipient: str | None) -> Iterator[MailSummary]:
        """The mails that arrived after the mail of this id, oldest first."""
        # From the newest back: a caller usually knows all but the last few.
        later = []
        for summary in self.newest_first():
            if summary.id <= mail_id:
                break
            if recipient is None or canonical_address(summary.to) == canonical_address(recipient):
                later.append(summary)
        return reversed(later)

    def newest_first(self) -> Iterator[MailSummary]:
        return reversed(self._summaries.values())

    def summary(self, mail_id: str) -> MailSummary | None:
        return self._summaries.get(mail_id)

    def read(self, summary: MailSummary) -> Mail:
        """Its headers and bodies, parsed from the raw mail."""
        message = _parse((self._folder / f"{summary.id}.eml").read_bytes())
        headers: dict[str, str] = {}
        for name, value in message.items():
            headers[name] = f"{headers[name]}\n{value}" if name in headers else str(value)
        return Mail(headers, _part(message, "plain"), _part(message, "html"))

    def _write(self, name: str, content: bytes) -> None:
        unfinished = self._folder / f"{name}.new"
        unfinished.write_bytes(content)
        unfinished.replace(self._folder / name)


def links(text: str) -> list[str]:
    return [found.rstrip(SENTENCE_ENDS) for found in LINK_PATTERN.findall(text)]


def _parse(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)


def _part(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    return None if part is None else _decoded(part)


def _is_text(part: Message) -> bool:
    return part.get_content_type() == "text/plain" and part.get_content_disposition() != "attachment"


def _decoded(part: Message) -> str:
    content = cast("bytes", part.get_payload(decode=True))
    try:
        return content.decode(part.get_content_charset("utf-8"), errors="replace")
    except LookupError:  # a character set that Python does not know
        return content.decode(errors="replace")


def _decoded_header(header: str | Header) -> str:
    """A header with its encoded words decoded; unchanged if they cannot be."""
    try:
        return str(make_header(decode_header(header)))
    except (LookupError, ValueError, MessageError):
        return str(header)
