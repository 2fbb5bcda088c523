"""The figures of the page of scores, as one document."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from services.scorer.dashboard.schemas import (
    FoundCauseOut,
    FoundWeekOut,
    LeastAnsweredOut,
    causes_out,
    least_out,
    week_out,
)
from services.scorer.drivers.schemas import LargestPartOut
from services.scorer.exports.part_schemas import (
    CasesOut,
    CommentersOut,
    InvitedOut,
    LatestOut,
    NeededOut,
    OverviewFallOut,
    PartOut,
    TrendPointOut,
    UnhappyThemeOut,
    WindowScoreOut,
)
from services.scorer.improvements.schemas import DifferenceOut, difference_of
from services.scorer.marks.schemas import MarkOut
from services.scorer.responses.schemas import ResponseCountsOut, ResponsePartOut, part_out
from services.scorer.score_page import CHANGE_GOAL_POINTS, ScorePage, Standing
from services.scorer.themes.why import Why
from shared.events import SegmentFall
from shared.events.surveys import NpsMeasurement

SECTIONS = (
    *("now", "before", "relational", "change", "needed", "fall", "latest", "asked", "trend", "parts"),
    *(
        "commenters",
        "themes",
        "marks",
        "cases",
        "week",
        "response",
        "response_parts",
        "least_answered",
        "causes",
        "driver",
    ),
)
"""Of the document, in its file."""


class OverviewOut(BaseModel):
    """Where a selection stands, whether it moved, where in it, why, and what is being done."""

    segments: list[str] = Field(description="The answers lie in all of them; empty: the whole company.")
    measurement: NpsMeasurement
    time_zone: str
    amended: Literal["latest", "first"] = Field(description="See `GET /v1/scores`.")
    per: Literal["answer", "customer"]
    as_of: datetime | None
    against: Literal["before", "year"]
    shared_days: int = Field(
        description="Days that lie in both windows: with any, their difference means nothing."
    )
    trend_by_day: bool
    by: str = Field(description="The dimension of `parts`; empty: there is none.")
    compared: int = Field(description="How many parts could be compared.")
    moved: int = Field(description="How many of them moved.")
    now: WindowScoreOut
    before: WindowScoreOut
    relational: WindowScoreOut | None = Field(
        description="The other measurement of a company that is asked for after contacts; never added up."
    )
    change: DifferenceOut | None = Field(
        description="Null with fewer than 30 answers in a window, or with shared days."
    )
    needed: NeededOut
    fall: OverviewFallOut | None
    latest: LatestOut | None = Field(description="Null, too, for who may not read answers.")
    asked: InvitedOut | None = Field(
        description="This and what follows, but for the parts, is of all answers as they are now: null or "
        "empty where others are chosen."
    )
    trend: list[TrendPointOut]
    parts: list[PartOut] = Field(description="Those that moved first, then by score.")
    commenters: CommentersOut
    themes: list[UnhappyThemeOut] = Field(description="What detractors name, the most frequent first.")
    marks: list[MarkOut] = Field(description="On the days of the trend, by the scores of this selection.")
    cases: CasesOut | None = Field(description="Null for who may not read cases.")
    week: FoundWeekOut | None = Field(description="Null: no week stands out.")
    response_by: str | None = Field(description="The dimension of `response_parts`.")
    response: ResponseCountsOut | None = Field(
        description="Null for several segments, for more than 366 days, and where others are chosen."
    )
    response_parts: list[ResponsePartOut] = Field(description="The lowest share that answered first.")
    least_answered: LeastAnsweredOut | None = Field(
        description="Null: no part is below the others by more than chance."
    )
    causes: list[FoundCauseOut] = Field(
        description="With which staff closed cases in the window, the most frequent first; none of fewer "
        "than five, nor where fewer than ten were closed with one. Cases of anonymous answers are left out."
    )
    driver: LargestPartOut | None = Field(
        description="The part of the dimension `by` that adds the most to the change, as `GET /v1/drivers` "
        "tells it by that dimension. Null where nothing is compared, for several segments, where others are "
        "chosen, and where the change cannot be taken apart."
    )

    @classmethod
    def of(cls, page: ScorePage, time_zone: str, *, reads_answers: bool, reads_cases: bool) -> Self:
        """The figures of a page, as far as the caller may read them.

        :param reads_answers: whether single answers.
        :param reads_cases: whether cases.
        """
        standing, breakdown = page.standing, page.breakdown
        asked = page.asked.read if page.asked is not None else None
        relational = standing.relational
        return cls(
            segments=list(page.query.selection),
            measurement=standing.measurement,
            time_zone=time_zone,
            amended=standing.choice.amended,
            per=standing.choice.per,
            as_of=standing.choice.moment.at if standing.choice.moment else None,
            against=page.query.against,
            shared_days=standing.shared_days,
            trend_by_day=standing.trend.by_day,
            by=breakdown.by,
            compared=breakdown.compared_count,
            moved=breakdown.moved_count,
            now=WindowScoreOut.of(standing.now),
            before=WindowScoreOut.of(standing.before),
            relational=WindowScoreOut.of(relational) if relational is not None and relational.n else None,
            change=None if standing.shared_days else difference_of(standing.change),
            needed=_needed(standing),
            fall=_fall(page.fall),
            latest=LatestOut.of(standing.latest) if standing.latest is not None and reads_answers else None,
            asked=InvitedOut.of(standing.invited) if standing.invited is not None else None,
            trend=[TrendPointOut.of(point) for point in standing.trend.points],
            parts=[PartOut.of(row) for row in breakdown.all_rows],
            commenters=_commenters(page.why),
            themes=_themes(page.why),
            marks=[MarkOut.of(read) for read in page.marks.read],
            cases=CasesOut.of(page.work.read) if reads_cases else None,
            week=week_out(standing.week),
            response_by=asked.by if asked is not None else None,
            response=ResponseCountsOut.of(asked.total) if asked is not None else None,
            response_parts=[part_out(name, each) for name, each in asked.parts.items()] if asked else [],
            least_answered=least_out(asked.least) if asked is not None else None,
            causes=causes_out(page.work.read),
            driver=LargestPartOut.of(breakdown.by, breakdown.split) if breakdown.split is not None else None,
        )


def _needed(standing: Standing) -> NeededOut:
    return NeededOut(
        margin=standing.margin_goal,
        answers=standing.answers_to_margin_goal,
        change=CHANGE_GOAL_POINTS,
        answers_each=standing.answers_to_change_goal,
    )


def _fall(fall: SegmentFall | None) -> OverviewFallOut | None:
    return None if fall is None else OverviewFallOut.model_validate(fall, from_attributes=True)


def _commenters(why: Why | None) -> CommentersOut:
    if why is None:
        return CommentersOut(n=0, without_theme=0, waiting=0)
    figures = why.figures
    return CommentersOut(
        n=figures.wrote.detractors, without_theme=figures.uncovered_unhappy, waiting=figures.waiting
    )


def _themes(why: Why | None) -> list[UnhappyThemeOut]:
    if why is None:
        return []
    by_id = {theme.id: theme for theme in why.themes.themes}
    return [UnhappyThemeOut.of(each, by_id[each.theme]) for each in why.figures.themes if each.groups.n]
