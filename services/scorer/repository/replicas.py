"""Replicas of what other services own: invitations, surveys and cases."""

from collections.abc import Sequence

from services.scorer.models import case_copy, invitation, survey
from shared.db.bulk import keep_newest_events
from shared.db.database import UnitOfWork
from shared.events import Case, Event, Invitation, Survey
from shared.events.segments import named_segments


async def keep_invitations(uow: UnitOfWork, events: Sequence[Event[Invitation]]) -> None:
    """Keep those that are newer than what we have."""
    segments = [named_segments(event.data) for event in events]
    await keep_newest_events(uow, invitation, events, segments=segments)


async def keep_surveys(uow: UnitOfWork, events: Sequence[Event[Survey]]) -> None:
    """Keep those that are newer than what we have."""
    await keep_newest_events(uow, survey, events)


async def keep_cases(uow: UnitOfWork, events: Sequence[Event[Case]]) -> None:
    """Keep those that are newer than what we have."""
    segments = [named_segments(event.data) for event in events]
    await keep_newest_events(uow, case_copy, events, segments=segments, heard_at=uow.now)
