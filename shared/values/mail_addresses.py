"""Addresses that people type for somebody who shall get mail or sign in."""

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from shared.values.addresses import canonical_address
from shared.values.messages import Message, message


class BadAddress(Exception):
    """No mail can go there; the message says what to write."""

    def __init__(self, remedy: Message) -> None:
        super().__init__(str(remedy))
        self.remedy = remedy


def mail_address(typed: str) -> str:
    """The address as it is kept and compared.

    :raises BadAddress: when it cannot be one.
    """
    try:
        return canonical_address(validate_email(typed.strip(), check_deliverability=False).normalized)
    except EmailNotValidError:
        ending = typed.strip().rpartition(".")[2].casefold()
        if ending in SPECIAL_USE_DOMAIN_NAMES:
            remedy = message(
                "No mail goes to addresses that end in .%(ending)s: the ending is reserved. "
                "Write one such as name@example.com.",
                ending=ending,
            )
        else:
            remedy = message("Write an address such as name@example.com.")
        raise BadAddress(remedy) from None
