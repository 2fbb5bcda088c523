"""Which answers a statement is about."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from services.scorer.pair_names import NamePattern, SegmentPair
from services.scorer.windows import Window
from shared.events import WHOLE_COMPANY
from shared.events.nps import HIGHEST_DETRACTOR, HIGHEST_PASSIVE, SCALE
from shared.events.segments import ORGANISATION, chain_of, dimension_of

PAIRED = 2
_EPOCH, _DAYS_OF_KEY = date(2000, 1, 3), 28
"""As in the function ``pair_keys`` of migration 0025."""

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
    pairs: tuple[SegmentPair, ...] = ()
    """Of the company, those that are ready to be read. Without them figures are the same, and take longer."""

    @property
    def kept(self) -> str | None:
        """The one segment under which the counts of these answers are kept; None: there is none."""
        if not self.segments:
            return WHOLE_COMPANY
        if len(self.segments) == 1:
            return self.segments[0]
        return self._pair_segment

    @property
    def is_pair(self) -> bool:
        """Whether these are two segments of a pair that can be read."""
        return self._pair_segment is not None

    @property
    def _pair_segment(self) -> str | None:
        if len(self.segments) != PAIRED:
            return None
        one, other = self.segments
        pair = self._pair(dimension_of(one), dimension_of(other))
        return pair and pair.segment(one, other)

    def _pair(self, one: str, other: str) -> SegmentPair | None:
        return next((pair for pair in self.pairs if pair.other(one) == other), None)

    def values(self) -> dict[str, object]:
        """``:tenant`` and ``:selection`` of a statement."""
        return {"tenant": self.tenant, "selection": list(self.segments)}

    def kept_values(self) -> dict[str, object]:
        """``:tenant``, ``:segment`` and ``:selection`` of a statement that reads counts that are kept, and
        those that are noted: of a pair under its name in both.
        """
        kept = self.kept
        if kept is None:
            raise ValueError("the counts of these segments are not kept")
        return {"tenant": self.tenant, "segment": kept, "selection": [kept] if kept else []}

    def narrowed(self, segment: str) -> "Selection":
        """Those of its answers that lie in a further segment."""
        return replace(self, segments=(*self.segments, segment))

    def kept_parts(self, dimension: str) -> "KeptParts | None":
        """Where the counts of one segment's parts by a dimension are kept; None: nowhere."""
        if len(self.segments) != 1:
            return None
        (segment,) = self.segments
        own = dimension_of(segment)
        if (pair := self._pair(own, dimension)) is not None:
            return KeptParts(dimension, pair.pattern(segment), pair)
        if dimension != own:
            return None
        # Whatever lies in a level of a path lies in the levels above it.
        below = NamePattern(f"{segment}/", f"{segment}0") if own == ORGANISATION else NamePattern("", "")
        return KeptParts(dimension, below, above=tuple(chain_of(segment)))

    def row_condition(self, table: str = "") -> str:
        """The condition of a statement that reads answers of ``:first`` to ``:last``, or ``:earliest`` to
        ``:latest``: those of a pair are found by an index of their own (migration 0025).
        """
        if self._pair_segment is None:
            return "true"
        own = f"{table}." if table else ""
        return (
            f"pair_keys({own}tenant, {own}measurement, {own}day, {own}segments) && CAST(:pair_keys AS text[])"
            f" AND {own}segments[cardinality({own}segments)] LIKE '%/%:%' AND {own}score IS NOT NULL"
        )

    def row_values(self, measurement: str, days: Window) -> dict[str, object]:
        """``:pair_keys`` of :meth:`row_condition`, where it has any."""
        if (name := self._pair_segment) is None:
            return {}
        first, last = (int((day - _EPOCH).days / _DAYS_OF_KEY) for day in (days.first, days.last))
        keys = [f"{self.tenant} {measurement} {block} {name}" for block in range(first, last + 1)]
        return {"pair_keys": keys}


@dataclass(frozen=True, slots=True)
class KeptParts:
    """Where the counts of the parts of one segment by one dimension are kept."""

    dimension: str
    pattern: NamePattern
    """Of the names under which they are kept."""
    pair: SegmentPair | None = None
    """None: under their own names."""
    above: tuple[str, ...] = ()
    """The parts that are the segment as a whole: itself, and the levels above it."""

    def values(self) -> dict[str, object]:
        """The parameters of :data:`OF_PATTERN`."""
        return self.pattern._asdict()

    def part(self, name: str) -> str:
        """The part whose counts are kept under a name."""
        return self.pair.part(name, self.dimension) if self.pair else name


OF_PATTERN = """
    segment >= :low AND segment < :high
    AND right(segment, length(CAST(:ending AS text))) = :ending
    AND (CAST(:rest AS integer) = 0 OR strpos(substr(segment, :rest), '/') = 0)
"""
"""Of a statement: the segments of a :class:`NamePattern`."""


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
