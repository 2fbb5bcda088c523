"""Names of pairs of dimensions and of their segments, which the scorer alone makes. Pure.

The segments of a declared pair stand in rows and in counts beside all others, under a name that no client
can send: of ``store:store-1`` and ``touchpoint:delivery`` it is ``store/touchpoint:store-1/delivery``. Every
part is percent-encoded already, so a slash before the colon says that it is a pair. The organisation, whose
path has slashes, stands first; so the last slash divides the two values.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from shared.events.segments import ORGANISATION, dimension_of

_SLASH, _AFTER_SLASH = "/", "0"
"""The second is the character after the first: the end of the names that begin with a slash."""
NO_PAIR = "NOT LIKE '%/%:%'"
"""Of a segment, in SQL: it has no slash before its only colon."""
NO_PAIR_DIMENSION = "NOT LIKE '%/%'"
"""Of a dimension, in SQL."""


class NamePattern(NamedTuple):
    """Which segments of a pair lie in one segment, as a statement finds them."""

    low: str
    high: str
    """Their names lie between these two, the second excluded."""
    ending: str = ""
    """How they end."""
    rest: int = 0
    """From this character on, counted from 1, they have no slash; 0: this is not asked."""


class SegmentPair(NamedTuple):
    """Two dimensions of a company whose common segments are counted."""

    first: str
    second: str

    @property
    def dimension(self) -> str:
        """The name under which its segments are kept."""
        return f"{self.first}/{self.second}"

    def segment(self, one: str, other: str) -> str:
        """The name of what lies in two segments, one of each dimension, in any order."""
        if dimension_of(one) != self.first:
            one, other = other, one
        return f"{self.dimension}:{_value(one)}/{_value(other)}"

    def other(self, dimension: str) -> str | None:
        """The other one of the two dimensions; None: this is none of them."""
        return {self.first: self.second, self.second: self.first}.get(dimension)

    def pattern(self, segment: str) -> NamePattern:
        """The segments of the pair that lie in one segment of one of its dimensions."""
        if dimension_of(segment) == self.first:
            above = f"{self.dimension}:{_value(segment)}"
            # The levels below a path begin like it.
            rest = len(above) + 2 if self.first == ORGANISATION else 0
            return NamePattern(above + _SLASH, above + _AFTER_SLASH, rest=rest)
        return NamePattern(f"{self.dimension}:", f"{self.dimension};", ending=f"/{_value(segment)}")

    def part(self, name: str, dimension: str) -> str:
        """The segment of one of its dimensions in which a segment of the pair lies."""
        first, _, second = name.partition(":")[2].rpartition("/")
        return f"{dimension}:{first if dimension == self.first else second}"


def pair_of(one: str, other: str) -> SegmentPair:
    """The pair of two dimensions: the organisation first, else by name."""
    return SegmentPair(*sorted((one, other), key=lambda name: (name != ORGANISATION, name)))


def is_pair(name: str) -> bool:
    """Whether a dimension or a segment is that of a pair."""
    return "/" in dimension_of(name)


def without_pairs(segments: Iterable[str]) -> tuple[str, ...]:
    """The segments that are no pairs."""
    return tuple(segment for segment in segments if not is_pair(segment))


def segments_of_pair(segments: Sequence[str], pair: SegmentPair) -> tuple[str, ...]:
    """What one that lies in these segments lies in of a pair: of a path in one for each level."""
    seconds = [each for each in segments if dimension_of(each) == pair.second]
    if not seconds:
        return ()
    return tuple(
        pair.segment(first, second)
        for first in segments
        if dimension_of(first) == pair.first
        for second in seconds
    )


def with_pairs(segments: Sequence[str], pairs: Iterable[SegmentPair]) -> tuple[str, ...]:
    """The segments with those of pairs behind them: an index tells by the last one whether there are any."""
    return (*segments, *(each for pair in pairs for each in segments_of_pair(segments, pair)))


def _value(segment: str) -> str:
    return segment.partition(":")[2]
