"""The page ``/compare``: its form, and what it shows."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from services.scorer.comparisons.comparison_query import ComparisonParameters, ComparisonQuery
from services.scorer.domain import Groups, ScoreChange
from services.scorer.score_page import LabelledPage
from services.scorer.trends import Trend
from shared.pages.svg.primitives import ChartScore
from shared.pages.svg.trends import Point


class ComparedSideRow(NamedTuple):
    """One of the two sides."""

    name: str
    """Its days, or its segment where two of them are compared."""
    answers: str
    groups: Groups
    score: ChartScore | None
    """None below ten answers."""
    margin: str
    missing: str
    """In place of a score; empty where nobody answered."""


class ComparedLine(NamedTuple):
    """One of several segments in the table."""

    segment: str
    name: str
    href: str
    now: ChartScore | None
    before: ChartScore | None
    groups: Groups
    n_before: int
    missing: str
    """In place of a score."""
    change: ScoreChange | None
    p: str
    marked: bool


@dataclass(frozen=True, kw_only=True)
class CompareOptions:
    """What the form offers to choose."""

    segments: list[tuple[str, str]]
    others: list[tuple[str, str]]
    dimensions: list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class CompareForm:
    """The form as it was sent, with the days that were meant."""

    segment: str
    other: str
    dimension: str
    measurement: str
    first: str
    last: str
    first_before: str
    """Empty: as many days right before."""
    last_before: str

    @classmethod
    def of(cls, given: ComparisonParameters, query: ComparisonQuery) -> "CompareForm":
        """As it is shown again."""
        return cls(
            segment=query.segments[0] if query.segments else "",
            other=query.other,
            dimension=query.dimension,
            measurement=query.measurement,
            first=query.asked.first.isoformat(),
            last=query.asked.last.isoformat(),
            first_before="" if query.other else given.first_before,
            last_before="" if query.other else given.last_before,
        )


@dataclass(frozen=True, kw_only=True)
class ComparePage(LabelledPage):
    """The page ``/compare``."""

    template: ClassVar[str] = "compare.html"

    form: CompareForm
    options: CompareOptions
    measurement_options: list[tuple[str, str]]
    finding: str
    compared: str
    """What is compared with what, in words."""
    rows: list[ComparedSideRow]
    """The two sides; none where several segments are compared, or nothing is."""
    change: ScoreChange | None
    p: str
    answers_needed: str
    """For a smaller difference; empty: it was found."""
    counts: list[tuple[str, str, str]]
    """The table behind it."""
    lines: list[ComparedLine]
    """Of several segments."""
    line_count: int
    tests: int
    trend: Trend | None
    boxes: list[Point]
    trend_unit: str
    trend_lines: list[tuple[str, str, str, str]]
    caution: str
    file_href: str
    """Empty: nothing is compared."""
    trend_href: str
    document_href: str
    """The figures as programs are answered them."""
    trend_document_href: str
