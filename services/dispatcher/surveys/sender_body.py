"""The name and the reply address of a survey's mails as the API gets them, and what is wrong with them.

The address that mails come from is the operator's, or the company's own: its domain signs them (``senders``).
"""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator

from services.dispatcher.decisions.addresses import is_valid_address
from shared.values.messages import message
from shared.values.text import normalized_text

MAX_SENDER_NAME_LENGTH = 100
"""Characters; more are cut off by mail programs."""
MAX_ADDRESS_LENGTH = 254
"""Characters of an address that mail servers take (RFC 5321, 4.5.3.1)."""
SENDER_MEANING = (
    "The name that its mails come from, in place of the company's; the address stays the same. An empty text "
    "takes it away."
)
REPLY_MEANING = (
    "The address that a customer's reply goes to, in place of the one that the mails come from. An empty "
    "text takes it away."
)


def _checked_name(given: str) -> str | None:
    """The name in one line; None when it is empty.

    An address in it would be read as the one that the mail comes from, and an invisible character can turn
    the name around.
    """
    name = normalized_text(given)
    if len(name) > MAX_SENDER_NAME_LENGTH:
        raise ValueError(message("Write at most %(most)s characters.", most=MAX_SENDER_NAME_LENGTH))
    if any(unicodedata.category(each) in {"Cc", "Cf", "Cs", "Co", "Cn"} for each in name):
        raise ValueError(message("Write the name without invisible characters."))
    if "@" in name:
        raise ValueError(message("Write a name; an address cannot stand in its place."))
    return name or None


def _checked_address(given: str) -> str | None:
    """The address; None when it is empty."""
    address = given.strip()
    if address and (len(address) > MAX_ADDRESS_LENGTH or not is_valid_address(address)):
        raise ValueError(message("Must be an address such as name@example.com."))
    return address or None


SenderName = Annotated[str, AfterValidator(_checked_name)]
ReplyAddress = Annotated[str, AfterValidator(_checked_address)]
