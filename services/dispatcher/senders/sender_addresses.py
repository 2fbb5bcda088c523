"""Which addresses mails can come from."""

from services.dispatcher.decisions.addresses import is_valid_address
from services.dispatcher.senders.domain import SenderRefused
from shared.mail.wire_addresses import on_the_wire
from shared.values.messages import message

MAX_ADDRESS_LENGTH = 254
"""Characters that mail servers take (RFC 5321, 4.5.3.1)."""
_UNREACHABLE = ("local", "localhost", "localdomain", "internal", "invalid", "arpa", "onion")
"""Ends of names that no mail server in the internet can look up."""


def checked_sender_address(given: str) -> str:
    """The address as it is used.

    :raises SenderRefused: when mail cannot come from it.
    """
    address = on_the_wire(given.strip())
    local, _, domain = address.rpartition("@")
    if len(address) > MAX_ADDRESS_LENGTH or not local.isascii() or not is_valid_address(address):
        raise SenderRefused(message("Must be an address such as name@example.com."))
    address = f"{local}@{domain.lower()}"
    if domain.lower().rpartition(".")[2] in _UNREACHABLE:
        raise SenderRefused(message("Give an address whose domain is in the public DNS."))
    return address
