"""Names of segments: ``dimension:value``, ``:`` and ``/`` percent-encoded; empty for the whole company."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

from shared.values.messages import Message, message
from shared.values.text import normalized_text

WHOLE_COMPANY = ""
ORGANISATION = "organisation"
TOUCHPOINT = "touchpoint"
MAX_DIMENSIONS = 8
MAX_LEVELS = 6
MAX_BYTES_PER_CHARACTER = 4
"""Of a character in a segment's name: four in UTF-8, three when it is percent-encoded."""
MAX_SEGMENT_BYTES = 1_000
"""Of a segment's name: it is part of a table's key, and an index takes no row of more than 2,700 bytes."""
MAX_DIMENSION_LENGTH = 100
"""Characters of a dimension."""
MAX_VALUE_LENGTH = 200
"""Characters of a dimension's value, or of a level of the organisation."""


class BadSegment(Exception):
    """A segment that is refused: its place from the root of the request, and the remedy."""

    def __init__(self, place: tuple[str | int, ...], remedy: Message) -> None:
        super().__init__(str(remedy))
        self.place = place
        self.remedy = remedy


class Segmented(Protocol):
    """A thing that belongs to segments."""

    @property
    def segments(self) -> Mapping[str, str]: ...
    @property
    def organisation(self) -> Sequence[str]: ...


@lru_cache(maxsize=20_000)
def encoded(part: str) -> str:
    """One part of a segment's name; the three characters with a meaning are percent-encoded."""
    return part.replace("%", "%25").replace(":", "%3A").replace("/", "%2F")


def decoded(part: str) -> str:
    """The inverse of :func:`encoded`."""
    return part.replace("%2F", "/").replace("%3A", ":").replace("%25", "%")


@lru_cache(maxsize=20_000)
def _part(text: str) -> str:
    return encoded(normalized_text(text))


def levels(organisation: Sequence[str]) -> list[str]:
    """The segments of an organisation's path, from the top: ``organisation:north``, ``…:north/sales``."""
    parts = [_part(part) for part in organisation]
    return [f"{ORGANISATION}:{'/'.join(parts[: depth + 1])}" for depth in range(len(parts))]


def dimension_of(segment: str) -> str:
    """The dimension of a segment: ``touchpoint`` of ``touchpoint:checkout``."""
    return segment.partition(":")[0]


def chain_of(segment: str) -> list[str]:
    """The segment itself, and the levels above it if it is a path; from the top."""
    dimension, _, value = segment.partition(":")
    if dimension != ORGANISATION:
        return [segment]
    parts = value.split("/")
    return [f"{ORGANISATION}:{'/'.join(parts[: depth + 1])}" for depth in range(len(parts))]


def segment_of(dimension: str, value: str) -> str:
    """The segment of one value of a dimension: ``touchpoint:checkout``."""
    return f"{_part(dimension)}:{_part(value)}"


def segments_of(thing: Segmented) -> list[str]:
    """Every segment of a thing, once each: the company, each dimension, each level of its organisation.

    Texts of older events, from before APIs normalized them, are normalized here.
    """
    dimensions = [segment_of(name, value) for name, value in sorted(thing.segments.items())]
    return list(dict.fromkeys([WHOLE_COMPANY, *dimensions, *levels(thing.organisation)]))


def named_segments(thing: Segmented) -> tuple[str, ...]:
    """The segments of a thing besides the whole company, once each."""
    return tuple(segments_of(thing)[1:])


def clean_segments(sent: Mapping[str, Any]) -> dict[str, str]:
    """A client's dimensions and values, normalized; a dimension without a value is left out.

    :raises BadSegment: naming the dimension and the remedy.
    """
    clean: dict[str, str] = {}
    for name, value in sent.items():
        dimension = _form(name)
        if not dimension:
            raise BadSegment(("segments", name), message("Has no name. Give the dimension one."))
        if len(dimension) > MAX_DIMENSION_LENGTH:
            raise BadSegment(
                ("segments", name),
                message("The dimension has more than %(most)s characters.", most=MAX_DIMENSION_LENGTH),
            )
        if value is None:
            continue
        text = _clean_part(("segments", name), value)
        if text and clean.setdefault(dimension, text) != text:
            raise BadSegment(
                ("segments", name), message("This dimension stands here already, with another value.")
            )
    if len(clean) > MAX_DIMENSIONS:
        raise BadSegment(
            ("segments",), message("More than %(most)s dimensions. Leave some out.", most=MAX_DIMENSIONS)
        )
    return clean


def merged_segments(segments: Mapping[str, str], older: Mapping[str, str]) -> Mapping[str, str]:
    """The newer values with those of the dimensions that only the older ones have.

    Where these are too many dimensions, those of the newer values stay, and of the others the first by name.
    """
    others = sorted(older.keys() - segments.keys())[: max(MAX_DIMENSIONS - len(segments), 0)]
    return {**segments, **{name: older[name] for name in others}}


def clean_organisation(sent: Sequence[Any]) -> tuple[str, ...]:
    """A client's levels of an organisation, normalized, from the top.

    :raises BadSegment: naming the level and the remedy.
    """
    if len(sent) > MAX_LEVELS:
        raise BadSegment(
            ("organisation",), message("More than %(most)s levels. Leave some out.", most=MAX_LEVELS)
        )
    if not sent:
        return ()
    clean = [_clean_part(("organisation", depth), level) for depth, level in enumerate(sent)]
    if "" in clean:
        raise BadSegment(
            ("organisation", clean.index("")), message("Is blank. Name the level, or leave it out.")
        )
    return tuple(clean)


def _form(text: str) -> str:
    return _known_form(text) if len(text) <= MAX_VALUE_LENGTH else normalized_text(text)


_known_form = lru_cache(maxsize=5_000)(normalized_text)
"""Cached: companies have few segments, and send them with each event."""


def _clean_part(place: tuple[str | int, ...], value: Any) -> str:
    if not isinstance(value, str):
        raise BadSegment(place, message("Must be text, in quotes."))
    text = _form(value)
    if len(text) > MAX_VALUE_LENGTH:
        raise BadSegment(
            place, message("Has more than %(most)s characters. Use a short code.", most=MAX_VALUE_LENGTH)
        )
    return text


def normalized_segment(segment: str) -> str:
    """The normalized name of a segment that a user typed, as it is stored."""
    dimension, colon, value = segment.partition(":")
    parts = [encoded(normalized_text(decoded(part))) for part in value.split("/")]
    return f"{encoded(normalized_text(decoded(dimension)))}{colon}{'/'.join(parts)}"


def too_long(thing: Segmented) -> str | None:
    """The dimension of a segment whose name is longer than :data:`MAX_SEGMENT_BYTES`, if there is one."""
    parts = (ORGANISATION, *thing.segments, *thing.segments.values(), *thing.organisation)
    if (len("".join(parts)) + len(parts)) * MAX_BYTES_PER_CHARACTER <= MAX_SEGMENT_BYTES:
        return None  # nearly always; the exact check takes half of the time that a whole event takes
    for segment in segments_of(thing):
        if len(segment.encode()) > MAX_SEGMENT_BYTES:
            return decoded(segment.partition(":")[0])
    return None


def may_see(allowed: Sequence[str], segments: Sequence[str]) -> bool:
    """Whether a user who is limited to ``allowed`` segments (empty: not limited) may see a thing of these.

    Each level of a path is a segment, so ``organisation:north`` covers ``organisation:north/sales``.
    """
    return not allowed or not set(allowed).isdisjoint(segments)
