"""The parts of the document of the page of scores, and the causes with which cases were closed."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, Field

from services.scorer.api import no_score_reason
from services.scorer.asked.domain import AskedCounts
from services.scorer.dashboard.reading import CaseFigures
from services.scorer.domain import CONFIDENCE, MIN_ANSWERS_SHOWN, Groups, score_interval
from services.scorer.improvements.repository import CauseFrequency
from services.scorer.improvements.schemas import DifferenceOut, PeriodOut, difference_of
from services.scorer.responses.schemas import AskedShareOut
from services.scorer.schemas import MarginBody
from services.scorer.themes.domain import Theme
from services.scorer.themes.figure_schemas import ShareOut, ThemeFigureOut
from services.scorer.themes.impact import ThemeFigure
from services.scorer.views import LatestAnswer, SegmentRow, WindowScore
from shared.pages.svg.trends import Point

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
    def of(cls, invited: AskedCounts) -> Self:
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
            change=difference_of(row.change),
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
    in_time: int = Field(description="Of these, those that were closed before they were late.")
    in_time_share: AskedShareOut | None = Field(description="Null where fewer than ten were closed.")

    @classmethod
    def of(cls, cases: CaseFigures) -> Self:
        """As it is answered."""
        return cls(**cases.counts._asdict(), in_time_share=AskedShareOut.of(cases.share_in_time))


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
