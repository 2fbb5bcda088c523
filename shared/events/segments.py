"""How a segment is written: ``dimension:value``, ``:`` and ``/`` percent-encoded; the company is empty."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

from shared.values.text import normalized_text

WHOLE_COMPANY = ""
ORGANISATION = "organisation"
MAX_DIMENSIONS = 8
MAX_LEVELS = 6
MAX_SEGMENTS_BYTES = 4
"""That a character of a segment's name can need: three for one that is percent-encoded."""
MAX_SEGMENT_BYTES = 1_000
"""Bytes of a segment's name: it is part of a table's key, and an index takes no row of more than 2,700."""
MAX_DIMENSION_BYTES = 100
"""Characters of a dimension."""
MAX_VALUE_BYTES = 200
"""Characters of a dimension's value, or of a level of the organisation."""


class BadSegment(Exception):
    """A segment that cannot be taken: its place from the root of what was sent, and the remedy."""

    def __init__(self, place: tuple[str | int, ...], remedy: str) -> None:
        super().__init__(remedy)
        self.place = place
        self.remedy = remedy


class Segmented(Protocol):
    """Anything that belongs to segments."""

    @property
    def segments(self) -> Mapping[str, str]: ...
    @property
    def organisation(self) -> Sequence[str]: ...


@lru_cache(maxsize=20_000)
def encoded(part: str) -> str:
    """One part of a segment's name; the three characters with a meaning are percent-encoded."""
    return part.replace("%", "%25").replace(":", "%3A").replace("/", "%2F")


def decoded(part: str) -> str:
    """The opposite of :func:`encoded`."""
    return part.replace("%2F", "/").replace("%3A", ":").replace("%25", "%")


@lru_cache(maxsize=20_000)
def _part(text: str) -> str:
    return encoded(normalized_text(text))


def levels(organisation: Sequence[str]) -> list[str]:
    """The path's segments, from the top: ``organisation:north``, ``organisation:north/sales`` and so on."""
    parts = [_part(part) for part in organisation]
    return [f"{ORGANISATION}:{'/'.join(parts[: depth + 1])}" for depth in range(len(parts))]


def dimension_of(segment: str) -> str:
    """``touchpoint:checkout`` is a touchpoint."""
    return segment.partition(":")[0]


def chain_of(segment: str) -> list[str]:
    """The segment and, of a path, the levels above it."""
    dimension, _, value = segment.partition(":")
    if dimension != ORGANISATION:
        return [segment]
    parts = value.split("/")
    return [f"{ORGANISATION}:{'/'.join(parts[: depth + 1])}" for depth in range(len(parts))]


def segments_of(thing: Segmented) -> list[str]:
    """Every segment it counts for, once each: the company, each dimension, each level of its organisation.

    What was written before the doors kept text in one form is in one form here.
    """
    dimensions = [f"{_part(name)}:{_part(value)}" for name, value in sorted(thing.segments.items())]
    return list(dict.fromkeys([WHOLE_COMPANY, *dimensions, *levels(thing.organisation)]))


def named_segments(thing: Segmented) -> tuple[str, ...]:
    """The segments of a thing beside the company, each once."""
    return tuple(dict.fromkeys(segments_of(thing)[1:]))


def clean_segments(sent: Mapping[str, Any]) -> dict[str, str]:
    """Dimensions and values as clients send them, in one form; one without a value is as good as absent.

    :raises BadSegment: naming the dimension and the remedy.
    """
    clean: dict[str, str] = {}
    for name, value in sent.items():
        dimension = _form(name)
        if not dimension:
            raise BadSegment(("segments", name), "Has no name. Give the dimension one.")
        if len(dimension) > MAX_DIMENSION_BYTES:
            raise BadSegment(
                ("segments", name), f"The dimension has more than {MAX_DIMENSION_BYTES} characters."
            )
        if value is None:
            continue
        text = _clean_part(("segments", name), value)
        if text and clean.setdefault(dimension, text) != text:
            raise BadSegment(("segments", name), "This dimension stands here already, with another value.")
    if len(clean) > MAX_DIMENSIONS:
        raise BadSegment(("segments",), f"More than {MAX_DIMENSIONS} dimensions. Leave some out.")
    return clean


def clean_organisation(sent: Sequence[Any]) -> tuple[str, ...]:
    """An organisation's levels as clients send them, in one form, from the top.

    :raises BadSegment: naming the level and the remedy.
    """
    if len(sent) > MAX_LEVELS:
        raise BadSegment(("organisation",), f"More than {MAX_LEVELS} levels. Leave some out.")
    clean = [_clean_part(("organisation", depth), level) for depth, level in enumerate(sent)]
    if "" in clean:
        raise BadSegment(("organisation", clean.index("")), "Is blank. Name the level, or leave it out.")
    return tuple(clean)


def _form(text: str) -> str:
    return _known_form(text) if len(text) <= MAX_VALUE_BYTES else normalized_text(text)


_known_form = lru_cache(maxsize=5_000)(normalized_text)
"""Companies have few segments, and name them with each event."""


def _clean_part(place: tuple[str | int, ...], value: Any) -> str:
    if not isinstance(value, str):
        raise BadSegment(place, "Must be text, in quotes.")
    text = _form(value)
    if len(text) > MAX_VALUE_BYTES:
        raise BadSegment(place, f"Has more than {MAX_VALUE_BYTES} characters. Use a short code.")
    return text


def typed(segment: str) -> str:
    """A segment's name as somebody typed it, in the one form under which it is kept."""
    dimension, colon, value = segment.partition(":")
    parts = [encoded(normalized_text(decoded(part))) for part in value.split("/")]
    return f"{encoded(normalized_text(decoded(dimension)))}{colon}{'/'.join(parts)}"


def too_long(thing: Segmented) -> str | None:
    """The dimension whose segment has a longer name than any table can keep, if there is one."""
    letters = sum(len(name) + len(value) + 1 for name, value in thing.segments.items())
    letters += len(ORGANISATION) + sum(len(level) + 1 for level in thing.organisation)
    if letters * MAX_SEGMENTS_BYTES <= MAX_SEGMENT_BYTES:
        return None  # nearly always; what follows takes half of the time that a whole event takes
    for segment in segments_of(thing):
        if len(segment.encode()) > MAX_SEGMENT_BYTES:
            return decoded(segment.partition(":")[0])
    return None


def may_see(allowed: Sequence[str], segments: Sequence[str]) -> bool:
    """Whether somebody who is limited to ``allowed`` segments (none: not limited) may see a thing of these.

    A path's levels are segments of their own, so ``organisation:north`` covers ``organisation:north/sales``.
    """
    return not allowed or not set(allowed).isdisjoint(segments)
