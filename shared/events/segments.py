"""How a segment is written: ``dimension:value``, ``:`` and ``/`` percent-encoded; the company is empty."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Protocol

COMPANY = ""
ORGANISATION = "organisation"
MOST_DIMENSIONS = 8
MOST_LEVELS = 6
MOST_BYTES = 4
"""That a character of a segment's name can need: three for one that is percent-encoded."""
LONGEST = 1_000
"""Bytes of a segment's name: it is part of a table's key, and an index takes no row of more than 2,700."""


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


def levels(organisation: Sequence[str]) -> list[str]:
    """The path's segments, from the top: ``organisation:north``, ``organisation:north/sales`` and so on."""
    parts = [encoded(part) for part in organisation]
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
    """Every segment it counts for: the company, each dimension, each level of its organisation."""
    dimensions = [f"{encoded(name)}:{encoded(value)}" for name, value in sorted(thing.segments.items())]
    return [COMPANY, *dimensions, *levels(thing.organisation)]


def too_long(thing: Segmented) -> str | None:
    """The dimension whose segment has a longer name than any table can keep, if there is one."""
    letters = sum(len(name) + len(value) + 1 for name, value in thing.segments.items())
    letters += len(ORGANISATION) + sum(len(level) + 1 for level in thing.organisation)
    if letters * MOST_BYTES <= LONGEST:
        return None  # nearly always; what follows takes half of the time that a whole event takes
    for segment in segments_of(thing):
        if len(segment.encode()) > LONGEST:
            return decoded(segment.partition(":")[0])
    return None


def may_see(allowed: Sequence[str], segments: Sequence[str]) -> bool:
    """Whether somebody who is limited to ``allowed`` segments (none: not limited) may see a thing of these.

    A path's levels are segments of their own, so ``organisation:north`` covers ``organisation:north/sales``.
    """
    return not allowed or not set(allowed).isdisjoint(segments)
