"""Declared pairs of dimensions: how many, in which state, and how far the work on them is. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.scorer.pair_names import SegmentPair

MAX_PAIRS_PER_COMPANY = 10
"""An answer has up to eight dimensions and six levels of a path: with ten pairs it counts in two to four
times as many segments, and so counting and its rows take two to four times as much."""

PairState = Literal["filling", "ready", "removing"]
"""Only what is ready is read. What is removed still stands in rows and counts, and is taken out of them."""
Walk = Literal["answers", "invitations", "counts"]
"""What the loop goes through, in this order; counts only to remove them."""


@dataclass(frozen=True, kw_only=True)
class DeclaredPair:
    """A pair of dimensions of a company."""

    id: UUID
    pair: SegmentPair
    state: PairState
    walk: Walk
    last_id: UUID | None
    """The last row that the walk has passed; None: it begins."""
    walked: int
    """Answers and invitations that the loop has passed since the pair has this state."""
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class PairProgress:
    """A pair as it is shown."""

    declared: DeclaredPair
    rows: int
    """Answers and invitations of the company, as they are counted by now."""
    left_out: int
    """Answers that do not count in the pair, since it had no room for their values: then it is not read."""

    @property
    def percent(self) -> int:
        """How much of the work is done; 100 only when all of it is."""
        if self.declared.state == "ready":
            return 100
        return min(99, 100 * self.declared.walked // max(self.rows, 1))
