"""What a followed link leads to."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from services.collector.domain import AnsweredLink, InvitationReplica, LinkTarget, OpenedCase, PageRevision
from services.collector.repository.answers import ANSWER_BODY, decode_answer
from shared.db.database import UnitOfWork
from shared.events import Survey
from shared.tenancy.tenants import read_tenant

_invitation = msgspec.json.Decoder(InvitationReplica)
_survey = msgspec.json.Decoder(Survey)

LOCK_INVITATION = "SELECT FROM invitation WHERE id = :id FOR UPDATE"
# An answer belongs to at most one case.
FIND_LINK_TARGET = f"""
    SELECT t.body AS tenant, i.body AS invitation, s.body AS survey,
           {ANSWER_BODY} AS answer, a.page, a.page_seq,
           l.invitation_id AS answered_id, l.claim,
           c.id AS case_id, c.due_at, c.state = 'closed' OR c.first_contact_at IS NOT NULL AS is_settled,
           coalesce(c.stage, c.state) AS stage, c.state AS case_state, c.waits_until, c.closed_at
    FROM invitation i
    JOIN tenant t ON t.id = i.tenant
    LEFT JOIN survey s ON s.tenant = i.tenant AND s.id = i.survey_id AND s.survey_version = i.survey_version
    LEFT JOIN answer a ON a.tenant = i.tenant AND a.id = i.id
    LEFT JOIN answered_link l ON l.tenant = i.tenant AND l.invitation_id = i.id
    LEFT JOIN LATERAL (
        SELECT * FROM case_copy o WHERE o.tenant = i.tenant AND o.answer_id = i.id
        UNION ALL
        SELECT * FROM case_copy o WHERE o.tenant = i.tenant AND o.later_answers ? CAST(i.id AS text)
        LIMIT 1
    ) c ON true
    WHERE i.id = :id
"""


async def lock_invitation(uow: UnitOfWork, invitation_id: UUID) -> None:
    """Lock an invitation: until the transaction ends no other one writes its answer.

    A statement of its own: in one with a join, the joined rows would be as old as the wait for the lock.
    """
    await uow.execute(LOCK_INVITATION, {"id": invitation_id})


async def find_link_target(uow: UnitOfWork, invitation_id: UUID) -> LinkTarget | None:
    """What a link leads to. It names no tenant: its signature covers the invitation's id alone."""
    row = (await uow.execute(FIND_LINK_TARGET, {"id": invitation_id})).one_or_none()
    if row is None:
        return None
    return LinkTarget(
        tenant=read_tenant(row.tenant),
        invitation=_invitation.decode(row.invitation),
        survey=_survey.decode(row.survey) if row.survey else None,
        answer=decode_answer(row.answer) if row.answer else None,
        last_write=PageRevision(row.page, row.page_seq or 0) if row.page else None,
        case=_case(row) if row.case_id else None,
        answered_link=AnsweredLink(row.claim) if row.answered_id else None,
    )


def _case(row: Row[Any]) -> OpenedCase:
    return OpenedCase(
        row.due_at,
        is_settled=row.is_settled,
        stage=row.stage,
        has_owner=row.case_state == "assigned",
        waits_until=row.waits_until,
        closed_at=row.closed_at,
    )
