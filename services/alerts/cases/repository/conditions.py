"""Which cases a reader may see, and which are asked for: conditions on a case ``c`` and its answer ``ca``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from services.alerts.rules.clocks import Priority
from shared.events.segments import encoded

TOUCHPOINT = "touchpoint:"

# An older version of this service writes no segments of the answer.
BELONGS = "coalesce(ca.belongs, c.belongs)"
"""The segments of an answer."""
READABLE = f"(CAST(:segments AS text[]) = '{{}}' OR {BELONGS} && CAST(:segments AS text[]))"
"""Whether the reader may read an answer ``ca`` of a case ``c``."""
VISIBLE = "(CAST(:segments AS text[]) = '{}' OR c.belongs && CAST(:segments AS text[]))"
"""Whether the reader may read some answer of a case ``c``."""

_HAS_CAUSE = "(c.cause = :cause OR starts_with(c.cause, CAST(:cause AS text) || '.'))"


class CaseFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which cases are asked for; None: any."""

    segments: Sequence[str] = ()
    """What the reader may see; empty is everything."""
    state: Literal["open", "assigned", "closed", "unfinished"] | None = None
    """``unfinished`` is open or assigned."""
    owner: UUID | Literal["nobody"] | None = None
    segment: str | None = None
    touchpoint: str | None = None
    cause: str | None = None
    """A cause, or the theme of several."""
    outcome: str | None = None
    customer: str | None = None
    late: bool = False
    due_before: datetime | None = None
    """Only open ones."""
    priority: Priority | None = None
    teams: Sequence[UUID] | None = None
    """Only cases of one of these."""
    incident: UUID | None = None
    paused: bool = False
    """Only open ones that wait for their customer."""
    found: Sequence[UUID] | None = None
    """Only these, which a search has found."""

    def condition(self, tenant: str, now: datetime) -> tuple[str, dict[str, Any]]:
        """The condition on a case ``c``, and its values.

        What is not asked for is left out, so that the planner finds the index that fits.
        """
        by_closing = self.cause is not None or self.outcome is not None
        parts: list[tuple[bool, str, dict[str, Any]]] = [
            (True, "c.tenant = :tenant", {"tenant": tenant}),
            (True, VISIBLE, {"segments": list(self.segments)}),
            (self.state == "unfinished", "c.state <> 'closed'", {}),
            (self.state not in {None, "unfinished"}, "c.state = :state", {"state": self.state}),
            (self.owner == "nobody", "c.owner_id IS NULL", {}),
            (self.owner not in {None, "nobody"}, "c.owner_id = :owner", {"owner": self.owner}),
            (self.segment is not None, _has_segment("segment"), {"segment": self.segment}),
            (
                self.touchpoint is not None,
                _has_segment("touchpoint"),
                {"touchpoint": TOUCHPOINT + encoded(self.touchpoint or "")},
            ),
            (by_closing, WHOLLY_READABLE, {}),
            (self.cause is not None, _HAS_CAUSE, {"cause": self.cause}),
            (self.outcome is not None, "c.outcome = :outcome", {"outcome": self.outcome}),
            (self.customer is not None, "c.customer_id = :customer", {"customer": self.customer}),
            (self.late, "c.state <> 'closed' AND c.due_at < :now", {"now": now}),
            (
                self.due_before is not None,
                "c.state <> 'closed' AND c.due_at < :due_before",
                {"due_before": self.due_before},
            ),
            (self.priority is not None, "c.priority = :priority", {"priority": self.priority}),
            (
                self.teams is not None,
                "c.team_id = ANY(CAST(:teams AS uuid[]))",
                {"teams": list(self.teams or ())},
            ),
            (self.paused, "c.state <> 'closed' AND c.waiting_since IS NOT NULL", {}),
            (
                self.found is not None,
                "c.id = ANY(CAST(:found AS uuid[]))",
                {"found": list(self.found or ())},
            ),
            (self.incident is not None, _OF_INCIDENT, {"incident": self.incident}),
        ]
        values: dict[str, Any] = {}
        for is_asked, _, own in parts:
            values |= own if is_asked else {}
        return " AND ".join(sql for is_asked, sql, _ in parts if is_asked), values


def _has_segment(parameter: str) -> str:
    """Some answer that the reader may read belongs to the segment of this parameter."""
    return f"""EXISTS (
        SELECT FROM case_answer ca
        WHERE ca.tenant = c.tenant AND ca.case_id = c.id AND {READABLE}
            AND CAST(:{parameter} AS text) = ANY({BELONGS})
    )"""


_OF_INCIDENT = """EXISTS (
        SELECT FROM incident_case ic
        WHERE ic.tenant = c.tenant AND ic.case_id = c.id AND ic.incident_id = :incident
    )"""
WHOLLY_READABLE = f"""NOT EXISTS (
        SELECT FROM case_answer ca
        WHERE ca.tenant = c.tenant AND ca.case_id = c.id AND NOT {READABLE}
    )"""
"""A closing may be about each answer of the case: only a reader of all of them finds the case by it."""
