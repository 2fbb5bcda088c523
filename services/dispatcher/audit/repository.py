"""``audit_line``: rows are only ever added; a trigger refuses changes, and deletions before their time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import json
from sqlalchemy import Row

from services.dispatcher.models import audit_line
from shared.db import UnitOfWork
from shared.db.bulk import insert
from shared.events import AuditLine, Event


async def add(uow: UnitOfWork, events: Sequence[Event[AuditLine]]) -> None:
    """Store the lines that are not there yet."""
    await insert(
        uow,
        audit_line,
        [event.data for event in events],
        tenant=[event.tenant for event in events],
        facts=[json.encode(event.data.facts).decode() for event in events],
    )


class AuditFilter(NamedTuple):
    """Which lines are wanted; None: all."""

    who: str | None = None
    act: str | None = None
    about: str | None = None
    since: datetime | None = None
    until: datetime | None = None


LIST_LINES = """
    SELECT id, at, who, act, about, CAST(facts AS text) AS facts
    FROM audit_line
    WHERE tenant = :tenant
        AND (at, id) < (
            coalesce(CAST(:before_at AS timestamptz), 'infinity'),
            coalesce(CAST(:before_id AS uuid), 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        )
        AND at >= coalesce(CAST(:since AS timestamptz), '-infinity')
        AND at < coalesce(CAST(:until AS timestamptz), 'infinity')
        AND (CAST(:who AS text) IS NULL OR lower(who) = lower(CAST(:who AS text)))
        AND (CAST(:act AS text) IS NULL OR act = CAST(:act AS text))
        AND (CAST(:about AS text) IS NULL OR about = CAST(:about AS text))
    ORDER BY at DESC, id DESC
    LIMIT :limit
"""


async def list_lines(
    uow: UnitOfWork,
    tenant: str,
    wanted: AuditFilter,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """The tenant's lines, newest first."""
    before_at, before_id = before or (None, None)
    values = {
        "tenant": tenant,
        "before_at": before_at,
        "before_id": before_id,
        "limit": limit,
        **wanted._asdict(),
    }
    return (await uow.execute(LIST_LINES, values)).all()
