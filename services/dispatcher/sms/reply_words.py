"""What a customer's reply says: a wish, a call for help, or a number from 0 to 10. Pure.

A number counts where it begins the reply and is the only one in it, but for “of ten”, and where it ends, or
words follow that are set apart and do not say what it counts: “7”, “7/10”, “10!”, “9 - fine”. Any other reply
that begins with a number (“11”, “-3”, “7.5”, “9:30”, “1. april”, “2) parcel”, “3 days late”) is unclear: no
answer is guessed.
"""

import re
import unicodedata
from typing import Literal, NamedTuple

from services.dispatcher.sms.number_words import counts_something, is_automatic
from services.dispatcher.sms.stop_words import plain_words, wish_of

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
_SCALE_NAMED = re.compile(r"(?<!\d)0(?!\d).*?(?<!\d)10(?!\d)|(?<!\d)10(?!\d).*?(?<!\d)0(?!\d)", re.DOTALL)


class ReadReply(NamedTuple):
    """What a reply says."""

    kind: Literal["stop", "start", "help", "score", "unclear", "other"]
    """``unclear``: it begins with a number that is no score; ``other``: with none."""
    score: int | None = None


def read_reply(text: str) -> ReadReply:
    """What a reply says. A wish to stop beats all."""
    written = text[:MAX_REPLY_CHARS]
    text = unicodedata.normalize("NFKC", written).strip().strip(_QUOTES).strip()
    wish = wish_of(text)
    if wish is not None:
        return ReadReply(wish)
    if "".join(plain_words(text)) in _HELPS:
        return ReadReply("help")
    if is_automatic(text):
        return ReadReply("other")
    # Half a point or a raised zero would become another number.
    has_fraction = any(unicodedata.category(each) == "No" for each in written)
    score = None if has_fraction else _score_of(text)
    if score is not None:
        return ReadReply("score", score)
    if _BEGINS_WITH_NUMBER.match(text) is None or len(text) > MAX_NUMBERED_CHARS:
        return ReadReply("other")
    return ReadReply("unclear")


def _score_of(text: str) -> int | None:
    """The score that a reply begins with; None: no number that is certainly one."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    score, behind = int(found["score"]), found["behind"]
    if _END_FORM.fullmatch(behind):
        return score
    apart = _APART.match(behind) is not None or _is_picture(behind.lstrip()[:1])
    if not apart and not (found["of_ten"] and behind[:1].isspace()):
        return None
    has_number = any(each.isnumeric() for each in behind)
    return None if has_number or "?" in behind or counts_something(behind) else score


def _is_picture(character: str) -> bool:
    return character not in _UNITS and unicodedata.category(character or " ") in {"So", "Sk"}


def names_scale(sentence: str) -> bool:
    """Whether a text asks for a number from 0 to 10, so that one in the reply is an answer."""
    return _SCALE_NAMED.search(sentence) is not None
