"""Sends one mail at a time, and returns an outcome that is certain: no mail is sent again on a guess."""

import asyncio
import re
import ssl
from collections.abc import Coroutine
from typing import Any, TypeVar

from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPConnectResponseError,
    SMTPDataError,
    SMTPException,
    SMTPHeloError,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from shared.diagnosis import describe
from shared.mail.connection import Connection, MailServer
from shared.mail.outcomes import Away, Blocked, Deferred, Delivered, Outcome, Rejected, Unknown
from shared.mail.refusals import FIRST_PERMANENT_CODE, SmtpStep, read_refusal
from shared.mail.wire_addresses import on_the_wire
from shared.mail.wire_lines import wire_form

COMMAND_TIMEOUT_S = 300.0
"""For the greeting, and for the reply to each command (RFC 5321, 4.5.3.2)."""
DATA_COMMAND_TIMEOUT_S = 120.0
"""For the reply to DATA (4.5.3.2.4)."""
DATA_TIMEOUT_S = 600.0
"""From the end of the mail to the reply (4.5.3.2.6): a server may check it for long before it accepts it."""
ENVELOPE_TIMEOUT_S = 900.0
"""For everything before DATA together, so that the whole attempt has a limit."""
GOODBYE_TIMEOUT_S = 2.0
REFUSAL_CODES = range(400, 600)
"""RFC 5321, 4.2.1: a reply's first digit says whether it is a refusal."""
ACCEPTED_CODE, SEND_DATA_CODE = 250, 354
INVALID_ADDRESS_CODE = 553
_DOT = re.compile(rb"^\.", re.MULTILINE)

T = TypeVar("T")


class Mailer:
    """One connection to the mail server, kept open between mails and opened again when it breaks."""

    def __init__(self, server: MailServer | str, *, seconds: float = COMMAND_TIMEOUT_S) -> None:
        """:param seconds: how long each reply before DATA may take.
        :raises ValueError: when the URL is not that of a mail server.
        """
        self._connection = Connection(MailServer(server) if isinstance(server, str) else server, seconds)
        self._smtp = self._connection.smtp
        self._lock = asyncio.Lock()
        self._ended = asyncio.Event()

    async def send(self, sender: str, recipient: str, message: bytes) -> Outcome:
        """Send to one address. The reason of a failure never contains an address."""
        async with self._lock:
            finished = False
            try:
                outcome = await self._send(sender, recipient, message)
                finished = True
            finally:
                if not finished:  # cancelled, perhaps during DATA: the connection cannot be used any more
                    self._smtp.close()
            return outcome

    def end(self) -> None:
        """Wait for no reply any more: a mail that is being sent gets its outcome now, by what is known."""
        self._ended.set()

    async def close(self) -> None:
        """QUIT."""
        async with self._lock:
            if self._smtp.is_connected:
                try:
                    await self._smtp.quit(timeout=GOODBYE_TIMEOUT_S)
                except (SMTPException, OSError, TimeoutError):
                    self._smtp.close()

    async def _send(self, sender: str, recipient: str, message: bytes) -> Outcome:
        if any(character.isspace() or ord(character) < ord(" ") for character in recipient):
            return Rejected("this is no address", INVALID_ADDRESS_CODE)
        sender, recipient = on_the_wire(sender), on_the_wire(recipient)
        return await self._send_envelope(sender, recipient) or await self._send_message(recipient, message)

    async def _send_envelope(self, sender: str, recipient: str) -> Outcome | None:
        """Connect if necessary, and send both addresses; None when the server accepts them."""
        try:
            async with asyncio.timeout(ENVELOPE_TIMEOUT_S):
                outcome = await self._unless_ended(self._send_sender(sender, recipient))
                return outcome or await self._unless_ended(self._send_recipient(recipient))
        except (SMTPException, OSError, TimeoutError) as error:
            self._smtp.close()
            return Away(_reason("the mail server did not answer", error))

    async def _send_sender(self, sender: str, recipient: str) -> Outcome | None:
        """Connect, and MAIL FROM. Up to here no refusal is about the recipient's mailbox.

        A connection that was kept open may have been closed by the server: then a new one is opened.
        """
        international = not (sender + recipient).isascii()
        kept = self._smtp.is_connected
        try:
            if not kept:
                await self._connection.open()
            if international and not self._smtp.supports_extension("smtputf8"):
                if sender.isascii():
                    return Rejected("the mail server takes ASCII addresses only", INVALID_ADDRESS_CODE)
                return Away("the mail server takes ASCII addresses only, and AFTERWORD_MAIL_FROM is another")
            await self._smtp.mail(
                sender,
                options=["SMTPUTF8"] if international else [],
                encoding="utf-8" if international else "ascii",
            )
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            self._smtp.close()
            if kept:
                return await self._send_sender(sender, recipient)
            reason = _reason(f"the mail server {_refused_command(error)}", error)
            if international and isinstance(error, SMTPSenderRefused):
                return Blocked(reason, certain=False)  # perhaps it refuses only addresses outside ASCII
            return Away(reason)
        return None

    async def _send_recipient(self, recipient: str) -> Outcome | None:
        try:
            await self._smtp.rcpt(recipient, encoding="utf-8")
        except SMTPResponseException as error:
            return await self._refused("RCPT TO", recipient, error)
        except ValueError:
            await self._reset()
            return Rejected("this is no address", INVALID_ADDRESS_CODE)
        except (SMTPException, OSError, TimeoutError) as error:
            self._smtp.close()
            return self._broken_before(error)
        return None

    async def _send_message(self, recipient: str, message: bytes) -> Outcome:
        step: SmtpStep = "DATA"
        try:
            await self._unless_ended(self._send_data_command())
            step = "the end of the mail"
            await self._unless_ended(self._send_data(message))
        except SMTPResponseException as error:
            if error.code not in REFUSAL_CODES:
                # Neither a refusal nor the 250 that should come: the mail may have been accepted.
                self._smtp.close()
                return Unknown(_reason("the mail server answered what is no refusal", error))
            return await self._refused(step, recipient, error)
        except (SMTPException, OSError, TimeoutError) as error:
            self._smtp.close()
            if step == "DATA":
                return self._broken_before(error)
            return Unknown(_reason("the connection broke while the mail was handed over", error))
        return Delivered()

    async def _send_data_command(self) -> None:
        answer = await self._smtp.execute_command(b"DATA", timeout=DATA_COMMAND_TIMEOUT_S)
        if answer.code != SEND_DATA_CODE:
            raise SMTPDataError(answer.code, answer.message)

    async def _send_data(self, message: bytes) -> None:
        """The mail and its end; a dot at the beginning of a line is doubled (RFC 5321, 4.5.2)."""
        protocol = self._smtp.protocol
        if protocol is None:
            raise SMTPServerDisconnected("the connection was lost")
        protocol.write(_DOT.sub(b"..", wire_form(message)) + b".\r\n")
        answer = await protocol.read_response(timeout=DATA_TIMEOUT_S)
        if answer.code != ACCEPTED_CODE:
            raise SMTPDataError(answer.code, answer.message)

    async def _refused(self, step: SmtpStep, recipient: str, error: SMTPResponseException) -> Outcome:
        """The outcome of a refusal. A server that blocks us may accept a new connection, so this one ends."""
        outcome = _refused_outcome(step, recipient, error)
        if isinstance(outcome, Blocked):
            self._smtp.close()
        else:
            await self._reset()
        return outcome

    def _broken_before(self, error: Exception) -> Away | Blocked:
        """The server has not asked for the mail (354), so that nothing of it has left. Perhaps its own
        address makes the server break the connection, so that of other mails nothing is certain.
        """
        reason = _reason("the connection broke before the mail was handed over", error)
        return Away(reason) if self._ended.is_set() else Blocked(reason, certain=False)

    async def _reset(self) -> None:
        """RSET, so that the connection can be used for the next mail."""
        try:
            await self._unless_ended(self._smtp.rset(timeout=DATA_COMMAND_TIMEOUT_S))
        except (SMTPException, OSError, TimeoutError):
            self._smtp.close()

    async def _unless_ended(self, doing: Coroutine[Any, Any, T]) -> T:
        """The coroutine's result.

        :raises SMTPServerDisconnected: when :meth:`end` is called first.
        """
        ended = asyncio.ensure_future(self._ended.wait())
        task = asyncio.ensure_future(doing)
        try:
            await asyncio.wait({task, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise SMTPServerDisconnected("we are to stop")
            return task.result()
        finally:
            ended.cancel()
            if task.cancel():
                await asyncio.wait({task})


def _refused_outcome(step: SmtpStep, recipient: str, error: SMTPResponseException) -> Outcome:
    refusal = read_refusal(step, error.code, error.message, recipient.rpartition("@")[2])
    reason = f"the mail server refused a mail at {step} ({refusal.status})"
    is_permanent = error.code >= FIRST_PERMANENT_CODE
    if refusal.about == "us":
        return Blocked(f"{reason}: {refusal.advice}", certain=True)
    if refusal.about == "unclear" and is_permanent:
        return Blocked(reason, certain=False)
    return Rejected(reason, error.code) if is_permanent else Deferred(reason, refusal.about == "destination")


def _refused_command(error: Exception) -> str:
    """What the server refused, from the class of the library's exception."""
    commands: tuple[tuple[type[Exception], str], ...] = (
        (SMTPConnectResponseError, "does not greet us"),
        (SMTPHeloError, "refuses EHLO; see AFTERWORD_SMTP_EHLO"),
        (SMTPAuthenticationError, "refuses user or password of AFTERWORD_SMTP_URL"),
        (SMTPSenderRefused, "refuses AFTERWORD_MAIL_FROM as sender"),
        (SMTPResponseException, "refuses STARTTLS"),
    )
    return next((what for kind, what in commands if isinstance(error, kind)), "would not begin")


def _reason(what: str, error: BaseException) -> str:
    """What failed, and why, by code or class of the error: the text of a reply often quotes an address."""
    if isinstance(error, SMTPResponseException):
        return f"{what} ({read_refusal('DATA', error.code, error.message).status})"
    if type(error) is SMTPException:  # a text of the library's own: STARTTLS or AUTH is not offered
        return f"{what} ({error.message})"
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"{what} (nobody whom we trust vouches for its certificate; see AFTERWORD_SMTP_CA_FILE)"
    return f"{what} ({describe(cause)})"
