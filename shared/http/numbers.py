"""Whole numbers as people and programs write them in addresses, forms and headers."""

MAX_INTEGER = 2**63 - 1
"""The largest that a table can keep."""
_DIGITS = len(str(MAX_INTEGER))


def whole_number(text: str) -> int | None:
    """The number that ASCII digits write, from 0 to ``LARGEST``; None for anything else, however long."""
    if not (len(text) <= _DIGITS and text.isascii() and text.isdecimal()):
        return None
    number = int(text)
    return number if number <= MAX_INTEGER else None
