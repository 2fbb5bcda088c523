"""The page ``/drivers``: its form, and what it shows."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from services.scorer.comparisons.compare_page import CompareForm
from services.scorer.score_page import LabelledPage
from shared.pages.svg.primitives import ChartScore


class SideLine(NamedTuple):
    """The whole in one of the windows."""

    days: str
    answers: str
    score: str
    drawing: ChartScore | None


class EffectLine(NamedTuple):
    """A sum of the parts, or the difference."""

    name: str
    note: str
    points: str
    range: str
    value: float
    low: float
    high: float


class DriverLine(NamedTuple):
    """A part in the table."""

    name: str
    segment: str
    """Empty: all others."""
    href: str
    """Empty: it leads nowhere."""
    both: EffectLine
    mix: str
    mix_range: str
    rate: str
    rate_range: str
    note: str
    answers: str
    answers_before: str
    share: str
    share_before: str
    score: str
    score_before: str


class DimensionLine(NamedTuple):
    """A dimension in the summary."""

    name: str
    dimension: str
    """As a document names it."""
    href: str
    """Empty: it is the one that is shown."""
    mix: str
    rate: str
    first: str
    """The part that adds the most, or why it is not told."""


@dataclass(frozen=True, kw_only=True)
class DriversPage(LabelledPage):
    """The page ``/drivers``."""

    template: ClassVar[str] = "drivers.html"

    form: CompareForm
    segment_options: list[tuple[str, str]]
    dimension_options: list[tuple[str, str]]
    measurement_options: list[tuple[str, str]]
    finding: str
    compared: str
    dimension: str
    """Its name; empty: there is none."""
    sides: list[SideLine]
    """None where there are too few answers, or nothing can be compared."""
    effects: list[EffectLine]
    """Mix and rate; none where the change is not taken apart."""
    difference: EffectLine | None
    lines: list[DriverLine]
    ruler_end: int
    others: str
    """What is among the others; empty: there are none."""
    no_split: str
    """Why the change is not taken apart; empty: it is, or there is none."""
    dimensions: list[DimensionLine]
    people_hidden: bool
    file_href: str
    """Empty: nothing is compared."""
    document_href: str
    compare_href: str
