"""Loads where a selection stands, and whether it moved."""

from datetime import date, timedelta

from services.scorer.amendments.reading import read_choice, read_chosen_window
from services.scorer.amendments.repository import chosen_counts, chosen_days
from services.scorer.asked.repository import count_asked
from services.scorer.dashboard.reading import find_week
from services.scorer.domain import compare_groups, is_comparable
from services.scorer.repository.answers import find_latest_answer
from services.scorer.repository.counts import Counts, daily_counts
from services.scorer.repository.selection import Selection
from services.scorer.score_page import Standing
from services.scorer.score_query import ScoreQuery
from services.scorer.trends import trend_of, trend_range
from services.scorer.views import WindowScore, latest_answer, window_total
from services.scorer.windows import DEFAULT_WINDOW_DAYS, Window, today_in
from shared.db.database import UnitOfWork
from shared.events import Tenant
from shared.events.surveys import NpsMeasurement

LATEST_ANSWER_MAX_AGE = timedelta(days=7)

Days = dict[date, Counts]


async def load_standing(uow: UnitOfWork, tenant: Tenant, query: ScoreQuery, selection: Selection) -> Standing:
    """Where a selection stands, by the choices of the page.

    :raises Problem: 422 for a window or choice that is none.
    """
    today = today_in(tenant.time_zone, uow.now)
    choice = read_choice(query.choices, tenant.time_zone, uow.now)
    now = read_chosen_window(query.window, query.until or "", query.first, query.last, choice, today)
    before = now.before() if query.against == "before" else now.last_year()
    shown = trend_range(now, before)
    measurement, days = query.measurement, None
    if measurement is None:
        measurement, days = await _usual_measurement(uow, selection, shown)
    if not choice.has_periods:
        days = {}
    elif days is None or not choice.is_usual:
        days = await chosen_days(uow, selection, measurement, shown, choice)
    if choice.has_periods:
        counts, counts_before = window_total(days, now), window_total(days, before)
    else:
        counts = await chosen_counts(uow, selection, measurement, now, choice)
        counts_before = await chosen_counts(uow, selection, measurement, before, choice)
    score, past = WindowScore(now, counts), WindowScore(before, counts_before)
    relational = None
    if measurement == "transactional":
        relational = WindowScore(now, await chosen_counts(uow, selection, "relational", now, choice))
    latest = invited = None
    if choice.is_usual:
        invited = await count_asked(uow, selection, measurement, now)
        if now.last >= today:
            latest = await find_latest_answer(uow, selection, measurement, uow.now - LATEST_ANSWER_MAX_AGE)
    month = Window.ending(today, DEFAULT_WINDOW_DAYS)
    return Standing(
        measurement=measurement,
        choice=choice,
        today=today,
        now=score,
        before=past,
        change=(
            compare_groups(past.groups, score.groups) if is_comparable(past.groups, score.groups) else None
        ),
        shared_days=now.shared_days(before),
        relational=relational,
        trend=trend_of(days, shown, now, before),
        week=find_week(days, now, before),
        latest=latest_answer(latest, WindowScore(month, window_total(days, month))) if latest else None,
        invited=invited,
    )


async def _usual_measurement(
    uow: UnitOfWork, selection: Selection, shown: Window
) -> tuple[NpsMeasurement, Days]:
    """What a page shows first, with its counts: of a company that only asks at any time that score."""
    transactional = await daily_counts(uow, selection, "transactional", shown)
    if not transactional and (relational := await daily_counts(uow, selection, "relational", shown)):
        return "relational", relational
    return "transactional", transactional
