"""The words by which customers stop text messages and start them again, in nine languages. Pure."""

import unicodedata
from typing import Literal

Wish = Literal["stop", "start"]

STOP_WORDS: dict[str, tuple[str, ...]] = {
    "en": (
        "stop",
        "stopall",
        "stop all",
        "unsubscribe",
        "cancel",
        "end",
        "quit",
        "revoke",
        "optout",
        "opt out",
    ),
    "da": ("stop", "afmeld", "frameld", "stop sms"),
    "nl": ("stop", "afmelden", "uitschrijven", "afmeld"),
    "de": ("stop", "stopp", "abmelden", "abbestellen", "stornieren"),
    "fr": ("stop", "arret", "arrêt", "arreter", "désabonner", "désinscrire"),
    "es": ("stop", "baja", "alto", "parar", "cancelar"),
    "sv": ("stop", "stopp", "avsluta", "avregistrera", "avanmäl"),
    "nb": ("stop", "stopp", "avslutt", "avmeld", "meld av"),
    "fi": ("stop", "seis", "lopeta", "peru", "peruuta"),
}
START_WORDS: dict[str, tuple[str, ...]] = {
    "en": ("start", "unstop", "subscribe", "optin", "opt in"),
    "da": ("start", "tilmeld"),
    "nl": ("start", "aanmelden"),
    "de": ("start", "anmelden"),
    "fr": ("start", "reprendre", "s'abonner"),
    "es": ("start", "alta", "iniciar"),
    "sv": ("start", "starta", "anmäl"),
    "nb": ("start", "påmeld", "meld på"),
    "fi": ("start", "aloita", "tilaa"),
}
OPENING = frozenset({"stop", "stopp", "stopall", "unsubscribe"})
"""Words that also mean it at the beginning of a few more, as in “Stop these texts”."""
MAX_WORDS_BEHIND = 4


def wish_of(text: str) -> Wish | None:
    """What a reply wishes, whatever language its words are of; None: neither.

    Case, accents, quotes, blanks and punctuation do not matter.
    """
    words = plain_words(text)
    whole = "".join(words)
    if whole in _STOPS or (words and words[0] in OPENING and len(words) <= 1 + MAX_WORDS_BEHIND):
        return "stop"
    return "start" if whole in _STARTS else None


def plain_words(text: str) -> list[str]:
    """The words of a text without case, accents, quotes and punctuation."""
    return [plain for each in text.split() if (plain := _plain(each))]


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in decomposed if each.isalnum())


_STOPS = frozenset(_plain(word) for words in STOP_WORDS.values() for word in words)
_STARTS = frozenset(_plain(word) for words in START_WORDS.values() for word in words)
