"""Whether an address can exist: by its form alone, without asking the network."""

import re

from email_validator import EmailNotValidError, validate_email

from services.dispatcher.decisions.values import AddressQuality

# Nearly every address has this plain form, for which the validator takes 50 µs to come to the same result.
_PLAIN = re.compile(
    r"[a-z0-9]+(?:[._+-][a-z0-9]+){0,8}@(?:[a-z0-9]+(?:-[a-z0-9]+){0,3}\.){1,4}(?:com|org|net|eu|dk|nl|de|se|no|fr|es|be|at|ch|uk)",
    re.IGNORECASE,
)
_MAX_PLAIN_LENGTH = 60
"""Surely below every limit of an address and its parts."""


def address_quality(address: str | None) -> AddressQuality:
    """Whether it is good, bad or missing."""
    if address is None or not address.strip():
        return "missing"
    return "good" if has_plain_form(address) or is_valid_address(address) else "bad"


def has_plain_form(address: str) -> bool:
    """Whether it is of the form that needs no validator."""
    return len(address) <= _MAX_PLAIN_LENGTH and _PLAIN.fullmatch(address) is not None


def is_valid_address(address: str) -> bool:
    """Whether email-validator accepts it; it refuses domains that never have a mailbox, such as .test."""
    try:
        validate_email(address, check_deliverability=False, strict=True)
    except EmailNotValidError:
        return False
    return True
