"""A company's short name, made of the name that its customers read."""

import re
import unicodedata
from collections.abc import Iterator
from hashlib import sha256

MAX_SHORT_NAME_LENGTH = 63
_HASH_DIGITS = 6
# Letters that Unicode does not decompose, as the people who use them write them in ASCII.
_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ð": "d", "þ": "th", "ł": "l", "đ": "d", "ħ": "h",
     "\u0131": "i",
     "ŋ": "n", "ŧ": "t", "ĸ": "k", "ŀ": "l"}
)  # fmt: skip

SHORT_NAME = re.compile(rf"[a-z0-9](?:[a-z0-9-]{{0,{MAX_SHORT_NAME_LENGTH - 2}}}[a-z0-9])?")


def short_name(name: str) -> str:
    """Small letters, digits and hyphens that anybody can type, always the same for the same name.

    Accents and joined letters are folded (``Øre & Næse``: ``ore-naese``). Where the script has no such
    letters, or little would be left, a few digits of a hash stand for the name.
    """
    composed = unicodedata.normalize("NFKC", name).casefold()
    plain = unicodedata.normalize("NFKD", composed.translate(_LETTERS))
    words = re.findall(r"[a-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c)))
    folded = "-".join(words)
    letters = sum(character.isalnum() for character in composed)
    if letters and 2 * sum(len(word) for word in words) >= letters and len(folded) > 1:
        return _cut(folded, MAX_SHORT_NAME_LENGTH)
    digits = sha256(composed.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]
    return f"{_cut(folded or 'company', MAX_SHORT_NAME_LENGTH - _HASH_DIGITS - 1)}-{digits}"


def short_name_candidates(name: str) -> Iterator[str]:
    """The short name, then with numbers behind it, for when another company has it: ``acme``, ``acme-2``."""
    first = short_name(name)
    yield first
    for number in range(2, 1_000):
        ending = f"-{number}"
        yield _cut(first, MAX_SHORT_NAME_LENGTH - len(ending)) + ending


def _cut(text: str, max_length: int) -> str:
    """Cut at the end of a word, if one ends in the second half."""
    if len(text) <= max_length:
        return text
    head, _, _ = text[: max_length + 1].rpartition("-")
    return (head if len(head) > max_length // 2 else text[:max_length]).strip("-")
