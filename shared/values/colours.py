"""Colours as ``#rrggbb``, and the contrast that a text has on one (WCAG 2.2, 1.4.3)."""

import re
from typing import NamedTuple

MIN_CONTRAST = 4.5
"""Of text of ordinary size, level AA."""
LIGHT_PAGE = "#f2f5f1"
"""The darkest ground that a company's colour stands on, or is under text of this colour, on light pages."""
DARK_PAGE = "#18242a"
"""The lightest one on dark pages."""
WHITE = "#ffffff"
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_STEPS = 100
_LINEAR_UP_TO = 0.04045
"""Below it sRGB is linear (IEC 61966-2-1)."""


class Accent(NamedTuple):
    """A company's colour on light and on dark pages."""

    light: str
    dark: str

    @classmethod
    def of(cls, colour: str) -> "Accent":
        """The colour itself, and as much lighter as dark pages need."""
        return cls(colour, _mixed_until(colour, WHITE, DARK_PAGE))


def colour_of(text: str) -> str | None:
    """The colour in its one form; None: it is none."""
    given = text.strip().lower()
    given = given if given.startswith("#") else f"#{given}"
    if re.fullmatch(r"#[0-9a-f]{3}", given):
        given = "#" + "".join(2 * digit for digit in given[1:])
    return given if _COLOUR.fullmatch(given) else None


def contrast(one: str, other: str) -> float:
    """From 1, the same, to 21, black and white."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def darkened(colour: str) -> str:
    """The nearest shade of the colour that can be read on light pages; the colour itself if it can."""
    return _mixed_until(colour, "#000000", LIGHT_PAGE)


def _mixed_until(colour: str, towards: str, ground: str) -> str:
    for step in range(_STEPS + 1):
        mixed = _mixed(colour, towards, step / _STEPS)
        if contrast(mixed, ground) >= MIN_CONTRAST:
            return mixed
    return towards


def _mixed(colour: str, towards: str, share: float) -> str:
    parts = zip(_parts(colour), _parts(towards), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    linear: float = part / 12.92 if part <= _LINEAR_UP_TO else ((part + 0.055) / 1.055) ** 2.4
    return linear
