"""A connection to the mail server of the settings: encrypted as they ask, and greeted by a name that it
takes.
"""

import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from aiosmtplib import SMTP, SMTPException, SMTPHeloError

from shared.mail.wire_addresses import on_the_wire
from shared.settings import Afterword

Encryption = Literal["from the start", "required", "where offered"]
DEFAULT_PORTS: dict[Encryption, int] = {"from the start": 465, "required": 587, "where offered": 25}
LOOPBACK_GREETING = "[127.0.0.1]"
_LOCAL_DOMAINS = {"localhost", "localdomain"}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over, and how."""

    url: str
    """``smtps://`` speaks TLS from the start, ``smtp://`` by STARTTLS: required where ``?tls=required``
    says so, or where a password is shown to another machine; else where it is offered. Only what is
    required is verified: who could pretend to be the server could as well pretend that it offers no TLS
    (RFC 7435, 3).
    """
    ehlo: str = LOOPBACK_GREETING
    """The name that we greet with: a full host name, or an address in brackets (RFC 5321, 4.1.4)."""
    ca_file: str | None = None
    """Certificates of authorities that are trusted besides the system's."""

    @property
    def encryption(self) -> Encryption:
        """How the connection is to be encrypted."""
        url = urlsplit(self.url)
        if url.scheme == "smtps":
            return "from the start"
        shown = bool(url.username) and not _on_this_machine(url.hostname or "")
        return "required" if shown or parse_qs(url.query).get("tls") == ["required"] else "where offered"


def mail_server(afterword: Afterword) -> MailServer:
    """That of the settings. Without a name to greet with it is the sender's domain, else the customers'
    site.
    """
    return MailServer(
        afterword.smtp_url.get_secret_value(),
        afterword.smtp_ehlo or greeting_name(afterword.mail_from, afterword.public_url),
        afterword.smtp_ca_file,
    )


def greeting_name(mail_from: str, public_url: str) -> str:
    """The first full host name among the sender's domain and the host of the site, else its address."""
    host = urlsplit(public_url).hostname or ""
    for given in (mail_from.rpartition("@")[2], host):
        name = on_the_wire(f"@{given}").removeprefix("@").rstrip(".").lower()
        *higher, last = name.split(".")
        if name.isascii() and higher and last not in _LOCAL_DOMAINS and not _is_address(name):
            return name
    if not _is_address(host):
        return LOOPBACK_GREETING
    return f"[IPv6:{host}]" if ":" in host else f"[{host}]"


class Connection:
    """One conversation with the server, begun as the settings ask."""

    def __init__(self, server: MailServer, seconds: float) -> None:
        """``seconds``: how long each answer may take.

        :raises ValueError: no address of a mail server.
        """
        url = urlsplit(server.url)
        if url.scheme not in {"smtp", "smtps"} or not url.hostname:
            raise ValueError("the address of the mail server begins with smtp:// or smtps://")
        self._encryption = server.encryption
        self._user = unquote(url.username) if url.username else None
        self._password = unquote(url.password or "")
        self.smtp = SMTP(
            hostname=url.hostname,
            port=url.port or DEFAULT_PORTS[self._encryption],
            local_hostname=server.ehlo,
            use_tls=self._encryption == "from the start",
            start_tls=False,
            tls_context=_tls_context(server.ca_file, verified=self._encryption != "where offered"),
            timeout=seconds,
        )

    async def open(self) -> None:
        """Connect, greet, encrypt, sign in.

        :raises SMTPException, OSError: what failed; nothing is connected then.
        """
        try:
            await self.smtp.connect()
            await self.greet()
            if self._encryption == "required":
                await self.smtp.starttls()
            elif self._encryption == "where offered" and self.smtp.supports_extension("starttls"):
                await self._try_to_encrypt()
            if self._user is not None:
                await self.smtp.login(self._user, self._password)
            await self.greet()
        except BaseException:
            self.smtp.close()
            raise

    async def greet(self) -> None:
        """EHLO, or HELO where that is not known; once for each connection, and once more after TLS began."""
        if self.smtp.is_ehlo_or_helo_needed:
            try:
                await self.smtp.ehlo()
            except SMTPHeloError:
                if not self.smtp.is_connected:
                    raise
                await self.smtp.helo()

    async def _try_to_encrypt(self) -> None:
        """Where TLS is offered and does not come about, the mail goes as if it had not been offered."""
        try:
            await self.smtp.starttls()
        except (SMTPException, OSError):
            self.smtp.close()
            await self.smtp.connect()


def _tls_context(ca_file: str | None, *, verified: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _on_this_machine(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
