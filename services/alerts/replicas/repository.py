"""Answers, invitations and surveys: the newest version of each, and what pages read of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.alerts.models import answer, invitation, survey
from services.alerts.replicas.answer_updates import AnswerUpdate, has_quotable_comment
from shared.db.bulk import keep_newest, keep_newest_events
from shared.db.database import UnitOfWork
from shared.db.notifications import notify_changes
from shared.events import Answer, Event, Invitation, Survey, segments_of
from shared.privacy.erased import TARGETS, Target, of_target, target_values
from shared.privacy.persons import NOBODY
from shared.privacy.subjects import erase_event

Key = tuple[str, UUID]
"""Tenant and id."""


class ChangedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of which a newer version was written; ``before`` is the score that it replaces."""

    tenant: str
    answer: Answer
    before: int | None
    was_left_out: bool = False
    """It was judged a machine's, and counts again now."""

    @property
    def key(self) -> Key:
        """Tenant and id of the answer."""
        return self.tenant, self.answer.id


KEEP_FIRST_SCORES = """
    UPDATE answer t SET first_version = n.version, first_score = n.score
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:versions AS bigint[]),
        CAST(:scores AS smallint[])
    ) AS n (tenant, id, version, score)
    WHERE t.tenant = n.tenant AND t.id = n.id AND t.first_version > n.version
"""


async def keep_answers(uow: UnitOfWork, updates: Sequence[AnswerUpdate]) -> list[ChangedAnswer]:
    """Keep the newest version and the first score of each; returns the answers that this has changed.

    A newer version leaves the first score as it is; a lower version that comes late then corrects it.
    """
    firsts = [update.versions[0] for update in updates]
    rows = (
        await keep_newest(
            uow,
            answer,
            [update.answer for update in updates],
            first=("first_version", "first_score"),
            returning="new.tenant AS tenant, new.body AS body, old.score AS before, old.body AS old",
            tenant=[update.tenant for update in updates],
            first_version=[first.version for first in firsts],
            first_score=[first.score for first in firsts],
            comment_belongs=[
                segments_of(update.answer) if has_quotable_comment(update.answer) else None
                for update in updates
            ],
            body=[msgspec.json.encode(update.answer) for update in updates],
        )
    ).all()
    changed = [
        ChangedAnswer(
            tenant=row.tenant,
            answer=_answers.decode(row.body),
            before=row.before,
            was_left_out=row.old is not None and _answers.decode(row.old).judgement == "machine",
        )
        for row in rows
    ]
    await uow.execute(
        KEEP_FIRST_SCORES,
        {
            "tenants": [update.tenant for update in updates],
            "ids": [first.id for first in firsts],
            "versions": [first.version for first in firsts],
            "scores": [first.score for first in firsts],
        },
    )
    written = {one.key for one in changed}
    old = [(row.tenant, _answers.decode(row.old)) for row in rows if row.old is not None]
    for update in updates:
        replaced = update.versions[:-1] if update.key in written else update.versions
        old += [(update.tenant, version) for version in replaced]
    await _keep_earlier_versions(
        uow, [(tenant, version) for tenant, version in old if version.state == "sent"]
    )
    if erased := [update.key for update in updates if update.answer.erased]:
        await erase_earlier_versions(uow, erased)
    return changed


LEAVE_OUT = """
    UPDATE answer t
    SET version = b.version, comment_belongs = NULL,
        body = convert_to(CAST(jsonb_set(b.body, '{judgement}', '"machine"') AS text), 'UTF8')
    FROM (
        SELECT a.tenant, a.id, n.version, CAST(convert_from(a.body, 'UTF8') AS jsonb) AS body
        FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:versions AS bigint[]))
            AS n (tenant, id, version)
        JOIN answer a ON a.tenant = n.tenant AND a.id = n.id AND a.version < n.version
        ORDER BY a.tenant, a.id
        FOR UPDATE OF a
    ) AS b
    WHERE t.tenant = b.tenant AND t.id = b.id
    RETURNING t.tenant, t.id, old.body AS old
"""


async def leave_out(uow: UnitOfWork, events: Sequence[Event[Answer]]) -> list[tuple[Key, Answer]]:
    """Mark answers that are held now as a machine's; returns those that counted before, as they were."""
    if not events:
        return []
    rows = await uow.execute(
        LEAVE_OUT,
        {
            "tenants": [event.tenant for event in events],
            "ids": [event.data.id for event in events],
            "versions": [event.data.version for event in events],
        },
    )
    found = [((row.tenant, row.id), _answers.decode(row.old)) for row in rows]
    return [(key, answer) for key, answer in found if answer.judgement != "machine" and not answer.erased]


KEEP_EARLIER_VERSIONS = """
    INSERT INTO answer_before (tenant, id, version, score, comment, follow_up, replies, changed_at)
    SELECT n.tenant, n.id, n.version, n.score,
        CASE WHEN NOT e.is_erased THEN n.comment END, CASE WHEN NOT e.is_erased THEN n.follow_up END,
        CASE WHEN e.is_erased THEN '[]' ELSE n.replies END, n.changed_at
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:versions AS bigint[]),
        CAST(:scores AS smallint[]), CAST(:comments AS text[]), CAST(:follow_ups AS text[]),
        CAST(:replies AS jsonb[]), CAST(:times AS timestamptz[])
    ) AS n (tenant, id, version, score, comment, follow_up, replies, changed_at)
    JOIN answer a ON a.tenant = n.tenant AND a.id = n.id
    CROSS JOIN LATERAL (
        SELECT coalesce(CAST(convert_from(a.body, 'UTF8') AS jsonb) ->> 'erased', 'false') = 'true'
    ) AS e(is_erased)
    WHERE n.version < a.version
    ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING
"""


async def _keep_earlier_versions(uow: UnitOfWork, versions: Sequence[tuple[str, Answer]]) -> None:
    """Keep what was sent and then amended, in whatever order the versions came: all but the newest.

    Of an answer whose customer was erased from a newer version only the score is kept.
    """
    if not versions:
        return
    await uow.execute(
        KEEP_EARLIER_VERSIONS,
        {
            "tenants": [tenant for tenant, _ in versions],
            "ids": [version.id for _, version in versions],
            "versions": [version.version for _, version in versions],
            "scores": [version.score for _, version in versions],
            "comments": [version.comment for _, version in versions],
            "follow_ups": [version.follow_up for _, version in versions],
            "replies": [msgspec.json.encode(version.replies).decode() for _, version in versions],
            "times": [version.changed_at for _, version in versions],
        },
    )


FIND_EARLIER_VERSIONS = """
    SELECT id, version, score, comment, follow_up, CAST(replies AS text) AS replies, changed_at
    FROM answer_before
    WHERE tenant = :tenant AND id = ANY(CAST(:ids AS uuid[]))
    ORDER BY id, version DESC
    LIMIT :limit
"""


async def earlier_versions(uow: UnitOfWork, tenant: str, ids: Sequence[UUID], limit: int = 20) -> list[Any]:
    """What was sent of these answers before it was amended, oldest first; the last ones of very many."""
    rows = await uow.execute(FIND_EARLIER_VERSIONS, {"tenant": tenant, "ids": list(ids), "limit": limit})
    return sorted(rows, key=lambda row: (row.id, row.version))


FIND_NEWEST_ANSWERS = """
    SELECT tenant, id, body, first_score
    FROM answer
    WHERE (tenant, id) IN (SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])))
"""


async def newest_answers(uow: UnitOfWork, keys: Sequence[Key]) -> dict[Key, tuple[Answer, int]]:
    """The newest version of each answer, and its first score."""
    rows = await uow.execute(
        FIND_NEWEST_ANSWERS,
        {"tenants": [tenant for tenant, _ in keys], "ids": [answer_id for _, answer_id in keys]},
    )
    return {(row.tenant, row.id): (_answers.decode(row.body), row.first_score) for row in rows}


FIND_ANSWERS_OF_CUSTOMER = """
    SELECT body
    FROM answer
    WHERE tenant = :tenant AND customer_id = :customer
    ORDER BY answered_at DESC NULLS LAST, id DESC
    LIMIT :limit
"""


async def answers_of_customer(
    uow: UnitOfWork, tenant: str, customer_id: str, limit: int = 50
) -> list[Answer]:
    """What was answered under this customer id, by one or several people, newest first."""
    rows = await uow.execute(
        FIND_ANSWERS_OF_CUSTOMER, {"tenant": tenant, "customer": customer_id, "limit": limit}
    )
    found = [_answers.decode(row.body) for row in rows]
    return [answer for answer in found if answer.judgement != "machine"]


FIND_RECENT_ANSWERS = """
    SELECT a.body, i.body AS event
    FROM answer a
    LEFT JOIN invitation i ON i.tenant = a.tenant AND i.id = a.id
    WHERE a.tenant = :tenant AND a.answered_at >= :since
    ORDER BY a.answered_at DESC, a.id DESC
    LIMIT :limit
"""


async def recent_answers(
    uow: UnitOfWork, tenant: str, since: datetime, limit: int
) -> list[tuple[Answer, Invitation | None]]:
    """The newest answers since then, each with its invitation where that has arrived, newest first."""
    rows = await uow.execute(FIND_RECENT_ANSWERS, {"tenant": tenant, "since": since, "limit": limit})
    found = (
        (_answers.decode(row.body), _invitations.decode(row.event) if row.event is not None else None)
        for row in rows
    )
    return [(answer, event) for answer, event in found if answer.judgement != "machine"]


TOUCH_CASES_OF_INVITATIONS = """
    UPDATE cases SET changed_at = :now
    FROM (
        SELECT c.tenant, c.id
        FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n (tenant, id)
        JOIN case_answer ca ON ca.tenant = n.tenant AND ca.answer_id = n.id
        JOIN cases c ON c.tenant = ca.tenant AND c.id = ca.case_id
        ORDER BY c.tenant, c.id
        FOR UPDATE OF c
    ) found
    WHERE cases.tenant = found.tenant AND cases.id = found.id
    RETURNING cases.tenant
"""


async def keep_invitations(uow: UnitOfWork, events: Sequence[Event[Invitation]]) -> list[Key]:
    """Keep the newest version of each; returns those of which nothing was known."""
    rows = await keep_newest_events(
        uow,
        invitation,
        events,
        returning="new.tenant AS tenant, new.id AS id, old.id AS known",
        body=[msgspec.json.encode(event.data) for event in events],
    )
    return [(row.tenant, row.id) for row in rows if row.known is None]


async def touch_cases(uow: UnitOfWork, answers: Sequence[Key]) -> None:
    """Let the open pages of the cases of these answers show them again, since an invitation has come."""
    touched = await uow.execute(
        TOUCH_CASES_OF_INVITATIONS,
        {
            "now": uow.now,
            "tenants": [tenant for tenant, _ in answers],
            "ids": [answer for _, answer in answers],
        },
    )
    notify_changes(uow, touched.scalars())


FIND_INVITATIONS_OF = """
    SELECT tenant, body FROM invitation
    WHERE (tenant, id) IN (SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])))
"""


async def invitations_of(uow: UnitOfWork, answers: Sequence[Key]) -> dict[Key, Invitation]:
    """The invitations of these answers that have arrived."""
    rows = await uow.execute(
        FIND_INVITATIONS_OF,
        {"tenants": [tenant for tenant, _ in answers], "ids": [answer for _, answer in answers]},
    )
    found = ((row.tenant, _invitations.decode(row.body)) for row in rows)
    return {(tenant, one.id): one for tenant, one in found}


FIND_INVITATIONS = """
    SELECT body
    FROM invitation
    WHERE tenant = :tenant AND id = ANY(CAST(:ids AS uuid[]))
"""


async def invitations(uow: UnitOfWork, tenant: str, ids: Sequence[UUID]) -> dict[UUID, Invitation]:
    """Those of these invitations that have arrived."""
    rows = await uow.execute(FIND_INVITATIONS, {"tenant": tenant, "ids": list(ids)})
    return {one.id: one for one in (_invitations.decode(row.body) for row in rows)}


async def keep_surveys(uow: UnitOfWork, events: Sequence[Event[Survey]]) -> None:
    """Keep the newest event of each version of each survey."""
    await keep_newest_events(uow, survey, events)


FIND_SURVEY_NAME = """
    SELECT name
    FROM survey
    WHERE tenant = :tenant AND id = :id
    ORDER BY survey_version DESC
    LIMIT 1
"""


async def survey_name(uow: UnitOfWork, tenant: str, survey_id: UUID | None) -> str | None:
    """The name of the survey's newest version."""
    return (await uow.execute(FIND_SURVEY_NAME, {"tenant": tenant, "id": survey_id})).scalar_one_or_none()


LOCK_COPIES = f"""
    SELECT t.tenant, t.id, t.body
    FROM {{table}} t
    JOIN {TARGETS} ON {of_target("CAST(convert_from(t.body, 'UTF8') AS jsonb) ->> 'contact_key'")}
    ORDER BY 1, 2
    FOR UPDATE OF t
"""
LOCK_INVITATIONS = LOCK_COPIES.format(table="invitation")
LOCK_ANSWERS = LOCK_COPIES.format(table="answer")
WRITE_COPIES = f"""
    UPDATE {{table}} t SET body = n.body, person = '{NOBODY}'{{more}}
    FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:bodies AS bytea[]))
        AS n(tenant, id, body)
    WHERE t.tenant = n.tenant AND t.id = n.id
"""
WRITE_INVITATIONS = WRITE_COPIES.format(table="invitation", more="")
WRITE_ANSWERS = WRITE_COPIES.format(table="answer", more=", customer_id = NULL, comment_belongs = NULL")


async def erase_invitations(uow: UnitOfWork, targets: Sequence[Target]) -> None:
    """Erase whose the invitations of these customers are."""
    await _erase(uow, targets, LOCK_INVITATIONS, WRITE_INVITATIONS, Invitation)


async def erase_answers(uow: UnitOfWork, targets: Sequence[Target]) -> list[Key]:
    """Erase whose the answers of these customers are and what was written in any version; returns which."""
    erased = await _erase(uow, targets, LOCK_ANSWERS, WRITE_ANSWERS, Answer)
    await erase_earlier_versions(uow, erased)
    return erased


async def _erase(
    uow: UnitOfWork, targets: Sequence[Target], lock: str, write: str, kind: type[Any]
) -> list[Key]:
    rows = (await uow.execute(lock, target_values(targets))).all()
    if not rows:
        return []
    bodies = [msgspec.json.encode(erase_event(msgspec.json.decode(row.body, type=kind))) for row in rows]
    values = {"tenants": [row.tenant for row in rows], "ids": [row.id for row in rows], "bodies": bodies}
    await uow.execute(write, values)
    return [(row.tenant, row.id) for row in rows]


ERASE_EARLIER_VERSIONS = """
    UPDATE answer_before t SET comment = NULL, follow_up = NULL, replies = '[]'
    FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n(tenant, id)
    WHERE t.tenant = n.tenant AND t.id = n.id
"""


async def erase_earlier_versions(uow: UnitOfWork, answers: Sequence[Key]) -> None:
    """Erase what was written in the earlier versions of these answers; their scores stay."""
    tenants: list[str] = [tenant for tenant, _ in answers]
    ids: list[UUID] = [answer for _, answer in answers]
    await uow.execute(ERASE_EARLIER_VERSIONS, {"tenants": tenants, "ids": ids})


_answers = msgspec.json.Decoder(Answer)
_invitations = msgspec.json.Decoder(Invitation)
