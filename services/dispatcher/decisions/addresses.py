"""Whether an address can be one: by its form alone, without asking the network."""

import re

from email_validator import EmailNotValidError, validate_email

from services.dispatcher.decisions.domain import Address

# Nearly every address has this plain form, which the validator takes 50 µs to agree with.
_PLAIN = re.compile(
    r"[a-z0-9]+(?:[._+-][a-z0-9]+){0,8}@(?:[a-z0-9]+(?:-[a-z0-9]+){0,3}\.){1,4}(?:com|org|net|eu|dk|nl|de|se|no|fr|es|be|at|ch|uk)",
    re.IGNORECASE,
)
_SURELY_SHORT_ENOUGH = 60


def address_quality(address: str | None) -> Address:
    """Good, bad or missing."""
    if address is None or not address.strip():
        return "missing"
    return "good" if has_plain_form(address) or is_valid_address(address) else "bad"


def has_plain_form(address: str) -> bool:
    """Whether it is of the form that needs no closer look."""
    return len(address) <= _SURELY_SHORT_ENOUGH and _PLAIN.fullmatch(address) is not None


def is_valid_address(address: str) -> bool:
    """What email-validator says; it refuses names that never reach a mailbox, such as those below .test."""
    try:
        validate_email(address, check_deliverability=False, strict=True)
    except EmailNotValidError:
        return False
    return True
