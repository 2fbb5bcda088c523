"""Reads the reports that arrive in a mailbox (IMAP): each is marked read once it is stored, and not before.

What is no report, such as a letter, stays unread for whoever reads the mailbox; this process remembers the
highest uid that it has looked at, and looks at nothing below it again until its next start. The standard
library's client waits for the network, so it runs in a thread.
"""

import asyncio
import imaplib
import ssl
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote, urlsplit

import structlog

from services.dispatcher.bounces.bounce_commands import take_report
from services.dispatcher.bounces.failures import ReportSource
from services.dispatcher.bounces.reading import MAX_REPORT_BYTES, NoReport, UnknownMail, read_report
from services.dispatcher.replies.reading import addresses_of, is_report
from services.dispatcher.replies.receiving import take_received
from shared.db import Database
from shared.diagnosis import describe
from shared.health import Health
from shared.mail.connection import is_loopback
from shared.mail.references import MailReference, MailReferences
from shared.runtime import Loop, Periodic
from shared.telemetry import metrics

log = structlog.get_logger()

MAILBOX_LOOP = "bounces by IMAP"
SOURCE: ReportSource = "imap"
IMAP_PORT, IMAPS_PORT = 143, 993
POLL_INTERVAL_S = 60.0
TIMEOUT_S = 30.0
"""For each answer of the server."""
MAILS_PER_STEP = 20


class MailboxAway(Exception):
    """The mailbox cannot be read just now; the message says why, without a name or a password."""


class Mailbox(Protocol):
    """An open mailbox. Its methods wait, and raise :class:`MailboxAway`."""

    validity: str
    """Of the uids: with another one they name other mails (RFC 3501, 2.3.1.1); empty: the server has none."""

    def unread(self, after: int = 0) -> list[int]:
        """The uids of the unread mails above this one, in their order: the oldest first."""

    def fetch(self, uid: int) -> bytes:
        """The beginning of a mail, :data:`MAX_REPORT_BYTES` at most, which stays unread."""

    def mark_read(self, uid: int) -> None:
        """Mark a mail as read."""


@dataclass(frozen=True)
class ImapAddress:
    """A mailbox and how it is reached."""

    host: str
    port: int
    encrypted: bool
    user: str
    password: str
    folder: str

    @classmethod
    def of(cls, url: str) -> "ImapAddress":
        """Of ``imaps://user:password@host/folder``; ``imap://`` is encrypted by STARTTLS, except on this
        machine.
        """
        parts = urlsplit(url)
        encrypted = parts.scheme == "imaps"
        default = IMAPS_PORT if encrypted else IMAP_PORT
        return cls(
            host=parts.hostname or "",
            port=default if parts.port is None else parts.port,
            encrypted=encrypted,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            folder=unquote(parts.path.strip("/")) or "INBOX",
        )


class ImapMailbox:
    """A mailbox over one connection."""

    def __init__(self, client: imaplib.IMAP4) -> None:
        """:param client: which has selected the folder."""
        self._client = client
        _, found = client.response("UIDVALIDITY")
        said = found[0] if found else None
        self.validity = said.decode("ascii", "replace") if isinstance(said, bytes) else ""

    def unread(self, after: int = 0) -> list[int]:
        found = self._asked("SEARCH", f"UID {after + 1}:*", "UNSEEN")
        listed = found[0] if found and isinstance(found[0], bytes) else b""
        # The last mail is in every range that ends with *, also where it is below its beginning.
        return sorted(uid for each in listed.split() if each.isdigit() and (uid := int(each)) > after)

    def fetch(self, uid: int) -> bytes:
        found = self._asked("FETCH", str(uid), f"(BODY.PEEK[]<0.{MAX_REPORT_BYTES}>)")
        return next((bytes(part[1]) for part in found if isinstance(part, tuple)), b"")

    def mark_read(self, uid: int) -> None:
        self._asked("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)")

    def close(self) -> None:
        """Sign out."""
        _leave(self._client)

    def _asked(self, command: str, *arguments: str) -> list[bytes | tuple[bytes, bytes]]:
        try:
            status, found = self._client.uid(command, *arguments)
        except (imaplib.IMAP4.error, OSError) as error:
            raise MailboxAway(f"{command} failed ({type(error).__name__})") from error
        if status != "OK":
            raise MailboxAway(f"the server refuses {command}")
        return list(found)


def open_mailbox(address: ImapAddress) -> ImapMailbox:
    """Connect and sign in.

    :raises MailboxAway: when that fails.
    """
    client = None
    try:
        client = _connected(address)
        client.login(address.user, address.password)
        status, _ = client.select(f'"{address.folder}"')
    except (imaplib.IMAP4.error, OSError) as error:
        if client is not None:
            _leave(client)
        # What the server says may name the user.
        refused = isinstance(error, imaplib.IMAP4.error)
        why = "it refuses the user or the password" if refused else describe(error)
        raise MailboxAway(f"the mailbox of DISPATCHER_BOUNCE_MAILBOX cannot be opened: {why}") from error
    if status != "OK":
        _leave(client)
        raise MailboxAway("the server has no such folder as DISPATCHER_BOUNCE_MAILBOX names")
    return ImapMailbox(client)


def _connected(address: ImapAddress) -> imaplib.IMAP4:
    context = ssl.create_default_context()
    if address.encrypted:
        return imaplib.IMAP4_SSL(address.host, address.port, ssl_context=context, timeout=TIMEOUT_S)
    client = imaplib.IMAP4(address.host, address.port, timeout=TIMEOUT_S)
    if not is_loopback(address.host):
        client.starttls(context)
    return client


def _leave(client: imaplib.IMAP4) -> None:
    try:
        client.logout()
    except (imaplib.IMAP4.error, OSError):
        client.shutdown()


class MailboxReader:
    """Takes what arrives in one mailbox."""

    def __init__(self, database: Database, secret: str, reply_host: str | None = None) -> None:
        """:param reply_host: of the addresses to which customers answer mails from cases."""
        self._database = database
        self._secret = secret
        self._reply_host = reply_host
        self._references = MailReferences(secret)
        self._validity = ""
        self._looked_at = 0
        """The highest uid that was looked at: of those up to it, only what is no report is unread."""

    async def take_all(self, mailbox: Mailbox) -> bool:
        """Take the unread reports; whether there may be more.

        :raises MailboxAway: when the mailbox goes away; what was taken by then is stored.
        """
        if mailbox.validity != self._validity:
            self._validity, self._looked_at = mailbox.validity, 0
        waiting = await asyncio.to_thread(mailbox.unread, self._looked_at)
        for uid in waiting[:MAILS_PER_STEP]:
            raw = await asyncio.to_thread(mailbox.fetch, uid)
            if await self._take(raw):
                await asyncio.to_thread(mailbox.mark_read, uid)
            self._looked_at = uid
        return len(waiting) > MAILS_PER_STEP

    async def _take(self, raw: bytes) -> bool:
        """Store what a mail reports; whether it is done with."""
        answered = await asyncio.to_thread(self._answered, raw)
        if answered is not None and not await asyncio.to_thread(is_report, raw):
            return await take_received(self._database, raw, answered, SOURCE) != "unreadable"
        try:
            report = await asyncio.to_thread(read_report, raw, self._references, answered)
        except NoReport:
            metrics.BOUNCES.labels(SOURCE, "unreadable").inc()
            return False
        except UnknownMail:
            metrics.BOUNCES.labels(SOURCE, "unknown").inc()
            return False
        await take_report(self._database, self._secret, report, SOURCE)
        return True

    def _answered(self, raw: bytes) -> MailReference | None:
        """The mail from a case whose signed address a mail came to."""
        host = self._reply_host
        if host is None:
            return None
        found = (self._references.read_reply_address(address, host) for address in addresses_of(raw))
        return next((mail for mail in found if mail is not None), None)


def mailbox_loop(
    database: Database, health: Health, secret: str, url: str, reply_host: str | None = None
) -> Loop:
    """The loop that reads the mailbox every minute; while it is away, the process is unready."""
    address, reader = ImapAddress.of(url), MailboxReader(database, secret, reply_host)

    async def step() -> float | None:
        try:
            mailbox = await asyncio.to_thread(open_mailbox, address)
            try:
                more = await reader.take_all(mailbox)
            finally:
                await asyncio.to_thread(mailbox.close)
        except MailboxAway as error:
            health.set_unready(MAILBOX_LOOP, str(error))
            return None
        health.set_ready(MAILBOX_LOOP)
        return 0 if more else None

    return Periodic(MAILBOX_LOOP, step, POLL_INTERVAL_S, health, sets_ready=False).run
