"""What became of events after the mail: answers and cases as we heard of them, and the pages that tell it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from shared.db import UnitOfWork

_STORY = (
    "d.event_id, d.decided_at, d.source, d.source_id, d.customer_id, d.reason, d.survey_id, d.segments, "
    "d.facts, "
    "d.difference_at, i.state, i.reason AS sending_reason, i.test, i.next_at, i.sent_at, "
    "a.state AS answer_state, a.score, c.id AS case_id, c.number AS case_number, c.state AS case_state "
    "FROM decision d LEFT JOIN invitation i ON i.tenant = d.tenant AND i.id = d.invitation_id "
    "LEFT JOIN answer_heard a ON a.tenant = d.tenant AND a.id = d.invitation_id "
    "LEFT JOIN LATERAL (SELECT * FROM case_heard ch WHERE ch.tenant = d.tenant AND ch.event_id = d.event_id "
    "ORDER BY ch.opened_at DESC LIMIT 1) c ON true"
)


async def keep_answers(uow: UnitOfWork, columns: dict[str, list[Any]]) -> None:
    """Keep the newest of each answer, and when it first reached each state."""
    await uow.execute(
        "INSERT INTO answer_heard AS t (tenant, id, version, event_id, state, score, test, clicked_at, "
        "saved_at, "
        "sent_at, heard_at) SELECT tenant, id, version, event_id, state, score, test, clicked_at, saved_at, "
        "sent_at, :now FROM unnest(CAST(:tenant AS text[]), CAST(:id AS uuid[]), CAST(:version AS bigint[]), "
        "CAST(:event_id AS uuid[]), CAST(:state AS text[]), CAST(:score AS integer[]), CAST(:test AS "
        "boolean[]), "
        "CAST(:clicked_at AS timestamptz[]), CAST(:saved_at AS timestamptz[]), CAST(:sent_at AS "
        "timestamptz[])) "
        "AS n(tenant, id, version, event_id, state, score, test, clicked_at, saved_at, sent_at) "
        "ORDER BY tenant, id ON CONFLICT (tenant, id) DO UPDATE SET version = EXCLUDED.version, "
        "state = EXCLUDED.state, score = EXCLUDED.score, test = EXCLUDED.test, heard_at = EXCLUDED.heard_at, "
        "clicked_at = coalesce(t.clicked_at, EXCLUDED.clicked_at), "
        "saved_at = coalesce(t.saved_at, EXCLUDED.saved_at), sent_at = coalesce(t.sent_at, EXCLUDED.sent_at) "
        "WHERE t.version < EXCLUDED.version",
        {**columns, "now": uow.now},
    )


async def keep_cases(uow: UnitOfWork, columns: dict[str, list[Any]]) -> None:
    """Keep the newest of each case."""
    await uow.execute(
        "INSERT INTO case_heard AS t (tenant, id, version, event_id, number, state, owner, cause, outcome, "
        "opened_at, closed_at, heard_at) SELECT tenant, id, version, event_id, number, state, owner, cause, "
        "outcome, opened_at, closed_at, :now FROM unnest(CAST(:tenant AS text[]), CAST(:id AS uuid[]), "
        "CAST(:version AS bigint[]), CAST(:event_id AS uuid[]), CAST(:number AS integer[]), "
        "CAST(:state AS text[]), CAST(:owner AS text[]), CAST(:cause AS text[]), CAST(:outcome AS text[]), "
        "CAST(:opened_at AS timestamptz[]), CAST(:closed_at AS timestamptz[])) AS n(tenant, id, version, "
        "event_id, number, state, owner, cause, outcome, opened_at, closed_at) "
        "ORDER BY tenant, id ON CONFLICT (tenant, id) DO UPDATE SET version = EXCLUDED.version, "
        "state = EXCLUDED.state, owner = EXCLUDED.owner, cause = EXCLUDED.cause, outcome = EXCLUDED.outcome, "
        "closed_at = EXCLUDED.closed_at, heard_at = EXCLUDED.heard_at WHERE t.version < EXCLUDED.version",
        {**columns, "now": uow.now},
    )


async def page(
    uow: UnitOfWork, tenant: str, allowed: Sequence[str], *, search: str | None,
    by_customer: bool, before: tuple[datetime, UUID] | None, most: int,
) -> Sequence[Row[Any]]:  # fmt: skip
    """Events with what became of them, newest first; ``allowed`` segments only, unless that is empty.
    ``search``: of this back-end's id, or ``by_customer`` of this customer's.
    """
    where = ["d.tenant = :tenant"]
    if allowed:
        where.append("d.segments && CAST(:allowed AS text[])")
    if search is not None:
        where.append("(d.source_id = :search OR (:by_customer AND d.customer_id = :search))")
    if before is not None:
        where.append("(d.decided_at, d.event_id) < (:at, CAST(:event_id AS uuid))")
    found = await uow.execute(
        f"SELECT {_STORY} WHERE {' AND '.join(where)} ORDER BY d.decided_at DESC, d.event_id DESC LIMIT "
        ":most",
        {
            "tenant": tenant,
            "allowed": list(allowed),
            "search": search,
            "by_customer": by_customer,
            "at": before[0] if before else None,
            "event_id": before[1] if before else None,
            "most": most,
        },
    )
    return found.all()


async def newest_facts(
    uow: UnitOfWork, tenant: str, within: Sequence[str], *, since: datetime, most: int
) -> Sequence[bytes]:
    """The facts of the newest events since a time, at most so many, of these segments (all, when there are
    none).
    """
    found = await uow.execute(
        "SELECT facts FROM decision WHERE tenant = :tenant AND decided_at >= :since "
        "AND (CAST(:within AS text[]) = '{}' OR segments && CAST(:within AS text[])) "
        "ORDER BY decided_at DESC, event_id DESC LIMIT :most",
        {"tenant": tenant, "since": since, "within": list(within), "most": most},
    )
    return found.scalars().all()


async def outcomes_since(
    uow: UnitOfWork, tenant: str, within: Sequence[str], *, since: datetime, most: int
) -> dict[str, int]:
    """What became of the newest events since a time, at most so many, of these segments (all, when there are
    none): the reason of the decision, or the state of a mail that was not sent after all.
    """
    found = await uow.execute(
        "SELECT CASE WHEN i.state IN ('withheld', 'dropped', 'failed', 'bounced') THEN i.state "
        "ELSE d.reason END AS outcome, count(*) AS n "
        "FROM (SELECT tenant, reason, invitation_id FROM decision WHERE tenant = :tenant "
        "AND decided_at >= :since "
        "AND (CAST(:within AS text[]) = '{}' OR segments && CAST(:within AS text[])) "
        "ORDER BY decided_at DESC, event_id DESC LIMIT :most) d "
        "LEFT JOIN invitation i ON i.tenant = d.tenant AND i.id = d.invitation_id "
        "GROUP BY outcome ORDER BY n DESC, outcome",
        {"tenant": tenant, "since": since, "within": list(within), "most": most},
    )
    return {row.outcome: row.n for row in found}


async def answers(uow: UnitOfWork, tenant: str, event_id: UUID) -> Sequence[Row[Any]]:
    """The answers to one event's invitation."""
    found = await uow.execute(
        "SELECT id, state, score, test, clicked_at, saved_at, sent_at FROM answer_heard "
        "WHERE tenant = :tenant AND event_id = :event_id ORDER BY id",
        {"tenant": tenant, "event_id": event_id},
    )
    return found.all()


async def cases(uow: UnitOfWork, tenant: str, event_id: UUID) -> Sequence[Row[Any]]:
    """The cases that came of one event."""
    found = await uow.execute(
        "SELECT id, number, state, owner, cause, outcome, opened_at, closed_at FROM case_heard "
        "WHERE tenant = :tenant AND event_id = :event_id ORDER BY opened_at, id",
        {"tenant": tenant, "event_id": event_id},
    )
    return found.all()


async def count_open_cases(
    uow: UnitOfWork, tenant: str, allowed: Sequence[str], most: int = 10_000
) -> int | None:
    """How many cases are open, counted up to ``most``. None for a reader of some segments alone: a case
    belongs to the segments of all its answers, and only the first one's event is known here.
    """
    if allowed:
        return None
    found = await uow.execute(
        "SELECT count(*) FROM (SELECT 1 FROM case_heard WHERE tenant = :tenant AND state <> 'closed' "
        "LIMIT :most) c",
        {"tenant": tenant, "most": most},
    )
    return int(found.scalar_one())


async def changed_since(
    uow: UnitOfWork, tenants: Collection[str], since: datetime, most: int
) -> Sequence[Row[Any]]:
    """Whatever changed on any event's story, of each of these companies the newest so many, for the live
    pages.
    """
    found = await uow.execute(
        "SELECT t.id AS tenant, c.event_id, d.segments, c.at FROM unnest(CAST(:tenants AS text[])) AS t(id) "
        "CROSS JOIN LATERAL (SELECT event_id, max(at) AS at FROM ("
        "SELECT event_id, decided_at AS at FROM decision WHERE tenant = t.id AND decided_at > :since "
        "UNION ALL SELECT event_id, changed_at FROM invitation WHERE tenant = t.id AND changed_at > :since "
        "UNION ALL SELECT event_id, heard_at FROM answer_heard WHERE tenant = t.id AND heard_at > :since "
        "UNION ALL SELECT event_id, heard_at FROM case_heard WHERE tenant = t.id AND heard_at > :since) AS e "
        "GROUP BY event_id ORDER BY at DESC LIMIT :most"
        ") AS c JOIN decision AS d ON d.tenant = t.id AND d.event_id = c.event_id",
        {"tenants": list(tenants), "since": since, "most": most},
    )
    return found.all()
