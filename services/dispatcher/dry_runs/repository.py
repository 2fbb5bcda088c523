"""What a dry run reads, and where its result is kept for a few days."""

from collections.abc import Container, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from shared.db import UnitOfWork

KEPT_FOR = timedelta(days=7)

# The newest ones, in the order in which they were decided.
FIND_START = """
    SELECT decided_at, event_id FROM decision
    WHERE tenant = :tenant AND decided_at >= :since
    ORDER BY decided_at DESC, event_id DESC
    OFFSET :most LIMIT 1
"""


async def find_start(
    uow: UnitOfWork, tenant: str, since: datetime, most: int
) -> tuple[datetime, UUID] | None:
    """The newest of the events since then that is one too many; None: there are not so many."""
    row = (await uow.execute(FIND_START, {"tenant": tenant, "since": since, "most": most})).one_or_none()
    return (row.decided_at, row.event_id) if row is not None else None


LIST_DECISIONS = """
    SELECT event_id, decided_at, reason, survey_id, customer_id, person, contact_key, facts, grounds
    FROM decision
    WHERE tenant = :tenant AND decided_at >= :since AND decided_at <= :until
        AND (decided_at, event_id) > (:after_at, CAST(:after_id AS uuid))
    ORDER BY decided_at, event_id
    LIMIT :limit
"""


async def list_decisions(
    uow: UnitOfWork,
    tenant: str,
    since: datetime,
    until: datetime,
    after: tuple[datetime, UUID],
    limit: int,
) -> Sequence[Row[Any]]:
    """A page of the decisions of a time, in their order."""
    rows = await uow.execute(
        LIST_DECISIONS,
        {
            "tenant": tenant,
            "since": since,
            "until": until,
            "after_at": after[0],
            "after_id": after[1],
            "limit": limit,
        },
    )
    return rows.all()


# Of a text the number that it went to; of the others the last one under which the customer came, since an
# event's own number is not kept.
FIND_NUMBERS = """
    SELECT n.event_id, coalesce(
        convert_from(i.body, 'UTF8')::json ->> 'number_key',
        (
            SELECT k.phone FROM known_customer k
            WHERE k.tenant = :tenant AND k.person = d.person AND k.contact = d.contact_key AND k.phone <> ''
            ORDER BY k.known_at DESC, k.phone
            LIMIT 1
        )
    ) AS number
    FROM unnest(CAST(:event_ids AS uuid[])) AS n(event_id)
    JOIN decision d ON d.tenant = :tenant AND d.event_id = n.event_id
    LEFT JOIN invitation i ON i.tenant = d.tenant AND i.id = d.invitation_id
"""


async def find_numbers(uow: UnitOfWork, tenant: str, event_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The keyed hashes of the numbers of customers who have an address, too, by these events of theirs."""
    rows = await uow.execute(FIND_NUMBERS, {"tenant": tenant, "event_ids": list(event_ids)})
    return {row.event_id: row.number for row in rows if row.number is not None}


# Without the questions that these very events led to; a mail that was decided before them counts also where
# it is due after them. What a contact's own row alone knows counts in every scope, as in a decision.
FIND_ASKED_BEFORE = """
    WITH n AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:contacts AS text[]), CAST(:ours AS boolean[])) AS u(contact, ours)
    )
    SELECT a.contact, a.asked_at, a.elsewhere, a.measurement, a.touchpoint, a.survey_id,
        i.event_id AS about
    FROM n JOIN asked a ON a.tenant = :tenant AND a.contact = n.contact
    LEFT JOIN invitation i ON i.tenant = a.tenant AND i.id = a.id
    WHERE (n.ours OR a.elsewhere) AND NOT EXISTS (
        SELECT FROM decision d
        WHERE d.tenant = :tenant AND d.invitation_id = a.id AND d.decided_at >= :since
    )
    UNION ALL
    SELECT c.id, u.asked_at, u.elsewhere, NULL, NULL, NULL, NULL
    FROM n JOIN customer c ON c.tenant = :tenant AND c.id = n.contact
    CROSS JOIN LATERAL (
        VALUES (c.invited_at, false), (c.asked_elsewhere_at, true)
    ) AS u(asked_at, elsewhere)
    WHERE u.asked_at IS NOT NULL AND (n.ours OR u.elsewhere) AND NOT EXISTS (
        SELECT FROM asked a
        WHERE a.tenant = :tenant AND a.contact = c.id AND a.elsewhere = u.elsewhere
            AND a.asked_at >= u.asked_at
    )
"""


async def find_asked_before(
    uow: UnitOfWork, tenant: str, contacts: Sequence[str], without_ours: Container[str], since: datetime
) -> Sequence[Row[Any]]:
    """When these contacts were asked, but for what was asked about the events decided since then.

    :param without_ours: those of them of which what we asked does not count.
    """
    ours = [contact not in without_ours for contact in contacts]
    values = {"tenant": tenant, "contacts": list(contacts), "ours": ours, "since": since}
    rows = await uow.execute(FIND_ASKED_BEFORE, values)
    return rows.all()


LIST_GAVE_WAY = """
    SELECT i.version, i.state, i.reason, i.sent_at, i.body FROM invitation i
    WHERE i.tenant = :tenant AND i.state = 'dropped' AND i.reason IN ('relational_first', 'outranked')
        AND i.decided_at < :since AND i.changed_at >= :since AND NOT i.customer_removed
"""


async def list_gave_way(uow: UnitOfWork, tenant: str, since: datetime) -> Sequence[Row[Any]]:
    """The mails that waited at a time and gave way to others after it, of which ``asked`` has no trace."""
    return (await uow.execute(LIST_GAVE_WAY, {"tenant": tenant, "since": since})).all()


LIST_CASES = """
    SELECT id, number, person, contact_key, opened_at, closed_at, state FROM case_heard
    WHERE tenant = :tenant AND (state <> 'closed' OR closed_at > :since)
"""


async def list_cases(uow: UnitOfWork, tenant: str, since: datetime) -> Sequence[Row[Any]]:
    """The company's cases that were open at any time since then.

    One that was opened again counts as open since it was first opened.
    """
    return (await uow.execute(LIST_CASES, {"tenant": tenant, "since": since})).all()


HAS_COUNTER_EVENTS = "SELECT EXISTS (SELECT FROM counter_event WHERE tenant = :tenant)"


async def has_counter_events(uow: UnitOfWork, tenant: str) -> bool:
    """Whether counter-events of the company are remembered."""
    return bool((await uow.execute(HAS_COUNTER_EVENTS, {"tenant": tenant})).scalar_one())


INSERT_DRY_RUN = """
    INSERT INTO dry_run (tenant, id, made_at, result) VALUES (:tenant, :id, :now, :result)
"""
DELETE_OLD = "DELETE FROM dry_run WHERE tenant = :tenant AND made_at < :before"


async def insert(uow: UnitOfWork, tenant: str, id_: UUID, result: bytes) -> None:
    """Keep a result, and remove those that nobody needs any more."""
    await uow.execute(DELETE_OLD, {"tenant": tenant, "before": uow.now - KEPT_FOR})
    await uow.execute(INSERT_DRY_RUN, {"tenant": tenant, "id": id_, "now": uow.now, "result": result})


FIND_DRY_RUN = """
    SELECT result FROM dry_run WHERE tenant = :tenant AND id = :id AND made_at >= :since
"""


async def find(uow: UnitOfWork, tenant: str, id_: UUID) -> bytes | None:
    """A result; None: there is none of this id that is not too old to be kept."""
    rows = await uow.execute(FIND_DRY_RUN, {"tenant": tenant, "id": id_, "since": uow.now - KEPT_FOR})
    result: bytes | None = rows.scalar_one_or_none()
    return result
