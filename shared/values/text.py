"""Text in one form, so that what looks the same is the same: all that is compared or counted passes here."""

import re
import unicodedata


def one_form(text: str) -> str:
    """The text in Unicode's composed form (NFC), without invisible marks and blanks at its ends, and with one
    plain blank wherever white space of any kind stands.

    Upper and lower case stay different, and so do forms that only look alike (half-width letters).
    """
    if _PLAIN.fullmatch(text):
        return text  # nearly always
    composed = unicodedata.normalize("NFC", text)
    while (stripped := composed.strip().strip(_INVISIBLE)) != composed:
        composed = stripped
    return " ".join(composed.split())


_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*")
# Only at the ends: within a word some of them belong to it (a joiner in an emoji, a mark of direction).
_INVISIBLE = (
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
