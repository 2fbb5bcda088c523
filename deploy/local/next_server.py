"""The SMTP server on this machine that takes what customers answer, and the mailbox that hands it over."""

from typing import NamedTuple

import aiosmtplib

LOOPBACK = "127.0.0.1"
TIMEOUT_S = 30.0
NOT_REACHED = "451 4.4.1 The server of this host does not answer, try again later"


class NextServer(NamedTuple):
    """Takes the mails to the addresses of one host, as its MX record would say elsewhere."""

    mail_host: str
    port: int

    def takes(self, address: str) -> bool:
        """Whether a mail to this address is handed over."""
        return address.rpartition("@")[2].lower() == self.mail_host

    async def hand_over(self, sender: str, recipient: str, content: bytes) -> str | None:
        """Hand over a mail; why it was not taken, as the reply to whoever sent it."""
        client = aiosmtplib.SMTP(
            hostname=LOOPBACK, port=self.port, start_tls=False, use_tls=False, timeout=TIMEOUT_S
        )
        try:
            async with client:
                await client.mail(sender)
                await client.rcpt(recipient)
                await client.data(content)
        except aiosmtplib.SMTPResponseException as refused:
            return f"{refused.code} {' '.join(refused.message.split())}"
        except (aiosmtplib.SMTPException, OSError):
            return NOT_REACHED
        return None
