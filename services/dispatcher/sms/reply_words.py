"""What a customer's reply says: a wish, a call for help, or a number from 0 to 10. Pure.

A number counts where it begins the reply and nothing but “of ten”, an end or a mark follows it: “7”, “7/10”,
“10!”, “9 - fine”. Any other reply that begins with a number (“11”, “-3”, “7.5”, “3 days late”) is unclear: no
answer is guessed.
"""

import re
import unicodedata
from typing import Literal, NamedTuple

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
_OF_TEN = r"(?:/|out of|of|av|af|von|van|sur|de|sobre|op)"
_SCORE = re.compile(
    rf"(?P<score>\d{{1,2}})(?!\d)(?:\s*{_OF_TEN}\s*10(?!\d))?\s*(?:$|[!.,;:)\-\u2013\u2014](?!\d)|[^\w\s.,/+%-])",
    re.IGNORECASE,
)
_QUOTES = "\"'\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"
_BEGINS_WITH_NUMBER = re.compile(r"[-+\u2212]?\d")
_SCALE_NAMED = re.compile(r"(?<!\d)0(?!\d).*?(?<!\d)10(?!\d)|(?<!\d)10(?!\d).*?(?<!\d)0(?!\d)", re.DOTALL)


class ReadReply(NamedTuple):
    """What a reply says."""

    kind: Literal["stop", "start", "help", "score", "unclear", "other"]
    """``unclear``: it begins with a number that is no score; ``other``: with none."""
    score: int | None = None


def read_reply(text: str) -> ReadReply:
    """What a reply says. A wish to stop beats all."""
    text = unicodedata.normalize("NFKC", text[:MAX_REPLY_CHARS]).strip().strip(_QUOTES).strip()
    wish = wish_of(text)
    if wish is not None:
        return ReadReply(wish)
    if "".join(plain_words(text)) in _HELPS:
        return ReadReply("help")
    found = _SCORE.match(text)
    if found is not None and int(found["score"]) in SCALE:
        return ReadReply("score", int(found["score"]))
    return ReadReply("unclear" if _BEGINS_WITH_NUMBER.match(text) else "other")


def names_scale(sentence: str) -> bool:
    """Whether a text asks for a number from 0 to 10, so that one in the reply is an answer."""
    return _SCALE_NAMED.search(sentence) is not None
