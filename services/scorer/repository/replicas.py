"""Replicas of what other services own: invitations, surveys and cases."""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain

from services.scorer.models import case_copy, invitation, survey
from services.scorer.pair_names import with_pairs
from services.scorer.repository.counting import segments_without_room
from services.scorer.repository.pairs import declared_pairs
from shared.db.bulk import keep_newest_events
from shared.db.database import UnitOfWork
from shared.events import Case, Event, Invitation, Survey, Tenant
from shared.events.segments import named_segments
from shared.tenancy.tenants import find_tenants
from shared.values.zones import zone_of


async def keep_invitations(
    uow: UnitOfWork, events: Sequence[Event[Invitation]], max_dimension_values: int
) -> None:
    """Keep those that are newer than what we have, in the segments in which answers count.

    :param max_dimension_values: a dimension with so many has no room for a value that has no answers.
    """
    pairs = await declared_pairs(uow, [event.tenant for event in events])
    named = [[(event.tenant, segment) for segment in named_segments(event.data)] for event in events]
    full = await segments_without_room(uow, set(chain.from_iterable(named)), max_dimension_values)
    segments = [
        with_pairs([segment for _, segment in own if (tenant, segment) not in full], pairs.get(tenant, ()))
        for own, tenant in zip(named, (event.tenant for event in events), strict=True)
    ]
    tenants = await find_tenants(uow, [event.tenant for event in events])
    times = [_sent_local(event.data, tenants.get(event.tenant)) for event in events]
    kept = await keep_newest_events(uow, invitation, events, segments=segments, sent_local=times)
    if kept.rowcount < len(events):
        await uow.execute(
            FILL_OUTCOMES,
            {
                "tenants": [event.tenant for event in events],
                "ids": [event.data.id for event in events],
                "versions": [event.data.version for event in events],
                "states": [event.data.state for event in events],
                "channels": [event.data.channel for event in events],
                "reports": [event.data.report for event in events],
                "ends": [event.data.expires_at for event in events],
            },
        )


def _sent_local(invited: Invitation, tenant: Tenant | None) -> datetime | None:
    if invited.sent_at is None or tenant is None:
        return None
    return invited.sent_at.astimezone(zone_of(tenant.time_zone)).replace(tzinfo=None)


# A version that kept no outcomes has kept the newest version of these invitations already.
FILL_OUTCOMES = """
    UPDATE invitation i
    SET state = n.state, channel = n.channel, report = n.report, expires_at = n.expires_at
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:versions AS bigint[]), CAST(:states AS text[]),
        CAST(:channels AS text[]), CAST(:reports AS text[]), CAST(:ends AS timestamptz[])
    ) AS n (tenant, id, version, state, channel, report, expires_at)
    WHERE i.tenant = n.tenant AND i.id = n.id AND i.version = n.version AND i.expires_at IS NULL
"""


async def keep_surveys(uow: UnitOfWork, events: Sequence[Event[Survey]]) -> None:
    """Keep those that are newer than what we have."""
    await keep_newest_events(uow, survey, events)


async def keep_cases(uow: UnitOfWork, events: Sequence[Event[Case]]) -> None:
    """Keep those that are newer than what we have."""
    segments = [named_segments(event.data) for event in events]
    await keep_newest_events(uow, case_copy, events, segments=segments, heard_at=uow.now)
    if closed := [event for event in events if event.data.cause is not None]:
        await uow.execute(
            FILL_CAUSES,
            {
                "tenants": [event.tenant for event in closed],
                "ids": [event.data.id for event in closed],
                "versions": [event.data.version for event in closed],
                "causes": [event.data.cause for event in closed],
                "anonymous": [event.data.anonymous for event in closed],
            },
        )


# A version that kept no causes has kept the newest version of these cases already.
FILL_CAUSES = """
    UPDATE case_copy c
    SET cause = n.cause, anonymous = n.anonymous
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:versions AS bigint[]), CAST(:causes AS text[]),
        CAST(:anonymous AS boolean[])
    ) AS n (tenant, id, version, cause, anonymous)
    WHERE c.tenant = n.tenant AND c.id = n.id AND c.version = n.version AND c.cause IS NULL
"""
