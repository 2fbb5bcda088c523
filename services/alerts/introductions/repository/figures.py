"""How many customers were asked for an introduction, and what came of it."""

from datetime import datetime, timedelta
from typing import NamedTuple

from services.alerts.introductions.repository.introductions import IN_SCOPE, IntroductionScope
from shared.db.database import UnitOfWork


class IntroductionFigures(NamedTuple):
    """What became of the tasks that were opened since some day."""

    opened: int
    asked: int
    agreed: int
    introduced: int
    met: int
    declined: int
    not_asked: int
    blocked: int
    withdrawn: int
    meetings: int
    """Within 90 days after the asking; so are ``contracts`` and ``nothing``."""
    contracts: int
    nothing: int
    waiting: int
    """Who were asked less than 90 days ago, without a result yet."""


COUNT_INTRODUCTIONS = f"""
    SELECT
        count(*) AS opened,
        count(i.asked_at) AS asked,
        count(i.agreed_at) AS agreed,
        count(i.introduced_at) AS introduced,
        count(i.met_at) AS met,
        count(*) FILTER (WHERE i.state = 'declined') AS declined,
        count(*) FILTER (WHERE i.state = 'not_asked') AS not_asked,
        count(*) FILTER (WHERE i.state = 'blocked') AS blocked,
        count(*) FILTER (WHERE i.state = 'withdrawn') AS withdrawn,
        count(*) FILTER (WHERE r.in_time AND i.result = 'meeting') AS meetings,
        count(*) FILTER (WHERE r.in_time AND i.result = 'contract') AS contracts,
        count(*) FILTER (WHERE r.in_time AND i.result = 'none') AS nothing,
        count(*) FILTER (
            WHERE i.result IS NULL AND i.state IN ('asked', 'agreed', 'introduced')
                AND i.asked_at > CAST(:now AS timestamptz) - CAST(:within AS interval)
        ) AS waiting
    FROM introduction i
    CROSS JOIN LATERAL (
        SELECT coalesce(i.result_at <= i.asked_at + CAST(:within AS interval), false) AS in_time
    ) r
    WHERE {IN_SCOPE} AND i.opened_at >= :since
"""


async def count_introductions(
    uow: UnitOfWork, scope: IntroductionScope, since: datetime, within: timedelta
) -> IntroductionFigures:
    """The figures of the tasks that somebody may see.

    :param within: by when after the asking a result counts.
    """
    values = {**scope.values, "since": since, "within": within, "now": uow.now}
    return IntroductionFigures._make((await uow.execute(COUNT_INTRODUCTIONS, values)).one())
