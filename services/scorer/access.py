"""Who may see which segment, and how a segment is written in an address."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.events import WHOLE_COMPANY, People, Tenant, may_see, may_see_score
from shared.events.segments import ORGANISATION, chain_of, decoded, normalized_segment
from shared.http.staff_auth import Staff

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
        return WHOLE_COMPANY
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
    return normalized_segment(written)


@dataclass(frozen=True, slots=True)
class Sight:
    """What one reader may see of a company's segments."""

    people: People
    role: str | None
    """None for a program, which is nobody."""
    own: tuple[str, ...] = ()
    """What somebody is limited to; none is no limit."""

    @classmethod
    def of(cls, tenant: Tenant, staff: Staff | None) -> "Sight":
        """The sight of somebody who is signed in, or of a program."""
        if staff is None:
            return cls(tenant.people, None)
        return cls(tenant.people, staff.role, staff.segments)

    def shows(self, segment: str) -> bool:
        """Whether it is theirs to see; the company is not, for who is limited."""
        return may_see(self.own, chain_of(segment)) and self.shows_within(segment)

    def shows_within(self, segment: str) -> bool:
        """Whether they may see it as a part of what is theirs: no single employee, or one that is shown."""
        return may_see_score(self.people, segment, self.role, self.own)

    def shows_all(self, selection: Sequence[str]) -> bool:
        """Whether they may see the answers that lie in all of these; none named is the company."""
        parts = tuple(selection) or (WHOLE_COMPANY,)
        return any(map(self.shows, parts)) and all(map(self.shows_within, parts))

    def hidden_dimensions(self, dimensions: Iterable[str]) -> list[str]:
        """Those of the dimensions whose values name people who are not shown."""
        return [name for name in dimensions if not self.shows_within(f"{name}:-")]

    @property
    def hidden_level(self) -> int:
        """From which level on the organisation's path is not shown; 0: on none."""
        return 0 if self.people.shown and self.role == "leader" else self.people.level


def name_of(segment: str) -> str:
    """A segment's value as it was sent: ``organisation:north/sales`` is "north / sales"."""
    return " / ".join(decoded(part) for part in segment.partition(":")[2].split("/"))
