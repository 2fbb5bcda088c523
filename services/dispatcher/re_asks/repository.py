"""``case_heard``: whose customers are asked again, and which surveys have asked them."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.customers.domain import CustomerProfile
from services.dispatcher.decisions.repository.open_cases import UNTOUCHED
from services.dispatcher.re_asks.domain import DueCase, RecoverySurvey, turns_at
from services.dispatcher.waves.population_repository import PROFILE
from shared.db import UnitOfWork
from shared.events.nps import HIGHEST_DETRACTOR
from shared.events.transactions import RECOVERY_SOURCE
from shared.privacy.persons import NOBODY
from shared.tenancy.closed import RUNS

_PROFILE = CustomerProfile._fields[:-1]
"""Without the evidence, which each decision reads itself."""

# Of a company that is in test mode nobody is asked.
LIST_RUNNING = f"""
    SELECT DISTINCT ON (s.tenant) s.tenant, s.id, s.recovery_days, s.max_age_days
    FROM survey s
    JOIN survey_words w
        ON w.tenant = s.tenant AND w.survey_id = s.id AND w.survey_version = s.survey_version
    WHERE w.measurement = 'recovery' AND s.state = 'live' AND s.tenant {RUNS} AND EXISTS (
        SELECT FROM sending m WHERE m.tenant = s.tenant AND m.mode = 'live'
    )
    ORDER BY s.tenant, s.place, s.id
"""


async def list_running(uow: UnitOfWork) -> Sequence[Row[Any]]:
    """Of each company that asks again, the survey by which it does: the first in its order."""
    return (await uow.execute(LIST_RUNNING)).all()


_MAY_BE_ASKED = f"""
    h.tenant = :tenant AND h.score <= {HIGHEST_DETRACTOR} AND h.anonymous IS FALSE
    AND h.person <> '{NOBODY}' AND h.may_contact IS DISTINCT FROM false
    AND h.stage <> ALL('{{duplicate,withdrawn}}')
    AND CAST(:survey_id AS uuid) <> ALL(h.asked_again)
    AND NOT EXISTS (
        SELECT FROM decision d
        WHERE d.tenant = h.tenant AND d.event_id = h.event_id
            AND starts_with(d.source, '{RECOVERY_SOURCE}')
    )
"""
"""Whether the customer of a case ``h`` may be asked again: not one whose answer was to such a question."""
# A worker that locks a case second finds that the first one has asked.
LIST_DUE = f"""
    SELECT h.id AS case_id, h.closed_at, h.opened_at, h.state, h.segments AS case_segments,
        coalesce(h.organisation, '{{}}') AS organisation, {PROFILE}
    FROM case_heard h
    JOIN customer_profile p ON p.tenant = h.tenant AND p.person = h.person
        AND (h.contact_key IS NULL OR h.contact_key IN (p.contact, p.number))
    WHERE {_MAY_BE_ASKED} AND (
        h.state = 'closed' AND h.closed_at > :since AND h.closed_at <= :until
        OR h.state <> 'closed' AND {UNTOUCHED} AND h.opened_at > :since AND h.opened_at <= :until
    )
    ORDER BY h.id
    LIMIT :limit
    FOR UPDATE OF h SKIP LOCKED
"""


async def lock_due(uow: UnitOfWork, survey: RecoverySurvey, limit: int) -> list[DueCase]:
    """Lock the next cases whose customers are to be asked again now.

    They are those that were closed so long ago, and those that are open since then with nobody reached.
    """
    since, until = turns_at(survey, uow.now)
    values = {"tenant": survey.tenant, "survey_id": survey.id, "since": since, "until": until}
    rows = (await uow.execute(LIST_DUE, {**values, "limit": limit})).mappings()
    return [
        DueCase(
            id=row["case_id"],
            began_at=row["closed_at"] if row["state"] == "closed" else row["opened_at"],
            segments=row["case_segments"] or {},
            organisation=tuple(row["organisation"]),
            profile=CustomerProfile(*(row[name] for name in _PROFILE)),
        )
        for row in rows
    ]


NOTE_ASKED = """
    UPDATE case_heard SET asked_again = array_append(asked_again, CAST(:survey_id AS uuid))
    WHERE tenant = :tenant AND id = ANY(CAST(:ids AS uuid[]))
"""


async def note_asked(uow: UnitOfWork, survey: RecoverySurvey, cases: Collection[UUID]) -> None:
    """Let the survey not ask about these locked cases any more."""
    await uow.execute(NOTE_ASKED, {"tenant": survey.tenant, "survey_id": survey.id, "ids": list(cases)})
