"""Names and words of surveys as the API gets them: in one line and one form. Blanks alone are nothing."""

import unicodedata

from shared.values.messages import message
from shared.values.text import normalized_text

HIDDEN = {"Cc", "Cs", "Co", "Cn"}
"""Categories of characters that show nothing, or something else on each machine."""
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the text behind them around, and with it what stands beside the name."""


def name_of(given: str) -> str:
    """A name that people read and click.

    :raises ValueError: when it shows nothing, or hides something.
    """
    name = normalized_text(given)
    if not name:
        raise ValueError(message("Write a name; blanks alone are none."))
    if any(each in _TURNING or unicodedata.category(each) in HIDDEN for each in name):
        raise ValueError(message("Write the name without invisible characters."))
    return name


def words_or_none(given: str) -> str | None:
    """Words that customers read; None: blanks alone, which are the same as leaving them out."""
    return normalized_text(given) or None


def needed_words(given: str) -> str:
    """Words without which there is nothing to read.

    :raises ValueError: when they are blanks alone.
    """
    if not (words := normalized_text(given)):
        raise ValueError(message("Write some words; blanks alone are none."))
    return words
