"""Whole numbers in addresses, forms and headers."""

MAX_INTEGER = 2**63 - 1
"""The largest that PostgreSQL's ``bigint`` can store."""
_MAX_DIGITS = len(str(MAX_INTEGER))


def whole_number(text: str) -> int | None:
    """The number in ASCII digits, from 0 to ``MAX_INTEGER``; None for any other text, however long."""
    if not (len(text) <= _MAX_DIGITS and text.isascii() and text.isdecimal()):
        return None
    number = int(text)
    return number if number <= MAX_INTEGER else None
