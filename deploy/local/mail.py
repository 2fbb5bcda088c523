"""The mails that a local stack has received: each two files, the mail as it came and its line in a list."""

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

from shared.values.addresses import canonical

LINK = re.compile(r"https?://[^\s<>\"']+")
# What ends a sentence around a link, not the link.
TRAILING = ".,;:!?)]}"


class Summary(msgspec.Struct, frozen=True, rename={"sender": "from"}):
    """A mail as a list shows it; ids sort by time of arrival."""

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


class Mails:
    """All mails, in the order of their arrival; they survive a restart."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        # The summary is written last: a mail without one was never acknowledged.
        summaries = (msgspec.json.decode(path.read_bytes(), type=Summary) for path in folder.glob("*.json"))
        self._summaries = {summary.id: summary for summary in sorted(summaries, key=lambda s: s.id)}
        self._last = max((int(known) for known in self._summaries), default=0)

    def add(self, sender: str, recipient: str, content: bytes) -> Summary:
        self._last = max(self._last + 1, time.time_ns())
        envelope = f"Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\n".encode()
        message = message_from_bytes(envelope + content)  # an EmailMessage takes seven times as long
        summary = Summary(
            id=f"{self._last:019d}",
            to=recipient,
            sender=_words(message.get("From", sender)),
            subject=_words(message.get("Subject", "")),
            at=datetime.fromtimestamp(self._last / 1e9, UTC),
            links=links(next((_decoded(part) for part in message.walk() if _is_text(part)), "")),
        )
        self._write(summary.id + ".eml", envelope + content)
        self._write(summary.id + ".json", msgspec.json.encode(summary))
        self._summaries[summary.id] = summary
        return summary

    def after(self, known: str, recipient: str | None) -> Iterator[Summary]:
        """Oldest first, those that came after the mail of that id."""
        # From the newest back, as who asks usually knows all but the last few.
        fresh = []
        for summary in self.newest_first():
            if summary.id <= known:
                break
            if recipient is None or canonical(summary.to) == canonical(recipient):
                fresh.append(summary)
        return reversed(fresh)

    def newest_first(self) -> Iterator[Summary]:
        return reversed(self._summaries.values())

    def summary(self, mail_id: str) -> Summary | None:
        return self._summaries.get(mail_id)

    def read(self, summary: Summary) -> Mail:
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
    return [found.rstrip(TRAILING) for found in LINK.findall(text)]


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


def _words(header: str | Header) -> str:
    """A header with its encoded words read; as it came if they cannot be."""
    try:
        return str(make_header(decode_header(header)))
    except (LookupError, ValueError, MessageError):
        return str(header)
