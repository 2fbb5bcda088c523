"""``rehearsal``: what each survey's last one has found; and what is expected by."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from services.dispatcher.rehearsals.results import CaseWork, Rehearsal
from shared.db import UnitOfWork

SurveyKey = tuple[str, UUID]
"""A tenant and one of its surveys."""

_results = msgspec.json.Decoder(Rehearsal)

BEGIN = """
    INSERT INTO rehearsal (tenant, survey_id, since, result)
    VALUES (:tenant, :survey_id, :now, :result)
    ON CONFLICT (tenant, survey_id) DO UPDATE
    SET since = EXCLUDED.since, result = EXCLUDED.result, ended_at = NULL
"""


async def begin(uow: UnitOfWork, tenant: str, survey_id: UUID) -> None:
    """Begin a survey's rehearsal; what an earlier one has found is gone."""
    result = msgspec.json.encode(Rehearsal())
    await uow.execute(BEGIN, {"tenant": tenant, "survey_id": survey_id, "now": uow.now, "result": result})


END_REHEARSAL = """
    UPDATE rehearsal SET ended_at = :now WHERE tenant = :tenant AND survey_id = :survey_id
"""


async def end(uow: UnitOfWork, tenant: str, survey_id: UUID) -> None:
    """End a survey's rehearsal; what it has found stays."""
    await uow.execute(END_REHEARSAL, {"tenant": tenant, "survey_id": survey_id, "now": uow.now})


# After a restore a survey may rehearse that has no row here.
LOCK = """
    INSERT INTO rehearsal AS r (tenant, survey_id, since, result)
    SELECT tenant, survey_id, :now, :result
    FROM unnest(CAST(:tenants AS text[]), CAST(:surveys AS uuid[])) AS n(tenant, survey_id)
    ORDER BY 1, 2
    ON CONFLICT (tenant, survey_id) DO UPDATE SET since = r.since
    RETURNING r.tenant, r.survey_id, r.result
"""


async def lock(uow: UnitOfWork, surveys: Sequence[SurveyKey]) -> dict[SurveyKey, Rehearsal]:
    """What these rehearsals have found, locked in order to add to it."""
    tenants, ids = zip(*surveys, strict=True)
    result = msgspec.json.encode(Rehearsal())
    values = {"tenants": list(tenants), "surveys": list(ids), "now": uow.now, "result": result}
    rows = await uow.execute(LOCK, values)
    return {(row.tenant, row.survey_id): _results.decode(row.result) for row in rows}


WRITE = """
    UPDATE rehearsal r SET result = n.result
    FROM unnest(CAST(:tenants AS text[]), CAST(:surveys AS uuid[]), CAST(:results AS bytea[]))
        AS n(tenant, survey_id, result)
    WHERE r.tenant = n.tenant AND r.survey_id = n.survey_id
"""


async def write(uow: UnitOfWork, results: Mapping[SurveyKey, Rehearsal]) -> None:
    """What these rehearsals, which are locked, have found by now."""
    tenants, surveys = zip(*results, strict=True)
    values = {
        "tenants": list(tenants),
        "surveys": list(surveys),
        "results": [msgspec.json.encode(each) for each in results.values()],
    }
    await uow.execute(WRITE, values)


class StoredRehearsal(NamedTuple):
    """A survey's last rehearsal."""

    since: datetime
    ended_at: datetime | None
    """None: it goes on, or a version ended it that did not keep when."""
    found: Rehearsal


# A version that keeps no ends begins a rehearsal anew and leaves the end of the one before.
FIND = """
    SELECT since, CASE WHEN ended_at >= since THEN ended_at END AS ended_at, result
    FROM rehearsal
    WHERE tenant = :tenant AND survey_id = :survey_id
"""


async def find(uow: UnitOfWork, tenant: str, survey_id: UUID) -> StoredRehearsal | None:
    """A survey's last rehearsal; None: it has never had one."""
    row = (await uow.execute(FIND, {"tenant": tenant, "survey_id": survey_id})).one_or_none()
    return StoredRehearsal(row.since, row.ended_at, _results.decode(row.result)) if row is not None else None


COUNT_CASES = """
    SELECT count(*) FILTER (WHERE state <> 'closed') AS open_now,
        count(*) FILTER (WHERE state = 'closed') AS closed, count(DISTINCT owner) AS owners
    FROM case_heard
    WHERE tenant = :tenant AND (state <> 'closed' OR closed_at >= :since)
"""


async def count_cases(uow: UnitOfWork, tenant: str, since: datetime) -> CaseWork:
    """The cases that are open, or were closed since a time, and how many people they belong to."""
    row = (await uow.execute(COUNT_CASES, {"tenant": tenant, "since": since})).one()
    return CaseWork(open_now=row.open_now, closed=row.closed, owners=row.owners)
