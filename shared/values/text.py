"""Text in one form, so that texts that look the same are equal: for all text that is compared or counted."""

import re
import unicodedata


def normalized_text(text: str) -> str:
    """The text in Unicode's composed form (NFC), trimmed, with a single space for any white space inside.

    Invisible characters at the ends are trimmed, too. Upper and lower case stay different, and so do
    compatible characters (half-width letters).
    """
    if text.isascii() and text.isprintable() and " " not in text:
        return text  # nearly always
    if _PLAIN.fullmatch(text):
        return text
    composed = unicodedata.normalize("NFC", text)
    while (stripped := composed.strip().strip(_INVISIBLE)) != composed:
        composed = stripped
    return " ".join(composed.split())


_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*")
# Trimmed at the ends only: inside a word some of them have a meaning (joiners in emoji, marks of direction).
_INVISIBLE = (
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
