"""The connection to the mail server: encrypted as the settings require, with a host name that it accepts."""

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
    """Address of the mail server, and how to connect to it."""

    url: str
    """``smtps://`` uses TLS from the start, ``smtp://`` STARTTLS: required with ``?tls=required``, or when a
    password is sent to another machine; else where it is offered. A certificate is verified only where TLS is
    required: an impostor could as well offer no TLS (RFC 7435, 3).
    """
    ehlo: str = LOOPBACK_GREETING
    """Our name in EHLO: a full host name, or an address in brackets (RFC 5321, 4.1.4)."""
    ca_file: str | None = None
    """A file with certificates of authorities that are trusted besides the system's."""

    @property
    def encryption(self) -> Encryption:
        """How the connection is encrypted."""
        url = urlsplit(self.url)
        if url.scheme == "smtps":
            return "from the start"
        sends_password = bool(url.username) and not is_loopback(url.hostname or "")
        return (
            "required"
            if sends_password or parse_qs(url.query).get("tls") == ["required"]
            else "where offered"
        )


def mail_server(afterword: Afterword) -> MailServer:
    """The mail server of the settings."""
    return MailServer(
        afterword.smtp_url.get_secret_value(),
        afterword.smtp_ehlo or greeting_name(afterword.mail_from, afterword.public_url),
        afterword.smtp_ca_file,
    )


def greeting_name(mail_from: str, public_url: str) -> str:
    """The first full host name among the sender's domain and the customers' site, else the site's address."""
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
    """A connection to the mail server that can be opened again and again."""

    def __init__(self, server: MailServer, timeout_s: float) -> None:
        """:param timeout_s: how long each reply may take.
        :raises ValueError: when the URL is not that of a mail server.
        """
        url = urlsplit(server.url)
        if url.scheme not in {"smtp", "smtps"} or not url.hostname:
            raise ValueError("the address of the mail server begins with smtp:// or smtps://")
        self._encryption = server.encryption
        self._user = unquote(url.username) if url.username else None
        self._password = unquote(url.password or "")
        self.smtp = SMTP(
            hostname=url.hostname,
            port=DEFAULT_PORTS[self._encryption] if url.port is None else url.port,
            local_hostname=server.ehlo,
            use_tls=self._encryption == "from the start",
            start_tls=False,
            tls_context=tls_context(server.ca_file, verified=self._encryption != "where offered"),
            timeout=timeout_s,
        )

    async def open(self) -> None:
        """Connect, greet, encrypt, sign in.

        :raises SMTPException, OSError: when a step fails; the connection is closed then.
        """
        try:
            await self.smtp.connect()
            await self.greet()
            if self._encryption == "required":
                await self.smtp.starttls()
            elif self._encryption == "where offered" and self.smtp.supports_extension("starttls"):
                await self._try_starttls()
            if self._user is not None:
                await self.smtp.login(self._user, self._password)
            await self.greet()
        except BaseException:
            self.smtp.close()
            raise

    async def greet(self) -> None:
        """EHLO, or HELO where that is unknown; once for each connection, and once more after STARTTLS."""
        if self.smtp.is_ehlo_or_helo_needed:
            try:
                await self.smtp.ehlo()
            except SMTPHeloError:
                if not self.smtp.is_connected:
                    raise
                await self.smtp.helo()

    async def _try_starttls(self) -> None:
        """STARTTLS; when it fails, connect again and go on without."""
        try:
            await self.smtp.starttls()
        except (SMTPException, OSError):
            self.smtp.close()
            await self.smtp.connect()


def tls_context(ca_file: str | None, *, verified: bool) -> ssl.SSLContext:
    """What TLS is spoken with.

    :param verified: whether the certificate must be one that is trusted, for this host.
    """
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def is_loopback(host: str) -> bool:
    """Whether the host is this machine."""
    return host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
