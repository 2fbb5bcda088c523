"""What the collector keeps of one customer: answers with their history, visits, answered links."""

from typing import Any

import msgspec
from sqlalchemy import Row

from services.collector.domain import InvitationReplica
from services.collector.repository.answers import decode_answer
from shared.db.database import UnitOfWork
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
    InvitationRecord,
    TookPartRecord,
    VisitRecord,
    answer_record,
    record_of,
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
# That the link to an anonymous survey was answered is the customer's; what was answered hangs on no link.
# While the link's page may be open, its row has the day: the record comes once that is forgotten.
FIND_PARTS = f"""
    SELECT l.invitation_id
    FROM invitation t
    JOIN answered_link l ON l.tenant = t.tenant AND l.invitation_id = t.id
    WHERE l.claim IS NULL
        AND {of_person("CAST(NULL AS timestamptz)", in_body("contact_key"), CUSTOMER_ID)}
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
    """The person's answers, the visits of links, links to anonymous surveys, and copies of invitations."""
    return await read_sources(uow, query, SERVICE, SOURCES)


def _invitation(row: Row[Any]) -> InvitationRecord:
    replica = _replicas.decode(row.body)
    return record_of(
        InvitationRecord, replica, at=replica.invited_at, obtained_from="afterword", mail=replica.state
    )


def _visit(row: Row[Any]) -> VisitRecord:
    return record_of(
        VisitRecord,
        row,
        at=row.first_at,
        obtained_from="customer",
        invitation=row.invitation_id,
        followed=msgspec.json.decode(row.seen, type=dict[str, float]),
        machine=row.flag,
    )


def _part(row: Row[Any]) -> TookPartRecord:
    return TookPartRecord(at=None, obtained_from="customer", invitation=row.invitation_id)


def _answer(row: Row[Any]) -> AnswerRecord:
    return answer_record(decode_answer(row.body), _versions.decode(row.before))


SOURCES = (
    ExportSource("invitation", FIND_INVITATIONS, _invitation),
    ExportSource("visit", FIND_VISITS, _visit),
    ExportSource("answer", FIND_ANSWERS, _answer),
    ExportSource("took_part", FIND_PARTS, _part),
)
_replicas = msgspec.json.Decoder(InvitationReplica)
_versions = msgspec.json.Decoder(tuple[AnswerVersion, ...])
