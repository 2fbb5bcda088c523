"""Which answers belong to which case, and until when their customers may still be writing.

That time is the answer's deadline of the kind ``QUIET_DEADLINE``. It stands in ``case_answer.writing_until``,
too, for the version before this one, which knows no deadlines.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from services.alerts import models
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.case_rules import writing_until
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.repository.cases import Key
from shared.db.bulk import row_values, rows_sql
from shared.db.database import UnitOfWork
from shared.db.deadlines import Deadline, clear_deadlines, move_deadlines
from shared.events import Answer, Invitation, segments_of

QUIET_DEADLINE = "quiet"
"""The kind of deadline that ends the writing of an answer."""

FIND_CASES_OF_ANSWERS = """
    SELECT tenant, answer_id, case_id FROM case_answer
    WHERE (tenant, answer_id) IN (SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])))
"""


async def cases_of_answers(uow: UnitOfWork, keys: Sequence[Key]) -> dict[Key, UUID]:
    """The case of each of these answers that belongs to one."""
    rows = await uow.execute(
        FIND_CASES_OF_ANSWERS,
        {"tenants": [tenant for tenant, _ in keys], "ids": [answer for _, answer in keys]},
    )
    return {(row.tenant, row.answer_id): row.case_id for row in rows}


async def attach_answers(
    uow: UnitOfWork, attached: Sequence[tuple[CaseFile, Answer]], policy: CasePolicy
) -> None:
    """Attach answers to cases. The deadline of one that is still being written is set by the caller."""
    names, values = row_values(
        models.case_answer,
        (),
        {
            "tenant": [case.tenant for case, _ in attached],
            "answer_id": [answer.id for _, answer in attached],
            "case_id": [case.id for case, _ in attached],
            "writing_until": [writing_until(answer, policy) for _, answer in attached],
            "belongs": [segments_of(answer) for _, answer in attached],
        },
    )
    insert = f"INSERT INTO case_answer ({', '.join(names)}) {rows_sql(models.case_answer, names)}"
    await uow.execute(insert, values)


FIND_ANSWERS_OF_CASES = """
    SELECT ca.tenant, ca.case_id, a.body
    FROM case_answer ca
    JOIN answer a ON a.tenant = ca.tenant AND a.id = ca.answer_id
    WHERE (ca.tenant, ca.case_id) IN (SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])))
"""


async def answers_of_cases(uow: UnitOfWork, keys: Sequence[Key]) -> dict[Key, list[Answer]]:
    """The newest versions of all answers of each of these cases."""
    rows = await uow.execute(
        FIND_ANSWERS_OF_CASES,
        {"tenants": [tenant for tenant, _ in keys], "ids": [case for _, case in keys]},
    )
    found: dict[Key, list[Answer]] = {}
    for row in rows:
        found.setdefault((row.tenant, row.case_id), []).append(_answers.decode(row.body))
    return found


FIND_ANSWERS_OF_CASE = """
    SELECT a.body
    FROM case_answer ca
    JOIN answer a ON a.tenant = ca.tenant AND a.id = ca.answer_id
    WHERE ca.tenant = :tenant AND ca.case_id = :case
    ORDER BY a.answered_at, a.id
"""


async def answers_of_case(uow: UnitOfWork, tenant: str, case: UUID) -> list[Answer]:
    """All answers of a case, oldest first."""
    rows = await uow.execute(FIND_ANSWERS_OF_CASE, {"tenant": tenant, "case": case})
    return [_answers.decode(row.body) for row in rows]


FIND_ANSWER_IDS = """
    SELECT tenant, case_id, answer_id FROM case_answer
    WHERE (tenant, case_id) IN (SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])))
"""


async def answer_ids_of_cases(uow: UnitOfWork, keys: Sequence[Key]) -> dict[Key, list[UUID]]:
    """The ids of all answers of each of these cases."""
    rows = await uow.execute(
        FIND_ANSWER_IDS,
        {"tenants": [tenant for tenant, _ in keys], "ids": [case for _, case in keys]},
    )
    found: dict[Key, list[UUID]] = {key: [] for key in keys}
    for row in rows:
        found[row.tenant, row.case_id].append(row.answer_id)
    return found


FIND_EVENTS_OF_CASES = """
    SELECT ca.tenant, ca.case_id, i.body
    FROM cases c
    JOIN case_answer ca ON ca.tenant = c.tenant AND ca.case_id = c.id
    JOIN invitation i ON i.tenant = ca.tenant AND i.id = ca.answer_id
    WHERE (c.tenant, c.id) IN (SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])))
        AND NOT c.anonymous
"""


async def events_of_cases(uow: UnitOfWork, keys: Sequence[Key]) -> dict[Key, list[Invitation]]:
    """The events of the answers of these cases, as far as they have arrived; none of anonymous answers."""
    rows = await uow.execute(
        FIND_EVENTS_OF_CASES,
        {"tenants": [tenant for tenant, _ in keys], "ids": [case for _, case in keys]},
    )
    found: dict[Key, list[Invitation]] = {}
    for row in rows:
        found.setdefault((row.tenant, row.case_id), []).append(_events.decode(row.body))
    return found


SET_WRITING_UNTIL = """
    UPDATE case_answer ca SET writing_until = n.until
    FROM unnest(CAST(:tenants AS text[]), CAST(:answers AS uuid[]), CAST(:until AS timestamptz[]))
        AS n (tenant, answer_id, until)
    WHERE ca.tenant = n.tenant AND ca.answer_id = n.answer_id AND ca.writing_until IS NOT NULL
"""


async def set_writing_until(
    uow: UnitOfWork, writing: Sequence[tuple[str, UUID, datetime | None]]
) -> set[Key]:
    """Move or end (None) the quiet time of answers that are still being written.

    Returns those of which it ended. Their cases are locked.
    """
    ended = await clear_deadlines(
        uow, QUIET_DEADLINE, [(tenant, answer) for tenant, answer, until in writing if until is None]
    )
    await move_deadlines(
        uow,
        [
            Deadline(tenant, QUIET_DEADLINE, answer, until)
            for tenant, answer, until in writing
            if until is not None
        ],
    )
    tenants, answers, until = zip(*writing, strict=True)
    await uow.execute(
        SET_WRITING_UNTIL, {"tenants": list(tenants), "answers": list(answers), "until": list(until)}
    )
    return ended


END_WRITING = """
    UPDATE case_answer SET writing_until = NULL
    WHERE (tenant, answer_id) IN (SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])))
    RETURNING tenant, case_id, answer_id
"""


async def end_writing(uow: UnitOfWork, keys: Sequence[Key]) -> list[tuple[str, UUID, UUID]]:
    """End the writing of answers of locked cases; returns tenant, case and answer of each."""
    rows = await uow.execute(
        END_WRITING, {"tenants": [tenant for tenant, _ in keys], "ids": [answer for _, answer in keys]}
    )
    return sorted((row.tenant, row.case_id, row.answer_id) for row in rows)


_answers = msgspec.json.Decoder(Answer)
_events = msgspec.json.Decoder(Invitation)
