"""Share links, and the answers that came by them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Row

from services.collector.domain import PageRevision
from services.collector.models import share_link
from services.collector.repository.answers import ANSWER_BODY, decode_answer
from services.collector.sharing import ShareLink
from shared.db.bulk import insert as insert_rows
from shared.db.database import UnitOfWork
from shared.events import Answer, Survey, Tenant
from shared.privacy.removal import has_written_replies
from shared.tenancy.closed import IS_OPEN
from shared.tenancy.tenants import read_tenant

_survey = msgspec.json.Decoder(Survey)
_segments, _scores = msgspec.json.Decoder(dict[str, str]), msgspec.json.Decoder(tuple[int, ...])
_AS_JSON = {"segments", "scores"}
COLUMNS = ", ".join(
    f"CAST(s.{name} AS text) AS {name}" if name in _AS_JSON else f"s.{name}"
    for name in ShareLink.__struct_fields__
)


class SharedSurvey(NamedTuple):
    """A share link with its company and the newest version of its survey."""

    link: ShareLink
    tenant: Tenant
    survey: Survey


# The newest words are asked, and the newest event says whether the survey is live.
FIND_LINK_BY_CODE = f"""
    SELECT {COLUMNS}, t.body AS tenant_body, v.body AS survey_body
    FROM share_link s
    JOIN tenant t ON t.id = s.tenant
    JOIN LATERAL (
        SELECT body FROM survey v WHERE v.tenant = s.tenant AND v.id = s.survey_id
        ORDER BY v.version DESC, v.survey_version DESC LIMIT 1
    ) v ON true
    WHERE s.code = :code AND s.tenant {IS_OPEN}
"""
FIND_LINK = f"SELECT {COLUMNS} FROM share_link s WHERE s.tenant = :tenant AND s.id = :id"
LOCK_LINK = f"{FIND_LINK} FOR UPDATE"
LIST_LINKS = f"""
    SELECT {COLUMNS} FROM share_link s
    WHERE s.tenant = :tenant AND (CAST(:survey_id AS uuid) IS NULL OR s.survey_id = :survey_id)
        AND (CAST(:after AS uuid) IS NULL OR s.id < :after)
    ORDER BY s.id DESC
    LIMIT :limit
"""
WRITE_LINK = """
    UPDATE share_link SET name = :name, segments = CAST(:segments AS jsonb), state = :state,
        per_day = :per_day, in_all = :in_all, one_per_device = :one_per_device, version = :version,
        changed_at = :changed_at
    WHERE tenant = :tenant AND id = :id
"""
RESTORE_STATES = """
    UPDATE share_link s SET state = a.state, version = s.version + 1, changed_at = a.at
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:states AS text[]), CAST(:times AS timestamptz[])
    ) AS a (tenant, id, state, at)
    WHERE s.tenant = a.tenant AND s.id = a.id AND s.changed_at < a.at AND s.state <> a.state
"""
WRITE_COUNTS = """
    UPDATE share_link SET scores = CAST(:scores AS jsonb), day = :day, answers_of_day = :answers_of_day
    WHERE tenant = :tenant AND id = :id
"""
FIND_ANSWER = f"""
    SELECT {ANSWER_BODY} AS body, a.page, a.page_seq FROM answer a
    WHERE a.tenant = :tenant AND a.id = :id AND a.origin = 'link'
"""
LIST_COMMENTS = f"""
    SELECT {ANSWER_BODY} AS body FROM answer a
    WHERE a.tenant = :tenant AND a.share_link_id = :link AND a.state = 'sent' AND NOT a.anonymous
        AND (a.comment IS NOT NULL OR a.follow_up IS NOT NULL OR {has_written_replies("a")})
        AND (a.signs = '[]' OR a.judgement = 'human')
        AND (CAST(:allowed AS text[]) IS NULL OR a.within ?| CAST(:allowed AS text[]))
        AND (CAST(:before_at AS timestamptz) IS NULL OR (a.answered_at, a.id) < (:before_at, :before_id))
    ORDER BY a.answered_at DESC, a.id DESC
    LIMIT :limit
"""
FIND_NEWEST_SURVEYS = """
    SELECT DISTINCT ON (v.id) v.body FROM survey v WHERE v.tenant = :tenant
    ORDER BY v.id, v.version DESC, v.survey_version DESC
"""


async def restore_states(uow: UnitOfWork, states: Sequence[tuple[str, UUID, str, datetime]]) -> None:
    """Write the states (of a company's link, with the time of the change) that are newer than their rows."""
    if states:
        tenants, ids, names, times = zip(*states, strict=True)
        values = {"tenants": list(tenants), "ids": list(ids), "states": list(names), "times": list(times)}
        await uow.execute(RESTORE_STATES, values)


async def find_by_code(uow: UnitOfWork, code: str) -> SharedSurvey | None:
    """What an open link leads to; None until its survey has been consumed, and for a wrong code."""
    row = (await uow.execute(FIND_LINK_BY_CODE, {"code": code})).one_or_none()
    if row is None:
        return None
    return SharedSurvey(_link(row), read_tenant(row.tenant_body), _survey.decode(row.survey_body))


async def insert(uow: UnitOfWork, link: ShareLink) -> bool:
    """Store a new link; False if there is one of this id already."""
    segments = msgspec.json.encode(link.segments).decode()
    scores = msgspec.json.encode(link.scores).decode()
    inserted = await insert_rows(uow, share_link, [link], segments=[segments], scores=[scores])
    return inserted.rowcount == 1


async def find(uow: UnitOfWork, tenant: str, link_id: UUID, *, lock: bool = False) -> ShareLink | None:
    """One link of a tenant; ``lock``: until the transaction ends nobody else changes it or answers by it."""
    rows = await uow.execute(LOCK_LINK if lock else FIND_LINK, {"tenant": tenant, "id": link_id})
    row = rows.one_or_none()
    return _link(row) if row is not None else None


async def list_links(
    uow: UnitOfWork, tenant: str, survey_id: UUID | None, *, after: UUID | None = None, limit: int
) -> list[ShareLink]:
    """The newest links of a tenant, or of one survey; ``after``: the last one of the page before."""
    rows = await uow.execute(
        LIST_LINKS, {"tenant": tenant, "survey_id": survey_id, "after": after, "limit": limit}
    )
    return [_link(row) for row in rows]


async def write(uow: UnitOfWork, link: ShareLink) -> None:
    """Write what staff have changed of a locked link."""
    values = msgspec.structs.asdict(link) | {"segments": msgspec.json.encode(link.segments).decode()}
    await uow.execute(WRITE_LINK, {name: values[name] for name in _WRITTEN})


async def write_counts(uow: UnitOfWork, link: ShareLink) -> None:
    """Write how many answers a locked link has."""
    values = msgspec.structs.asdict(link) | {"scores": msgspec.json.encode(link.scores).decode()}
    await uow.execute(WRITE_COUNTS, {name: values[name] for name in _COUNTED})


async def find_answer(
    uow: UnitOfWork, tenant: str, answer_id: UUID
) -> tuple[Answer | None, PageRevision | None]:
    """An answer that came by an open link, and the page that wrote the whole of it."""
    row = (await uow.execute(FIND_ANSWER, {"tenant": tenant, "id": answer_id})).one_or_none()
    if row is None:
        return None, None
    return decode_answer(row.body), PageRevision(row.page, row.page_seq or 0) if row.page else None


async def list_comments(
    uow: UnitOfWork,
    tenant: str,
    link_id: UUID,
    *,
    allowed: Sequence[str],
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Answer]:
    """The newest answers by a link that have words, and count as a person's.

    :param allowed: segments to which the reader is limited; none: not limited.
    :param before: time and id of the last answer of the page before.
    """
    before_at, before_id = before or (None, None)
    values = {"tenant": tenant, "link": link_id, "allowed": list(allowed) or None, "limit": limit}
    rows = await uow.execute(LIST_COMMENTS, values | {"before_at": before_at, "before_id": before_id})
    return [decode_answer(row.body) for row in rows]


async def newest_surveys(uow: UnitOfWork, tenant: str) -> Sequence[Survey]:
    """The company's surveys as they are now."""
    rows = await uow.execute(FIND_NEWEST_SURVEYS, {"tenant": tenant})
    return [_survey.decode(row.body) for row in rows]


def _link(row: Row[Any]) -> ShareLink:
    values = {name: getattr(row, name) for name in ShareLink.__struct_fields__}
    return ShareLink(
        **(values | {"segments": _segments.decode(row.segments), "scores": _scores.decode(row.scores)})
    )


_WRITTEN = (
    *("tenant", "id", "name", "segments", "state", "per_day", "in_all", "one_per_device", "version"),
    "changed_at",
)
_COUNTED = ("tenant", "id", "scores", "day", "answers_of_day")
