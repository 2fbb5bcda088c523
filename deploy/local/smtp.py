"""The SMTP server of the mailbox: it accepts every mail, except where the address asks for a fault.

Tests and demonstrations choose the fault by the local part of the address:

- `refuse-550-…` is refused at RCPT permanently (550);
- `defer-451-…` is refused at RCPT temporarily (451), every time;
- `drop-after-data-…` is stored, but the connection is cut after DATA without an answer, so that the sender
  cannot know whether the mail arrived;
- `slow-after-data-…` is stored, but answered only after a minute, when no sender waits any more.

A mail to the host of customers' answers is handed over to the server that takes those, and stored after that.
"""

import asyncio
import logging
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.mail import MailStore
from deploy.local.next_server import NextServer

MAX_MAIL_BYTES = 10 * 1024 * 1024
SLOW_ANSWER_S = 60.0

logger = logging.getLogger(__name__)


class SmtpHandler:
    """The hooks that aiosmtpd calls at each step of a session."""

    def __init__(self, mails: MailStore, replies: NextServer | None = None) -> None:
        """:param replies: the server of the host to whose addresses customers answer; None: there is none."""
        self._mails = mails
        self._replies = replies

    async def handle_RCPT(  # noqa: N802  (aiosmtpd looks it up by this name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        if address.startswith("refuse-550-"):
            return "550 5.1.1 No such mailbox, as the address asks"
        if address.startswith("defer-451-"):
            return "451 4.2.0 Mailbox is busy, as the address asks"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802  (aiosmtpd looks it up by this name)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        del session
        content = envelope.original_content or b""
        for recipient in envelope.rcpt_tos:
            if self._replies is not None and self._replies.takes(recipient):
                refusal = await self._replies.hand_over(envelope.mail_from or "", recipient, content)
                if refusal is not None:
                    return refusal
            kept = self._mails.add(envelope.mail_from or "", recipient, content)
            logger.info("kept mail %s, %d bytes", kept.id, len(content))
        if any(recipient.startswith("drop-after-data-") for recipient in envelope.rcpt_tos):
            # aiosmtpd annotates the base class; the transport of a TCP session can be aborted.
            cast("asyncio.Transport", server.transport).abort()
        if any(recipient.startswith("slow-after-data-") for recipient in envelope.rcpt_tos):
            await asyncio.sleep(SLOW_ANSWER_S)
        return "250 2.0.0 Kept on this machine"


async def listen(mails: MailStore, port: int, host: str, replies: NextServer | None = None) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    handler = SmtpHandler(mails, replies)

    def session() -> SMTP:
        return SMTP(
            handler, loop=loop, hostname="localhost", ident="Afterword mailbox",
            data_size_limit=MAX_MAIL_BYTES, enable_SMTPUTF8=True,
        )  # fmt: skip

    return await loop.create_server(session, host, port)
