"""Invitations and surveys that arrive are kept. So is each scored answer, by ``cases.handlers``."""

from collections.abc import Sequence

from services.alerts.replicas import repository
from shared.db.database import UnitOfWork
from shared.events import Event, Invitation, Survey
from shared.events.dedupe import newest


async def keep_invitations(uow: UnitOfWork, events: Sequence[Event[Invitation]]) -> None:
    """Keep who was asked, and about what."""
    await repository.keep_invitations(uow, newest(events, lambda invitation: invitation.id))


async def keep_surveys(uow: UnitOfWork, events: Sequence[Event[Survey]]) -> None:
    """Keep what the surveys are called."""
    await repository.keep_surveys(uow, newest(events, lambda survey: (survey.id, survey.survey_version)))
