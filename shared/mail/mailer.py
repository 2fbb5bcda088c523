"""Sends one mail at a time, and says truly what became of it: nothing is ever sent again on a guess."""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP, SMTPException, SMTPHeloError, SMTPResponseException

from shared.mail.addresses import on_the_wire

SECONDS = 10.0
"""Patience for each step; the answer to DATA may take a server longer."""
SECONDS_FOR_DATA = 30.0
REFUSED, REFUSED_FOR_GOOD, BEYOND = 400, 500, 600
"""RFC 5321, 4.2.1: an answer's first digit says whether it is a refusal, and whether it is one for good."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The server took it (250 after DATA)."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """It certainly was not taken, and may be tried again."""

    reason: str
    ours: bool = False
    """Nothing was said of this mail: the way to the server is broken, so the next one will fare no better."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """It certainly was not taken, and never will be."""

    reason: str
    code: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """The connection ended after DATA began, or the answer is neither 250 nor a refusal: it may have been
    taken, so it is never sent again.
    """

    reason: str


Outcome = Delivered | Deferred | Rejected | Unknown


class Mailer:
    """One connection to the mail server, kept between mails and made anew when it broke.

    ``smtp://`` starts TLS where it is offered, and insists on it before it shows a password to another
    machine; ``smtps://`` speaks TLS from the start.
    """

    def __init__(self, smtp_url: str, *, seconds: float = SECONDS) -> None:
        url = urlsplit(smtp_url)
        if url.scheme not in {"smtp", "smtps"} or not url.hostname:
            raise ValueError("the address of the mail server begins with smtp:// or smtps://")
        encrypted = url.scheme == "smtps"
        insist = bool(url.username) and not encrypted and not _on_this_machine(url.hostname)
        self._lock = asyncio.Lock()
        self._smtp = SMTP(
            hostname=url.hostname,
            port=url.port,
            username=unquote(url.username) if url.username else None,
            password=unquote(url.password) if url.password else None,
            use_tls=encrypted,
            start_tls=False if encrypted else (True if insist else None),
            tls_context=ssl.create_default_context(),
            timeout=seconds,
        )

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
        return (
            await self._begin(sender, international=not recipient.isascii())
            or await self._offer(recipient)
            or await self._hand_over(message)
        )

    async def _begin(self, sender: str, *, international: bool) -> Outcome | None:
        """Whatever fails here is between the server and us, not this customer's fault. A connection that was
        kept may have been ended meanwhile: then a new one is tried.
        """
        kept = self._smtp.is_connected
        try:
            if not kept:
                await self._smtp.connect()
            if international and not await self._reads_every_alphabet():
                return Rejected("the mail server takes ASCII addresses only", 553)
            await self._smtp.mail(sender, options=["SMTPUTF8"] if international else [])
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            self._smtp.close()
            if kept:
                return await self._begin(sender, international=international)
            return Deferred(_reason("the mail server would not begin", error), ours=True)
        return None

    async def _reads_every_alphabet(self) -> bool:
        if self._smtp.is_ehlo_or_helo_needed:  # after TLS began nobody has asked yet
            with suppress(SMTPHeloError):
                await self._smtp.ehlo()
        return self._smtp.supports_extension("smtputf8")

    async def _offer(self, recipient: str) -> Outcome | None:
        try:
            await self._smtp.rcpt(recipient, encoding="utf-8")
        except SMTPResponseException as error:
            await self._reset()
            return _answer("the address was refused", error)
        except (SMTPException, OSError, TimeoutError) as error:
            self._smtp.close()
            return Deferred(_reason("the connection broke before the mail was handed over", error))
        return None

    async def _hand_over(self, message: bytes) -> Outcome:
        try:
            await self._smtp.data(message, timeout=SECONDS_FOR_DATA)
        except SMTPResponseException as error:
            if not REFUSED <= error.code < BEYOND:
                # No refusal, though not the 250 that the library wants: it may have been taken.
                self._smtp.close()
                return Unknown(_reason("the mail server answered what is no refusal", error))
            await self._reset()
            return _answer("the mail was refused", error)
        except (SMTPException, OSError, TimeoutError) as error:
            self._smtp.close()
            return Unknown(_reason("the connection broke while the mail was handed over", error))
        return Delivered()

    async def _reset(self) -> None:
        try:
            await self._smtp.rset()
        except (SMTPException, OSError, TimeoutError):
            self._smtp.close()


def _answer(what: str, error: SMTPResponseException) -> Deferred | Rejected:
    if error.code >= REFUSED_FOR_GOOD:
        return Rejected(_reason(what, error), error.code)
    return Deferred(_reason(what, error))


def _reason(what: str, error: Exception) -> str:
    """Why, by its code or kind: a server's own words often quote the address."""
    code = getattr(error, "code", None)
    return f"{what} ({code or type(error).__name__})"


def _on_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
