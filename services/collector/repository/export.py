"""What the collector keeps of one customer: answers with what they were before, and visits of links."""

from typing import Any

import msgspec
from sqlalchemy import Row

from services.collector.domain import InvitationReplica
from services.collector.repository.answers import decode_answer
from shared.db.database import UnitOfWork
from shared.privacy.export import (
    AnswerRecord,
    AnswerVersion,
    ExportQuery,
    ExportSection,
    InvitationRecord,
    VisitRecord,
    answer_record,
    in_body,
    of_person,
    section_of,
)

SERVICE = "collector"
CUSTOMER_ID = in_body("customer_id")
FIND_INVITATIONS = f"""
    SELECT t.body FROM invitation t
    WHERE {of_person(in_body("invited_at", "timestamptz"), in_body("contact_key"), CUSTOMER_ID)}
"""
FIND_VISITS = f"""
    SELECT n.invitation_id, n.first_at, n.last_at, n.visits, n.score, CAST(n.seen AS text) AS seen, n.flag
    FROM invitation t
    JOIN intent n ON n.tenant = t.tenant AND n.invitation_id = t.id
    WHERE {of_person("n.first_at", in_body("contact_key"), CUSTOMER_ID)}
"""
FIND_ANSWERS = f"""
    SELECT CAST(to_jsonb(t) AS text) AS body,
        (
            SELECT CAST(coalesce(json_agg(to_jsonb(h) ORDER BY h.version), '[]') AS text)
            FROM answer_history h
            WHERE h.tenant = t.tenant AND h.answer_id = t.id
        ) AS before
    FROM answer t
    WHERE {of_person("coalesce(t.answered_at, t.changed_at)")}
"""


async def read_export(uow: UnitOfWork, query: ExportQuery) -> list[ExportSection]:
    """The person's answers, the visits of their links, and the copies of their invitations."""
    sections, values = [], query.values()
    if query.asks_for("invitation"):
        rows = await uow.execute(FIND_INVITATIONS, values)
        copies = [_invitation(_replicas.decode(row.body)) for row in rows]
        sections.append(section_of(query, SERVICE, "invitation", copies))
    if query.asks_for("visit"):
        visits = [_visit(row) for row in await uow.execute(FIND_VISITS, values)]
        sections.append(section_of(query, SERVICE, "visit", visits))
    if query.asks_for("answer"):
        answers = [_answer(row) for row in await uow.execute(FIND_ANSWERS, values)]
        sections.append(section_of(query, SERVICE, "answer", answers))
    return sections


def _invitation(replica: InvitationReplica) -> InvitationRecord:
    return InvitationRecord(
        at=replica.invited_at,
        obtained_from="afterword",
        id=replica.id,
        customer_id=replica.customer_id,
        time_zone=replica.time_zone,
        language=replica.language,
        test=replica.test,
        mail=replica.state,
        event_type=replica.event_type,
        occurred_at=replica.occurred_at,
        touchpoint=replica.touchpoint,
        segments=replica.segments,
        organisation=replica.organisation,
        expires_at=replica.expires_at,
    )


def _visit(row: Row[Any]) -> VisitRecord:
    return VisitRecord(
        at=row.first_at,
        obtained_from="customer",
        invitation=row.invitation_id,
        first_at=row.first_at,
        last_at=row.last_at,
        visits=row.visits,
        score=row.score,
        followed=msgspec.json.decode(row.seen, type=dict[str, float]),
        machine=row.flag,
    )


def _answer(row: Row[Any]) -> AnswerRecord:
    return answer_record(decode_answer(row.body), _versions.decode(row.before))


_replicas = msgspec.json.Decoder(InvitationReplica)
_versions = msgspec.json.Decoder(tuple[AnswerVersion, ...])
