"""The page of a screen on a wall."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, NamedTuple

from services.scorer import labels as score_labels
from services.scorer.domain import MIN_ANSWERS_COMPARED
from services.scorer.saved_views import labels
from services.scorer.saved_views.wall_reading import WallFigures
from services.scorer.trends import Trend
from services.scorer.views import SegmentRow
from shared.pages.filters import dimension_name, segment_name, value_name
from shared.pages.page import Page
from shared.pages.svg.primitives import ChartScore
from shared.pages.svg.trends import Point


class LowestLine(NamedTuple):
    """A part with one of the lowest scores."""

    name: str
    score: str
    margin: str
    answers: str
    drawing: ChartScore


@dataclass(frozen=True, kw_only=True)
class WallPage(Page):
    """The figures of a saved view in big type. It names no customer and no colleague."""

    template: ClassVar[str] = "wall.html"

    name: str
    """Of the saved view."""
    place: str
    """The segments, or the company."""
    finding: str
    """The score in a sentence."""
    score: str
    """Empty: fewer than ten answers."""
    score_range: str
    """Where the score lies 19 times in 20; empty where ``score`` says that already, or there is none."""
    answers: str
    days: str
    measurement: str
    moved: str
    change: str
    """The difference with its interval; empty: nothing is compared."""
    trend: Trend
    boxes: list[Point]
    response: str
    """Empty: nobody was asked."""
    lowest: list[LowestLine]
    lowest_by: str
    counted_at: datetime


@dataclass(frozen=True, kw_only=True)
class WallWaitingPage(Page):
    """In place of the figures, while alerts cannot be asked who may see them. It loads itself anew."""

    template: ClassVar[str] = "wall_waiting.html"


def wall_page(figures: WallFigures) -> WallPage:
    """The page of these figures."""
    standing, score = figures.standing, figures.standing.now
    place = ", ".join(map(segment_name, figures.segments)) or figures.tenant.name
    change = None if standing.shared_days else standing.change
    return WallPage(
        name=figures.view.name,
        place=place,
        finding=score_labels.score_finding(place, score.drawing),
        score=labels.big_score(score),
        score_range=labels.range_words(score) if score.n >= MIN_ANSWERS_COMPARED else "",
        answers=labels.answers_of(score.n),
        days=labels.days_words(standing),
        measurement=labels.measurement_words(standing),
        moved=labels.change_words(standing),
        change=labels.change_range(change) if change is not None else "",
        trend=standing.trend,
        boxes=standing.boxes,
        response=labels.response_words(standing.invited) if standing.invited is not None else "",
        lowest=[line for row in figures.lowest if (line := _lowest(row)) is not None],
        lowest_by=value_name(dimension_name(figures.by)) if figures.by else "",
        counted_at=figures.now,
    )


def _lowest(row: SegmentRow) -> LowestLine | None:
    drawing = row.now
    if drawing is None:
        return None
    return LowestLine(
        name=row.name,
        score=labels.signed_score(drawing),
        margin=score_labels.margin(drawing),
        answers=labels.answers_of(row.part.now.n),
        drawing=drawing,
    )
