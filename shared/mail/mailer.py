"""Sends one mail at a time, and says truly what became of it: nothing is ever sent again on a guess."""

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
from shared.mail.refusals import FOR_GOOD, SmtpStep, read_refusal
from shared.mail.wire_addresses import on_the_wire

COMMAND_TIMEOUT_S = 300.0
"""For the greeting and the answer to each command (RFC 5321, 4.5.3.2)."""
DATA_COMMAND_TIMEOUT_S = 120.0
"""For the answer to DATA (4.5.3.2.4)."""
DATA_TIMEOUT_S = 600.0
"""From the mail to the answer (4.5.3.2.6): a server may look at it for long before it takes it."""
ENVELOPE_TIMEOUT_S = 900.0
"""For all that comes before DATA together, so that a mail's whole way has an end."""
FIRST_REFUSAL_CODE, LAST_REFUSAL_CODE = 400, 600
"""RFC 5321, 4.2.1: an answer's first digit says whether it is a refusal."""
ACCEPTED_CODE, SEND_DATA_CODE = 250, 354
_LINE_END = re.compile(rb"\r\n|\n|\r")
_DOT = re.compile(rb"^\.", re.MULTILINE)

T = TypeVar("T")


class Mailer:
    """One connection to the mail server, kept between mails and made anew when it broke."""

    def __init__(self, server: MailServer | str, *, seconds: float = COMMAND_TIMEOUT_S) -> None:
        """``seconds``: how long each answer before DATA may take.

        :raises ValueError: no address of a mail server.
        """
        self._connection = Connection(MailServer(server) if isinstance(server, str) else server, seconds)
        self._smtp = self._connection.smtp
        self._lock = asyncio.Lock()
        self._ended = asyncio.Event()

    async def send(self, sender: str, recipient: str, message: bytes) -> Outcome:
        """Send to one address. The reason of a failure never holds an address."""
        async with self._lock:
            finished = False
            try:
                outcome = await self._send(sender, recipient, message)
                finished = True
            finally:
                if not finished:  # cancelled, perhaps amid DATA: this conversation is over
                    self._smtp.close()
            return outcome

    def end(self) -> None:
        """Wait for no answer any more: what is under way ends at once with what is known of it by now."""
        self._ended.set()

    async def close(self) -> None:
        """Say goodbye."""
        async with self._lock:
            if self._smtp.is_connected:
                try:
                    await self._smtp.quit(timeout=2)
                except (SMTPException, OSError, TimeoutError):
                    self._smtp.close()

    async def _send(self, sender: str, recipient: str, message: bytes) -> Outcome:
        if any(character.isspace() or ord(character) < ord(" ") for character in recipient):
            return Rejected("this is no address", 553)
        sender, recipient = on_the_wire(sender), on_the_wire(recipient)
        return await self._before_data(sender, recipient) or await self._hand_over(message)

    async def _before_data(self, sender: str, recipient: str) -> Outcome | None:
        """Connect where that is needed, and name both addresses; none when the mail may be handed over."""
        try:
            async with asyncio.timeout(ENVELOPE_TIMEOUT_S):
                begun = await self._unless_ended(self._begin(sender, recipient))
                return begun or await self._unless_ended(self._offer(recipient))
        except (SMTPException, OSError, TimeoutError) as error:
            self._smtp.close()
            return Away(_reason("the mail server did not answer", error))

    async def _begin(self, sender: str, recipient: str) -> Outcome | None:
        """Up to MAIL FROM nothing is said of this mailbox. A connection that was kept may have been ended
        meanwhile: then a new one is tried.
        """
        international = not (sender + recipient).isascii()
        kept = self._smtp.is_connected
        try:
            if not kept:
                await self._connection.open()
            if international and not self._smtp.supports_extension("smtputf8"):
                if sender.isascii():
                    return Rejected("the mail server takes ASCII addresses only", 553)
                return Away("the mail server takes ASCII addresses only, and AFTERWORD_MAIL_FROM is another")
            await self._smtp.mail(
                sender,
                options=["SMTPUTF8"] if international else [],
                encoding="utf-8" if international else "ascii",
            )
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            self._smtp.close()
            if kept:
                return await self._begin(sender, recipient)
            reason = _reason(f"the mail server {_refused_command(error)}", error)
            if international and isinstance(error, SMTPSenderRefused):
                return Blocked(reason, certain=False)  # perhaps only of those outside ASCII
            return Away(reason)
        return None

    async def _offer(self, recipient: str) -> Outcome | None:
        try:
            await self._smtp.rcpt(recipient, encoding="utf-8")
        except SMTPResponseException as error:
            return await self._refused("RCPT TO", error)
        except ValueError:
            await self._reset()
            return Rejected("this is no address", 553)
        except (SMTPException, OSError, TimeoutError) as error:
            self._smtp.close()
            return Blocked(
                _reason("the connection broke before the mail was handed over", error), certain=True
            )
        return None

    async def _hand_over(self, message: bytes) -> Outcome:
        step: SmtpStep = "DATA"
        try:
            await self._unless_ended(self._begin_data())
            step = "the end of the mail"
            await self._unless_ended(self._data(message))
        except SMTPResponseException as error:
            if not FIRST_REFUSAL_CODE <= error.code < LAST_REFUSAL_CODE:
                # No refusal, though not the 250 that was to come: it may have been taken.
                self._smtp.close()
                return Unknown(_reason("the mail server answered what is no refusal", error))
            return await self._refused(step, error)
        except (SMTPException, OSError, TimeoutError) as error:
            self._smtp.close()
            return Unknown(_reason("the connection broke while the mail was handed over", error))
        return Delivered()

    async def _begin_data(self) -> None:
        answer = await self._smtp.execute_command(b"DATA", timeout=DATA_COMMAND_TIMEOUT_S)
        if answer.code != SEND_DATA_CODE:
            raise SMTPDataError(answer.code, answer.message)

    async def _data(self, message: bytes) -> None:
        """The mail with its end, of which no line begins with a single dot (RFC 5321, 4.5.2)."""
        protocol = self._smtp.protocol
        if protocol is None:
            raise SMTPServerDisconnected("the connection was lost")
        lines = _DOT.sub(b"..", _LINE_END.sub(b"\r\n", message))
        protocol.write(lines + (b".\r\n" if lines.endswith(b"\r\n") else b"\r\n.\r\n"))
        answer = await protocol.read_response(timeout=DATA_TIMEOUT_S)
        if answer.code != ACCEPTED_CODE:
            raise SMTPDataError(answer.code, answer.message)

    async def _refused(self, step: SmtpStep, error: SMTPResponseException) -> Outcome:
        """What the refusal is about. Who refuses us may think better of it in another conversation."""
        outcome = _refused_outcome(step, error)
        if isinstance(outcome, Blocked):
            self._smtp.close()
        else:
            await self._reset()
        return outcome

    async def _reset(self) -> None:
        """Forget this mail, so that the connection serves the next."""
        try:
            await self._unless_ended(self._smtp.rset(timeout=DATA_COMMAND_TIMEOUT_S))
        except (SMTPException, OSError, TimeoutError):
            self._smtp.close()

    async def _unless_ended(self, doing: Coroutine[Any, Any, T]) -> T:
        """Its result, or as if the connection were lost when the process wants to end first."""
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


def _refused_outcome(step: SmtpStep, error: SMTPResponseException) -> Outcome:
    refusal = read_refusal(step, error.code, error.message)
    told = f"the mail server refused a mail at {step} ({refusal.status})"
    for_good = error.code >= FOR_GOOD
    if refusal.about == "us":
        return Blocked(f"{told}: {refusal.advice}", certain=True)
    if refusal.about == "unclear" and for_good:
        return Blocked(told, certain=False)
    return Rejected(told, error.code) if for_good else Deferred(told)


def _refused_command(error: Exception) -> str:
    """What the server did instead of beginning, by the command that it refused."""
    commands: tuple[tuple[type[Exception], str], ...] = (
        (SMTPConnectResponseError, "does not greet us"),
        (SMTPHeloError, "refuses EHLO; see AFTERWORD_SMTP_EHLO"),
        (SMTPAuthenticationError, "refuses user or password of AFTERWORD_SMTP_URL"),
        (SMTPSenderRefused, "refuses AFTERWORD_MAIL_FROM as sender"),
        (SMTPResponseException, "refuses STARTTLS"),
    )
    return next((said for kind, said in commands if isinstance(error, kind)), "would not begin")


def _reason(what: str, error: BaseException) -> str:
    """Why, by its code or kind: a server's own words often quote the address."""
    if isinstance(error, SMTPResponseException):
        return f"{what} ({read_refusal('DATA', error.code, error.message).status})"
    if type(error) is SMTPException:  # the library's own words: STARTTLS or AUTH is not offered
        return f"{what} ({error.message})"
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"{what} (nobody whom we trust vouches for its certificate; see AFTERWORD_SMTP_CA_FILE)"
    return f"{what} ({describe(cause)})"
