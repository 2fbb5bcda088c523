"""``improvement_copy``: actions of improvement; and whose cases raised what was done, told or not yet."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row

from services.dispatcher.models import improvement_copy
from services.dispatcher.replies.domain import OutgoingMail
from services.dispatcher.updates.domain import (
    PublishedAction,
    RaisedCase,
    published_at_of,
    raised_from,
    segment_of_cases,
)
from shared.db import UnitOfWork
from shared.db.bulk import keep_newest_events
from shared.db.locks import lock_name
from shared.events import Event, Improvement
from shared.privacy.persons import NOBODY
from shared.tenancy.closed import RUNS


async def keep(uow: UnitOfWork, events: Sequence[Event[Improvement]]) -> None:
    """Keep each action that is newer than ours."""
    await keep_newest_events(
        uow,
        improvement_copy,
        events,
        first_day=[event.data.baseline.period.first for event in events],
        texts=[msgspec.json.encode(event.data.texts).decode() for event in events],
        published_at=[published_at_of(event.data) for event in events],
    )


LIST_PUBLISHED = f"""
    SELECT m.tenant, m.id, m.cause, m.segment, m.first_day, m.published_at
    FROM improvement_copy m
    WHERE m.published_at > :since AND m.cause IS NOT NULL AND m.tenant {RUNS}
    ORDER BY m.tenant, m.published_at, m.id
"""


async def list_published(uow: UnitOfWork, since: datetime) -> Sequence[Row[Any]]:
    """The actions of all companies that customers are to be told of, the first published ones first.

    :param since: those that were published before are too old.
    """
    return (await uow.execute(LIST_PUBLISHED, {"since": since})).all()


def action_of(row: Row[Any]) -> PublishedAction:
    """The action of a row of :func:`list_published`."""
    return PublishedAction(**row._mapping)  # noqa: SLF001  (its documented name)


# Whatever the case is of: what was said last of a customer holds for all of their cases.
_HAS_BASIS = """
    h.may_contact IS TRUE AND NOT EXISTS (
        SELECT FROM case_heard o
        WHERE o.tenant = h.tenant AND o.person = h.person AND o.may_contact IS FALSE
            AND o.opened_at >= h.opened_at
    )
"""
_RAISED = f"""
    h.state = 'closed' AND h.stage <> ALL('{{duplicate,withdrawn}}') AND h.anonymous IS FALSE
    AND h.person <> '{NOBODY}'
"""
"""Whether a case ``h`` has a customer who raised with what it was closed."""
LIST_RAISED = f"""
    SELECT DISTINCT ON (h.person) h.id AS case_id, h.number, h.person, d.invitation_id AS answer_id
    FROM case_heard h
    JOIN decision d ON d.tenant = h.tenant AND d.event_id = h.event_id AND d.invitation_id IS NOT NULL
    WHERE h.tenant = :tenant AND h.person > :after AND {_RAISED} AND {_HAS_BASIS} AND h.cause = :cause
        AND h.closed_at >= :since AND h.closed_at <= :until
        AND (CAST(:dimension AS text) = '' OR h.segments ->> CAST(:dimension AS text) = :value)
        AND (coalesce(h.organisation, '{{}}'))[1:cardinality(CAST(:path AS text[]))] = CAST(:path AS text[])
        AND NOT EXISTS (
            SELECT FROM case_mail t
            WHERE t.tenant = h.tenant AND t.improvement_id = :id AND t.person = h.person
        )
    ORDER BY h.person, h.closed_at DESC, h.id
    LIMIT :limit
"""


async def list_raised(
    uow: UnitOfWork, action: PublishedAction, time_zone: str, after: str, limit: int
) -> list[RaisedCase]:
    """The next persons behind one who raised it, said that they may be contacted, and have no mail of it."""
    segment = segment_of_cases(action.segment)
    values = {
        "tenant": action.tenant,
        "id": action.id,
        "cause": action.cause,
        "since": raised_from(action, time_zone),
        "until": action.published_at,
        "dimension": segment.dimension,
        "value": segment.value,
        "path": list(segment.path),
        "after": after,
        "limit": limit,
    }
    rows = await uow.execute(LIST_RAISED, values)
    return [RaisedCase(row.case_id, row.number, row.person, row.answer_id) for row in rows]


FIND_INPUTS = f"""
    SELECT m.published_at, CAST(m.texts AS text) AS texts,
        coalesce({_HAS_BASIS}, false) AS has_basis,
        coalesce(h.cause = m.cause AND {_RAISED}, false) AS raised
    FROM improvement_copy m
    LEFT JOIN case_heard h ON h.tenant = m.tenant AND h.id = :case_id
    WHERE m.tenant = :tenant AND m.id = :id
"""


async def find_inputs(uow: UnitOfWork, mail: OutgoingMail) -> Row[Any] | None:
    """The action that an update tells of, as it is now, and whether its case still gives a reason to tell."""
    values = {"tenant": mail.tenant, "id": mail.improvement_id, "case_id": mail.case_id}
    return (await uow.execute(FIND_INPUTS, values)).one_or_none()


async def lock_person(uow: UnitOfWork, mail: OutgoingMail) -> None:
    """Let no other update to the person be judged until the commit."""
    await lock_name(uow, "updates", mail.tenant, mail.person)


FIND_LAST_UPDATE_AT = """
    SELECT max(CASE WHEN t.state = 'waiting' THEN CAST(:now AS timestamptz) ELSE t.changed_at END) AS told_at
    FROM case_mail t
    LEFT JOIN delivery d ON d.tenant = t.tenant AND d.about_id = t.id
    WHERE t.tenant = :tenant AND t.person = :person AND t.improvement_id IS NOT NULL AND t.id <> :id
        AND (t.state IN ('sent', 'unknown') OR t.state = 'waiting' AND d.state = 'sending')
"""


async def find_last_update_at(uow: UnitOfWork, mail: OutgoingMail) -> datetime | None:
    """When the person last got another update, or perhaps did; now, where one is being sent."""
    values = {"tenant": mail.tenant, "person": mail.person, "id": mail.id, "now": uow.now}
    told_at: datetime | None = (await uow.execute(FIND_LAST_UPDATE_AT, values)).scalar_one()
    return told_at
