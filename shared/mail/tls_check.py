"""How the connection to the mail server would be encrypted, and whether its certificate can be trusted."""

import ssl
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from aiosmtplib import SMTP, SMTPException

from shared.diagnosis import describe
from shared.mail.connection import DEFAULT_PORTS, MailServer, is_loopback, tls_context

TLS_TIMEOUT_S = 8.0
GOODBYE_TIMEOUT_S = 2.0
TlsFault = Literal["away", "not_offered", "not_trusted", "failed"]


@dataclass(frozen=True, slots=True)
class FoundTls:
    """What the mail server offers."""

    host: str
    is_local: bool
    """It is on this machine: nothing goes over a network."""
    fault: TlsFault | None
    detail: str = ""
    """The version of TLS, or what failed."""


async def look_at_tls(server: MailServer) -> FoundTls:
    """Connect as for sending, but verify the certificate in any case; nothing is sent, nobody signs in."""
    url = urlsplit(server.url)
    host = url.hostname or ""
    from_the_start = server.encryption == "from the start"
    smtp = SMTP(
        hostname=host,
        port=DEFAULT_PORTS[server.encryption] if url.port is None else url.port,
        local_hostname=server.ehlo,
        use_tls=from_the_start,
        start_tls=False,
        tls_context=tls_context(server.ca_file, verified=True),
        timeout=TLS_TIMEOUT_S,
    )
    fault: TlsFault | None = "failed" if from_the_start else "away"
    detail = ""
    try:
        await smtp.connect()
        if not from_the_start:
            await smtp.ehlo()
            fault = "failed"
            if not smtp.supports_extension("starttls"):
                return FoundTls(host, is_loopback(host), "not_offered")
            await smtp.starttls()
        encrypted = smtp.transport.get_extra_info("ssl_object") if smtp.transport is not None else None
        fault, detail = None, encrypted.version() or "" if encrypted is not None else ""
        await smtp.quit(timeout=GOODBYE_TIMEOUT_S)
    except (SMTPException, OSError, TimeoutError) as error:
        if fault is not None:  # else the server did not say goodbye
            fault, detail = _fault_of(error, fault)
    finally:
        smtp.close()
    return FoundTls(host, is_loopback(host), fault, detail)


def _fault_of(error: BaseException, fault: TlsFault | None) -> tuple[TlsFault | None, str]:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "not_trusted", cause.verify_message
        if isinstance(cause, ConnectionRefusedError | TimeoutError):
            return "away", describe(cause)
        cause = cause.__cause__
    return fault, describe(error)
