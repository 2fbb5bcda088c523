"""Stems: the pieces of words by which a comment names a theme. Pure.

A stem is plain text, never an expression. A star at its beginning or end stands for any letters; without one
a word begins or ends there: ``pris*`` finds "prisen" and not "surprise", ``*levering*`` also
"hjemmelevering", ``kø`` the word alone. A minus before it names words in which the theme is not meant:
``-charger*``.
"""

import unicodedata
from typing import NamedTuple

from shared.values.messages import Message, message
from shared.values.text import normalized_text

MIN_STEM_CHARS = 2
"""Of the letters between the stars."""
MAX_STEM_CHARS = 60
"""Of a stem as it is written."""
ANY_LETTERS = "*"
NOT_MEANT = "-"


class BadStem(Exception):
    """Not a stem. The remedy says what one is."""

    def __init__(self, remedy: Message) -> None:
        super().__init__(str(remedy))
        self.remedy = remedy


class Stem(NamedTuple):
    """A stem in the form in which it is searched."""

    text: str
    begins_word: bool
    ends_word: bool
    is_meant: bool
    """False: where it is found, the theme's other stems do not count."""


def folded(text: str) -> str:
    """The text as it is searched: without the difference of capitals, of compatible characters, of kinds of
    apostrophes, and of white space.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
        text = unicodedata.normalize("NFKC", text.casefold())
    else:
        text = text.lower()
    return " ".join(text.split())


def written_stem(given: str) -> str:
    """A stem as it is kept and shown: trimmed, with single spaces."""
    return normalized_text(given)


def parse_stem(written: str) -> Stem:
    """The stem that somebody wrote.

    :raises BadStem: when it is none.
    """
    if len(written) > MAX_STEM_CHARS:
        raise BadStem(message("Write at most %(most)s characters.", most=MAX_STEM_CHARS))
    is_meant = not written.startswith(NOT_MEANT)
    text = folded(written.removeprefix(NOT_MEANT))
    begins, ends = not text.startswith(ANY_LETTERS), not text.endswith(ANY_LETTERS)
    text = text.strip(ANY_LETTERS).strip()
    if ANY_LETTERS in text:
        raise BadStem(message("A star stands only at the beginning or the end of a stem."))
    if len(text) < MIN_STEM_CHARS or not any(map(str.isalnum, text)):
        raise BadStem(
            message("Write at least %(least)s letters, without a star between them.", least=MIN_STEM_CHARS)
        )
    return Stem(text, begins, ends, is_meant)
