"""Our own SMTP server for what comes back: it takes mail to the signed senders of our envelopes alone.

Whoever knows such an address has seen one of our mails, and can report that mail alone. Anything else is
refused at RCPT, so nothing is kept of it. What is taken is read and applied before it is acknowledged: when
the database is away, the other server tries again.
"""

import asyncio
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session, TLSSetupException

from services.dispatcher.bounces.bounce_commands import take_report
from services.dispatcher.bounces.failures import ReportSource
from services.dispatcher.bounces.reading import MAX_REPORT_BYTES, NoReport, UnknownMail, read_report
from services.dispatcher.bounces.smtp_certificate import SmtpCertificate
from services.dispatcher.replies.reading import MAX_MAIL_BYTES, is_report
from services.dispatcher.replies.receiving import take_received
from shared.db import Database
from shared.diagnosis import describe
from shared.errors import FatalError, is_retryable
from shared.health import Health
from shared.mail.references import REPLY_PREFIX, MailReference, MailReferences
from shared.runtime import Loop, pause
from shared.telemetry import metrics

log = structlog.get_logger()

SMTP_LOOP = "bounces by SMTP"
SOURCE: ReportSource = "smtp"
MAX_CONNECTIONS = 50
"""At once; a further one is answered 421."""
IDLE_TIMEOUT_S = 60.0
SESSION_TIMEOUT_S = 300.0
"""For one connection, however busy."""
MAX_COMMANDS = 20
"""Of each kind, in one connection."""
TICK_INTERVAL_S = 5.0
BUSY = b"421 4.3.2 Too many connections, try again later\r\n"
TAKEN = "250 2.0.0 Taken"
TOO_LARGE = "552 5.3.4 Too large"
TOO_MANY_MAILS = "452 4.7.1 Too many mails answer this one, try again later"
TRY_AGAIN = "451 4.3.0 Cannot be stored just now, try again later"


class CannotTakeMail(FatalError, OSError):
    """The port is taken, or the address is not this machine's."""


class BounceHandler:
    """The hooks that aiosmtpd calls at each step of a session."""

    def __init__(
        self, database: Database, secret: str, host: str | None, reply_host: str | None = None
    ) -> None:
        """:param host: of the addresses to which mails come back; None: none do.
        :param reply_host: of those to which customers answer mails from cases.
        """
        self._database = database
        self._secret = secret
        self._host = host
        self._reply_host = reply_host
        self._references = MailReferences(secret)

    async def handle_RCPT(  # noqa: N802  (aiosmtpd looks it up by this name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        if self._bounced(address) is None and self._answered(address) is None:
            counter = metrics.MAILS_BACK if address.lower().startswith(REPLY_PREFIX) else metrics.BOUNCES
            counter.labels(SOURCE, "refused").inc()
            return "550 5.1.1 No such mailbox"
        if envelope.rcpt_tos:
            return "452 4.5.3 One recipient at a time"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802  (aiosmtpd looks it up by this name)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        del server, session
        address, content = envelope.rcpt_tos[0], envelope.original_content or b""
        answered = self._answered(address)
        if answered is None and len(content) > MAX_REPORT_BYTES:
            return TOO_LARGE
        try:
            if answered is not None and not is_report(content):
                null_sender = not (envelope.mail_from or "").strip("<> ")
                taken = await take_received(
                    self._database, content, answered, SOURCE, null_sender=null_sender
                )
                return TOO_MANY_MAILS if taken == "too_many" else TAKEN
            await self._take(content, answered or self._bounced(address))
        except Exception as error:
            if not is_retryable(error):
                raise
            log.warning("bounce_not_stored", why=describe(error))
            return TRY_AGAIN
        return TAKEN

    async def handle_exception(self, error: Exception) -> str:
        """What a fault of ours answers: it is logged, and the other server tries again."""
        if isinstance(error, TLSSetupException):  # the connection is closed
            log.info("bounce_not_encrypted", why=describe(error.__cause__ or error))
            return TRY_AGAIN
        log.error("bounce_failed", exc_info=error)
        return TRY_AGAIN

    def _bounced(self, address: str) -> MailReference | None:
        """The mail that has come back to this address."""
        return self._references.read_bounce_address(address, self._host) if self._host is not None else None

    def _answered(self, address: str) -> MailReference | None:
        """The mail from a case that is answered at this address."""
        host = self._reply_host
        return self._references.read_reply_address(address, host) if host is not None else None

    async def _take(self, content: bytes, mail: MailReference | None) -> None:
        try:
            report = await asyncio.to_thread(read_report, content, self._references, mail)
        except NoReport:
            metrics.BOUNCES.labels(SOURCE, "unreadable").inc()  # an automatic reply, for example
        except UnknownMail:
            metrics.BOUNCES.labels(SOURCE, "unknown").inc()
        else:
            await take_report(self._database, self._secret, report, SOURCE)


class _BoundedSession(SMTP):
    """A connection that ends after a time, and one of a bounded number."""

    def __init__(self, open_sessions: set["_BoundedSession"], *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._open_sessions = open_sessions
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._end is not None:  # the same connection, encrypted from now on
            super().connection_made(transport)
            return
        if len(self._open_sessions) >= MAX_CONNECTIONS and isinstance(transport, asyncio.Transport):
            transport.write(BUSY)
            transport.close()
            return
        self._open_sessions.add(self)
        self._end = asyncio.get_running_loop().call_later(SESSION_TIMEOUT_S, _abort, transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._end is None:
            return  # it was refused
        self._end.cancel()
        self._open_sessions.discard(self)
        super().connection_lost(error)


def _abort(transport: asyncio.BaseTransport | None) -> None:
    if isinstance(transport, asyncio.Transport):
        transport.abort()


async def listen(
    handler: BounceHandler,
    host: str,
    port: int,
    greeting: str,
    sessions: "set[_BoundedSession] | None" = None,
    tls: ssl.SSLContext | None = None,
    *,
    most_bytes: int = MAX_REPORT_BYTES,
) -> asyncio.Server:
    """Begin to take mail.

    :param greeting: our host name.
    :param sessions: where the open connections are kept.
    :param tls: by which other servers may encrypt; they need not, since a report lost is worse than one read.
    :param most_bytes: of one mail.
    :raises CannotTakeMail: when the port is taken.
    """
    loop = asyncio.get_running_loop()
    make: Callable[[], _BoundedSession] = partial(
        _BoundedSession,
        sessions if sessions is not None else set(),
        handler,
        loop=loop,
        hostname=greeting,
        ident="Afterword",
        data_size_limit=most_bytes,
        timeout=IDLE_TIMEOUT_S,
        command_call_limit=MAX_COMMANDS,
        enable_SMTPUTF8=True,
        tls_context=tls,
    )
    try:
        return await loop.create_server(make, host, port)
    except OSError as error:
        raise CannotTakeMail(
            f"{host}:{port} of DISPATCHER_BOUNCE_LISTEN is not to be had: {describe(error)}. "
            "End what listens there, or choose another."
        ) from error


def smtp_loop(
    database: Database,
    health: Health,
    secret: str,
    bounce_host: str | None,
    listen_at: str,
    certificate: SmtpCertificate | None = None,
    reply_host: str | None = None,
) -> Loop:
    """The loop that takes mail until the process stops."""
    address, _, port = listen_at.rpartition(":")

    async def run(stopping: asyncio.Event) -> None:
        handler = BounceHandler(database, secret, bounce_host, reply_host)
        sessions: set[_BoundedSession] = set()
        tls = certificate.context if certificate is not None else None
        server = await listen(
            *(handler, address.strip("[]"), int(port), bounce_host or reply_host or "", sessions, tls),
            most_bytes=MAX_REPORT_BYTES if reply_host is None else MAX_MAIL_BYTES,
        )
        try:
            while not stopping.is_set():
                health.tick(SMTP_LOOP)
                if certificate is not None:
                    await asyncio.to_thread(certificate.refresh)
                await pause(stopping, TICK_INTERVAL_S)
        finally:
            server.close()
            for each in list(sessions):  # what was not acknowledged comes again
                _abort(each.transport)
            await server.wait_closed()
        health.forget(SMTP_LOOP)

    return run
