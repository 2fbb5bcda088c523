"""Surveys that arrive are kept. So are answers and invitations, by ``cases.handlers``."""

from collections.abc import Sequence

from services.alerts.replicas import repository
from shared.db.database import UnitOfWork
from shared.events import Event, Survey
from shared.events.dedupe import newest


async def keep_surveys(uow: UnitOfWork, events: Sequence[Event[Survey]]) -> None:
    """Keep what the surveys are called."""
    await repository.keep_surveys(uow, newest(events, lambda survey: (survey.id, survey.survey_version)))
