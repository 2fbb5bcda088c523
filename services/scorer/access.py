"""Which segments a reader may see, and how a segment is written in an address."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.events import WHOLE_COMPANY, People, Tenant, may_see, may_see_score
from shared.events.segments import ORGANISATION, chain_of, decoded, normalized_segment
from shared.http.staff_auth import Staff
from shared.values.messages import message

MAX_SEGMENT_LENGTH = 2_000
_SEGMENT = re.compile(r"[^:/]+:[^:]+")
_UNENCODED_PERCENT = re.compile(r"%(?!25|3A|2F)")


class BadSegmentAddress(Exception):
    """Not the name of a segment. The remedy describes one."""

    def __init__(self) -> None:
        self.remedy = message(
            "Write dimension:value, such as touchpoint:checkout or organisation:north/sales; "
            "a colon, slash or percent sign within a name as %3A, %2F, %25."
        )
        super().__init__(str(self.remedy))


def parse_segment(written: str | None) -> str:
    """The segment that an address names; None or an empty text is the whole company.

    :raises BadSegmentAddress: when no segment can have this name.
    """
    if not written:
        return WHOLE_COMPANY
    dimension, _, value = written.partition(":")
    if (
        len(written) > MAX_SEGMENT_LENGTH
        or "\0" in written
        or not _SEGMENT.fullmatch(written)
        or _UNENCODED_PERCENT.search(written)
        or ("/" in value and dimension != ORGANISATION)
    ):
        raise BadSegmentAddress
    return normalized_segment(written)


def segment_value(segment: str) -> str:
    """A segment's value as it was sent: ``organisation:north/sales`` gives "north / sales"."""
    return " / ".join(decoded(part) for part in segment.partition(":")[2].split("/"))


@dataclass(frozen=True, slots=True)
class SegmentAccess:
    """What one reader may see of a company's segments."""

    people: People
    role: str | None
    """None for a program, which has no person behind it."""
    limited_to: tuple[str, ...] = ()
    """The segments that the reader is limited to; empty: not limited."""

    @classmethod
    def of(cls, tenant: Tenant, staff: Staff | None) -> "SegmentAccess":
        """The access of a person who is signed in, or of a program."""
        if staff is None:
            return cls(tenant.people, None)
        return cls(tenant.people, staff.role, staff.segments)

    def allows(self, segment: str) -> bool:
        """Whether the reader may see this segment; the whole company only without a limit."""
        return may_see(self.limited_to, chain_of(segment)) and self.allows_as_part(segment)

    def allows_as_part(self, segment: str) -> bool:
        """Whether the reader may see it as a part of what they may see: no single employee, or one that the
        company shows them.
        """
        return may_see_score(self.people, segment, self.role, self.limited_to)

    def allows_selection(self, selection: Sequence[str]) -> bool:
        """Whether the reader may see the answers that lie in all of these segments (none: the company)."""
        parts = tuple(selection) or (WHOLE_COMPANY,)
        return any(map(self.allows, parts)) and all(map(self.allows_as_part, parts))

    def hidden_dimensions(self, dimensions: Iterable[str]) -> list[str]:
        """Those of the dimensions whose values are employees that are not shown."""
        return [name for name in dimensions if not self.allows_as_part(f"{name}:-")]

    @property
    def hidden_level(self) -> int:
        """The first level of the organisation's path that is not shown; 0: all are."""
        return 0 if self.people.shown and self.role == "leader" else self.people.level
