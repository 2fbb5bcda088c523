"""Actions of improvement as the API takes and answers them."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from services.scorer.domain import CONFIDENCE, MIN_ANSWERS_SHOWN, Groups, ScoreChange, score_interval
from services.scorer.improvements.domain import (
    DEFAULT_COMPARED_DAYS,
    MAX_EXPECTED_POINTS,
    MAX_PUBLISHED_CHARS,
    MAX_REASON_CHARS,
    ComparedDays,
    ImprovementAct,
    TextLanguage,
    is_late,
)
from services.scorer.improvements.figures import ImprovementResult
from services.scorer.improvements.improvement_commands import ImprovementDraft
from services.scorer.improvements.judging import CauseCount, ImprovementVerdict
from services.scorer.improvements.reading import ImprovementReader, ReadImprovement
from services.scorer.improvements.update_repository import UpdateCounts
from services.scorer.schemas import MarginBody
from services.scorer.windows import Window
from shared.events import ImprovementPeriod, ImprovementStatus
from shared.events.surveys import NpsMeasurement
from shared.http.numbers import MAX_INTEGER
from shared.http.request_body import GivenName, StrictBody
from shared.values.causes import CAUSE_CODES
from shared.values.messages import message
from shared.values.text import normalized_text


def _cause(code: str) -> str:
    if code not in CAUSE_CODES:
        raise ValueError(
            message("Must be one of the causes with which cases are closed, such as delivery.late.")
        )
    return code


ImprovementVersion = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
PublishedText = Annotated[str, Field(max_length=MAX_PUBLISHED_CHARS)]


class ImprovementBody(StrictBody):
    """An action of improvement. Either a cause or a theme is given."""

    version: ImprovementVersion = Field(
        default=0, description="Of the action that is changed; 0 for a new one."
    )
    title: GivenName = Field(examples=["A second van on Fridays"])
    cause: Annotated[str, Field(max_length=100), AfterValidator(_cause)] | None = Field(
        default=None, examples=["delivery.late"], description="A cause with which cases are closed."
    )
    theme: GivenName | None = Field(default=None, description="The theme in words of your own.")
    segment: str = Field(default="", description="dimension:value; left out: the whole company.")
    measurement: NpsMeasurement = Field(default="transactional", description="Which answers it is judged by.")
    owner: GivenName = Field(description="The name of the colleague who sees to it.")
    due: Annotated[date, Field(strict=False)] = Field(description="The day by which it is to be done.")
    expected: Annotated[int, Field(ge=1, le=MAX_EXPECTED_POINTS)] | None = Field(
        default=None, description="By how many points the score is to rise."
    )

    def draft(self, segment: str) -> ImprovementDraft:
        """The action that it asks for.

        :param segment: its segment, checked.
        """
        return ImprovementDraft(
            title=self.title,
            cause=self.cause,
            theme=self.theme,
            segment=segment,
            measurement=self.measurement,
            owner=self.owner,
            due=self.due,
            expected=self.expected,
        )


class ImprovementMove(StrictBody):
    """What is done to an action."""

    act: ImprovementAct | Literal["publish"]
    version: ImprovementVersion = Field(description="Of the action as it was read.")
    reason: Annotated[str, Field(max_length=MAX_REASON_CHARS)] = Field(
        default="", description="Of `drop`: why."
    )
    days: ComparedDays = Field(
        default=DEFAULT_COMPARED_DAYS, description="Of `finish`: the length of the windows that are compared."
    )
    texts: dict[TextLanguage, PublishedText] = Field(
        default={}, description="Of `publish`: what customers are told, by language; empty: it is taken back."
    )

    def published(self) -> dict[str, str]:
        """The texts that are not blank."""
        texts = {language: normalized_text(text) for language, text in self.texts.items()}
        return {language: text for language, text in texts.items() if text}


class PeriodOut(BaseModel):
    """Days by the company's clock, both ends included."""

    from_: date = Field(serialization_alias="from")
    until: date

    @classmethod
    def of(cls, period: Window | ImprovementPeriod) -> Self:
        """As it is answered."""
        return cls(from_=period.first, until=period.last)


class BaselineOut(BaseModel):
    """How things stood when the action was opened."""

    period: PeriodOut
    cases: int | None = Field(description="Closed cases; null below five, and for a theme in free words.")
    with_cause: int | None
    n: int = Field(description="Answers of the segment.")
    nps: float | None = Field(description="Null below ten answers.")
    margin: MarginBody | None


class ComparedScoreOut(BaseModel):
    """The score of one of the two windows."""

    period: PeriodOut
    n: int
    nps: float | None = Field(description="Null below ten answers.")
    margin: MarginBody | None

    @classmethod
    def of(cls, window: Window, groups: Groups) -> Self:
        """As it is answered."""
        interval = score_interval(groups) if groups.n >= MIN_ANSWERS_SHOWN else None
        return cls(
            period=PeriodOut.of(window),
            n=groups.n,
            nps=groups.points if interval else None,
            margin=MarginBody(level=CONFIDENCE, low=interval[0], high=interval[1]) if interval else None,
        )


class DifferenceOut(BaseModel):
    """The difference of the two scores, by the two-sample z test."""

    points: float
    margin: MarginBody
    p: float


def difference_of(change: ScoreChange | None) -> DifferenceOut | None:
    """A difference as it is answered; None where there is none."""
    if change is None:
        return None
    margin = MarginBody(level=CONFIDENCE, low=change.low, high=change.high)
    return DifferenceOut(points=change.points, margin=margin, p=change.p)


class CauseShareOut(BaseModel):
    """How often the action's cause was the reason, of cases opened in the window and closed by now."""

    cases: int | None = Field(description="Null below five.")
    with_cause: int | None

    @classmethod
    def of(cls, count: CauseCount) -> Self:
        """As it is answered."""
        shown = count.is_shown
        return cls(cases=count.cases if shown else None, with_cause=count.with_cause if shown else None)


class SharesOut(BaseModel):
    """The share of the cause in both windows."""

    before: CauseShareOut
    after: CauseShareOut
    p: float | None = Field(description="Null with fewer than ten cases in one of them.")
    verdict: ImprovementVerdict


class ResultOut(BaseModel):
    """The comparison of the days before the work with those after it.

    `improved` and `worse` are said with p < 0.05 alone, when the second window is over. Other things may have
    changed, too: it is no experiment.
    """

    verdict: ImprovementVerdict
    before: ComparedScoreOut
    after: ComparedScoreOut
    difference: DifferenceOut | None = Field(description="Null with fewer than ten answers in one of them.")
    causes: SharesOut | None = Field(description="Null for a theme in free words.")

    @classmethod
    def of(cls, result: ImprovementResult) -> Self:
        """As it is answered."""
        scores, shares = result.scores, result.shares
        return cls(
            verdict=scores.verdict,
            before=ComparedScoreOut.of(result.before, scores.before),
            after=ComparedScoreOut.of(result.after, scores.after),
            difference=difference_of(scores.change),
            causes=None
            if shares is None
            else SharesOut(
                before=CauseShareOut.of(shares.before),
                after=CauseShareOut.of(shares.after),
                p=shares.p,
                verdict=shares.verdict,
            ),
        )


class ImprovementStepOut(BaseModel):
    """When the action came to a status."""

    status: ImprovementStatus
    at: datetime
    who: str | None = Field(description="Null where the name was removed or may not be seen.")
    reason: str


class UpdatesOut(BaseModel):
    """How many customers were told of an action, each by one mail, without names."""

    sent: int
    waiting: int = Field(
        description="They are told later: by the hour, or since another such mail is recent."
    )
    unsent: dict[str, int] = Field(
        description="How many were not told, by reason.", examples=[{"opted_out": 2}]
    )

    @classmethod
    def of(cls, told: UpdateCounts) -> Self:
        """As it is answered."""
        return cls(sent=told.sent, waiting=told.waiting, unsent=dict(told.unsent))


class ImprovementOut(BaseModel):
    """An action of improvement."""

    id: UUID
    version: int
    title: str
    cause: str | None
    theme: str | None
    segment: str | None = Field(description="Null: the whole company.")
    measurement: NpsMeasurement
    owner: str | None = Field(description="Null where the name was removed or may not be seen.")
    due: date
    late: bool
    expected: int | None
    status: ImprovementStatus
    opened_at: datetime
    began: date | None
    done: date | None
    baseline: BaselineOut
    steps: list[ImprovementStepOut]
    texts: dict[str, str] = Field(description="What customers are told, by language.")
    published_at: datetime | None = Field(description="Since when there are texts.")
    told: UpdatesOut | None = Field(description="Of one action; null in lists, and below five customers.")
    result: ResultOut | None = Field(description="Of one action that is done; null in lists.")

    @classmethod
    def of(cls, read: ReadImprovement, reader: ImprovementReader) -> Self:
        """As it is answered to this reader."""
        kept, one = read.kept, read.kept.improvement
        baseline = one.baseline
        low, high = baseline.low, baseline.high
        return cls(
            id=one.id,
            version=one.version,
            title=one.title,
            cause=one.cause,
            theme=one.theme,
            segment=one.segment or None,
            measurement=one.measurement,
            owner=kept.owner if reader.shows_names else None,
            due=one.due,
            late=is_late(one, reader.today),
            expected=one.expected,
            status=one.status,
            opened_at=one.opened_at,
            began=one.began,
            done=one.done,
            baseline=BaselineOut(
                period=PeriodOut.of(baseline.period),
                cases=baseline.cases,
                with_cause=baseline.with_cause,
                n=baseline.n,
                nps=baseline.nps,
                margin=None
                if low is None or high is None
                else MarginBody(level=CONFIDENCE, low=low, high=high),
            ),
            steps=[
                ImprovementStepOut(
                    status=step.status,
                    at=step.at,
                    who=(kept.name_of_step(number) or None) if reader.shows_names else None,
                    reason=step.reason,
                )
                for number, step in enumerate(one.steps)
            ],
            texts=one.texts,
            published_at=one.published_at,
            told=UpdatesOut.of(read.told) if read.told.is_shown else None,
            result=ResultOut.of(read.result) if read.result is not None else None,
        )


class ImprovementList(BaseModel):
    """Actions of improvement, those that are due first ones first."""

    actions: list[ImprovementOut]
    next: str | None = Field(description="Send it as `after` for the next ones; null at the end.")
