"""Replicas of what other services own: surveys, invitations, cases. The highest version stays."""

from collections.abc import Sequence

import msgspec

from services.collector.domain import InvitationReplica
from services.collector.models import case_copy, invitation, survey
from shared.db.bulk import keep_newest_events
from shared.db.database import UnitOfWork
from shared.events import Case, Event, Invitation, Survey

_encode = msgspec.json.Encoder().encode


async def keep_surveys(uow: UnitOfWork, events: Sequence[Event[Survey]]) -> None:
    """Write each version of a survey that is newer than its replica."""
    await keep_newest_events(uow, survey, events, body=[_encode(event.data) for event in events])


async def keep_invitations(uow: UnitOfWork, events: Sequence[Event[Invitation]]) -> None:
    """Write each invitation that is newer than its replica."""
    bodies = [_encode(InvitationReplica.of(event.data)) for event in events]
    await keep_newest_events(uow, invitation, events, body=bodies)


async def keep_cases(uow: UnitOfWork, events: Sequence[Event[Case]]) -> None:
    """Write what a receipt shows of each case that is newer than its replica."""
    later = [_encode(event.data.later_answers).decode() for event in events]
    await keep_newest_events(uow, case_copy, events, later_answers=later)
