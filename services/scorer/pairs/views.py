"""What the page shows of pairs, in the reader's language."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple
from uuid import UUID

from services.scorer.pairs.domain import PairProgress
from services.scorer.pairs.labels import FULL, STATE_LABELS
from shared.pages.filters import dimension_name, thousands
from shared.pages.language import counted, spoken, translated
from shared.pages.page import Page


class PairLine(NamedTuple):
    """A pair in the table."""

    id: UUID
    first: str
    second: str
    state: str
    note: str
    """What the state leaves unsaid; empty: nothing."""
    can_be_removed: bool


@dataclass(frozen=True, kw_only=True)
class PairsPage(Page):
    """The declared pairs, and the form of a new one."""

    template: ClassVar[str] = "pairs.html"

    lines: list[PairLine]
    heading: str
    may_write: bool
    new_id: str
    first: str
    second: str
    faults: dict[str, str]
    dimension_options: list[tuple[str, str]]
    confirmation: str


def line_of(progress: PairProgress) -> PairLine:
    """A pair as a row of a table."""
    declared = progress.declared
    note = ""
    if progress.left_out:
        note = spoken(FULL)
    elif declared.state != "ready":
        facts = {"percent": progress.percent, "n": thousands(declared.walked)}
        note = translated("%(percent)s %% done; answers and invitations so far: %(n)s") % facts
    return PairLine(
        id=declared.id,
        first=dimension_name(declared.pair.first),
        second=dimension_name(declared.pair.second),
        state=spoken(STATE_LABELS[declared.state]),
        note=note,
        can_be_removed=declared.state != "removing",
    )


def heading_of(n: int) -> str:
    """How many there are."""
    if not n:
        return translated("No two dimensions are counted together yet.")
    return counted(
        "%(n)s pair of dimensions is counted together.", "%(n)s pairs of dimensions are counted together.", n
    ) % {"n": n}
