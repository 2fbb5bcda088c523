"""Mails as a server received them, verified as others do: by dkimpy, with the records of a test's DNS."""

from collections.abc import Iterable

import dkim
from support.dns import DnsServer


def as_received(data: bytes) -> bytes:
    """A mail without what SMTP adds to it: its end, and the second of two dots."""
    return data.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")


def signatures(mail: bytes) -> list[dict[str, str]]:
    """The tags of each signature, without blanks."""
    head = mail.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").decode(errors="replace")
    fields = [line.partition(": ")[2] for line in head.split("\r\n") if line.startswith("DKIM-Signature:")]
    tags = ([tag.partition("=") for tag in field.split(";")] for field in fields)
    return [{name.strip(): "".join(value.split()) for name, _, value in each} for each in tags]


def is_verified(mail: bytes, server: DnsServer) -> bool:
    """Whether all its signatures, of which there is one, are verified with the records there are."""

    def record(name: bytes, timeout: int = 5) -> bytes | None:
        values: Iterable[str] = server.records.get(f"{name.decode().rstrip('.')} TXT", [])
        return next(("".join(value.split('"')[1::2]).encode() for value in values), None)

    n = len(signatures(mail))
    return n > 0 and all(dkim.DKIM(mail).verify(idx=idx, dnsfunc=record) for idx in range(n))
