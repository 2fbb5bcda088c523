"""The figures of the page of scores, as one document."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from services.scorer.api import no_score_reason
from services.scorer.domain import CONFIDENCE, MIN_ANSWERS_SHOWN, Groups, ScoreChange, score_interval
from services.scorer.improvements.repository import CauseFrequency
from services.scorer.improvements.schemas import DifferenceOut, PeriodOut
from services.scorer.marks.schemas import MarkOut
from services.scorer.repository.answers import InvitedCounts
from services.scorer.repository.cases import CaseCounts
from services.scorer.schemas import MarginBody
from services.scorer.score_page import CHANGE_GOAL_POINTS, ScorePage, Standing
from services.scorer.themes.domain import Theme
from services.scorer.themes.figure_schemas import ShareOut, ThemeFigureOut
from services.scorer.themes.impact import ThemeFigure
from services.scorer.themes.why import Why
from services.scorer.views import LatestAnswer, SegmentRow, WindowScore
from shared.events import SegmentFall
from shared.events.surveys import NpsMeasurement
from shared.pages.svg.trends import Point

SECTIONS = (
    *("now", "before", "relational", "change", "needed", "fall", "latest", "asked", "trend", "parts"),
    *("commenters", "themes", "marks", "cases"),
)
"""Of the document, in its file."""
_OF_FEW = "Null below ten answers."


class GroupsOut(BaseModel):
    """Answers, and their score."""

    n: int
    detractors: int
    passives: int
    promoters: int
    nps: float | None = Field(description=f"From -100 to +100. {_OF_FEW}")
    margin: MarginBody | None = Field(description=_OF_FEW)
    reason: str | None = Field(description="Why there is no score; null where there is one.")


class PartGroupsOut(GroupsOut):
    """The same of a part."""

    @classmethod
    def of(cls, groups: Groups) -> Self:
        """As it is answered."""
        return cls.model_validate(_groups(groups))


class WindowScoreOut(GroupsOut):
    """The same of a window, with its eleven counts."""

    period: PeriodOut
    counts: list[int] = Field(
        description="Answers with each score from 0 to 10.",
        json_schema_extra={"minItems": 11, "maxItems": 11},
    )

    @classmethod
    def of(cls, score: WindowScore) -> Self:
        """As it is answered."""
        return cls(**_groups(score.groups), period=PeriodOut.of(score.window), counts=list(score.counts))


class NeededOut(BaseModel):
    """How many answers it takes to know more."""

    margin: int = Field(description="A margin, in points, that is clearly smaller than the present one.")
    answers: int = Field(description="How many more answers it takes.")
    change: int = Field(description="A change, in points.")
    answers_each: int = Field(description="How many answers each window needs to show it.")


class OverviewFallOut(BaseModel):
    """A fall that lasts: as it was judged when the last day was over."""

    first: date = Field(description="The first of the days whose score is the lower one.")
    found: date
    n: int
    nps: float
    n_before: int
    nps_before: float


class LatestOut(BaseModel):
    """The latest answer of a week, and the score of 30 days without and with it."""

    at: datetime
    score: int
    was: int | None = Field(description="Its score before it was changed.")
    nps_before: float | None = Field(description=_OF_FEW)
    nps_after: float | None = Field(description=_OF_FEW)

    @classmethod
    def of(cls, latest: LatestAnswer) -> Self:
        """As it is answered."""
        before, after = latest.before, latest.after
        return cls(
            at=latest.at, score=latest.score, was=latest.was, nps_before=_nps(before), nps_after=_nps(after)
        )


class InvitedOut(BaseModel):
    """Of the customers who were asked in the window, how many have answered: see `/v1/responses`."""

    asked: int
    answered: int

    @classmethod
    def of(cls, invited: InvitedCounts) -> Self:
        """As it is answered."""
        return cls(asked=invited.asked, answered=invited.answered)


class TrendPointOut(BaseModel):
    """The score of a day, or of one or four weeks."""

    period: PeriodOut
    n: int
    nps: float | None = Field(description=_OF_FEW)
    margin: MarginBody | None = Field(description=_OF_FEW)

    @classmethod
    def of(cls, point: Point) -> Self:
        """As it is answered."""
        score = point.score
        shown = score if score is not None and score.n >= MIN_ANSWERS_SHOWN else None
        return cls(
            period=PeriodOut(from_=point.first, until=point.last),
            n=score.n if score is not None else 0,
            nps=shown.nps if shown else None,
            margin=MarginBody(level=CONFIDENCE, low=shown.low95, high=shown.high95) if shown else None,
        )


class PartOut(BaseModel):
    """One value of the dimension, within the selection."""

    segment: str
    now: PartGroupsOut
    before: PartGroupsOut
    change: DifferenceOut | None = Field(description="Null with fewer than 30 answers in a window.")
    moved: bool = Field(
        description="Beyond chance among so many (Benjamini-Hochberg), and by five points at least."
    )

    @classmethod
    def of(cls, row: SegmentRow) -> Self:
        """As it is answered."""
        return cls(
            segment=row.segment,
            now=PartGroupsOut.of(row.part.now),
            before=PartGroupsOut.of(row.part.before),
            change=_difference(row.change),
            moved=row.moved,
        )


class CommentersOut(BaseModel):
    """The detractors who wrote a comment."""

    n: int
    without_theme: int = Field(description="Those whose comment names no theme.")
    waiting: int = Field(description="Those whose comment was not matched by the present themes yet.")


class UnhappyThemeOut(BaseModel):
    """A theme that detractors name: the figures of all answers are in `/v1/themes/figures`."""

    id: str
    name: str
    detractors: int
    share: ShareOut | None = Field(description="Of the detractors who wrote; null where fewer than ten did.")

    @classmethod
    def of(cls, figure: ThemeFigure, theme: Theme) -> Self:
        """As it is answered."""
        told = ThemeFigureOut.of(figure, theme)
        return cls(id=told.id, name=told.name, detractors=told.detractors, share=told.share)


class CasesOut(BaseModel):
    """The cases of the selection."""

    open: int
    late: int = Field(description="Of the open ones.")
    closed: int = Field(description="In the window.")

    @classmethod
    def of(cls, cases: CaseCounts) -> Self:
        """As it is answered."""
        return cls(open=cases.open, late=cases.late, closed=cases.closed)


class CauseCasesOut(BaseModel):
    """How many closed cases have a cause."""

    cause: str
    cases: int


class CausesOut(BaseModel):
    """With what cases were closed."""

    causes: list[CauseCasesOut] = Field(
        description="The most frequent ones of the last 90 days, of five cases or more; none where fewer "
        "than ten cases have a cause."
    )

    @classmethod
    def of(cls, causes: Sequence[CauseFrequency]) -> Self:
        """As they are answered."""
        return cls(causes=[CauseCasesOut(cause=each.cause, cases=each.n) for each in causes])


class OverviewOut(BaseModel):
    """Where a selection stands, whether it moved, where in it, why, and what is being done."""

    segments: list[str] = Field(description="The answers lie in all of them; empty: the whole company.")
    measurement: NpsMeasurement
    time_zone: str
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
    asked: InvitedOut
    trend: list[TrendPointOut]
    parts: list[PartOut] = Field(description="Those that moved first, then by score.")
    commenters: CommentersOut
    themes: list[UnhappyThemeOut] = Field(description="What detractors name, the most frequent first.")
    marks: list[MarkOut] = Field(description="On the days of the trend, by the scores of this selection.")
    cases: CasesOut | None = Field(description="Null for who may not read cases.")

    @classmethod
    def of(cls, page: ScorePage, time_zone: str, *, reads_answers: bool, reads_cases: bool) -> Self:
        """The figures of a page, as far as the caller may read them.

        :param reads_answers: whether single answers.
        :param reads_cases: whether cases.
        """
        standing, breakdown = page.standing, page.breakdown
        relational = standing.relational
        return cls(
            segments=list(page.query.selection),
            measurement=standing.measurement,
            time_zone=time_zone,
            against=page.query.against,
            shared_days=standing.shared_days,
            trend_by_day=standing.trend.by_day,
            by=breakdown.by,
            compared=breakdown.compared_count,
            moved=breakdown.moved_count,
            now=WindowScoreOut.of(standing.now),
            before=WindowScoreOut.of(standing.before),
            relational=WindowScoreOut.of(relational) if relational is not None and relational.n else None,
            change=None if standing.shared_days else _difference(standing.change),
            needed=_needed(standing),
            fall=_fall(page.fall),
            latest=LatestOut.of(standing.latest) if standing.latest is not None and reads_answers else None,
            asked=InvitedOut.of(standing.invited),
            trend=[TrendPointOut.of(point) for point in standing.trend.points],
            parts=[PartOut.of(row) for row in breakdown.all_rows],
            commenters=_commenters(page.why),
            themes=_themes(page.why),
            marks=[MarkOut.of(read) for read in page.marks.read],
            cases=CasesOut.of(page.case_counts) if reads_cases else None,
        )


def _nps(groups: Groups) -> float | None:
    return groups.points if groups.n >= MIN_ANSWERS_SHOWN else None


def _groups(groups: Groups) -> dict[str, object]:
    interval = score_interval(groups) if groups.n >= MIN_ANSWERS_SHOWN else None
    return {
        "n": groups.n,
        "detractors": groups.detractors,
        "passives": groups.passives,
        "promoters": groups.promoters,
        "nps": _nps(groups),
        "margin": MarginBody(level=CONFIDENCE, low=interval[0], high=interval[1]) if interval else None,
        "reason": no_score_reason(groups.n),
    }


def _difference(change: ScoreChange | None) -> DifferenceOut | None:
    if change is None:
        return None
    margin = MarginBody(level=CONFIDENCE, low=change.low, high=change.high)
    return DifferenceOut(points=change.points, margin=margin, p=change.p)


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
