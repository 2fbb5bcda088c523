"""What a customer's reply says: a wish, a call for help, or a number from 0 to 10. Pure.

A number counts where it begins the reply and is the only one in it, but for “of ten”, and where it ends, or
words follow that are set apart and do not say what it counts: “7”, “7/10”, “10!”, “9 - fine”. Any other reply
that begins with a number (“11”, “-3”, “7.5”, “9:30”, “1. april”, “2) parcel”, “3 days late”), or has a single
number of the scale elsewhere (“Score: 9”), is unclear: no answer is guessed.
"""

import re
import unicodedata
from typing import Literal, NamedTuple

from services.dispatcher.sms.number_words import (
    counts_or_dates,
    counts_something,
    is_automatic,
    may_be_automatic,
    plain_terms,
)
from services.dispatcher.sms.stop_words import plain_words, wish_of
from shared.events.nps import SCALE

HELP_WORDS: dict[str, tuple[str, ...]] = {
    "en": ("help", "info"),
    "da": ("hjælp", "hjælp mig", "info"),
    "nl": ("help", "hulp", "info"),
    "de": ("hilfe", "info"),
    "fr": ("aide", "info"),
    "es": ("ayuda", "info"),
    "sv": ("hjälp", "info"),
    "nb": ("hjelp", "info"),
    "fi": ("apua", "ohje", "ohjeet", "tiedot"),
}
MAX_REPLY_CHARS = 1_600
"""Ten parts of a text; what is behind them is not read."""
_HELPS = frozenset("".join(plain_words(word)) for words in HELP_WORDS.values() for word in words)
MAX_NUMBERED_CHARS = 160
"""A longer reply that begins with a number and has others, too, is hardly an answer to a text: it is a
signature, opening hours or the reply of a machine, and gets no text back."""
_OF_TEN = r"(?:/|out of|of|av|af|von|van|sur|de|sobre|op|ud af|uit|ut av)"
_NUMBER = re.compile(
    rf"(?P<score>10|[0-9])(?!\d)[\ufe0f\u20e3]*(?P<of_ten>\s*{_OF_TEN}\s*10(?!\d))?(?P<behind>.*)",
    re.IGNORECASE | re.DOTALL,
)
_SMILEY = r"(?:[:;=]-?[)(DPpoO3*]|<3)"
_END_FORM = re.compile(rf"(?:\s*[.!\u2026]*)?\s*(?:{_SMILEY}\s*)*")
_APART = re.compile(rf"\s*[!,;(]|\s*\n|\s+[-\u2013\u2014](?!\w)|\s*[-\u2013\u2014]\s|\s*{_SMILEY}")
"""Between a score and the words behind it."""
_QUOTES = "\"'\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"
_UNITS = frozenset("\u00b0\u2103\u2109\u00a9\u00ae\u2116")
"""Degrees and other signs that are no pictures."""
_BEGINS_WITH_NUMBER = re.compile(r"[-+\u2212]?\d")
_ENDS = {
    end: rf"(?<!\d)(?<!\d[.,])(?<![$\u00a3\u20ac]){end}(?!\d|[.,]\d|\s*[%\u00b0$\u00a3\u20ac])"
    for end in ("0", "10")
}
_END_MEANING = r"\s*[=:(][^\d.!?;\n\u2026]{1,40}"
"""What one end means: “0 = never, 10 = always”."""
_TO_WORDS = r"(?:up |down )?to|through|(?:op |ned )?til|till|tot|bis|[a\u00e0]|al|hasta|jusqu['\u2019]\u00e0"
_TO = rf"\s*\b(?:{_TO_WORDS})\b\s*"
_DASH = r"\s*[-\u2013\u2014]\s*"
_BETWEEN = r"\b(?:between|mellem|mellan|mellom|zwischen|tussen|entre)\s+"
_AND = r"\s+(?:and|og|och|und|en|et|y)\s+"
_BETWEEN_ENDS = rf"(?P<between>\s[^\d.,!?;\n\u2026]{{1,25}}?|{_END_MEANING}?|)"
_MEANING_BEHIND = r"(?=\s*[=:(])"
_SCALES = tuple(
    re.compile(f"{pattern}(?P<behind>.*)", re.IGNORECASE | re.DOTALL)
    for pattern in (
        f"{_ENDS['0']}{_BETWEEN_ENDS}(?:{_TO}|{_DASH}){_ENDS['10']}",
        f"{_BETWEEN}{_ENDS['0']}{_BETWEEN_ENDS}{_AND}{_ENDS['10']}",
        rf"{_ENDS['0']}(?P<between>)\s+ja\s+{_ENDS['10']}(?=[\s:n]*v\u00e4li)",
        f"{_ENDS['0']}(?P<between>{_END_MEANING}){_ENDS['10']}{_MEANING_BEHIND}",
        f"{_ENDS['10']}{_BETWEEN_ENDS}{_TO}{_ENDS['0']}",
        f"{_ENDS['10']}(?P<between>{_END_MEANING}){_ENDS['0']}{_MEANING_BEHIND}",
    )
)
"""Both ends of a scale, and what joins them: two numbers that merely stand close together are none."""
_WORD_BEHIND = re.compile(r"\s*[^\W\d]")
_CLOSING_MARKS = {"(": ")", "[": "]", "{": "}", "*": "*", "_": "_", "~": "~"}
_TEN = "\U0001f51f"
_OF_SCALE = frozenset(map(str, SCALE))


class ReadReply(NamedTuple):
    """What a reply says."""

    kind: Literal["stop", "start", "help", "score", "unclear", "other"]
    """``unclear``: it begins with a number that is no score; ``other``: with none."""
    score: int | None = None


def read_reply(text: str) -> ReadReply:
    """What a reply says. A wish to stop beats all."""
    written = text[:MAX_REPLY_CHARS]
    text = _bare(written)
    wish = wish_of(text)
    if wish is not None:
        return ReadReply(wish)
    if "".join(plain_words(text)) in _HELPS:
        return ReadReply("help")
    # Half a point or a raised zero would become another number.
    has_fraction = any(unicodedata.category(each) == "No" for each in written)
    score = None if has_fraction else _score_of(text)
    if score is not None:
        return ReadReply("unclear") if is_automatic(text) else ReadReply("score", score)
    return ReadReply("unclear" if _may_be_answer(text) else "other")


def _bare(written: str) -> str:
    """A reply without marks that nobody sees, and what stands around the whole of it."""
    spelled = written.replace(_TEN, " 10 ")
    seen = "".join(each for each in spelled if unicodedata.category(each) != "Cf")
    text = unicodedata.normalize("NFKC", seen).strip().strip(_QUOTES).strip()
    while len(text) > 1 and _CLOSING_MARKS.get(text[0]) == text[-1]:
        text = text[1:-1].strip().strip(_QUOTES).strip()
    return text


def _may_be_answer(text: str) -> bool:
    """Whether a reply without a sure score is worth to be asked about."""
    if len(text) > MAX_NUMBERED_CHARS or is_automatic(text):
        return False
    numbers = re.findall(r"\d+", text)
    if len(numbers) == 1 and numbers[0] in _OF_SCALE:
        return True
    return _BEGINS_WITH_NUMBER.match(text) is not None and not may_be_automatic(text)


def _score_of(text: str) -> int | None:
    """The score that a reply begins with; None: no number that is certainly one."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    score, behind = int(found["score"]), found["behind"]
    if _END_FORM.fullmatch(behind):
        return score
    apart = _APART.match(behind) is not None or _is_picture(behind.lstrip()[:1])
    if not apart:
        return None
    has_number = any(each.isnumeric() for each in behind)
    return None if has_number or "?" in behind or counts_something(behind) else score


def _is_picture(character: str) -> bool:
    return character not in _UNITS and unicodedata.category(character or " ") in {"So", "Sk"}


def names_scale(sentence: str) -> bool:
    """Whether a text asks for a number from 0 to 10, so that one in the reply is an answer."""
    return any(
        not any(map(counts_or_dates, (*plain_terms(found["between"])[:1], *_next_term(found["behind"]))))
        for scale in _SCALES
        for found in scale.finditer(sentence)
    )


def _next_term(behind: str) -> list[str]:
    """The word behind a number with nothing but blanks between."""
    return plain_terms(behind)[:1] if _WORD_BEHIND.match(behind) else []
