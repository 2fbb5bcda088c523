"""The answers and their history."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Row

from services.collector.domain import InvitationReplica, PageRevision
from services.collector.models import answer as answer_table
from services.collector.visits import VisitClass, visit_class
from shared.db.bulk import keep_newest_sql, row_values
from shared.db.database import UnitOfWork
from shared.events import Answer, segments_of

ANSWER_BODY = "CAST(to_jsonb(a) AS text)"
"""A row of ``answer a`` as JSON, from which ``decode_answer`` reads the struct; other columns are ignored."""
_LOWEST_ID = UUID(int=0)
"""Lower than any id."""
decode_answer = msgspec.json.Decoder(Answer).decode
_decode_invitation = msgspec.json.Decoder(InvitationReplica).decode

PUT_ANSWERS = """
    WITH written AS ({keep_newest_answers})
    INSERT INTO answer_history (tenant, answer_id, version, state, score, comment, follow_up_question,
                                follow_up, may_contact, changed_at, replies)
    SELECT tenant, id, version, state, score, comment, follow_up_question, follow_up, may_contact, changed_at,
        replies
    FROM written
    WHERE score IS NOT NULL AND NOT anonymous AND (state = 'sent' OR score <> new_score)
        AND objections = new_objections  -- which change nothing else
        -- Nor does the number that an imported answer gets, by which its time stays.
        AND NOT (number_key IS NULL AND new_number_key IS NOT NULL AND changed_at = new_changed_at)
"""
ERASE_HISTORY = """
    UPDATE answer_history
    SET comment = NULL, follow_up = NULL, follow_up_question = NULL, may_contact = NULL, replies = '[]'
    WHERE tenant = :tenant AND answer_id = ANY(CAST(:ids AS uuid[]))
"""
TRY_LOCK_IMPORTS = """
    SELECT pg_try_advisory_xact_lock(hashtextextended('import:' || CAST(:tenant AS text), 0))
"""
LOCK_ANSWERS = f"""
    SELECT {ANSWER_BODY} AS body
    FROM answer a
    WHERE tenant = :tenant AND id = ANY(CAST(:ids AS uuid[]))
    ORDER BY id
    FOR UPDATE
"""
LOCK_ANSWERS_AFTER = f"""
    SELECT a.tenant, {ANSWER_BODY} AS body
    FROM answer a
    WHERE (CAST(:tenant AS text) IS NULL OR (a.tenant, a.id) > (:tenant, CAST(:id AS uuid)))
      AND (CAST(:only AS text) IS NULL OR a.tenant = CAST(:only AS text))
      AND (CAST(:since AS timestamptz) IS NULL OR a.changed_at >= CAST(:since AS timestamptz))
      AND NOT (a.anonymous AND a.state = 'saved')
    ORDER BY a.tenant, a.id
    LIMIT :max_rows
    FOR SHARE
"""
# One lower and one upper bound, infinite where the caller gives none: so every plan reads just that range of
# the index. Answers without a score have no answered_at and lie within no bounds.
LIST_ANSWERS = f"""
    SELECT {ANSWER_BODY} AS body, n.flag, n.first_at, i.body AS invitation
    FROM answer a
    LEFT JOIN intent n ON n.tenant = a.tenant AND n.invitation_id = a.id
    LEFT JOIN invitation i ON i.tenant = n.tenant AND i.id = n.invitation_id
    WHERE a.tenant = :tenant AND NOT a.anonymous
      AND (a.answered_at, a.id)
          > (coalesce(CAST(:after_at AS timestamptz), '-infinity'), CAST(:after_id AS uuid))
      AND a.answered_at < coalesce(CAST(:until AS timestamptz), 'infinity')
      AND (CAST(:allowed AS text[]) IS NULL OR a.within ?| CAST(:allowed AS text[]))
      AND (CAST(:segment AS text) IS NULL OR a.within ? CAST(:segment AS text))
      AND CASE WHEN CAST(:suspect AS boolean) IS NULL THEN a.signs = '[]' OR a.judgement = 'human'
          ELSE (a.signs <> '[]') = CAST(:suspect AS boolean) END
      AND (CAST(:measurement AS text) IS NULL OR a.measurement = CAST(:measurement AS text))
      AND (CAST(:origin AS text) IS NULL OR a.origin = CAST(:origin AS text))
      AND (CAST(:share_link_id AS uuid) IS NULL OR a.share_link_id = CAST(:share_link_id AS uuid))
    ORDER BY a.answered_at, a.id
    LIMIT :limit
"""


class LinkVisits(NamedTuple):
    """The visits of an answer's link; None where none are kept."""

    visits: VisitClass | None
    flag: str | None


async def put_answers(
    uow: UnitOfWork,
    tenant: str,
    answers: Sequence[Answer],
    writer: PageRevision | None = None,
    *,
    share_link_id: UUID | None = None,
) -> None:
    """Write answers, each one version after the row that is there; that row goes to the history.

    The history keeps each score and all that was sent, but no text of a customer who was still writing, and
    nothing of anonymous answers. What is in it of an answer whose customer is erased loses its texts here:
    the erased version names nobody by whom they would be found.
    The caller holds the lock under which it read the rows: the invitation's, or for imports the tenant's.

    :param writer: the page that wrote a customer's whole answer.
    :param share_link_id: by which they came; None keeps what the row has.
    """
    if not answers:
        return
    names, values = row_values(
        answer_table,
        answers,
        {
            "tenant": tenant,
            "segments": [_json(answer.segments) for answer in answers],
            "organisation": [_json(answer.organisation) for answer in answers],
            "replies": [_json(answer.replies) for answer in answers],
            "objections": [_json(answer.objections) for answer in answers],
            "earlier_scores": [_json(answer.earlier_scores) for answer in answers],
            "signs": [_json(answer.signs) for answer in answers],
            "within": [_json(segments_of(answer)) for answer in answers],
            "page": writer.page if writer else None,
            "page_seq": writer.seq if writer else None,
            **({"share_link_id": share_link_id} if share_link_id else {}),
        },
    )
    single = len(answers) == 1  # nearly always: all but imports
    if single:
        values = {name: value for name, (value,) in values.items()}
    keep_newest_answers = keep_newest_sql(
        answer_table,
        names,
        returning="old.*, new.score AS new_score, new.objections AS new_objections, "
        "new.number_key AS new_number_key, new.changed_at AS new_changed_at",
        single=single,
    )
    await uow.execute(PUT_ANSWERS.format(keep_newest_answers=keep_newest_answers), values)
    if erased := [answer.id for answer in answers if answer.erased]:
        # A statement of its own: one statement does not see the rows that it inserts.
        await uow.execute(ERASE_HISTORY, {"tenant": tenant, "ids": erased})


async def try_lock_imports(uow: UnitOfWork, tenant: str) -> bool:
    """Lock the imports of a tenant until the transaction ends, so that two with the same ids come one after
    the other. False when another process has the lock: to wait for it would hold a connection.
    """
    locked = await uow.execute(TRY_LOCK_IMPORTS, {"tenant": tenant})
    return bool(locked.scalar_one())


async def lock_answers(uow: UnitOfWork, tenant: str, ids: Sequence[UUID]) -> dict[UUID, Answer]:
    """The known answers among these ids, locked: an erasure writes them without the lock of the imports."""
    rows = await uow.execute(LOCK_ANSWERS, {"tenant": tenant, "ids": list(ids)})
    return {answer.id: answer for answer in (decode_answer(row.body) for row in rows)}


async def lock_answers_after(
    uow: UnitOfWork,
    after: tuple[str, UUID] | None,
    max_rows: int,
    *,
    only: str | None = None,
    since: datetime | None = None,
) -> list[tuple[str, Answer]]:
    """The next answers after a tenant and id, locked, each with its tenant.

    Anonymous ones that are not final were never published, and are left out.

    :param only: a tenant; None: of all.
    :param since: those that were changed at that time or later; None: all.
    """
    tenant, answer_id = after or (None, None)
    rows = await uow.execute(
        LOCK_ANSWERS_AFTER,
        {"tenant": tenant, "id": answer_id, "only": only, "since": since, "max_rows": max_rows},
    )
    return [(row.tenant, decode_answer(row.body)) for row in rows]


async def list_answers(
    uow: UnitOfWork,
    tenant: str,
    *,
    allowed: Sequence[str],
    since: datetime | None,
    until: datetime | None,
    segment: str | None,
    measurement: str | None,
    suspect: bool | None,
    origin: str | None,
    share_link_id: UUID | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[tuple[Answer, LinkVisits]]:
    """Answers with a score, oldest first, each with whose the visits of its link were; no anonymous ones.

    :param allowed: segments to which the caller is limited; none: not limited.
    :param suspect: those with signs of a machine, judged or not, or those without; None: those that count.
    :param after: time and id of the last answer of the page before.
    """
    places = [place for place in ((since, _LOWEST_ID) if since else None, after) if place is not None]
    after_at, after_id = max(places, default=(None, _LOWEST_ID))
    rows = await uow.execute(
        LIST_ANSWERS,
        {
            "tenant": tenant,
            "allowed": list(allowed) or None,
            "until": until,
            "segment": segment or None,
            "measurement": measurement,
            "suspect": suspect,
            "origin": origin,
            "share_link_id": share_link_id,
            "after_at": after_at,
            "after_id": after_id,
            "limit": limit,
        },
    )
    return [(decode_answer(row.body), _visits(row)) for row in rows]


def _visits(row: Row[Any]) -> LinkVisits:
    if row.first_at is None:
        return LinkVisits(None, None)
    mails = _decode_invitation(row.invitation).mails if row.invitation else None
    return LinkVisits(visit_class(row.flag, row.first_at, mails), row.flag)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
