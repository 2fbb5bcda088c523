"""Replicas of answers and cases (``answer_heard``, ``case_heard``), and the queries of the events' pages."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import json
from sqlalchemy import Row

from services.dispatcher.decisions.reasons import SEARCHED_REASONS
from services.dispatcher.decisions.repository.search import DecisionFilter, Place, page_sql, run_page
from services.dispatcher.models import HELD_ANSWER, answer_heard, case_heard
from shared.db import UnitOfWork
from shared.db.bulk import keep_newest_events
from shared.events import Answer, AnswerState, Case, Event
from shared.privacy.removal import NO_EVENT


async def keep_answers(
    uow: UnitOfWork, answers: Sequence[Event[Answer]], *, versions: Sequence[Event[Answer]]
) -> None:
    """Keep each answer that is newer than ours, and when it first reached each state.

    ``versions``: all those of the batch, by which these times are known.
    """
    clicked, sent = _first_times("clicked", versions), _first_times("sent", versions)
    identities = [(event.tenant, event.data.id) for event in answers]
    await keep_newest_events(
        uow,
        answer_heard,
        answers,
        state=[HELD_ANSWER if event.data.held is not None else event.data.state for event in answers],
        first=("clicked_at", "saved_at", "sent_at"),
        clicked_at=[clicked.get(identity) for identity in identities],
        saved_at=[event.data.answered_at for event in answers],
        sent_at=[sent.get(identity) for identity in identities],
        heard_at=uow.now,
    )


async def keep_cases(uow: UnitOfWork, cases: Sequence[Event[Case]]) -> None:
    """Keep each case that is newer than ours."""
    await keep_newest_events(
        uow,
        case_heard,
        cases,
        event_id=[event.data.event_id or NO_EVENT for event in cases],
        segments=[json.encode(event.data.segments).decode() for event in cases],
        heard_at=uow.now,
    )


def _first_times(state: AnswerState, versions: Sequence[Event[Answer]]) -> dict[tuple[str, UUID], datetime]:
    """When each answer first was in a state."""
    first: dict[tuple[str, UUID], datetime] = {}
    for event in versions:
        answer, identity = event.data, (event.tenant, event.data.id)
        if answer.state == state and answer.held is None:
            first[identity] = min(first.get(identity, answer.changed_at), answer.changed_at)
    return first


LIST_EVENTS = """
    SELECT d.event_id, d.decided_at, d.source, d.source_id, d.customer_id, d.person, d.reason, d.facts,
        d.difference_at, i.state, i.reason AS mail_reason, i.test, i.anonymous,
        a.state AS answer_state, a.score,
        c.number AS case_number, c.state AS case_state
    FROM ({page}) p
    JOIN decision d ON d.tenant = :tenant AND d.event_id = p.event_id
    LEFT JOIN invitation i ON i.tenant = d.tenant AND i.id = d.invitation_id
    LEFT JOIN answer_heard a ON a.tenant = d.tenant AND a.id = d.invitation_id
    LEFT JOIN LATERAL (
        SELECT * FROM case_heard ch
        WHERE ch.tenant = d.tenant AND ch.event_id = d.event_id
        ORDER BY ch.opened_at DESC
        LIMIT 1
    ) c ON true
    ORDER BY d.decided_at DESC, d.event_id DESC
"""


async def list_events(
    uow: UnitOfWork, tenant: str, wanted: DecisionFilter, *, before: Place | None, limit: int
) -> Sequence[Row[Any]]:
    """The events that are wanted with what became of them, newest first."""
    statement = LIST_EVENTS.format(page=page_sql(wanted, "d.event_id", before=before is not None))
    return await run_page(uow, statement, tenant, wanted, before=before, limit=limit)


# A reason that only a newer version knows is counted with the state.
COUNT_OUTCOMES = """
    SELECT CASE
            WHEN i.state = 'dropped' AND i.reason IN ({reasons}) THEN i.reason
            WHEN i.state IN ('withheld', 'dropped', 'failed', 'bounced') THEN i.state
            ELSE d.reason
        END AS outcome,
        count(*) AS n
    FROM ({page}) d
    LEFT JOIN invitation i ON i.tenant = d.tenant AND i.id = d.invitation_id
    GROUP BY outcome
    ORDER BY n DESC, outcome
"""


async def count_outcomes(
    uow: UnitOfWork, tenant: str, wanted: DecisionFilter, *, limit: int
) -> dict[str, int]:
    """How many of the newest events that are wanted had which outcome.

    An outcome is the reason for which nobody was asked, by the decision or when the mail was due, or the
    state of a mail that was not sent for another cause.
    """
    page = page_sql(wanted, "d.tenant, d.reason, d.invitation_id", before=False)
    reasons = ", ".join(f"'{reason}'" for reason in SEARCHED_REASONS)
    statement = COUNT_OUTCOMES.format(page=page, reasons=reasons)
    rows = await run_page(uow, statement, tenant, wanted, limit=limit)
    return {row.outcome: row.n for row in rows}


LIST_ANSWERS = """
    SELECT id, state, score, test, clicked_at, saved_at, sent_at FROM answer_heard
    WHERE tenant = :tenant AND event_id = :event_id
    ORDER BY id
"""


async def list_answers(uow: UnitOfWork, tenant: str, event_id: UUID) -> Sequence[Row[Any]]:
    """The answers to one event's invitation."""
    return (await uow.execute(LIST_ANSWERS, {"tenant": tenant, "event_id": event_id})).all()


LIST_CASES = """
    SELECT id, number, state, owner, cause, outcome, opened_at, closed_at FROM case_heard
    WHERE tenant = :tenant AND event_id = :event_id
    ORDER BY opened_at, id
"""


async def list_cases(uow: UnitOfWork, tenant: str, event_id: UUID) -> Sequence[Row[Any]]:
    """The cases that came of one event."""
    return (await uow.execute(LIST_CASES, {"tenant": tenant, "event_id": event_id})).all()


COUNT_OPEN_CASES = """
    SELECT count(*) FROM (
        SELECT 1 FROM case_heard WHERE tenant = :tenant AND state <> 'closed' LIMIT :limit
    ) c
"""


async def count_open_cases(
    uow: UnitOfWork, tenant: str, allowed: Sequence[str], limit: int = 10_000
) -> int | None:
    """How many cases are open, counted up to ``limit``.

    None for a reader of some segments alone: a case belongs to the segments of all its answers, and only the
    first one's event is known here.
    """
    if allowed:
        return None
    rows = await uow.execute(COUNT_OPEN_CASES, {"tenant": tenant, "limit": limit})
    return int(rows.scalar_one())


FIND_CHANGES = """
    SELECT t.id AS tenant, c.event_id, d.segments, c.at
    FROM unnest(CAST(:tenants AS text[])) AS t(id)
    CROSS JOIN LATERAL (
        SELECT event_id, max(at) AS at
        FROM (
            SELECT event_id, decided_at AS at FROM decision WHERE tenant = t.id AND decided_at > :since
            UNION ALL
            SELECT event_id, changed_at FROM invitation WHERE tenant = t.id AND changed_at > :since
            UNION ALL
            SELECT event_id, heard_at FROM answer_heard WHERE tenant = t.id AND heard_at > :since
            UNION ALL
            SELECT event_id, heard_at FROM case_heard WHERE tenant = t.id AND heard_at > :since
        ) AS e
        GROUP BY event_id
        ORDER BY at DESC
        LIMIT :limit
    ) AS c
    JOIN decision AS d ON d.tenant = t.id AND d.event_id = c.event_id
    UNION ALL
    SELECT e.tenant, e.id, '{}', max(x.at)
    FROM (
        SELECT tenant, target, asked_at AS at FROM erasure
        WHERE tenant = ANY(CAST(:tenants AS text[])) AND asked_at > :since
        UNION ALL
        SELECT tenant, target, kept_at FROM erasure_confirmation
        WHERE tenant = ANY(CAST(:tenants AS text[])) AND kept_at > :since
    ) AS x
    JOIN erasure e USING (tenant, target)
    GROUP BY e.tenant, e.id
    LIMIT :limit
"""


async def find_changes(
    uow: UnitOfWork, tenants: Collection[str], since: datetime, limit: int
) -> Sequence[Row[Any]]:
    """The events whose story changed since a time, of each of these companies the newest so many; and the
    erasures that were asked for or confirmed.
    """
    rows = await uow.execute(FIND_CHANGES, {"tenants": list(tenants), "since": since, "limit": limit})
    return rows.all()
