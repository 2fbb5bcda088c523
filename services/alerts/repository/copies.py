"""Copies of what others say: kept by highest version, joined when they are read, since none waits for
another.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from services.alerts.opening import News
from shared.db.database import UnitOfWork
from shared.db.replicas import Columns, keep_newest
from shared.events import Answer, Event, Invitation, Survey

_answers = msgspec.json.Decoder(Answer)
_invitations = msgspec.json.Decoder(Invitation)


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of which a newer version was written; ``before`` is the score it replaces."""

    tenant: str
    answer: Answer
    before: int | None


async def keep_answers(uow: UnitOfWork, news: Sequence[News]) -> list[Changed]:
    """Keep the newest version and the first score of each. Returns the answers that this call has changed."""
    keys: dict[str, Any] = {"tenants": [one.tenant for one in news], "ids": [one.answer.id for one in news]}
    first = {
        "first_versions": [one.first_version for one in news],
        "first_scores": [one.first_score for one in news],
    }
    rows = (
        await uow.execute(
            "INSERT INTO answer AS t (tenant, id, version, customer_id, score, first_version, "
            "first_score, answered_at, "
            "body) SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:versions "
            "AS bigint[]), "
            "CAST(:customers AS text[]), CAST(:scores AS smallint[]), CAST(:first_versions AS bigint[]), "
            "CAST(:first_scores AS smallint[]), CAST(:answered AS timestamptz[]), CAST(:bodies AS bytea[])) "
            "ORDER BY 1, 2 ON CONFLICT (tenant, id) DO UPDATE SET version = EXCLUDED.version, "
            "customer_id = EXCLUDED.customer_id, score = EXCLUDED.score, answered_at = EXCLUDED.answered_at, "
            "body = EXCLUDED.body WHERE t.version < EXCLUDED.version "
            "RETURNING new.tenant AS tenant, new.body AS body, old.score AS before, old.body AS old",
            {
                **keys,
                **first,
                "versions": [one.answer.version for one in news],
                "customers": [one.answer.customer_id for one in news],
                "scores": [one.answer.score for one in news],
                "answered": [one.answer.answered_at for one in news],
                "bodies": [msgspec.json.encode(one.answer) for one in news],
            },
        )
    ).all()
    changed = [
        Changed(tenant=row.tenant, answer=_answers.decode(row.body), before=row.before) for row in rows
    ]
    await uow.execute(
        "UPDATE answer t SET first_version = n.version, first_score = n.score FROM unnest("
        "CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:first_versions AS bigint[]), "
        "CAST(:first_scores AS smallint[])) AS n (tenant, id, version, score) "
        "WHERE t.tenant = n.tenant AND t.id = n.id AND t.first_version > n.version",
        {**keys, **first},
    )
    newest = {(one.tenant, one.answer.id) for one in changed}
    old = [(row.tenant, _answers.decode(row.old)) for row in rows if row.old is not None]
    old += [(one.tenant, answer) for one in news for answer in one.before]
    old += [(one.tenant, one.answer) for one in news if (one.tenant, one.answer.id) not in newest]
    await _keep_what_was_sent(uow, [(tenant, answer) for tenant, answer in old if answer.state == "sent"])
    return changed


async def _keep_what_was_sent(uow: UnitOfWork, versions: Sequence[tuple[str, Answer]]) -> None:
    """Of these versions keep the words of those that are not the newest, in whatever order they came."""
    if not versions:
        return
    await uow.execute(
        "INSERT INTO answer_before (tenant, id, version, score, comment, follow_up, changed_at) "
        "SELECT n.* FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:versions AS bigint[]), "
        "CAST(:scores AS smallint[]), CAST(:comments AS text[]), CAST(:follow_ups AS text[]), "
        "CAST(:times AS timestamptz[])) AS n (tenant, id, version, score, comment, follow_up, changed_at) "
        "JOIN answer a ON a.tenant = n.tenant AND a.id = n.id WHERE n.version < a.version "
        "ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING",
        {
            "tenants": [tenant for tenant, _ in versions],
            "ids": [answer.id for _, answer in versions],
            "versions": [answer.version for _, answer in versions],
            "scores": [answer.score for _, answer in versions],
            "comments": [answer.comment for _, answer in versions],
            "follow_ups": [answer.follow_up for _, answer in versions],
            "times": [answer.changed_at for _, answer in versions],
        },
    )


async def sent_before(uow: UnitOfWork, tenant: str, ids: Sequence[UUID], most: int = 20) -> list[Any]:
    """What was sent of these answers before it was amended, oldest first; the last of them, when there are
    many.
    """
    rows = await uow.execute(
        "SELECT id, version, score, comment, follow_up, changed_at FROM answer_before "
        "WHERE tenant = :tenant AND id = ANY(CAST(:ids AS uuid[])) ORDER BY id, version DESC LIMIT :most",
        {"tenant": tenant, "ids": list(ids), "most": most},
    )
    return sorted(rows, key=lambda row: (row.id, row.version))


async def newest_answers(
    uow: UnitOfWork, keys: Sequence[tuple[str, UUID]]
) -> dict[tuple[str, UUID], tuple[Answer, int]]:
    """Each answer as it stands, with its first score."""
    rows = await uow.execute(
        "SELECT tenant, id, body, first_score FROM answer WHERE (tenant, id) IN "
        "(SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])))",
        {"tenants": [tenant for tenant, _ in keys], "ids": [answer for _, answer in keys]},
    )
    return {(row.tenant, row.id): (_answers.decode(row.body), row.first_score) for row in rows}


async def answers_of_customer(uow: UnitOfWork, tenant: str, customer_id: str, most: int = 50) -> list[Answer]:
    """What was said under this customer id, by one or several people, newest first."""
    rows = await uow.execute(
        "SELECT body FROM answer WHERE tenant = :tenant AND customer_id = :customer "
        "ORDER BY answered_at DESC NULLS LAST, id DESC LIMIT :most",
        {"tenant": tenant, "customer": customer_id, "most": most},
    )
    return [_answers.decode(row.body) for row in rows]


async def keep_invitations(uow: UnitOfWork, events: Sequence[Event[Invitation]]) -> None:
    """Keep the newest of each. A case that waited for its invitation is shown again to who looks at it."""
    columns: Columns = {
        "tenant": ("text", [event.tenant for event in events]),
        "id": ("uuid", [event.data.id for event in events]),
        "version": ("bigint", [event.data.version for event in events]),
        "body": ("bytea", [msgspec.json.encode(event.data) for event in events]),
    }
    returning = "new.tenant AS tenant, new.id AS id, old.id AS known"
    rows = await keep_newest(uow, "invitation", columns, returning=returning)
    fresh = [(row.tenant, row.id) for row in rows if row.known is None]
    if fresh:
        await uow.execute(
            "UPDATE cases SET changed_at = :now FROM (SELECT c.tenant, c.id FROM unnest("
            "CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n (tenant, id) "
            "JOIN case_answer t ON t.tenant = n.tenant AND t.answer_id = n.id "
            "JOIN cases c ON c.tenant = t.tenant AND c.id = t.case_id ORDER BY c.tenant, c.id FOR UPDATE "
            "OF c) found "
            "WHERE cases.tenant = found.tenant AND cases.id = found.id",
            {"now": uow.now, "tenants": [tenant for tenant, _ in fresh], "ids": [one for _, one in fresh]},
        )


async def invitations(uow: UnitOfWork, tenant: str, ids: Sequence[UUID]) -> dict[UUID, Invitation]:
    """Those of the invitations that have come."""
    rows = await uow.execute(
        "SELECT body FROM invitation WHERE tenant = :tenant AND id = ANY(CAST(:ids AS uuid[]))",
        {"tenant": tenant, "ids": list(ids)},
    )
    return {one.id: one for one in (_invitations.decode(row.body) for row in rows)}


async def keep_surveys(uow: UnitOfWork, events: Sequence[Event[Survey]]) -> None:
    """Keep the newest of each version of each survey."""
    columns: Columns = {
        "tenant": ("text", [event.tenant for event in events]),
        "id": ("uuid", [event.data.id for event in events]),
        "survey_version": ("bigint", [event.data.survey_version for event in events]),
        "version": ("bigint", [event.data.version for event in events]),
        "name": ("text", [event.data.name for event in events]),
        "test": ("boolean", [event.data.test for event in events]),
        "stopped": ("boolean", [event.data.stopped for event in events]),
        "changed_at": ("timestamptz", [event.data.changed_at for event in events]),
    }
    await keep_newest(uow, "survey", columns, key=("tenant", "id", "survey_version"))


async def sending_state(uow: UnitOfWork, tenant: str) -> tuple[bool, bool]:
    """Whether the company is in test mode, and whether all its sending is stopped: what its surveys last
    said. A company begins in test mode, before it has any.
    """
    row = (
        await uow.execute(
            "SELECT test, stopped FROM survey WHERE tenant = :tenant ORDER BY changed_at DESC LIMIT 1",
            {"tenant": tenant},
        )
    ).one_or_none()
    return (row.test, row.stopped) if row else (True, False)


async def survey_name(uow: UnitOfWork, tenant: str, survey_id: UUID | None) -> str | None:
    """What the survey is called now."""
    return (
        await uow.execute(
            "SELECT name FROM survey WHERE tenant = :tenant AND id = :id ORDER BY survey_version "
            "DESC LIMIT 1",
            {"tenant": tenant, "id": survey_id},
        )
    ).scalar_one_or_none()
