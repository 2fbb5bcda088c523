"""Reads the reports that arrive in a mailbox (IMAP): each is marked read once it is stored, and not before.

What is no report, such as a letter, stays unread for whoever reads the mailbox; this process does not look at
it again. The standard library's client waits for the network, so it runs in a thread.
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
from shared.db import Database
from shared.diagnosis import describe
from shared.health import Health
from shared.mail.connection import is_loopback
from shared.mail.references import MailReferences
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
MAX_LOOKED_AT = 10_000
"""Mails without a report that are remembered."""


class MailboxAway(Exception):
    """The mailbox cannot be read just now; the message says why, without a name or a password."""


class Mailbox(Protocol):
    """An open mailbox. Its methods wait, and raise :class:`MailboxAway`."""

    def unread(self) -> list[str]:
        """The unread mails, the oldest first."""

    def fetch(self, uid: str) -> bytes:
        """The beginning of a mail, :data:`MAX_REPORT_BYTES` at most, which stays unread."""

    def mark_read(self, uid: str) -> None:
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
        return cls(
            host=parts.hostname or "",
            port=parts.port or (IMAPS_PORT if encrypted else IMAP_PORT),
            encrypted=encrypted,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            folder=unquote(parts.path.strip("/")) or "INBOX",
        )


class ImapMailbox:
    """A mailbox over one connection."""

    def __init__(self, client: imaplib.IMAP4) -> None:
        self._client = client

    def unread(self) -> list[str]:
        found = self._asked("SEARCH", "UNSEEN")
        listed = found[0] if found and isinstance(found[0], bytes) else b""
        return listed.decode("ascii", "replace").split()

    def fetch(self, uid: str) -> bytes:
        found = self._asked("FETCH", uid, f"(BODY.PEEK[]<0.{MAX_REPORT_BYTES}>)")
        return next((bytes(part[1]) for part in found if isinstance(part, tuple)), b"")

    def mark_read(self, uid: str) -> None:
        self._asked("STORE", uid, "+FLAGS.SILENT", r"(\Seen)")

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

    def __init__(self, database: Database, secret: str) -> None:
        self._database = database
        self._secret = secret
        self._references = MailReferences(secret)
        self._looked_at: dict[str, None] = {}
        """Mails without a report, the oldest first."""

    async def take_all(self, mailbox: Mailbox) -> bool:
        """Take the unread reports; whether there may be more.

        :raises MailboxAway: when the mailbox goes away; what was taken by then is stored.
        """
        unread = await asyncio.to_thread(mailbox.unread)
        waiting = [uid for uid in unread if uid not in self._looked_at]
        for uid in waiting[:MAILS_PER_STEP]:
            raw = await asyncio.to_thread(mailbox.fetch, uid)
            if await self._take(raw):
                await asyncio.to_thread(mailbox.mark_read, uid)
            else:
                self._looked_at[uid] = None
                if len(self._looked_at) > MAX_LOOKED_AT:
                    del self._looked_at[next(iter(self._looked_at))]
        return len(waiting) > MAILS_PER_STEP

    async def _take(self, raw: bytes) -> bool:
        """Store what a mail reports; whether it is done with."""
        try:
            report = await asyncio.to_thread(read_report, raw, self._references)
        except NoReport:
            metrics.BOUNCES.labels(SOURCE, "unreadable").inc()
            return False
        except UnknownMail:
            metrics.BOUNCES.labels(SOURCE, "unknown").inc()
            return False
        await take_report(self._database, self._secret, report, SOURCE)
        return True


def mailbox_loop(database: Database, health: Health, secret: str, url: str) -> Loop:
    """The loop that reads the mailbox every minute; while it is away, the process is unready."""
    address, reader = ImapAddress.of(url), MailboxReader(database, secret)

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
