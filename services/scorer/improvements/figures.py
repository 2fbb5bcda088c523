"""The figures of an action: its baseline when it is opened, and the comparison when it is done."""

from dataclasses import dataclass
from datetime import date

from services.scorer.domain import MIN_ANSWERS_SHOWN, Groups, groups_of, score_interval
from services.scorer.improvements.domain import BASELINE_DAYS, period_of, window_of
from services.scorer.improvements.judging import ScoreComparison, ShareComparison, judge, judge_shares
from services.scorer.improvements.repository import count_closed, count_opened
from services.scorer.repository.counts import use_custom_plans, window_counts
from services.scorer.repository.selection import Selection
from services.scorer.windows import Window
from shared.db.database import UnitOfWork
from shared.events import Improvement, ImprovementBaseline
from shared.events.surveys import NpsMeasurement


@dataclass(frozen=True, kw_only=True)
class ImprovementResult:
    """The two windows of an action that is done, and what can be said of them by now."""

    before: Window
    after: Window
    scores: ScoreComparison
    shares: ShareComparison | None
    """Of the action's cause; None where its theme is in free words."""


def groups_of_baseline(baseline: ImprovementBaseline) -> Groups | None:
    """The answers that the baseline counted; None where there were too few for a score."""
    detractors, promoters = baseline.detractors, baseline.promoters
    if detractors is None or promoters is None:
        return None
    return Groups(detractors, baseline.n - detractors - promoters, promoters)


def selection_of(tenant: str, segment: str) -> Selection:
    """The answers and cases of a segment, or of the company."""
    return Selection(tenant, (segment,) if segment else ())


async def find_baseline(
    uow: UnitOfWork,
    tenant: str,
    zone: str,
    today: date,
    *,
    segment: str,
    measurement: NpsMeasurement,
    cause: str | None,
) -> ImprovementBaseline:
    """How the segment stands over the last days, and how often the cause was the reason."""
    window = Window.ending(today, BASELINE_DAYS)
    await use_custom_plans(uow)
    groups = groups_of(await window_counts(uow, tenant, measurement, segment, window))
    interval = score_interval(groups) if groups.n >= MIN_ANSWERS_SHOWN else None
    cases = None
    if cause is not None:
        counted = await count_closed(uow, selection_of(tenant, segment), cause, *window.bounds(zone))
        cases = counted if counted.is_shown else None
    return ImprovementBaseline(
        period=period_of(window),
        cases=cases.cases if cases else None,
        with_cause=cases.with_cause if cases else None,
        n=groups.n,
        nps=groups.points if interval else None,
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
        detractors=groups.detractors if interval else None,
        promoters=groups.promoters if interval else None,
    )


async def find_result(
    uow: UnitOfWork, tenant: str, zone: str, today: date, improvement: Improvement
) -> ImprovementResult | None:
    """The comparison as the answers stand; None unless the action is done."""
    if improvement.before is None or improvement.after is None:
        return None
    before, after = window_of(improvement.before), window_of(improvement.after)
    running = today <= after.last
    await use_custom_plans(uow)
    scores = judge(
        *[
            groups_of(await window_counts(uow, tenant, improvement.measurement, improvement.segment, window))
            for window in (before, after)
        ],
        running=running,
    )
    shares = None
    if improvement.cause is not None:
        selection = selection_of(tenant, improvement.segment)
        shares = judge_shares(
            *[
                await count_opened(uow, selection, improvement.cause, *window.bounds(zone))
                for window in (before, after)
            ],
            running=running,
        )
    return ImprovementResult(before=before, after=after, scores=scores, shares=shares)
