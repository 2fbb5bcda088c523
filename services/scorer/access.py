"""Who may see which segment, and how a segment is written in an address."""

import re
from collections.abc import Sequence

from shared.events import COMPANY, may_see
from shared.events.segments import ORGANISATION, decoded, typed

LONGEST = 2_000
_FORM = re.compile(r"[^:/]+:[^:]+")
_ODD_PERCENT = re.compile(r"%(?!25|3A|2F)")


class BadSegment(ValueError):
    """Not the name of a segment. The message says what one looks like."""


def segment_of(written: str | None) -> str:
    """A segment as it stands in an address; None or nothing is the company.

    :raises BadSegment: when no segment could be called so.
    """
    if not written:
        return COMPANY
    dimension, _, value = written.partition(":")
    if (
        len(written) > LONGEST
        or "\0" in written
        or not _FORM.fullmatch(written)
        or _ODD_PERCENT.search(written)
        or ("/" in value and dimension != ORGANISATION)
    ):
        raise BadSegment(
            "Write dimension:value, such as touchpoint:checkout or organisation:north/sales; "
            "a colon, slash or percent sign within a name as %3A, %2F, %25."
        )
    return typed(written)


def chain_of(segment: str) -> list[str]:
    """The segment and, of a path, the levels above it."""
    dimension, _, value = segment.partition(":")
    if dimension != ORGANISATION:
        return [segment]
    parts = value.split("/")
    return [f"{ORGANISATION}:{'/'.join(parts[: depth + 1])}" for depth in range(len(parts))]


def allows(own: Sequence[str], segment: str) -> bool:
    """Whether somebody limited to ``own`` segments may see this one; the company is not theirs."""
    return may_see(own, chain_of(segment))


def name_of(segment: str) -> str:
    """A segment's value in words: ``organisation:north/sales`` is "north / sales"."""
    return " / ".join(decoded(part) for part in segment.partition(":")[2].split("/"))


def dimension_name(dimension: str) -> str:
    """A dimension in words."""
    return decoded(dimension).replace("_", " ")
