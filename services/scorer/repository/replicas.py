"""Replicas of what other services own: invitations, surveys and cases, each in its newest version."""

from collections.abc import Sequence

from services.scorer.models import case_copy, invitation, survey
from shared.db.bulk import keep_newest
from shared.db.database import UnitOfWork
from shared.events import Case, Event, Invitation, Survey
from shared.events.segments import named_segments


async def keep_invitations(uow: UnitOfWork, events: Sequence[Event[Invitation]]) -> None:
    """Keep those that are newer than what we have."""
    await keep_newest(
        uow,
        invitation,
        [event.data for event in events],
        tenant=[event.tenant for event in events],
        segments=[named_segments(event.data) for event in events],
    )


async def keep_surveys(uow: UnitOfWork, events: Sequence[Event[Survey]]) -> None:
    """Keep those that are newer than what we have."""
    await keep_newest(
        uow, survey, [event.data for event in events], tenant=[event.tenant for event in events]
    )


async def keep_cases(uow: UnitOfWork, events: Sequence[Event[Case]]) -> None:
    """Keep those that are newer than what we have."""
    await keep_newest(
        uow,
        case_copy,
        [event.data for event in events],
        tenant=[event.tenant for event in events],
        segments=[named_segments(event.data) for event in events],
        heard_at=uow.now,
    )
