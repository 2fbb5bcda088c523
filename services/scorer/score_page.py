"""The page of a selection's scores, section by section."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import inf
from types import ModuleType
from typing import ClassVar

from services.scorer import labels
from services.scorer.amendments import labels as choice_labels
from services.scorer.amendments.domain import AnswerChoice
from services.scorer.asked.domain import AskedCounts
from services.scorer.benchmarks.views import BesideScores
from services.scorer.dashboard import labels as finding_labels
from services.scorer.dashboard.domain import WeekStandingOut
from services.scorer.dashboard.views import AskedSection, WorkSection
from services.scorer.decomposition import labels as driver_labels
from services.scorer.decomposition.domain import Split
from services.scorer.domain import (
    MIN_ANSWERS_COMPARED,
    MIN_ANSWERS_SHOWN,
    ScoreChange,
    answers_for_change,
    more_answers_for_margin,
)
from services.scorer.marks.views import MarksOnTrend
from services.scorer.repository.answers import AnswerRow
from services.scorer.repository.cases import CaseCounts, OpenCaseRow
from services.scorer.repository.segments import Dimension
from services.scorer.score_query import ScoreQuery
from services.scorer.themes.why import Why
from services.scorer.trends import Trend
from services.scorer.views import LatestAnswer, SegmentRow, WindowScore
from shared.events import SegmentFall
from shared.events.surveys import NpsMeasurement
from shared.pages.page import Page
from shared.pages.svg.trends import Point

MARGIN_GOALS = ((12, 3), (24, 5), (inf, 10))
"""Of an interval that is narrower than so many points, the smaller margin for which the notes say how many
answers it takes."""
CHANGE_GOAL_POINTS = 10
"""The notes say how many answers it takes to show a change of so many points."""


@dataclass(frozen=True, kw_only=True)
class LabelledPage(Page):
    """The base of the scorer's pages, with what each of their templates needs."""

    labels: ModuleType = labels
    min_answers_shown: int = MIN_ANSWERS_SHOWN
    min_answers_compared: int = MIN_ANSWERS_COMPARED


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where the selection stands, and whether it moved."""

    measurement: NpsMeasurement
    choice: AnswerChoice
    today: date
    now: WindowScore
    before: WindowScore
    change: ScoreChange | None
    """None where one of the windows holds too few answers."""
    shared_days: int
    """Days that lie in both windows: with any, their difference means nothing."""
    relational: WindowScore | None
    """The second measurement of a company that mainly asks after contacts."""
    trend: Trend
    """Without points where the counts of a window are not the sums of those of its days."""
    week: WeekStandingOut | None
    """The week that is lower than the others; None: none is, or the windows have no weeks."""
    latest: LatestAnswer | None
    """This and what follows are None where answers are not counted as usual: it is of all as they are now."""
    invited: AskedCounts | None

    @property
    def until_today(self) -> bool:
        return self.now.window.last == self.today and self.choice.moment is None

    @property
    def boxes(self) -> list[Point]:
        """The two windows in the trend, where they are compared."""
        if self.change is None or self.shared_days:
            return []
        return [Point(each.window.first, each.window.last, each.drawing) for each in (self.before, self.now)]

    @property
    def margin_goal(self) -> int:
        """A margin, in points, that is clearly smaller than the present one."""
        score = self.now.drawing
        width = score.high95 - score.low95 if score else 0
        return next(goal for below, goal in MARGIN_GOALS if width < below)

    @property
    def answers_to_margin_goal(self) -> int:
        """How many more answers that margin takes."""
        return more_answers_for_margin(self.now.groups, self.margin_goal)

    @property
    def answers_to_change_goal(self) -> int:
        """How many answers each window needs to show a change of ``CHANGE_GOAL_POINTS``."""
        return answers_for_change(CHANGE_GOAL_POINTS, float(self.now.groups.variance or 0))


@dataclass(frozen=True, kw_only=True)
class Mover:
    """A part that moved, with its trend."""

    row: SegmentRow
    points: list[Point]


@dataclass(frozen=True, kw_only=True)
class Breakdown:
    """How the values of one dimension stand within the selection: those that the reader may see."""

    by: str
    """The dimension; empty: there is none."""
    dimensions: list[Dimension]
    left_out: list[Dimension]
    """Dimensions that are full."""
    rows: list[SegmentRow]
    """The first of all rows."""
    all_rows: list[SegmentRow]
    split: Split | None
    """The change taken apart by the dimension; None for several segments, and where it is not compared or
    cannot be taken apart."""
    row_count: int
    compared_count: int
    moved_count: int
    movers: list[Mover]
    people_hidden: bool
    """Scores of single employees are left out."""


@dataclass(frozen=True, kw_only=True)
class QueryOptions:
    """What the first sentence of the page offers to choose."""

    paths: list[str]
    touchpoints: list[str]
    window_days: list[int]
    whole_company: bool
    """Whether the reader may see the whole company."""


@dataclass(frozen=True, kw_only=True)
class AnswerList:
    """The answers that the counts are made of, a page at a time."""

    answers: Sequence[AnswerRow]
    count: int
    """Of the whole list."""
    is_first_page: bool
    next_href: str | None
    themes: list[tuple[str, str]]
    """The themes that can be chosen, with their names."""


@dataclass(frozen=True, kw_only=True)
class ScorePage(LabelledPage):
    """The dashboard, and the page of a segment or of several at once."""

    template: ClassVar[str] = "scores.html"

    choice_labels: ModuleType = choice_labels
    finding_labels: ModuleType = finding_labels
    driver_labels: ModuleType = driver_labels
    query: ScoreQuery
    name: str
    """Of the selection."""
    now: datetime
    standing: Standing
    benchmarks: BesideScores
    """What stands beside the score; nothing where several segments are selected."""
    marks: MarksOnTrend
    breakdown: Breakdown
    options: QueryOptions
    why: Why | None
    """What the unhappy customers write about; None where none of them wrote."""
    comments: list[AnswerRow]
    asked: AskedSection | None
    """Who did not answer; None for several segments, more than 366 days, or where answers are not counted as
    usual."""
    work: WorkSection
    cases: list[OpenCaseRow]
    case_counts: CaseCounts
    fall: SegmentFall | None
    """The fall of the one segment, or of the company, that lasts: as it was judged last night."""
    listing: AnswerList | None
    """On pages below ``/segments``, where answers are counted as usual."""
    new_view_id: str
    """Of the view that the page is saved as."""
    audit: str
    """When the answers were last recounted, and what came of it; empty before the first time."""
