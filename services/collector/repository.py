"""Every SQL statement of the collector."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.collector.domain import Intent, InvitationReplica, LinkTarget, OpenCase, PageRevision
from shared.db.database import UnitOfWork
from shared.db.replicas import Columns, keep_newest
from shared.events import Answer, Case, Event, Invitation, Survey, Tenant, segments_of


class _Stored(Answer, frozen=True, kw_only=True):
    """An answer as its row: beside what it says, whose it is and all segments it counts for."""

    tenant: str
    within: list[str]
    page: str | None = None
    page_seq: int | None = None


_asked = msgspec.json.Decoder(InvitationReplica)
_survey = msgspec.json.Decoder(Survey)
_tenant = msgspec.json.Decoder(Tenant)
_answer = msgspec.json.Decoder(Answer)
_encoder = msgspec.json.Encoder()


async def keep_surveys(uow: UnitOfWork, events: Sequence[Event[Survey]]) -> None:
    """Write each version of a survey that is newer than ours."""
    columns: Columns = {
        "tenant": ("text", [event.tenant for event in events]),
        "id": ("uuid", [event.data.id for event in events]),
        "survey_version": ("int", [event.data.survey_version for event in events]),
        "version": ("bigint", [event.data.version for event in events]),
        "body": ("bytea", [_encoder.encode(event.data) for event in events]),
    }
    await keep_newest(uow, "survey", columns, key=("tenant", "id", "survey_version"))


async def keep_invitations(uow: UnitOfWork, events: Sequence[Event[Invitation]]) -> None:
    """Write each invitation that is newer than ours."""
    columns: Columns = {
        "tenant": ("text", [event.tenant for event in events]),
        "id": ("uuid", [event.data.id for event in events]),
        "version": ("bigint", [event.data.version for event in events]),
        "survey_id": ("uuid", [event.data.survey_id for event in events]),
        "survey_version": ("int", [event.data.survey_version for event in events]),
        "body": ("bytea", [_encoder.encode(InvitationReplica.by(event.data)) for event in events]),
    }
    await keep_newest(uow, "invitation", columns)


async def keep_cases(uow: UnitOfWork, events: Sequence[Event[Case]]) -> None:
    """Write of each case that is newer than ours until when it is due, and whether that still holds."""
    columns: Columns = {
        "tenant": ("text", [event.tenant for event in events]),
        "id": ("uuid", [event.data.id for event in events]),
        "version": ("bigint", [event.data.version for event in events]),
        "answer_id": ("uuid", [event.data.answer_id for event in events]),
        "state": ("text", [event.data.state for event in events]),
        "due_at": ("timestamptz", [event.data.due_at for event in events]),
        "first_contact_at": ("timestamptz", [event.data.first_contact_at for event in events]),
    }
    await keep_newest(uow, "case_copy", columns)


async def lock_invitation(uow: UnitOfWork, invitation_id: UUID) -> None:
    """Until the transaction ends, nobody else writes this invitation's answer, be it the first or the tenth.

    A statement of its own: in one with a join, what is joined would be as old as the wait for the lock.
    """
    await uow.execute("SELECT FROM invitation WHERE id = :id FOR UPDATE", {"id": invitation_id})


async def find(uow: UnitOfWork, invitation_id: UUID) -> LinkTarget | None:
    """What stands behind a link. No tenant is asked for: the link's signature is what names it."""
    row = (
        await uow.execute(
            "SELECT t.body AS tenant, i.body AS asked, s.body AS survey, "
            "CAST(to_jsonb(a) AS text) AS answer, a.page, a.page_seq, "
            "c.id AS case_id, c.due_at, c.state = 'closed' OR c.first_contact_at IS NOT NULL AS dealt_with "
            "FROM invitation i JOIN tenant t ON t.id = i.tenant "
            "LEFT JOIN survey s ON s.tenant = i.tenant AND s.id = i.survey_id "
            "AND s.survey_version = i.survey_version "
            "LEFT JOIN answer a ON a.tenant = i.tenant AND a.id = i.id "
            # An answer opens one case at most.
            "LEFT JOIN case_copy c ON c.tenant = i.tenant AND c.answer_id = i.id WHERE i.id = :id",
            {"id": invitation_id},
        )
    ).one_or_none()
    if row is None:
        return None
    return LinkTarget(
        tenant=_tenant.decode(row.tenant),
        asked=_asked.decode(row.asked),
        survey=_survey.decode(row.survey) if row.survey else None,
        answer=_answer.decode(row.answer) if row.answer else None,
        written=PageRevision(row.page, row.page_seq or 0) if row.page else None,
        case=OpenCase(row.due_at, dealt_with=row.dealt_with) if row.case_id else None,
    )


async def find_intent(uow: UnitOfWork, tenant: str, invitation_id: UUID) -> Intent | None:
    """What the visits of a link came to."""
    row = (
        await uow.execute(
            "SELECT first_at, last_at, visits, score, CAST(seen AS text) AS seen, flag FROM intent "
            "WHERE tenant = :tenant AND invitation_id = :id",
            {"tenant": tenant, "id": invitation_id},
        )
    ).one_or_none()
    if row is None:
        return None
    seen = msgspec.json.decode(row.seen, type=dict[str, float])
    return Intent(row.first_at, row.last_at, row.visits, row.score, seen, row.flag)


async def put_intent(uow: UnitOfWork, tenant: str, invitation_id: UUID, intent: Intent) -> None:
    """Write it; the invitation is locked."""
    await uow.execute(
        "INSERT INTO intent (tenant, invitation_id, first_at, last_at, visits, score, seen, flag) VALUES ("
        ":tenant, :id, :first_at, :last_at, :visits, :score, CAST(CAST(:seen AS text) AS jsonb), :flag) "
        "ON CONFLICT (tenant, invitation_id) DO UPDATE SET last_at = EXCLUDED.last_at, "
        "visits = EXCLUDED.visits, score = EXCLUDED.score, seen = EXCLUDED.seen, flag = EXCLUDED.flag",
        {
            "tenant": tenant,
            "id": invitation_id,
            "first_at": intent.first_at,
            "last_at": intent.last_at,
            "visits": intent.visits,
            "score": intent.score,
            "seen": _encoder.encode(dict(intent.seen)).decode(),
            "flag": intent.flag,
        },
    )


async def put_answers(
    uow: UnitOfWork, tenant: str, answers: Sequence[Answer], written: PageRevision | None = None
) -> None:
    """Write answers of which each is one version on from what stands; what stood goes to the history.

    The history has every score and all that was sent, and no half sentence of somebody who was still writing.
    ``written`` is the page that wrote a customer's answer. The caller holds the lock under which it read what
    stands: the invitation's, or the tenant's for imports.
    """
    rows = [
        _Stored(
            **msgspec.structs.asdict(answer),
            tenant=tenant,
            within=segments_of(answer),
            page=written.page if written else None,
            page_seq=written.seq if written else None,
        )
        for answer in answers
    ]
    await uow.execute(
        "WITH put AS ("
        "INSERT INTO answer AS a SELECT * FROM jsonb_populate_recordset(CAST(NULL AS answer), "
        "CAST(CAST(:rows AS text) AS jsonb)) ORDER BY tenant, id "
        "ON CONFLICT (tenant, id) DO UPDATE SET version = EXCLUDED.version, state = EXCLUDED.state, "
        "score = EXCLUDED.score, comment = EXCLUDED.comment, "
        "follow_up_question = EXCLUDED.follow_up_question, follow_up = EXCLUDED.follow_up, "
        "may_contact = EXCLUDED.may_contact, "
        "customer_id = EXCLUDED.customer_id, contact_key = EXCLUDED.contact_key, "
        "measurement = EXCLUDED.measurement, touchpoint = EXCLUDED.touchpoint, segments = EXCLUDED.segments, "
        "organisation = EXCLUDED.organisation, within = EXCLUDED.within, language = EXCLUDED.language, "
        "day = EXCLUDED.day, invited_at = EXCLUDED.invited_at, answered_at = EXCLUDED.answered_at, "
        "changed_at = EXCLUDED.changed_at, page = EXCLUDED.page, page_seq = EXCLUDED.page_seq "
        "WHERE a.version < EXCLUDED.version RETURNING old.*, new.score AS new_score) "
        "INSERT INTO answer_history SELECT tenant, id, version, state, score, comment, follow_up_question, "
        "follow_up, may_contact, changed_at FROM put "
        "WHERE score IS NOT NULL AND (state = 'sent' OR score <> new_score)",
        {"rows": _encoder.encode(rows).decode()},
    )


async def lock_imports(uow: UnitOfWork, tenant: str) -> bool:
    """One import of a tenant at a time, so that two with the same new ids come one after the other; False
    when another process has one under way: who waited here would hold a connection.
    """
    found = await uow.execute(
        "SELECT pg_try_advisory_xact_lock(hashtextextended('import:' || CAST(:tenant AS text), 0))",
        {"tenant": tenant},
    )
    return bool(found.scalar_one())


async def find_answers(uow: UnitOfWork, tenant: str, ids: Sequence[UUID]) -> dict[UUID, Answer]:
    """Those of the answers that we have."""
    rows = await uow.execute(
        "SELECT CAST(to_jsonb(a) AS text) AS body FROM answer a "
        "WHERE tenant = :tenant AND id = ANY(CAST(:ids AS uuid[])) ORDER BY id",
        {"tenant": tenant, "ids": list(ids)},
    )
    return {answer.id: answer for answer in (_answer.decode(row.body) for row in rows)}


async def lock_answers_after(
    uow: UnitOfWork, after: tuple[str, UUID] | None, most: int
) -> list[tuple[str, Answer]]:
    """The next answers of all companies behind a tenant and id, locked, each behind its tenant."""
    tenant, last = after or (None, None)
    rows = await uow.execute(
        "SELECT a.tenant, CAST(to_jsonb(a) AS text) AS body FROM answer a "
        "WHERE CAST(:tenant AS text) IS NULL OR (a.tenant, a.id) > (:tenant, CAST(:id AS uuid)) "
        "ORDER BY a.tenant, a.id LIMIT :most FOR SHARE",
        {"tenant": tenant, "id": last, "most": most},
    )
    return [(row.tenant, _answer.decode(row.body)) for row in rows]


async def list_answers(
    uow: UnitOfWork,
    tenant: str,
    *,
    allowed: Sequence[str],
    since: datetime | None,
    until: datetime | None,
    segment: str | None,
    measurement: str | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[tuple[Answer, str | None]]:
    """Accepted answers from the oldest on, each with the flag of the visits before it.

    ``allowed`` none: all segments may be seen.
    """
    conditions = ["a.tenant = :tenant", "a.answered_at IS NOT NULL"]
    values: dict[str, Any] = {"tenant": tenant, "limit": limit}
    if allowed:
        conditions.append("a.within ?| CAST(:allowed AS text[])")
        values["allowed"] = list(allowed)
    if since is not None:
        conditions.append("a.answered_at >= :since")
        values["since"] = since
    if until is not None:
        conditions.append("a.answered_at < :until")
        values["until"] = until
    if segment:
        conditions.append("a.within ? CAST(:segment AS text)")
        values["segment"] = segment
    if measurement is not None:
        conditions.append("a.measurement = :measurement")
        values["measurement"] = measurement
    if after is not None:
        conditions.append("(a.answered_at, a.id) > (:after_at, :after_id)")
        values["after_at"], values["after_id"] = after
    rows = await uow.execute(
        "SELECT CAST(to_jsonb(a) AS text) AS body, n.flag AS flag FROM answer a "
        "LEFT JOIN intent n ON n.tenant = a.tenant AND n.invitation_id = a.id "
        f"WHERE {' AND '.join(conditions)} ORDER BY a.answered_at, a.id LIMIT :limit",
        values,
    )
    return [(_answer.decode(row.body), row.flag) for row in rows]
