"""Replicas of what other services own: surveys, invitations, cases. The highest version stays."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from services.collector.domain import InvitationReplica
from services.collector.models import case_copy, invitation, survey
from shared.db.bulk import keep_newest_events
from shared.db.database import UnitOfWork
from shared.events import Case, Event, Invitation, Survey
from shared.events.cases import OBJECTION_WITHIN
from shared.events.dedupe import newest
from shared.events.surveys import MAX_EDIT_HOURS

_encode = msgspec.json.Encoder().encode
ENDED_CASES_KEPT = max(OBJECTION_WITHIN, timedelta(hours=MAX_EDIT_HOURS))
"""A link that is amended so late shows what its case has come to, and promises nothing anew."""


async def keep_surveys(uow: UnitOfWork, events: Sequence[Event[Survey]]) -> None:
    """Write each version of a survey that is newer than its replica."""
    await keep_newest_events(uow, survey, events, body=[_encode(event.data) for event in events])


async def keep_invitations(uow: UnitOfWork, events: Sequence[Event[Invitation]]) -> None:
    """Write each invitation that is newer than its replica."""
    bodies = [_encode(InvitationReplica.of(event.data)) for event in events]
    await keep_newest_events(uow, invitation, events, body=bodies)


# One of this very version stays until retention removes it: a topic that is read again changes nothing.
REMOVE_ENDED_CASES = """
    DELETE FROM case_copy c
    USING unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:versions AS bigint[]))
        AS n (tenant, id, version)
    WHERE c.tenant = n.tenant AND c.id = n.id AND c.version < n.version
"""


async def keep_cases(uow: UnitOfWork, events: Sequence[Event[Case]]) -> None:
    """Write what a receipt shows of each case that is newer than its replica.

    Of one that ended so long ago that no link shows it any more none is kept: a topic that is read again
    brings back nothing that was removed.
    """
    oldest = uow.now - ENDED_CASES_KEPT
    latest = newest(events, lambda case: case.id)
    ended = [each for each in latest if each.data.closed_at is not None and each.data.closed_at < oldest]
    shown = [each for each in latest if each.data.closed_at is None or each.data.closed_at >= oldest]
    if shown:
        later = [_encode(event.data.later_answers).decode() for event in shown]
        await keep_newest_events(uow, case_copy, shown, later_answers=later)
    if ended:
        values = {
            "tenants": [event.tenant for event in ended],
            "ids": [event.data.id for event in ended],
            "versions": [event.data.version for event in ended],
        }
        await uow.execute(REMOVE_ENDED_CASES, values)
