"""How long a text message is: its encoding, and the parts in which it is carried and charged. Pure.

Texts of the GSM 7-bit default alphabet (3GPP TS 23.038, 6.2.1) take a septet a character, those of its
extension table two; any other character makes the whole text UCS-2. A text that is longer than one message is
carried in parts that are shorter, since each has a header by which the phone joins them.
"""

from typing import Literal, NamedTuple

Encoding = Literal["GSM-7", "UCS-2"]

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
"""Written with an escape before them, which must not be cut off."""
ROOM: dict[Encoding, tuple[int, int]] = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
"""Septets, or UTF-16 code units, of a text that is one message, and of each part of a longer one."""
_ESCAPED = 2
_LAST_OF_ONE_UNIT = "\uffff"


class TextLength(NamedTuple):
    """The length of one text message."""

    encoding: Encoding
    units: int
    """Septets of GSM-7, or UTF-16 code units of UCS-2."""
    parts: int
    """Each is charged as a message of its own."""
    left: int
    """Units that are free in its last part."""


def text_length(text: str) -> TextLength:
    """The length of a text. No character is cut: one that does not fit begins the next part."""
    encoding: Encoding = (
        "GSM-7" if all(each in GSM_BASIC or each in GSM_EXTENSION for each in text) else "UCS-2"
    )
    widths = [_width(each, encoding) for each in text]
    units, (single, joined) = sum(widths), ROOM[encoding]
    if units <= single:
        return TextLength(encoding, units, 1, single - units)
    parts, left = 1, joined
    for width in widths:
        if width > left:
            parts, left = parts + 1, joined
        left -= width
    return TextLength(encoding, units, parts, left)


def odd_characters(text: str) -> str:
    """The characters, each once, for which a text is UCS-2."""
    return "".join(
        dict.fromkeys(each for each in text if each not in GSM_BASIC and each not in GSM_EXTENSION)
    )


def _width(character: str, encoding: Encoding) -> int:
    if encoding == "GSM-7":
        return _ESCAPED if character in GSM_EXTENSION else 1
    return _ESCAPED if character > _LAST_OF_ONE_UNIT else 1


_SIMPLE = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2013\u2014", "-"),
        **dict.fromkeys("\u00a0\u202f\u2009", " "),
        "\u2026": "...",
    }
)


def simplified(text: str) -> str:
    """The text with typographic quotes, dashes and blanks in their plain form, which GSM-7 has.

    Other characters stay: a name is not written otherwise to save a part.
    """
    return text.translate(_SIMPLE)
