"""Which answers a statement is about."""

from dataclasses import dataclass
from typing import Literal

from shared.events.nps import HIGHEST_DETRACTOR, HIGHEST_PASSIVE, SCALE

AnswerGroup = Literal[
    "", "detractors", "passives", "promoters", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"
]
"""One of the three groups, or one score; empty: all of them."""
AnswerChannel = Literal["", "mail", "sms", "link", "import"]
"""How an answer came: by a mail or text of ours, by a link, or moved in; empty: by any."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The answers of one company that lie in all of these segments; without segments: all of its answers."""

    tenant: str
    segments: tuple[str, ...] = ()

    def values(self) -> dict[str, object]:
        """``:tenant`` and ``:selection`` of a statement."""
        return {"tenant": self.tenant, "selection": list(self.segments)}


_SCORES_OF_GROUP: dict[AnswerGroup, tuple[int, int]] = {
    "": (SCALE[0], SCALE[-1]),
    "detractors": (SCALE[0], HIGHEST_DETRACTOR),
    "passives": (HIGHEST_DETRACTOR + 1, HIGHEST_PASSIVE),
    "promoters": (HIGHEST_PASSIVE + 1, SCALE[-1]),
    "0": (0, 0),
    "1": (1, 1),
    "2": (2, 2),
    "3": (3, 3),
    "4": (4, 4),
    "5": (5, 5),
    "6": (6, 6),
    "7": (7, 7),
    "8": (8, 8),
    "9": (9, 9),
    "10": (10, 10),
}


@dataclass(frozen=True, slots=True)
class AnswerFilter:
    """Which answers a list holds: of one group or score, that came by a channel, whose comment contains a
    text, or names a theme.
    """

    group: AnswerGroup = ""
    words: str = ""
    theme: str = ""
    """The id of a theme."""
    channel: AnswerChannel = ""

    @property
    def is_limited(self) -> bool:
        return bool(self.group or self.words or self.theme or self.channel)

    def values(self) -> dict[str, object]:
        """``:low``, ``:high``, ``:words``, ``:theme`` and ``:channel`` of a statement."""
        low, high = _SCORES_OF_GROUP[self.group]
        return {
            "low": low,
            "high": high,
            "words": self.words,
            "theme": self.theme,
            "channel": self.channel,
        }
