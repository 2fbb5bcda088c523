"""The certificate of our SMTP server, by which other servers may encrypt what they send (STARTTLS)."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from shared.diagnosis import describe
from shared.errors import FatalError

log = structlog.get_logger()

Stamp = tuple[float, ...]
"""When the files were last written."""


class BadCertificate(FatalError):
    """The files cannot be read, or are no certificate with its key."""


@dataclass
class SmtpCertificate:
    """Reads the files, and reads them again once they were written anew: certificates last some weeks."""

    certificate: Path
    key: Path
    context: ssl.SSLContext = field(init=False)
    """What the server encrypts with; a connection that begins later has the newer certificate."""
    _read_at: Stamp = field(init=False)

    def __post_init__(self) -> None:
        """Read them.

        :raises BadCertificate: when that fails.
        """
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            self._read_at = self._stamp()
            self._load()
        except (OSError, ssl.SSLError) as error:
            raise BadCertificate(
                f"{self.certificate} of DISPATCHER_BOUNCE_CERTIFICATE and {self.key} of "
                f"DISPATCHER_BOUNCE_KEY cannot be used: {describe(error)}. Both must be PEM files, and the "
                "key that of the certificate."
            ) from error

    def refresh(self) -> None:
        """Take what was written since; files that cannot be used leave the certificate of before."""
        try:
            stamp = self._stamp()
            if stamp != self._read_at:
                self._read_at = stamp
                # Tried first, so that a certificate without its key spoils nothing.
                SmtpCertificate(self.certificate, self.key)
                self._load()
                log.info("bounce_certificate_read")
        except (OSError, ssl.SSLError, BadCertificate) as error:
            log.warning("bounce_certificate_unusable", why=describe(error))

    def _load(self) -> None:
        self.context.load_cert_chain(self.certificate, self.key)

    def _stamp(self) -> Stamp:
        return tuple(file.stat().st_mtime for file in (self.certificate, self.key))
