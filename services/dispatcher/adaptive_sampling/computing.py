"""Compute the shares of surveys with adaptive sampling, and store them: each survey by itself."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.adaptive_sampling import repository
from services.dispatcher.adaptive_sampling.shares import ComputedShare, compute_shares
from services.dispatcher.one_by_one import OneByOne
from services.dispatcher.surveys.domain import read_adaptive_sampling
from shared.db import UnitOfWork
from shared.db.database import Database
from shared.events.surveys import AdaptiveSampling

ADAPTIVE_LOOP = "adaptive sampling"
COMPUTED_EVERY = timedelta(hours=1)
"""While what the survey wants stays the same."""


async def refresh_shares(database: Database, one_by_one: OneByOne | None = None) -> None:
    """Compute the shares that are due: an hour old, or of a survey that wants others now.

    :param one_by_one: remembers which failed before.
    """
    async with database.reading() as uow:
        surveys, now = await repository.list_adaptive(uow), uow.now

    async def advance(survey: Row[Any]) -> bool:
        if _is_due(survey, now):
            await _refresh(database, survey)
        return False

    await (one_by_one or OneByOne(ADAPTIVE_LOOP, database)).advance(surveys, advance)
    async with database.transaction() as uow:
        await repository.delete_unused(uow)


async def shares_now(
    uow: UnitOfWork, tenant: str, survey_id: UUID, adaptive: AdaptiveSampling, asks_since: datetime
) -> list[ComputedShare]:
    """The shares as they come of what is known now."""
    histories = await repository.count_history(uow, tenant, survey_id, adaptive)
    begin = uow.now - timedelta(days=adaptive.window_days)
    return compute_shares(adaptive, histories, has_full_window=asks_since <= begin)


def _is_due(row: Row[Any], now: datetime) -> bool:
    wanted = read_adaptive_sampling(row.adaptive_sampling)
    if row.computed_at is None:
        return True
    is_for_it = (row.dimension, row.margin, row.window_days) == (
        wanted.dimension,
        wanted.margin,
        wanted.window_days,
    )
    return not is_for_it or row.computed_at <= now - COMPUTED_EVERY


async def _refresh(database: Database, survey: Row[Any]) -> None:
    """Count in a snapshot, which locks nothing, and write what came of it if the survey is as it was."""
    adaptive = read_adaptive_sampling(survey.adaptive_sampling)
    async with database.reading() as uow:
        shares = await shares_now(uow, survey.tenant, survey.id, adaptive, survey.asks_since)
    async with database.transaction() as uow:
        stored = await repository.lock_adaptive(uow, survey.tenant, survey.id)
        if stored is not None and read_adaptive_sampling(stored) == adaptive:
            await repository.replace_shares(uow, survey.tenant, survey.id, adaptive, shares)
