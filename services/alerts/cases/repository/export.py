"""What alerts keeps of one customer: cases, and copies of answers and invitations.

What colleagues wrote, and who did what, is about the company's own work: it is in no export.
"""

from typing import Any

import msgspec
from sqlalchemy import Row

from shared.db.database import UnitOfWork
from shared.events import Answer, Invitation
from shared.privacy.export import (
    AnswerRecord,
    AnswerVersion,
    CaseRecord,
    CaseStep,
    ExportQuery,
    ExportSection,
    answer_record,
    in_body,
    invitation_record,
    of_person,
    section_of,
)

SERVICE = "alerts"
ANSWERED_AT = f"coalesce(t.answered_at, {in_body('changed_at', 'timestamptz')})"
CUSTOMER_ID = "CAST(convert_from(t.body, 'UTF8') AS jsonb) #>> '{customer,id}'"
FIND_INVITATIONS = f"""
    SELECT t.body FROM invitation t
    WHERE {of_person(in_body("decided_at", "timestamptz"), in_body("contact_key"), CUSTOMER_ID)}
"""
FIND_ANSWERS = f"""
    SELECT t.body,
        (
            SELECT CAST(coalesce(json_agg(to_jsonb(b) ORDER BY b.version), '[]') AS text)
            FROM answer_before b
            WHERE b.tenant = t.tenant AND b.id = t.id
        ) AS before
    FROM answer t
    WHERE {of_person(ANSWERED_AT, in_body("contact_key"))}
"""
FIND_CASES = f"""
    SELECT t.id, t.number, t.customer_id, t.state, t.score, t.may_contact, t.touchpoint,
        CAST(t.segments AS text) AS segments, t.organisation, t.opened_at, t.contact_due_at, t.close_due_at,
        t.first_contact_at, t.closed_at, t.cause, t.outcome, t.told,
        ARRAY(
            SELECT a.answer_id FROM case_answer a
            WHERE a.tenant = t.tenant AND a.case_id = t.id
            ORDER BY a.answer_id
        ) AS answers,
        (
            SELECT CAST(coalesce(json_agg(e.step ORDER BY e.seq), '[]') AS text)
            FROM (
                SELECT l.seq, jsonb_build_object(
                    'at', l.at,
                    'step', l.kind,
                    'score', l.facts -> 'score',
                    'score_before', coalesce(l.facts -> 'before', l.facts -> 'first_score'),
                    'may_contact', l.facts -> 'may_contact',
                    'how', l.facts -> 'how',
                    'reached', l.facts -> 'reached',
                    'looked_at', l.facts -> 'what'
                ) AS step
                FROM timeline l
                WHERE l.tenant = t.tenant AND l.case_id = t.id AND l.kind IN (
                    'opened', 'amended', 'again', 'consent', 'contact', 'revealed', 'closed', 'reopened'
                )
                ORDER BY l.seq DESC
                LIMIT :limit
            ) e
        ) AS steps
    FROM cases t
    WHERE {of_person("t.opened_at", "nullif(t.contact_key, '')")}
"""


async def read_export(uow: UnitOfWork, query: ExportQuery) -> list[ExportSection]:
    """The person's cases, and the copies of their answers and invitations."""
    sections, values = [], query.values()
    if query.asks_for("invitation"):
        rows = await uow.execute(FIND_INVITATIONS, values)
        invitations = [invitation_record(_invitations.decode(row.body)) for row in rows]
        sections.append(section_of(query, SERVICE, "invitation", invitations))
    if query.asks_for("answer"):
        answers = [_answer(row) for row in await uow.execute(FIND_ANSWERS, values)]
        sections.append(section_of(query, SERVICE, "answer", answers))
    if query.asks_for("case"):
        cases = [_case(row) for row in await uow.execute(FIND_CASES, values)]
        sections.append(section_of(query, SERVICE, "case", cases))
    return sections


def _answer(row: Row[Any]) -> AnswerRecord:
    return answer_record(_answers.decode(row.body), _versions.decode(row.before))


def _case(row: Row[Any]) -> CaseRecord:
    fields = dict(row._mapping)  # noqa: SLF001  (its documented name)
    return CaseRecord(
        at=row.opened_at,
        obtained_from="staff",
        **{
            **{name: value for name, value in fields.items() if name != "opened_at"},
            "segments": msgspec.json.decode(row.segments),
            "organisation": tuple(row.organisation),
            "answers": tuple(row.answers),
            "steps": _steps.decode(row.steps),
        },
    )


_answers = msgspec.json.Decoder(Answer)
_invitations = msgspec.json.Decoder(Invitation)
_versions = msgspec.json.Decoder(tuple[AnswerVersion, ...])
_steps = msgspec.json.Decoder(tuple[CaseStep, ...])
