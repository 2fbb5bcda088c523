"""What alerts keeps of one customer: cases, tasks to ask for an introduction, copies of answers and
invitations, messages to webhooks.

What colleagues wrote, and who did what, is about the company's own work: it is in no export, but for what
they wrote to the customer.
"""

from typing import Any

import msgspec
from sqlalchemy import Row

from services.alerts.webhooks.repository.export import SENT_MESSAGES
from shared.db.database import UnitOfWork
from shared.events import Answer, Invitation
from shared.privacy.export import (
    ExportQuery,
    ExportSection,
    ExportSource,
    in_body,
    of_person,
    read_sources,
)
from shared.privacy.export_records import (
    AnswerRecord,
    AnswerVersion,
    CaseRecord,
    CaseStep,
    IntroductionRecord,
    InvitationRecord,
    answer_record,
    invitation_record,
    record_of,
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
            SELECT CAST(coalesce(json_agg(jsonb_build_object(
                'at', l.at,
                'step', l.kind,
                'score', l.facts -> 'score',
                'score_before', coalesce(l.facts -> 'before', l.facts -> 'first_score'),
                'may_contact', l.facts -> 'may_contact',
                'how', l.facts -> 'how',
                'reached', l.facts -> 'reached',
                'looked_at', l.facts -> 'what',
                'subject', CASE WHEN l.kind IN ('mailed', 'wrote') THEN l.facts -> 'subject' END,
                'text', CASE WHEN l.kind IN ('mailed', 'wrote') THEN l.facts -> 'text' END,
                'attachments', l.facts -> 'attachments'
            ) ORDER BY l.seq), '[]') AS text)
            FROM timeline l
            WHERE l.tenant = t.tenant AND l.case_id = t.id AND l.kind IN (
                'opened', 'amended', 'again', 'consent', 'contact', 'revealed', 'closed', 'objected',
                'reopened', 'mailed', 'wrote'
            )
        ) AS steps
    FROM cases t
    WHERE {of_person("t.opened_at", "nullif(t.contact_key, '')")}
"""
FIND_INTRODUCTIONS = f"""
    SELECT t.id, t.customer_id, t.account_id AS account, t.state, t.score, t.opened_at, t.asked_at,
        t.agreed_at, t.introduced_at, t.met_at, t.result
    FROM introduction t
    WHERE {of_person("t.opened_at", "nullif(t.contact_key, '')")}
"""


async def read_export(uow: UnitOfWork, query: ExportQuery) -> list[ExportSection]:
    """The person's cases, and the copies of their answers and invitations."""
    return await read_sources(uow, query, SERVICE, SOURCES)


def _invitation(row: Row[Any]) -> InvitationRecord:
    return invitation_record(_invitations.decode(row.body))


def _answer(row: Row[Any]) -> AnswerRecord:
    return answer_record(_answers.decode(row.body), _versions.decode(row.before))


def _case(row: Row[Any]) -> CaseRecord:
    return record_of(
        CaseRecord,
        row,
        at=row.opened_at,
        obtained_from="staff",
        segments=msgspec.json.decode(row.segments),
        organisation=tuple(row.organisation),
        answers=tuple(row.answers),
        steps=_steps.decode(row.steps),
    )


def _introduction(row: Row[Any]) -> IntroductionRecord:
    return record_of(IntroductionRecord, row, at=row.opened_at, obtained_from="staff")


SOURCES = (
    ExportSource("invitation", FIND_INVITATIONS, _invitation),
    ExportSource("answer", FIND_ANSWERS, _answer),
    ExportSource("case", FIND_CASES, _case),
    ExportSource("introduction", FIND_INTRODUCTIONS, _introduction),
    SENT_MESSAGES,
)
_answers = msgspec.json.Decoder(Answer)
_invitations = msgspec.json.Decoder(Invitation)
_versions = msgspec.json.Decoder(tuple[AnswerVersion, ...])
_steps = msgspec.json.Decoder(tuple[CaseStep, ...])
