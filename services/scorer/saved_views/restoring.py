"""What was taken back stays so when the database was restored from an older backup.

A screen's link that was revoked would open again, a view that was removed would be there with its links, and
a mail that was stopped would leave. Each of these acts is on ``audit``, so that topic is read again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.db.database import UnitOfWork
from shared.events import AuditLine, Event

REVOKE_SCREENS = """
    DELETE FROM screen s
    USING unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:times AS timestamptz[]))
        AS a (tenant, id, at)
    WHERE s.tenant = a.tenant AND s.id = a.id AND s.created_at <= a.at
"""
# A view may have been saved anew under its id since, as its maker has it.
_REMOVED = """
    FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:times AS timestamptz[]))
        AS a (tenant, id, at)
    JOIN saved_view v ON v.tenant = a.tenant AND v.id = a.id AND v.created_at <= a.at
"""
REMOVE_VIEWS = (
    f"DELETE FROM screen s WHERE (s.tenant, s.view_id) IN (SELECT v.tenant, v.id {_REMOVED})",
    f"DELETE FROM view_mail m WHERE (m.tenant, m.view_id) IN (SELECT v.tenant, v.id {_REMOVED})",
    f"DELETE FROM saved_view w WHERE (w.tenant, w.id) IN (SELECT v.tenant, v.id {_REMOVED})",
)
STOP_MAILS = """
    DELETE FROM view_mail m
    USING unnest(
        CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:times AS timestamptz[]), CAST(:people AS uuid[])
    ) AS a (tenant, id, at, person)
    WHERE m.tenant = a.tenant AND m.view_id = a.id AND m.staff_id = a.person AND m.wanted_at <= a.at
"""


class _Act(NamedTuple):
    """A line about a screen or a view."""

    tenant: str
    id: UUID
    at: datetime
    person: UUID | None


async def take_back_again(uow: UnitOfWork, events: Sequence[Event[AuditLine]]) -> None:
    """Take back what these lines say was taken back; of what is newer than a line nothing changes."""
    if revoked := _acts(events, "screen_revoked"):
        await uow.execute(REVOKE_SCREENS, _values(revoked))
    if removed := _acts(events, "view_removed"):
        for statement in REMOVE_VIEWS:
            await uow.execute(statement, _values(removed))
    if stopped := [act for act in _acts(events, "view_mail_stopped") if act.person is not None]:
        people = {"people": [act.person for act in stopped]}
        await uow.execute(STOP_MAILS, {**_values(stopped), **people})


def _acts(events: Sequence[Event[AuditLine]], act: str) -> list[_Act]:
    found = []
    for event in events:
        line = event.data
        if line.act == act and line.about is not None:
            person = line.facts.get("staff")
            found.append(
                _Act(event.tenant, UUID(line.about), line.at, None if person is None else UUID(str(person)))
            )
    return found


def _values(acts: Sequence[_Act]) -> dict[str, list[object]]:
    return {
        "tenants": [act.tenant for act in acts],
        "ids": [act.id for act in acts],
        "times": [act.at for act in acts],
    }
